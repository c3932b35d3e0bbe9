# groups.sh: what the kernel says of a node's control groups, in the same words on v1 and v2. After
# node.sh:
#
#     groups_requires                 # else the whole file is skipped
#     group_quota osv/2.1             # percent of the node's processors; 0: none of its own
#     group_mega osv                  # memory, MB
#     group_swap osv                  # bytes of swap beyond that
#     group_pids ""                   # processes
#     group_is_last ""                # whoever else wants a processor or a disk comes before it
#     group_is_idle ""                # it gets what nobody else wants; else it has a weight
#     group_frozen osv/2.1            # nobody in it runs
#     group_narrow                    # all builds get a hundredth of one processor
#     busy_loops 4 taskset -c 0       # keep a processor busy, until busy_end
#
# "" is the group of all builds, NAME a builder's, NAME/JOB.ATTEMPT an attempt's.

groups_requires () {
	group_possible || test_skip_all \
		'limits need root, or a control group that is delegated (cgroup v2)'
}

groups_on_v2 () {
	test -f /sys/fs/cgroup/cgroup.controllers
}

# group_dir CONTROLLER GROUP
group_dir () {
	if ! groups_on_v2
	then
		group__dir=$1/$NODE_TOP
	elif test -n "$HORNERO_TEST_UNIT"
	then
		group__dir=$unit_group/$NODE_TOP
	elif test "$(id -u)" -ne 0
	then
		group__dir=${group_base#/sys/fs/cgroup/}/$NODE_TOP/$NODE_TOP
	else
		group__dir=$NODE_TOP
	fi
	echo "/sys/fs/cgroup/$group__dir${2:+/$2}"
}

# group_value CONTROLLER GROUP V1-FILE V2-FILE: the first word of it
group_value () {
	group__file=$3
	! groups_on_v2 || group__file=$4
	read -r group__word group__rest <"$(group_dir "$1" "$2")/$group__file" &&
	echo "$group__word"
}

# v1 says -1 and v2 max where there is none.
group_quota () {
	group__us=$(group_value cpu "$1" cpu.cfs_quota_us cpu.max) || return 1
	case $group__us in
	max | -1) echo 0 ;;
	*) echo $((group__us / $(nproc) / 1000)) ;;
	esac
}

# The narrowest of the quotas that hold for it.
group_quota_in_force () {
	group__least=0
	group__of=$1
	while :
	do
		group__percent=$(group_quota "$group__of") || return 1
		test "$group__percent" -eq 0 || test "$group__least" -ne 0 &&
		test "$group__percent" -gt "$group__least" ||
			group__least=$group__percent
		test -n "$group__of" || break
		case $group__of in
		*/*) group__of=${group__of%/*} ;;
		*) group__of='' ;;
		esac
	done
	echo "$group__least"
}

# The kernel rounds down to pages. "max": v2 has no limit there.
group_mega () {
	group__bytes=$(group_value memory "$1" memory.limit_in_bytes memory.max) || return 1
	test "$group__bytes" = max &&
	echo max || echo $(((group__bytes + 4095) / 1000000))
}

group_swap () {
	if groups_on_v2
	then
		group_value memory "$1" '' memory.swap.max
	else
		group__both=$(group_value memory "$1" memory.memsw.limit_in_bytes) &&
		echo $((group__both - $(group_value memory "$1" memory.limit_in_bytes)))
	fi
}

group_pids () {
	group_value pids "$1" pids.max pids.max
}

group_is_idle () {
	grep -q -x 1 "$(group_dir cpu "$1")/cpu.idle" 2>/dev/null
}

# The scheduler decides which weights of disks there are.
group_is_last () {
	group__cpu=$(group_dir cpu "$1")
	if group_is_idle "$1"
	then
		: # until processors are busy
	elif groups_on_v2
	then
		group__weight=$(cat "$group__cpu/cpu.weight") &&
		test "$group__weight" -gt 1 &&
		test "$group__weight" -lt $((100 * $(nproc))) || return 1
	else
		group__weight=$(cat "$group__cpu/cpu.shares") &&
		test "$group__weight" -gt 3 &&
		test "$group__weight" -lt $((1024 * $(nproc))) || return 1
	fi
	for group__file in io.weight io.bfq.weight
	do
		groups_on_v2 && test -e "$group__cpu/$group__file" || continue
		grep -q -x 'default 1' "$group__cpu/$group__file" || return 1
	done
}

group_frozen () {
	if groups_on_v2
	then
		grep -q -x 'frozen 1' "$(group_dir freezer "$1")/cgroup.events"
	else
		grep -q -x FROZEN "$(group_dir freezer "$1")/freezer.state"
	fi
}

# Until hornerod sets its own quota again, at a reload or a start.
group_narrow () {
	group__cpu=$(group_dir cpu "") || return 1
	if groups_on_v2
	then
		echo 10000 1000000 >"$group__cpu/cpu.max"
	else
		echo 10000 >"$group__cpu/cpu.cfs_quota_us" &&
		echo 1000000 >"$group__cpu/cpu.cfs_period_us"
	fi
}

# busy_loops N [COMMAND…]: N loops, each begun through COMMAND, want a processor all the time. A
# scheduler with autogroups counts a session as one, hence a session each. Builds come after them
# all the same, so both nice values leave the processors to other tests: the session's, and the
# loop's own where there are no autogroups.
busy_loops () {
	group__loops=$1
	shift
	test_cleanup busy_end
	for group__n in $(seq "$group__loops")
	do
		setsid nice -n 10 "$@" timeout 300 sh -c '
			test ! -e /proc/self/autogroup || echo 10 >/proc/self/autogroup
			while :; do :; done' &
		busy__pids="$busy__pids $!"
	done
}

# busy_end: they end, if there are any.
busy_end () {
	test -z "$busy__pids" || kill $busy__pids
	for group__pid in $busy__pids
	do
		wait "$group__pid"
	done
	busy__pids=''
}
