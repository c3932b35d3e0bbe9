#!/bin/sh
# While processors have time left over, builds are idle to the scheduler, and nobody waits for them;
# while others keep all processors busy, they have a weight, and get on. Red without: yielding.c's
# timer (2 and 3), the weight in cg_yield (2), hand_over of cpu.idle (1), yielding_act where nothing
# is built (4), yield_logged (5).
test_description='how far builds come after everything else'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"
test_requires jq jq
test_requires python3 python3
groups_requires
groups_on_v2 || test "$(id -u)" -ne 0 || node_users

begun () {
	wait_until "test -e $NODE/unikernels/$HELLO_UUID/cache/begun" 120 &&
	rm "$NODE/unikernels/$HELLO_UUID/cache/begun"
}
# Where others use the machine it may be so for a second of each thirty only.
weighs () {
	! group_is_idle "" &&
	group_is_last ""
}
# It runs all the time: where builds do nothing no look tries without a weight. A fifth of the
# processors is enough for that.
spin=': >../cache/begun; until test -e ../cache/go; do :; done'
disk='head -c 1048576 /dev/zero >$@'

node_init "workers: 1" "compile_core_limit: 20" >init.out && node_start || { cat init.out; exit 1; }
test -e "$(group_dir cpu "")/cpu.idle" || test_skip_all 'this kernel has no cpu.idle (Linux 5.15)'

test_expect_success 'a build on a node with time left over is idle to the scheduler' '
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	push_make "$spin" \
		"python3 -c \"while __import__(\\\"time\\\").process_time() < 0.2: pass\"" \
		"rm ../cache/go; $spin" "$disk" &&
	begun &&
	wait_until "group_is_idle \"\"" 90
'

test_expect_success 'beside busy processors it has a weight, and gets on' '
	busy_loops $((4 * $(nproc))) &&
	wait_until weighs 60 &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	begun
'

test_expect_success 'when they are no longer busy it is idle again' '
	busy_end &&
	wait_until "group_is_idle \"\"" 90 &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	hornero wait "$job" --timeout 300 &&
	rm "$NODE/unikernels/$HELLO_UUID/cache/go"
'

test_expect_success 'an idle build of many processes is killed, and the group weighs again' '
	push_make "for i in \$\$(seq 300); do sleep 1000 & done; $spin" &&
	begun &&
	wait_until "group_is_idle \"\"" 90 &&
	hornero cancel "$job" &&
	wait_until node_cgroups_gone 30 &&
	wait_until weighs 20
'

if ! groups_on_v2 && test "$(id -u)" -eq 0
then
	test_expect_success 'builds keep the weight where root keeps cpu.idle; it is logged once' '
		chown root "$(group_dir cpu "")/cpu.idle" &&
		push_make "$spin" "sleep 3" "$disk" &&
		begun &&
		hornerod_says "event=not-yielding.*--prepare" 90 &&
		weighs &&
		touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
		hornero wait "$job" --timeout 300 &&
		test "$(grep -c event=not-yielding "$NODE/hornerod.log")" -eq 1
	'
fi

test_expect_success 'it stops' '
	node_stop
'

test_done
