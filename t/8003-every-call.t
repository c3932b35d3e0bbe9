#!/bin/sh
# The n-th fsync, rename, link, unlink, write or open of a program fails, or kills it: strace
# injects that. n goes up to the last call of a run without a fault. HORNERO_TEST_LONG=1 plays all
# of them, else a few by chance; HORNERO_TEST_SEED, printed, plays the same again, and
# HORNERO_TEST_CASE='PLAY CALL FAULT N' only that one.
test_description='the n-th system call fails or kills: hooks, hornerod, hornero-publish'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/crash.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
test_requires strace strace
strace -o probe true 2>err || test_skip_all 'strace cannot trace here'

test "$(id -u)" -ne 0 || node_users
# ./check plays the same cases each time: it is about the change, not about luck.
seed=1
test -z "$HORNERO_TEST_LONG" || seed=$(date +%s)
seed=${HORNERO_TEST_SEED:-$seed}
echo "# HORNERO_TEST_SEED=$seed"
trace=$TRASH/trace/calls # as other users write it
install -d -m 1777 "$TRASH/trace" "$TRASH/bin"
calls=fsync,fdatasync,syncfs,rename,renameat,renameat2,link,linkat,unlink,unlinkat,symlink
calls=$calls,symlinkat,write,pwrite64,copy_file_range,ftruncate,mkdir,mkdirat,openat
# Errors that each call may give. Each may kill.
errors='fsync:EIO fsync:EINTR fdatasync:EIO syncfs:EIO rename:EIO rename:ENOSPC renameat:EIO
	renameat:ENOSPC renameat2:EIO renameat2:ENOSPC link:ENOSPC linkat:ENOSPC linkat:EIO
	unlink:EIO unlinkat:EIO symlink:ENOSPC symlinkat:ENOSPC write:ENOSPC write:EIO
	pwrite64:ENOSPC pwrite64:EIO copy_file_range:ENOSPC copy_file_range:EIO ftruncate:ENOSPC
	mkdir:ENOSPC mkdirat:ENOSPC openat:EMFILE'

# random N: r is one of 0 … N - 1
random () {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	r=$((seed / 65536 % $1))
}

# inject CALL FAULT N: sets $strace.
inject () {
	rm -f "$trace"
	strace="strace -D -q -o $trace -e trace=$1 -e signal=none -e inject=$1:$2:when=$3"
}

was_injected () {
	grep -q -e "(INJECTED)" -e "killed by SIGKILL" "$trace" 2>/dev/null
}

# cases PLAY: "CALL FAULT N" for each call that it makes, out of a run without a fault.
cases () {
	inject $calls error=EIO 60000 &&
	"$1" none || return 1
	sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' "$trace" | sort | uniq -c >"$1.calls"
	while read -r times call
	do
		for fault in $(printf '%s\n' $errors | sed -n "s/^$call:/error=/p") signal=KILL
		do
			seq -f "$call $fault %g" "$times"
		done
	done <"$1.calls" >"$1.cases"
	test -s "$1.cases"
}

# each PLAY SAMPLE: plays all its cases, or a sample of so many.
each () {
	cases "$1" || { echo "$1 without a fault"; return 1; }
	cp "$1.cases" chosen
	if test -n "$HORNERO_TEST_CASE"
	then
		echo "$HORNERO_TEST_CASE" | sed -n "s/^$1 //p" >chosen
	elif test -z "$HORNERO_TEST_LONG"
	then
		: >chosen
		for i in $(seq "$2")
		do
			random "$(wc -l <"$1.cases")"
			sed -n "$((r + 1))p" "$1.cases" >>chosen
		done
	fi
	while read -r call fault n
	do
		inject "$call" "$fault" "$n"
		"$1" "$call:$fault" >played 2>&1 </dev/null && continue
		echo "$1 $call $fault $n" | tee -a failures
		cat played
		tail -n 20 "$trace"
	done <chosen >said
	echo "# $1: $(wc -l <chosen) of $(wc -l <"$1.cases") cases"
	test ! -s failures || { cat said; rm failures; return 1; }
}

# hornero-publish, without hornerod: whatever fails, the base is the old or the new one, and the
# next run publishes. A reply that says published is true, and durable.
publisher () {
	publish_use $old &&
	PUBLISH_AS='' &&
	publish_fence 1 &&
	publish_ask 1 >replies &&
	publish_use $new &&
	publish_fence 2 || return 1
	PUBLISH_AS=$strace
	publish_ask 2 >replies 2>log
	publisher__code=$?
	PUBLISH_AS=''
	cmp -s keep-old "$BASE" || cmp keep-new "$BASE" || return 1
	if grep "^published " replies
	then
		cmp keep-new "$BASE" || return 1
		case $1 in
		fsync:error=* | fdatasync:error=* | syncfs:error=*) ! was_injected || return 1 ;;
		esac
	elif test $publisher__code -eq 0 && ! grep "^deferred " replies
	then
		cat replies log
		return 1
	fi
	publish_fence 2 2 &&
	publish_ask 2 2 >replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE" &&
	publish_clean
}

test_expect_success 'hornero-publish: two artifacts' '
	PUBLISH_TOP=$TRASH/publish &&
	mkdir publish &&
	publish_init &&
	publish_file old 256 &&
	cp publish/old keep-old &&
	publish_file new 256 &&
	cp publish/new keep-new &&
	publish_take new 2 &&
	new=$DIGEST &&
	publish_take old 1 &&
	old=$DIGEST
'

test_expect_success 'hornero-publish: each call' '
	each publisher 6
'

# The hooks of the repository run through these.
wrap_hooks () {
	mv "$HELLO_REPO/hooks" "$HELLO_REPO/hooks.ours" &&
	mkdir "$HELLO_REPO/hooks" || return 1
	for hook in pre-receive post-receive
	do
		cat >"$HELLO_REPO/hooks/$hook" <<-END || return 1
		#!/bin/sh
		strace=\$(cat $TRASH/trace/$hook 2>/dev/null)
		exec \$strace $HELLO_REPO/hooks.ours/$hook
		END
		chmod 0755 "$HELLO_REPO/hooks/$hook" || return 1
	done
}

is_queued () {
	test -n "$(crash__sql "SELECT 1 FROM jobs
		WHERE \"commit\" = '$(git -C "$HELLO_WORK" rev-parse HEAD)'")"
}

# hook CALL:FAULT: a push whose hook has the failure. If git says that it is accepted, it is.
# hornerod finds the push of a post-receive that failed; a sweep that of one that was killed, or
# could not read where hornerod is.
hook () {
	change &&
	echo "$strace" >"$TRASH/trace/$hook_name" || return 1
	pushed=no
	! git -C "$HELLO_WORK" push -q origin main 2>push.out || pushed=yes
	rm "$TRASH/trace/$hook_name"
	test $pushed = no ||
		test "$(git -C "$HELLO_REPO" rev-parse main)" = \
			"$(git -C "$HELLO_WORK" rev-parse HEAD)" || return 1
	test $pushed = yes ||
		test "$(git -C "$HELLO_REPO" rev-parse main)" != \
			"$(git -C "$HELLO_WORK" rev-parse HEAD)" || return 1
	! grep -e "died of signal" -e "cannot open $HORNERO_CONF: .*; the next sweep" push.out ||
		hornero sweep || return 1
	test $pushed = no || wait_until is_queued 120 || { cat push.out; return 1; }
	crash_settles || { cat push.out; return 1; }
}

test_expect_success 'a node whose hooks run under strace' '
	crash_node &&
	wrap_hooks
'

for hook_name in pre-receive post-receive
do
	test_expect_success "$hook_name: each call" '
		each hook 3
	'
done

# hornerod_wrapped CALL:FAULT: it starts, builds and settles with the failure; then another one.
hornerod_wrapped () {
	node_stop &&
	rm -f "$TRASH/bin/hornerod" || return 1
	cat >"$TRASH/bin/hornerod" <<-END
	#!/bin/sh
	exec $strace $HORNERO_BUILD/hornerod "\$@"
	END
	chmod 0755 "$TRASH/bin/hornerod"
	node_start 2>start.out || :
	change &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out || return 1
	test -z "$node_pid" || wait_until "crash_idle || ! kill -0 $node_pid" 120
	if test -n "$node_pid"
	then
		node__end TERM || :
	fi
	rm "$TRASH/bin/hornerod" &&
	node_start &&
	crash__retry &&
	crash_settles
}

PATH=$TRASH/bin:$PATH
test_expect_success 'hornerod: each call' '
	each hornerod_wrapped 3
'

test_done
