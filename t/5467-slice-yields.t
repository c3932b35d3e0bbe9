#!/bin/sh
# hornero-yield on a slice made by hand, as systemd's is: idle while processors have time left over,
# with its weight beside busy ones. On cgroup v2, as root: in the guest of t/9200-cgroup-v2.t. Red
# without: must_compete in look_on() of agent/yield/main.c (2: it stays idle), put of cpu.weight (2:
# it weighs 100), the reading of cpu.weight (2: it weighs 5), the reading of cpu.idle (4: it stays
# 0), the last yield_to_others (4), the access of cpu.idle (6).
test_description='hornero-yield: a slice is idle while processors have time left over'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

base=/sys/fs/cgroup
test -f $base/cgroup.controllers ||
	test_skip_all 'no cgroup v2 alone here: the guest of t/9200-cgroup-v2.t has it'
test "$(id -u)" -eq 0 || test_skip_all 'groups beside those of instances need root'
slice=$base/hornero-t-$$.slice
echo +cpu >$base/cgroup.subtree_control
mkdir $slice && test_cleanup 'rmdir $slice'
test -e $slice/cpu.idle || test_skip_all 'this kernel has no cpu.idle (Linux 5.15)'
echo 'compile_core_limit: 10' >conf.yaml

loops=''
test_cleanup 'test -z "$loops" || kill $loops'
# busy N COMMAND…: N of them, in sessions of their own; the scheduler may count a session as one.
busy () {
	for n in $(seq "$1")
	do
		setsid timeout 600 sh -c "$2 while :; do :; done" &
		loops="$loops $!"
	done
}
quiet () {
	kill $1
	for pid in $1
	do
		wait "$pid"
	done
	loops=''
}
yields () {
	"$HORNERO_BUILD/hornero-yield" -c "$TRASH/conf.yaml" "$@" 2>said &
	yielder=$! &&
	test_cleanup "kill $yielder 2>/dev/null; wait $yielder; :"
}
is_idle () {
	test "$(cat $slice/cpu.idle)" = 1
}
weighs () {
	test "$(cat $slice/cpu.idle) $(cat $slice/cpu.weight)" = "0 $1"
}

# As a build: it wants all, and has a quota.
test_expect_success 'a slice that runs on a quiet node is idle to the scheduler' '
	echo $(($(nproc) * 10000)) 100000 >$slice/cpu.max &&
	echo 7 >$slice/cpu.weight &&
	busy 1 "echo \$\$ >$slice/cgroup.procs;" &&
	build=$loops &&
	loops="" &&
	test_cleanup "kill $build; wait $build; :" &&
	yields --slice $slice &&
	wait_until is_idle 60
'

test_expect_success 'beside busy processors it has the weight that it had' '
	busy $((4 * $(nproc))) &&
	wait_until "weighs 7" 60
'

test_expect_success 'a weight that systemd set is kept; the slice is idle again on a quiet node' '
	echo 9 >$slice/cpu.weight &&
	quiet "$loops" &&
	wait_until is_idle 60 &&
	busy $((4 * $(nproc))) &&
	wait_until "weighs 9" 60 &&
	quiet "$loops"
'

test_expect_success 'a foreign write is undone, and SIGTERM leaves the weight' '
	wait_until is_idle 60 &&
	echo 0 >$slice/cpu.idle &&
	echo 11 >$slice/cpu.weight &&
	wait_until is_idle 20 &&
	kill $yielder &&
	wait $yielder &&
	weighs 11
'

test_expect_success 'a kill left the slice idle: the next run ends with the configured weight' '
	echo "compile_core_limit: 26" >conf.yaml &&
	echo 1 >$slice/cpu.idle &&
	yields --slice $slice &&
	wait_until "grep -q event=ready said" 20 &&
	kill $yielder &&
	wait $yielder &&
	weighs 13
'

test_expect_success 'an unusable slice or configuration ends it, with words and a code' '
	mkdir old &&
	: >old/cpu.stat &&
	yields --slice old &&
	wait $yielder &&
	test_grep "event=not-yielding old/cpu.idle" said &&
	yields --slice nowhere &&
	test_expect_code 75 wait $yielder &&
	test_grep "nowhere is not a readable cgroup" said &&
	yields --slices nowhere &&
	test_expect_code 64 wait $yielder &&
	echo "compile_core_limits: 10" >conf.yaml &&
	yields --slice $slice &&
	test_expect_code 78 wait $yielder &&
	test_grep "compile_core_limits" said
'

test_done
