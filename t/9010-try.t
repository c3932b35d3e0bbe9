#!/bin/sh
test_description='./try: its output; nothing is left where it ends or is interrupted'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/setup.sh"
test_requires gcc gcc
test_requires autoreconf autoconf
test_requires qemu-system-x86_64 qemu-system-x86
test_requires curl curl

# A compiler that makes each object once: the second ./try builds the same sources. An object of
# the built tree serves as well, unless configure's paths are in it; ./try has others.
mkdir kept
built=$HORNERO_BUILD
! grep -q "^HARDEN_CFLAGS.*sanitize" "$built/Makefile" 2>/dev/null || built=''
cat >cc <<END
#!/bin/sh
for word
do
	case \$before in
	-o) object=\$word ;;
	esac
	before=\$word
done
case "\$object" in
*/conftest.o) exec gcc "\$@" ;;
*/*.o) kept=$TRASH/kept/\$(echo "\$object" | tr / %) ;;
*) exec gcc "\$@" ;;
esac
grep -q -e SYSCONFDIR -e LIBEXECDIR -e LOCALSTATEDIR "\$word" || test ! -e "$built/\$object" ||
	kept=$built/\$object
if test -e "\$kept"
then
	cp "\$kept" "\$object"
else
	gcc "\$@" && cp "\$object" "\$kept"
fi
END
chmod +x cc

# try_start OUTPUT [WORD…]: in a process group of its own, as a terminal starts it. Sets try_pid,
# its process and its group. Without optimization the compiler takes half the time; ./check builds
# with the flags that users have.
try_start () {
	try_output=$1
	shift
	CC=$TRASH/cc CFLAGS=-O0 TMPDIR=$TRASH/scratch \
		setsid env --default-signal=INT ./sources/try --no-install "$@" \
		>"$try_output" 2>&1 </dev/null &
	try_pid=$!
	test_cleanup "kill -TERM $try_pid 2>/dev/null && wait $try_pid; :"
}

# Processes that ./try started have its TMPDIR; sandboxes have not, but are in one of its cgroups.
try_processes () {
	grep -l -z -F -x "TMPDIR=$TRASH/scratch" /proc/[0-9]*/environ 2>/dev/null
}

try_left_nothing () {
	ls -A scratch >left &&
	try_processes >>left
	find /sys/fs/cgroup -type d -name "hornero-try-$try_pid" >>left 2>/dev/null
	test_cmp /dev/null left
}

# section HEADING: the lines below it, up to the next one.
section () {
	awk -v heading="== $1" '/^== / {within = index($0, heading) == 1; next} within' out
}

test_expect_success 'a copy of the sources' '
	mkdir sources scratch &&
	src=$HORNERO_SRC &&
	copy_sources sources &&
	test ! -e sources/Makefile
'

test_expect_success 'it runs to its end, without a terminal' '
	try_start out &&
	{ wait $try_pid; status=$?; cat out; test $status -eq 0; }
'

test_expect_success 'nothing is left of it' '
	try_left_nothing &&
	(cd sources && test ! -e Makefile && test ! -e build && test ! -e hornerod)
'

test_expect_success 'it says whether builds have limits' '
	section "A compute node" >node &&
	test_grep "Limits: 10 % of this machine|LIMITS ARE OFF" node
'

for title in 'First push' 'One line changed' 'Reverted'
do
	test_expect_success "$title: the pusher is told of the job" '
		section "$title: git push" >pushed &&
		told="(queued|is queued already|is running already)" &&
		test_grep "remote: hornero: job [0-9]+ $told for hello" pushed
	'
done

test_expect_success 'the log of each build is shown as it runs' '
	test "$(grep -c "^== Its build, as it runs: hornero log -f [0-9]" out)" -eq 3 &&
	section "Its build" >logs &&
	test_grep "gcc|cc " logs &&
	test_grep "words" logs
'

test_expect_success 'each push is warm where Nova looks, with both times' '
	uuid=2b7e1516-28ae-4d2a-abf7-158809cf4f3c &&
	warm=instances/_base/$(printf %s $uuid | sha1sum | cut -d " " -f 1) &&
	section "Warm" >warm &&
	test "$(grep -c "^   $warm, 1048576 bytes$" warm)" -eq 3 &&
	time="(before it returned|[0-9]+\.[0-9]{2} s)" &&
	part="after the push returned; the builder.s part of it: " &&
	test "$(grep -c -E "^   $time $part" warm)" -eq 3
'

test_expect_success 'each guest names the tree that was pushed' '
	section "Booted in QEMU" >booted &&
	sed -n "s/^   the guest says   .*, tree //p" booted >said &&
	sed -n "s/^   git rev-parse    //p" booted >pushed &&
	test "$(grep -c -E "^[0-9a-f]{40}$" said)" -eq 3 &&
	test_cmp pushed said &&
	test "$(sed -n 1p said)" = "$(sed -n 3p said)" &&
	test "$(sed -n 1p said)" != "$(sed -n 2p said)" &&
	test_grep "good evening from hornero, tree $(sed -n 2p said)" booted
'

# Nor does a push that hornerod saw, built and published before the hook of a busy machine ran.
test_expect_success 'the revert needs no build' '
	section "Times" >times &&
	warm="(before it returned|[0-9]+\.[0-9]{2} s)" &&
	built="([0-9]+\.[0-9]{2} s|no build: the content is known)" &&
	test_grep "^   First push +$warm +$built$" times &&
	test_grep "^   One line changed +$warm +$built$" times &&
	test_grep "^   Reverted +$warm +no build: the content is known$" times
'

test_expect_success 'interrupted in the build of a change: says so, ends, and leaves nothing' '
	try_start interrupted --family hello-http &&
	tail -n +1 -f --pid=$try_pid interrupted | sed -u -n "/^== Its build/p" | {
		read -r first && read -r second && kill -INT -$try_pid
	}
	wait $try_pid
	status=$?
	cat interrupted
	test $status -eq 130 &&
	test_grep "^Interrupted; nothing is left of it" interrupted &&
	test "$(grep -c "^== Warm" interrupted)" -eq 1 &&
	try_left_nothing
'

# Red without guest_serve in t/lib/family.sh: nothing ends the guest, and it has no port.
test_expect_success '--family hello-http: curl got the pushed tree from that guest' '
	tree=$(sed -n "s/^   git rev-parse    //p" interrupted) &&
	test_grep "^   the guest says   hello from hornero, tree $tree\$" interrupted &&
	test_grep "^   \+good evening from hornero" interrupted
'

test_expect_success '--family alone lists the examples' '
	./sources/try --family >families &&
	test_grep "^hello +usable$" families &&
	test_grep "^hello-http +(usable$|curl is missing: apt-get install curl)" families &&
	test_grep "^unikraft-hello +" families
'

# Red without the test of family_missing in try.
test_expect_success '--family NAME without its program: the line that gets it' '
	mkdir few &&
	ln -s /usr/bin/* few/ &&
	rm few/curl &&
	test_expect_code 1 env PATH="$TRASH/few" ./sources/try --no-install \
		--family hello-http 2>missing &&
	test_grep "hello-http cannot be shown here: curl is missing: apt-get install curl" missing
'

# Red without family_input in t/lib/family.sh: the path is not that of the builder file.
test_expect_success '--family NAME without its framework: the line that gets it' '
	sed -i "s,/opt/unikraft,$TRASH/unikraft," sources/etc/builders.d/unikraft.yaml &&
	test_expect_code 1 ./sources/try --no-install --family unikraft-hello 2>missing &&
	get="git clone -b RELEASE-0.17.0 https://github.com/unikraft/unikraft" &&
	test_grep "missing: $get $TRASH/unikraft/unikraft$" missing &&
	test_expect_code 1 env PATH="$TRASH/few" ./sources/try --no-install \
		--family solo5-hello 2>missing &&
	test_grep "x86_64-solo5-none-static-cc is missing: git clone .*/solo5 &&" missing
'

test_expect_success '--family with an unknown name lists the examples' '
	test_expect_code 64 ./sources/try --family hell 2>unknown &&
	test_grep "unknown family \"hell\"" unknown &&
	test_grep "^hello-http " unknown
'

test_expect_success 'a word that it does not know' '
	test_expect_code 64 ./sources/try --instal 2>usage &&
	test_grep "^usage: ./try \[--no-install\]" usage
'

test_done
