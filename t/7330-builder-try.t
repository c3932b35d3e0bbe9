#!/bin/sh
test_description='hornero builder try: a build by hand in the sandbox of a build'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires bwrap bubblewrap

# scratches: the directories that tries have left.
scratches () {
	ls "$TMPDIR"
}
TMPDIR=$TRASH/scratch
export TMPDIR

test_expect_success 'a node, a builder, and a directory with a repository of its own' '
	mkdir builders.d app scratch &&
	cli_node "store_floor: 1M" &&
	cat >builders.d/mine.yaml <<-\END &&
	argv: [sh, ./build.sh]
	artifact: /build/src/out/disk
	format: qcow2
	needs: [qemu-img]
	END
	git init -q app &&
	cat >app/build.sh <<-\END &&
	echo "in $PWD, cache $HOME, uid $(id -u)"
	printf "\033[31mred\n"
	ls -A
	echo changed >>sub/file
	mkdir out
	head -c 1048576 /dev/zero >raw
	printf "made by hand" | dd of=raw conv=notrunc 2>/dev/null
	qemu-img convert -f raw -O qcow2 raw out/disk
	END
	mkdir app/sub && echo x >app/sub/file && ln -s sub/file app/link &&
	scratches >before
'

# Red with .git copied in copy_dir(), or without fs_remove_tree() in cli/builder_try.c.
test_expect_success 'the log, the artifact, and nothing else' '
	(cd app && find . | sort && cat sub/file) >want &&
	hornero builder try mine app --output disk.raw >out 2>err &&
	test_grep "^in /build/src, cache /build/cache, uid" out &&
	grep -F "\\x1b[31mred" out &&
	test_grep "^link$" out &&
	test_must_fail grep "^\.git$" out &&
	test_grep "^artifact: disk.raw$" out &&
	test_grep "^size: 1048576 bytes$" out &&
	test_grep "^format: raw .qcow2 in the builder file.$" out &&
	test_grep "^check: passed in " out &&
	test "$(tr -d "\0" <disk.raw)" = "made by hand" &&
	(cd app && find . | sort && cat sub/file) >got &&
	test_cmp want got &&
	test ! -e state && test ! -e unikernels && test ! -e instances &&
	scratches >after &&
	test_cmp before after
'

test_expect_success 'without --output: a temporary file, which it names' '
	hornero builder try mine ./app >out &&
	path=$(sed -n "s/^artifact: //p" out) &&
	test -n "$path" &&
	test "$(tr -d "\0" <"$path")" = "made by hand" &&
	rm "$path"
'

test_expect_success 'a file that is there is not replaced' '
	test_expect_code 64 hornero builder try mine app --output disk.raw 2>err &&
	test_grep "disk.raw exists already" err &&
	test "$(tr -d "\0" <disk.raw)" = "made by hand"
'

test_expect_success 'failures: the build, no artifact, the check, the node, the command line' '
	mkdir bad &&
	echo "echo wrong; exit 3" >bad/build.sh &&
	test_expect_code 65 hornero builder try mine bad -o new.raw >out 2>err &&
	test_grep "^wrong$" out &&
	test_grep "sh ended with exit 3; its last line: wrong" err &&
	echo "exit 0" >bad/build.sh &&
	test_expect_code 65 hornero builder try mine bad -o new.raw 2>err &&
	test_grep "succeeded but left no /build/src/out/disk" err &&
	echo "mkdir out; echo nothing >out/disk" >bad/build.sh &&
	test_expect_code 65 hornero builder try mine bad -o new.raw 2>err &&
	test_grep "qcow2" err &&
	test ! -e new.raw &&
	sed "s/qemu-img/no-such-tool/" builders.d/mine.yaml >builders.d/other.yaml &&
	test_expect_code 78 hornero builder try other app -o new.raw 2>err &&
	test_grep "no-such-tool is not in /usr" err &&
	test_expect_code 64 hornero builder try none app &&
	test_expect_code 64 hornero builder try mine nowhere &&
	scratches >after &&
	test_cmp before after
'

# Red without kill() in follow() of cli/builder_try.c: it would wait for the build.
for signal in 2 15
do
	test_expect_success "signal $signal ends every process and removes the scratch" '
		mkdir -p slow &&
		rm -f pid code out &&
		echo "echo here; setsid sleep 971.$$ & sleep 971.$$" >slow/build.sh &&
		test_cleanup "kill -9 \$(cat pid) 2>/dev/null || :" || return 1
		{
			sh -c "echo \$\$ >pid && exec hornero builder try mine slow -o slow.raw" \
				>out 2>err
			echo $? >code
		} >/dev/null 2>&1 &
		wait_until "grep -q ^here out" 20 &&
		kill -$signal "$(cat pid)" &&
		wait_until "test -s code" 20 &&
		test "$(cat code)" -eq $((128 + signal)) &&
		test -z "$(ps -eo args | grep "[s]leep 971.$$")" &&
		test ! -e slow.raw &&
		scratches >after &&
		test_cmp before after
	'
done

# Red without SIGPIPE in run() of cli/builder_try.c: the scratch stays.
test_expect_success 'if nobody reads its output, it ends and removes the scratch' '
	rm -f code &&
	echo "until test -e ../no; do echo line; sleep 0.05; done" >slow/build.sh &&
	{
		hornero builder try mine slow -o slow.raw 2>err
		echo $? >code
	} | head -n 1 &&
	wait_until "test -s code" 20 &&
	test "$(cat code)" -eq 141 &&
	test ! -e slow.raw &&
	scratches >after &&
	test_cmp before after
'

test_done
