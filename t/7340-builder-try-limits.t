#!/bin/sh
# Red without: try_group_join() in agent/build/try.c (1, 2), take_repofile() there (5, 6),
# the blocked SIGTERM in try_group_join() (3), remove_top() in agent/cgroup/cgbeside.c (4).
test_description='hornero builder try: the limits of a build, and the boot of its artifact'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"
. "$HORNERO_SRC/t/lib/kernel.sh"

groups_requires
test_requires gcc gcc

# by_hand: the groups of builds by hand, in all hierarchies.
by_hand () {
	find /sys/fs/cgroup -maxdepth 6 -path "*$NODE_TOP*/by.hand-*" -type d 2>/dev/null
}

# try_begins: starts a try that waits until a file "go" is in /tmp of its sandbox; sets pid, and
# group to the name below the top group.
try_begins () {
	rm -f pid code out &&
	echo "echo here; until test -e ../cache/go; do sleep 0.05; done" >app/build.sh || return 1
	{
		sh -c "echo \$\$ >pid && exec hornero builder try mine app -o never.raw" >out 2>err
		echo $? >code
	} >/dev/null 2>&1 &
	test_cleanup "kill -9 $(cat pid 2>/dev/null) 2>/dev/null || :"
	wait_until "grep -q ^here out" 20 &&
	group=$(by_hand | sed -n "s,.*/\(by.hand-[0-9]*\)$,\1,p" | head -n 1) &&
	test -n "$group"
}

test_expect_success 'a node with a builder whose group has limits' '
	mkdir builders.d groups.d app &&
	cat >builders.d/mine.yaml <<-\END &&
	argv: [sh, ./build.sh]
	artifact: /build/src/disk
	format: raw
	group: small
	allow: [env SIZE]
	END
	printf "%s\n" "mem_limit: 300" "attempt_mem_limit: 100" "attempt_pids_limit: 60" \
		>groups.d/small.yaml &&
	node_init "builders_dir: $TRASH/builders.d" "groups_dir: $TRASH/groups.d" &&
	node_start &&
	before=$(group_mega "") &&
	try_begins &&
	test "$(group_mega "$group/1.1")" = 100 &&
	test "$(group_pids "$group/1.1")" = 60 &&
	test "$(group_mega "$group")" = 300 &&
	test "$(group_mega "")" = "$before" &&
	test_grep "^hornero: limits: .* 100 MB, 60 processes$" out
'

test_expect_success 'Ctrl-C ends the build and removes its group' '
	kill -2 "$(cat pid)" &&
	wait_until "test -s code" 20 &&
	test "$(cat code)" -eq 130 &&
	test -z "$(by_hand)"
'

test_expect_success 'a build that needs more memory is killed, and the log says so' '
	echo "head -c 200000000 /dev/zero | tail -c 190000000 >disk" >app/build.sh &&
	test_must_fail hornero builder try mine app -o never.raw >out 2>err &&
	test_grep "^hornero: the kernel killed [0-9]* processes that needed more than 100 MB" out &&
	test ! -e never.raw &&
	test -z "$(by_hand)"
'

test_expect_success 'without hornerod: the same limits, and no group stays' '
	node_stop &&
	echo "head -c 1048576 /dev/zero >disk" >app/build.sh &&
	hornero builder try mine app -o first.raw >out &&
	test_grep "^hornero: limits: .* 100 MB, 60 processes$" out &&
	test_grep "^hornero: used: " out &&
	test_grep "^boot: not checked" out &&
	test ! -e "$(group_dir memory "")"
'

test_expect_success 'what .hornero.yaml sets and the builder allows has its effect' '
	echo "head -c \$SIZE /dev/zero >disk" >app/build.sh &&
	echo "env: {SIZE: 2097152}" >app/.hornero.yaml &&
	hornero builder try mine app -o second.raw >out &&
	test_grep "^size: 2097152 bytes$" out &&
	echo "env: {WIDTH: 2097152}" >app/.hornero.yaml &&
	test_expect_code 65 hornero builder try mine app -o third.raw 2>err &&
	test_grep "hornero.yaml:1:7: the builder mine does not allow .WIDTH. here" err &&
	echo "also: [lib]" >app/.hornero.yaml &&
	echo "allow: [also]" >>builders.d/mine.yaml &&
	sed -i "/^allow: .env/d" builders.d/mine.yaml &&
	echo "head -c 1048576 /dev/zero >disk" >app/build.sh &&
	hornero builder try mine app -o third.raw >out &&
	test_grep "has .also.: its paths are not in this directory" out &&
	rm app/.hornero.yaml
'

if command -v qemu-system-x86_64 >/dev/null && test -d /usr/lib/grub/i386-pc
then
	test_expect_success 'an artifact with expect boots, or the try fails' '
		kernel_make kernel &&
		printf "%s\n" "argv: [make]" "artifact: /build/src/kernel.elf" "format: kernel" \
			"cmdline: by hand" >builders.d/kernel.yaml &&
		echo "expect: \"^kernel says: kernel by hand$\"" >kernel/.hornero.yaml &&
		hornero builder try kernel kernel -o kernel.raw >out &&
		test_grep "^hornero: the expected line came after" out &&
		test_grep "^boot: a line matched .kernel says: kernel by hand., after" out &&
		printf "%s\n" "expect: ^never" "timeout: 2s" >kernel/.hornero.yaml &&
		test_expect_code 65 hornero builder try kernel kernel -o none.raw >out 2>err &&
		test_grep "never" err &&
		test ! -e none.raw
	'
else
	test_skip 'an artifact with expect boots' 'no QEMU or GRUB here'
fi

if test "$(id -u)" -eq 0 && ! groups_on_v2
then
	test_expect_success 'a user without right to the groups builds without, and reads why' '
		chmod 0755 "$TRASH" "$TRASH"/.. &&
		chmod -R a+rX app builders.d groups.d "$NODE/hornero.yaml" &&
		node_as 64999 hornero builder try mine app -o /tmp/hornero-t-$$.raw >out 2>err || {
			cat out err
			return 1
		}
		rm /tmp/hornero-t-$$.raw &&
		test_grep "^hornero: no control group, so no limit of .*root" out
	'
fi

test_done
