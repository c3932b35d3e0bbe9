#!/bin/sh
# Somebody in an attempt's group who does not die: frozen by another hierarchy, as one hangs in the
# kernel. Red without: cpu.idle in cgquota.c (2, where the machine has time left over).
test_description='an attempt has ended, and its group does not get empty'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/freezer
then
	test_skip 'groups that stay' 'cgroup v1 and root only'
	test_done
fi

top=/sys/fs/cgroup/cpu/$NODE_TOP
ice=/sys/fs/cgroup/freezer/$NODE_TOP-ice

# hang NAME: a process that nobody can kill is in the group of the attempt NAME
hang () {
	mkdir "$ice" &&
	{ sleep 1000 & hung=$!; } &&
	test_cleanup "echo THAWED >$ice/freezer.state; kill $hung; wait $hung; rmdir $ice; :" &&
	echo $hung >"$ice/cgroup.procs" &&
	echo FROZEN >"$ice/freezer.state" &&
	wait_until "grep -q FROZEN $ice/freezer.state" 10 &&
	mkdir -p "$top/make/$1" &&
	echo $hung >"$top/make/$1/cgroup.procs"
}
thaw () {
	echo THAWED >"$ice/freezer.state" &&
	{ wait $hung; test $? -eq 137; } &&
	rmdir "$ice"
}
# is GROUP QUOTA WEIGHT IDLE
is () {
	test "$(cat "$top/$1/cpu.cfs_quota_us")" = "$2" &&
	test "$(cat "$top/$1/cpu.shares")" = "$3" &&
	{ test ! -e "$top/$1/cpu.idle" || test "$(cat "$top/$1/cpu.idle")" = "$4"; }
}
# All builds are idle while processors have time left over, else they have the weight that they
# began with.
is_back () {
	is . "$quota" "$weight" 0 || is . "$quota" "$(cat "$top/cpu.shares")" 1
}
quota=$((20 * $(nproc) * 1000))
stays () {
	hornerod_says event=cgroup-stays 20
}
reload () {
	: >"$NODE/hornerod.log" &&
	node_reload
}

test_expect_success 'a build with a process that cannot be killed' '
	node_init "workers: 1" "compile_core_limit: 20" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	weight=$(cat "$top/cpu.shares") &&
	slow_push one &&
	gate_reached &&
	test -d "$top/make/$job.1" &&
	lifted=$((weight > 1024 ? weight : 1024)) &&
	hang "$job.1" &&
	{ test ! -e "$top/cpu.idle" || wait_until "grep -q 1 $top/cpu.idle" 90; } &&
	gate_open
'

# For ten seconds.
is_lifted () {
	{ is . -1 $lifted 0 || is . -1 1024 0; } &&
	is make -1 1024 0 &&
	is "make/$job.1" -1 1024 0
}

test_expect_success 'while it is being killed quotas and weights are lifted, and it is said once' '
	wait_until is_lifted 30 &&
	stays
'

test_expect_success 'a process that stays does not wait for a processor: builds get theirs back' '
	wait_until is_back 30 &&
	is make -1 2 0 &&
	test "$(grep -c event=cgroup-stays "$NODE/hornerod.log")" -eq 1
'

test_expect_success 'a reload takes over how the attempt ended, with what it used' '
	reload &&
	stays &&
	thaw &&
	job_ends published &&
	hornerod_says "event=cgroup-gone job=$job" 20 &&
	test "$(attempt_field class)" = none &&
	test "$(attempt_field cpu_ms)" -gt 0 &&
	test "$(attempt_field mem_peak_bytes)" -gt 0 &&
	wait_until is_back 10 &&
	is make -1 2 0 &&
	test ! -e "$top/make/$job.1"
'

test_expect_success 'and that one could not be started' '
	mkdir empty &&
	cp "$HORNERO_CONF" conf.good &&
	sed -i "s,^libexec_dir:.*,libexec_dir: $TRASH/empty," "$HORNERO_CONF" &&
	reload &&
	hang "$((job + 1)).1" &&
	push_make "head -c 1048570 /dev/zero >\$@; truncate -s 1M \$@" &&
	stays &&
	reload &&
	stays &&
	thaw &&
	job_reaches held &&
	test "$(attempt_field cause)" = start &&
	attempt_field reason >reason &&
	test_grep "hornero-build" reason &&
	cp conf.good "$HORNERO_CONF"
'

test_expect_success 'a stop waits for such a process, and its job is queued again' '
	reload &&
	slow_push stopped &&
	gate_reached &&
	hang "$job.1" &&
	: >"$NODE/hornerod.log" &&
	kill -TERM "$node_pid" &&
	stays &&
	thaw &&
	node_stop &&
	hornerod_says event=stopped 1 &&
	job_state_is queued &&
	test -z "$(node_cgroups)"
'

test_done
