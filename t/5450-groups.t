#!/bin/sh
# Groups of builders beside each other, each with limits of its own inside those of all builds.
test_description='limits of builder groups and of attempts'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/cpu
then
	test_skip 'limits of groups' 'cgroup v1 and root only; t/9200-cgroup-v2.t has the other'
	test_done
fi

# value CONTROLLER GROUP FILE
value () {
	cat "/sys/fs/cgroup/$1/$NODE_TOP${2:+/$2}/$3"
}

# quota GROUP: in percent of the node; 0: as wide as the level above
quota () {
	quota__us=$(value cpu "$1" cpu.cfs_quota_us)
	test "$quota__us" -gt 0 || quota__us=0
	echo $((quota__us / $(nproc) / 1000))
}

# mega GROUP: its memory, in MB; the kernel rounds down to pages
mega () {
	echo $((($(value memory "$1" memory.limit_in_bytes) + 4095) / 1000000))
}

state () {
	hornero show "$1" --json | jq -r .state
}

waiting='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@'
# go UUID: its build need not wait any longer
go () {
	wait_until "touch $NODE/unikernels/$1/cache/go 2>/dev/null" 20
}

osv=7c9e6679-7425-40de-944b-e07fc1f90ae7

test_expect_success 'a node with two groups, one of them with limits' '
	mkdir groups.d builders.d && cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d/ &&
	printf "%s\n" "group: osv" "argv: [make]" "artifact: /build/src/hornero.raw" "format: raw" >builders.d/osv-make.yaml &&
	printf "%s\n" "core_limit: 20" "mem_limit: 300" "attempt_core_limit: 5" "attempt_mem_limit: 200" \
		"attempt_pids_limit: 100" >groups.d/osv.yaml &&
	node_init "workers: 2" "compile_core_limit: 40" "compile_mem_limit: 500" "groups_dir: $TRASH/groups.d" \
		"builders_dir: $TRASH/builders.d" && node_start &&
	node_hello_repo osv $osv && hornero image set $osv builder=osv-make &&
	node_hello_repo && hornero image set "$HELLO_UUID" builder=make &&
	hello=$HELLO_UUID
'

test_expect_success 'builds of both run side by side, each group with its own limits inside those of all' '
	push_make "$waiting" && HELLO_WORK=$TRASH/work-osv && push_make "$waiting" &&
	wait_until "test -d $NODE/unikernels/$hello/cache && test -d $NODE/unikernels/$osv/cache" 20 &&
	test "$(quota "")/$(mega "")" = 40/500 &&
	test "$(quota make)/$(mega make)" = 0/500 && test "$(quota make/1.1)/$(mega make/1.1)" = 0/500 &&
	test "$(quota osv)/$(mega osv)" = 20/300 && test "$(quota osv/2.1)/$(mega osv/2.1)" = 5/200 &&
	test "$(value pids osv/2.1 pids.max)" = 100 && test "$(value pids osv pids.max)" = "$(value pids "" pids.max)" &&
	test "$(value memory osv/2.1 memory.memsw.limit_in_bytes)" = "$(value memory osv/2.1 memory.limit_in_bytes)"
'

test_expect_success 'a reload that narrows all builds narrows what runs below' '
	sed -i "s/^compile_core_limit:.*/compile_core_limit: 10/" "$HORNERO_CONF" && kill -HUP $node_pid &&
	wait_until "test \$(quota \"\") = 10" 10 && test_grep ! "limits-unchanged" "$NODE/hornerod.log" &&
	test "$(quota make)/$(quota make/1.1)/$(quota osv)/$(quota osv/2.1)" = 0/0/10/5 &&
	sed -i "s/^compile_core_limit:.*/compile_core_limit: 40/" "$HORNERO_CONF" && kill -HUP $node_pid &&
	wait_until "test \$(quota \"\") = 40" 10
'

test_expect_success 'the next attempt has what the file of its group says by then, never more than the level above' '
	go $osv && go $hello && hornero wait 1 --timeout 30 && hornero wait 2 --timeout 30 &&
	rm "$NODE"/unikernels/*/cache/go && printf "%s\n" "core_limit: 60" "attempt_mem_limit: 9000" >groups.d/osv.yaml &&
	push_make "$waiting; : again" && wait_until "hornero log $job 2>&1 | grep -q \"builder osv-make\"" 20 &&
	test "$(quota osv)/$(mega osv)" = 0/500 && test "$(quota osv/$job.1)/$(mega osv/$job.1)" = 0/500 &&
	go $osv && hornero wait $job --timeout 30
'

test_expect_success 'a build that is too big for its attempt hears its limit and where it stands' '
	echo "attempt_mem_limit: 60" >groups.d/osv.yaml &&
	push_make "python3 -c \"x = bytearray(200000000)\"" && test_expect_code 1 hornero wait $job --timeout 60 >out &&
	verdict cause >cause && echo oom >want && test_cmp want cause && verdict reason >reason &&
	test_grep "its limit is 60 MB .*groups.d" reason
'

test_expect_success 'a file with an error holds the jobs of its group, with the place; mended, they go on' '
	printf "%s\n" "core_limit: 5" "mem_limit: much" >groups.d/osv.yaml &&
	push_make "head -c 1048576 /dev/zero >\$@" && wait_until "test \$(state $job) = held" 20 &&
	hornero why $job >out && test_grep "groups.d/osv.yaml:2:12: .*mem_limit" out &&
	HELLO_WORK=$TRASH/work-hello && held=$job &&
	push_make "head -c 1049088 /dev/zero >\$@" && hornero wait $job --timeout 30 &&
	rm groups.d/osv.yaml && hornero retry $held >out && hornero wait $osv --timeout 30
'

dedicated=0-$(($(nproc --all) - 2))
test_expect_success 'builds leave the processors alone that Nova gives to instances of their own' '
	node_stop && echo "cpu_dedicated_set: 0-8191" >>"$HORNERO_CONF" && test_expect_code 78 hornerod --foreground 2>err &&
	test_grep "cpu_dedicated_set .*leaves no processor" err &&
	if test "$(nproc --all)" -gt 1
	then
		sed -i "s/^cpu_dedicated_set:.*/cpu_dedicated_set: $dedicated/" "$HORNERO_CONF" && node_start &&
		push_make "grep Cpus_allowed_list /proc/self/status; $waiting" &&
		wait_until "hornero log $job >out && grep Cpus_allowed_list: out" 20 &&
		test_grep "Cpus_allowed_list:[^0-9]$(($(nproc --all) - 1))$" out &&
		go $hello && hornero wait $job --timeout 30
	fi
'

test_done
