#!/bin/sh
# Runs in the guest of t/9200-cgroup-v2.t, once for each right.
test_description='builds in cgroup v2'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

if test "$(id -u)" -eq 0
then
	top=/sys/fs/cgroup/$NODE_TOP
else
	group_possible || { echo 'Bail out! no group was delegated'; exit 1; }
	top=$group_base/$NODE_TOP/$NODE_TOP
fi

state () {
	hornero show "$1" --json | jq -r .state
}

# leaf JOB: its first attempt's group
leaf () {
	find "$top" -type d -name "$1.1"
}

# A tree of processes; one of them left its session.
lasting='setsid sleep 1000 & sleep 1001'
lasting_processes () {
	pgrep -f '^sleep 100[01]' >pids
	test "$(wc -l <pids)" -eq "$1"
}

# No attempt has a group, no group below the top has a process.
builds_gone () {
	test -z "$(find "$top" -mindepth 2 -type d)" && ! cat "$top"/*/cgroup.procs 2>/dev/null | grep -q .
}

disk='head -c 1048576 /dev/zero >$@; printf'

test_expect_success 'there is cgroup v2, and no v1' '
	test_grep ! "^[^ ]+ [^ ]+ cgroup " /proc/mounts && test_grep "^[^ ]+ /sys/fs/cgroup cgroup2 " /proc/mounts
'

test_expect_success 'a node' '
	mkdir groups.d && printf "%s\n" "core_limit: 30" "attempt_core_limit: 25" "attempt_mem_limit: 80" "attempt_pids_limit: 200" \
		>groups.d/make.yaml &&
	node_init "workers: 1" "compile_core_limit: 50" "compile_mem_limit: 100" "groups_dir: $TRASH/groups.d" &&
	node_start && cat "$NODE/hornerod.log" && test_grep "event=limits cgroup=v2" "$NODE/hornerod.log" &&
	node_hello_repo
'

test_expect_success 'the limits of all builds are at the top' '
	(cd "$top" && grep . cpu.max cpu.weight memory.max pids.max cgroup.subtree_control) &&
	test "$(cat "$top/cpu.max")" = "$((50 * $(nproc) * 1000)) 100000" &&
	test "$(cat "$top/memory.max")" -le 100000000 && test "$(cat "$top/memory.max")" -gt 99000000 &&
	test "$(cat "$top/cpu.weight")" -eq 1 &&
	{ test ! -e "$top/io.weight" || test "$(cat "$top/io.weight")" = "default 1"; } &&
	{ test ! -e "$top/io.bfq.weight" || test "$(cat "$top/io.bfq.weight")" = "default 1"; } &&
	for controller in cpu memory pids
	do
		test_grep "$controller" "$top/cgroup.subtree_control" || return 1
	done
'

test_expect_success 'a push becomes warm, and its figures come from its group' '
	push_make "$disk good | dd of=\$@ conv=notrunc 2>/dev/null" &&
	hornero wait "$job" --timeout 30 &&
	test "$(verdict class)" = none &&
	test "$(head -c 4 "$(node_warm_path "$HELLO_UUID")")" = good &&
	grep ended "$NODE/hornerod.log" && test_grep "cpu_ms=[1-9]" "$NODE/hornerod.log"
'

test_expect_success 'a build over its memory ends, and the verdict says so' '
	push_make "head -c 300000000 /dev/zero | tail" &&
	test_expect_code 1 hornero wait "$job" --timeout 30 &&
	cat "$NODE/state/log/$job.1.verdict" &&
	test "$(verdict class) $(verdict cause)" = "pusher oom" &&
	test "$(verdict mem_peak_bytes)" -le 80000000 && verdict reason >reason && test_grep "limit is 80 MB" reason && test "$(verdict mem_peak_bytes)" -gt 50000000
'

test_expect_success 'a build runs in a group of its own, with its limits' '
	push_make "$lasting" &&
	wait_until "lasting_processes 2" 30 &&
	group=$(leaf "$job") && test -n "$group" &&
	for pid in $(cat pids)
	do
		test_grep "/$NODE_TOP/[a-z]+/$job\.1$" /proc/$pid/cgroup || return 1
	done &&
	test "$(cat "$group/../cpu.max")" = "$((30 * $(nproc) * 1000)) 100000" &&
	test "$(cat "$group/cpu.max")" = "$((25 * $(nproc) * 1000)) 100000" &&
	test "$(cat "$group/memory.max")" -le 80000000 && test "$(cat "$group/memory.swap.max")" -eq 0 &&
	test "$(cat "$group/pids.max")" -eq 200
'

test_expect_success 'cancel leaves no process and no group of it' '
	hornero cancel "$job" && wait_until "test \$(state $job) = cancelled" 30 &&
	lasting_processes 0 && test -z "$(leaf "$job")" && wait_until builds_gone 20
'

test_expect_success 'a reload changes the limits' '
	sed -i "s/^compile_core_limit:.*/compile_core_limit: 20/; s/^compile_mem_limit:.*/compile_mem_limit: 90/" \
		"$HORNERO_CONF" &&
	kill -HUP $node_pid &&
	wait_until "test \"\$(cat $top/cpu.max)\" = \"$((20 * $(nproc) * 1000)) 100000\"" 20 &&
	test "$(cat "$top/memory.max")" -le 90000000 &&
	sed -i "s/^compile_core_limit:.*/compile_core_limit: 100/" "$HORNERO_CONF" &&
	kill -HUP $node_pid &&
	wait_until "test \"\$(cat $top/cpu.max)\" = \"$((100 * $(nproc) * 1000)) 100000\"" 20
'

test_expect_success 'a crash leaves groups; the next start clears them, whoever is in them' '
	push_make "echo crash" "$lasting" && wait_until "lasting_processes 2" 30 &&
	group=$(leaf "$job") && mkdir "$group/below" &&
	node_kill9 && lasting_processes 0 && test -d "$group" || return 1
	sleep 1002 &
	stray=$!
	echo $stray >"$group/below/cgroup.procs" && node_start || return 1
	wait $stray
	test $? -eq 137 && test ! -e "$group" &&
	hornero cancel "$job" && wait_until "test \$(state $job) = cancelled" 30 &&
	lasting_processes 0 && wait_until builds_gone 20
'

test_expect_success 'a node that was crashed builds' '
	push_make "$disk next | dd of=\$@ conv=notrunc 2>/dev/null" &&
	hornero wait "$job" --timeout 30 &&
	test "$(head -c 4 "$(node_warm_path "$HELLO_UUID")")" = next
'

test_expect_success 'a stop ends a running build, and removes the groups' '
	push_make "echo stop" "$lasting" && wait_until "lasting_processes 2" 30 &&
	node_stop && lasting_processes 0 && test ! -e "$top" && node__no_process && test "$(state $job)" = queued
'

test_done
