#!/bin/sh
# A process of an earlier life does not even die of SIGKILL. A frozen one of cgroup v1 stands in for
# it.
test_description='a process that hangs in the kernel does not keep hornerod down'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/freezer
then
	test_skip 'a start beside what hangs' \
		'nothing else than a frozen process of cgroup v1, made by root, can be made to hang'
	test_done
fi

ice=/sys/fs/cgroup/freezer/hornero-start-$$
hung=/sys/fs/cgroup/memory/$NODE_TOP/hello/77.1
killed=/sys/fs/cgroup/memory/$NODE_TOP/hello/78.1

thaw () {
	test ! -d $ice || { echo THAWED >$ice/freezer.state && wait_until "rmdir $ice" 10; }
}

# lasting GROUP…: a process in them. Sets pid.
lasting () {
	sleep 100000 &
	pid=$!
	for group; do echo $pid >$group/cgroup.procs || return 1; done
}

dead () {
	test ! -e /proc/$1 || grep -q "^State:.Z" /proc/$1/status
}

test_expect_success 'two groups of an earlier life, and a process that hangs in one' '
	node_init "workers: 1" &&
	mkdir $ice &&
	test_cleanup thaw &&
	mkdir -p $hung $killed &&
	lasting $killed &&
	other=$pid &&
	lasting $hung $ice &&
	echo FROZEN >$ice/freezer.state &&
	wait_until "grep -q FROZEN $ice/freezer.state" 10
'

# Red with the error of cg_clear() as the end of agent/hornerod/main.c open_cgroups().
test_expect_success 'hornerod starts all the same, says so once, and builds' '
	node_start &&
	grep -e "$pid" $hung/cgroup.procs &&
	dead $other &&
	test ! -d $killed &&
	test_grep "event=group-stays group=hello/77.1 .*process $pid" "$NODE/hornerod.log" &&
	node_hello_repo &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	hornero wait $job --timeout 300 &&
	push_make "head -c 1048576 /dev/zero >\$@; : again" &&
	hornero wait $job --timeout 300 &&
	test "$(grep -c -e group-stays -e cgroup-stays "$NODE/hornerod.log")" -eq 1
'

test_expect_success 'a reload takes it over, and it goes when it can' '
	node_reload &&
	test -d $hung &&
	thaw &&
	wait_until "test ! -d $hung" 20 &&
	node_stop
'

test_done
