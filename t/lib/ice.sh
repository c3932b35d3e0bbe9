# ice.sh: processes that SIGKILL does not end, until thaw. Frozen ones of cgroup v1 stand in for
# those that hang in the kernel.
# After node.sh:
#
#     ice_requires            ends the file where there are none
#     freeze PID [NAME]       into a group of that name
#     thaw                    all of them, and their groups go: for test_cleanup, too

ice=/sys/fs/cgroup/freezer/$NODE_TOP-ice
ice__names=''

ice_requires () {
	test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/freezer || return 0
	test_skip 'stepping around' \
		'nothing else than a frozen process of cgroup v1, made by root, can be made to hang'
	test_done
}

freeze () {
	ice__group=$ice${2:+-$2}
	ice__names="$ice__names $ice__group"
	mkdir "$ice__group" &&
	echo "$1" >"$ice__group/cgroup.procs" &&
	echo FROZEN >"$ice__group/freezer.state" &&
	wait_until "grep -q FROZEN $ice__group/freezer.state" 10
}

thaw () {
	for ice__group in $ice__names
	do
		test -d "$ice__group" || continue
		echo THAWED >"$ice__group/freezer.state" &&
		wait_until "rmdir $ice__group" 10 || return 1
	done
}
