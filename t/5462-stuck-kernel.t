#!/bin/sh
# Processes that hang in the kernel: SIGKILL does not end them. Frozen ones of cgroup v1 stand in
# for them.
test_description='if a process does not die of SIGKILL, its image is built again in a new checkout'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/ice.sh"
test_requires jq jq

ice_requires

WORK=$NODE/unikernels
top=/sys/fs/cgroup/cpu/$NODE_TOP

slow_job () {
	slow_push "$1" &&
	gate_reached
}
# go: each build may end, in whichever checkout
go () {
	wait_until "touch $WORK/$HELLO_UUID/cache/go 2>/dev/null; hornero wait $job --timeout 1" 60
}

# nothing_aside: no checkout is kept for a process that hangs; hornerod collects, too.
nothing_aside () {
	wait_until has_nothing_aside 30
}
has_nothing_aside () {
	test -z "$(find "$WORK" -name "left.*")"
}

# Red without the call of attempt_abandon() in agent/hornerod/stuck.c, and without step_around() in
# agent/build/main.c.
test_expect_success 'a supervisor survives a cancel: its job ends, its image is built elsewhere' '
	node_init "workers: 1" &&
	test_cleanup thaw &&
	node_make_repo &&
	node_start &&
	node_swept &&
	slow_job one &&
	pid=$(supervisor) &&
	freeze $pid &&
	hornero cancel $job &&
	job_reaches cancelled $job 40 &&
	test -d /proc/$pid &&
	why="of job $job does not die of SIGKILL.*new checkout" &&
	why_says "$HELLO_UUID" "hornero-build .process $pid. $why" &&
	slow_job two &&
	go &&
	test -d /proc/$pid &&
	test -n "$(find "$WORK" -name "left.*")" &&
	hornero gc >out &&
	test -d "$(find "$WORK" -name "left.*")"
'

# Red without earlier_take_children(): it stays a zombie. The collection that follows the reload may
# be faster than this one.
test_expect_success 'a reload knows it; the kernel releases it, and its checkout goes' '
	node_reload &&
	doctor_says "process $pid.* does not die of SIGKILL" &&
	thaw &&
	wait_until "test ! -d /proc/$pid" 20 &&
	wait_until "test ! -e $NODE/state/run/stuck" 10 &&
	hornero gc >out &&
	removed="left.2b7e.*a process that did not end was left in it" &&
	wait_until "grep -q \"$removed\" out $NODE/hornerod.log" 30 &&
	nothing_aside
'

# Red without the call of attempt_abandon() for a stop: node_stop never ends.
test_expect_success 'one of an earlier hornerod: hornerod starts, says so, and builds' '
	slow_job three &&
	pid=$(supervisor) &&
	freeze $pid &&
	node_crash &&
	node_start &&
	test_grep "event=hangs program=hornero-build pid=$pid it does not die" \
		"$NODE/hornerod.log" &&
	doctor_says "hornero-build .process $pid. that an earlier hornerod started" &&
	go &&
	test -d /proc/$pid &&
	thaw &&
	wait_until "test ! -e $NODE/state/run/stuck" 10 &&
	hornero gc >out &&
	nothing_aside
'

# Red with a return in attempt_conclude() for as long as the group is not empty: the job runs for
# ever.
test_expect_success 'a group that never gets empty holds neither its job nor its image' '
	slow_job four &&
	{ sleep 1000 & hung=$!; } &&
	freeze $hung &&
	echo $hung >"$top/make/$job.1/cgroup.procs" &&
	hornero cancel $job &&
	job_reaches cancelled $job 40 &&
	grep -x $hung "$top/make/$job.1/cgroup.procs" &&
	why_says "$HELLO_UUID" \
		"process $hung .*of job $job does not die of SIGKILL.*new checkout" &&
	test -n "$(find "$WORK" -name "left.*")" &&
	slow_job five &&
	go &&
	thaw &&
	{ wait $hung; test $? -eq 137; } &&
	wait_until "test ! -e $NODE/state/run/stuck" 20
'

test_expect_success 'a stop does not wait for what hangs' '
	slow_job six &&
	pid=$(supervisor) &&
	freeze $pid &&
	{ node_stop || :; } &&
	test_grep "event=hangs program=hornero-build job=$job pid=$pid" "$NODE/hornerod.log" &&
	thaw &&
	wait_until "test ! -d /proc/$pid" 20 &&
	node_start &&
	go &&
	node_stop
'

test_done
