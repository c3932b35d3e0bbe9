#!/bin/sh
# Groups of builders beside each other, each with limits of its own inside those of all builds.
# HORNERO_TEST_BRIEF=1: only what depends on the hierarchy of groups.
test_description='limits of builder groups and of attempts'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"

groups_requires

waiting='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@'
# go UUID: its build need not wait any longer
go () {
	wait_until "touch $NODE/unikernels/$1/cache/go 2>/dev/null" 20
}

osv=7c9e6679-7425-40de-944b-e07fc1f90ae7

test_expect_success 'a node with two groups, one of them with limits' '
	mkdir groups.d builders.d &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders.d/ &&
	printf "%s\n" "group: osv" "argv: [make]" "artifact: /build/src/hornero.raw" "format: raw" \
		>builders.d/osv-make.yaml &&
	printf "%s\n" "core_limit: 20" "mem_limit: 300" "attempt_core_limit: 5" \
		"attempt_mem_limit: 200" \
		"attempt_pids_limit: 100" >groups.d/osv.yaml &&
	node_init "workers: 2" "compile_core_limit: 40" "compile_mem_limit: 500" \
		"groups_dir: $TRASH/groups.d" \
		"builders_dir: $TRASH/builders.d" &&
	node_hello_repo osv $osv &&
	hornero image set $osv builder=osv-make &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	node_start &&
	node_swept &&
	hello=$HELLO_UUID
'

test_expect_success 'builds of both run side by side, each within its own limits and those of all' '
	push_make "$waiting" &&
	HELLO_WORK=$TRASH/work-osv &&
	push_make "$waiting" &&
	wait_until "test -d $NODE/unikernels/$hello/cache && test -d $NODE/unikernels/$osv/cache" \
		20 &&
	test "$(group_quota "")/$(group_mega "")" = 40/500 &&
	group_is_last "" &&
	test "$(group_quota make)/$(group_mega make)" = 0/500 &&
	test "$(group_quota make/1.1)/$(group_mega make/1.1)" = 0/500 &&
	test "$(group_quota osv)/$(group_mega osv)" = 20/300 &&
	test "$(group_quota osv/2.1)/$(group_mega osv/2.1)" = 5/200 &&
	test "$(group_pids osv/2.1)" = 100 &&
	test "$(group_pids osv)" = "$(group_pids "")" &&
	test "$(group_swap osv/2.1)" = 0
'

test_expect_success 'a reload that narrows all builds narrows what runs below' '
	node_set compile_core_limit 10 &&
	kill -HUP $node_pid &&
	wait_until "test \$(group_quota \"\") = 10" 10 &&
	test_grep ! "limits-outdated" "$NODE/hornerod.log" &&
	for group in make make/1.1 osv osv/2.1
	do
		group_quota_in_force $group
	done >got &&
	printf "%s\n" 10 10 10 5 >want &&
	test_cmp want got &&
	node_set compile_core_limit 40 &&
	kill -HUP $node_pid &&
	wait_until "test \$(group_quota \"\") = 40" 10
'

if test -z "$HORNERO_TEST_BRIEF"
then
	test_expect_success 'the next attempt reads its group anew; the level above bounds it' '
		go $osv &&
		go $hello &&
		hornero wait 1 --timeout 300 &&
		hornero wait 2 --timeout 300 &&
		rm "$NODE"/unikernels/*/cache/go &&
		printf "%s\n" "core_limit: 60" "attempt_mem_limit: 9000" >groups.d/osv.yaml &&
		push_make "$waiting; : again" &&
		log_says $job "builder osv-make" &&
		test "$(group_quota osv)/$(group_mega osv)" = 0/500 &&
		test "$(group_quota osv/$job.1)/$(group_mega osv/$job.1)" = 0/500 &&
		go $osv &&
		hornero wait $job --timeout 300
	'

	test_expect_success 'a build too big for its attempt hears its limit and where it stands' '
		echo "attempt_mem_limit: 60" >groups.d/osv.yaml &&
		push_make "python3 -c \"x = bytearray(200000000)\"" &&
		test_expect_code 1 hornero wait $job --timeout 300 >out &&
		test "$(verdict cause)" = oom &&
		verdict reason >reason &&
		test_grep "its limit is 60 MB .*groups.d" reason
	'

	test_expect_success 'an error in its file holds the jobs of a group, until it is mended' '
		printf "%s\n" "core_limit: 5" "mem_limit: much" >groups.d/osv.yaml &&
		push_make "head -c 1048576 /dev/zero >\$@" &&
		job_reaches held $job 20 &&
		why_says $job "groups.d/osv.yaml:2:12: .*mem_limit" &&
		HELLO_WORK=$TRASH/work-hello &&
		held=$job &&
		push_make "head -c 1049088 /dev/zero >\$@" &&
		hornero wait $job --timeout 300 &&
		rm groups.d/osv.yaml &&
		hornero retry $held >out &&
		hornero wait $osv --timeout 300
	'
else
	test_expect_success 'both end' '
		go $osv &&
		go $hello &&
		hornero wait 1 --timeout 300 &&
		hornero wait 2 --timeout 300 &&
		rm "$NODE"/unikernels/*/cache/go &&
		HELLO_WORK=$TRASH/work-hello
	'
fi

dedicated=0-$(($(nproc --all) - 2))
test_expect_success 'builds leave the processors alone that Nova gives to instances of their own' '
	node_stop &&
	node_set cpu_dedicated_set 0-8191 &&
	test_expect_code 78 node_start 2>err &&
	test_grep "cpu_dedicated_set .*leaves no processor" err &&
	if test "$(nproc --all)" -gt 1
	then
		node_set cpu_dedicated_set $dedicated &&
		node_start &&
		push_make "grep Cpus_allowed_list /proc/self/status; $waiting" &&
		wait_until "hornero log $job >out && grep Cpus_allowed_list: out" 20 &&
		test_grep "Cpus_allowed_list:[^0-9]$(($(nproc --all) - 1))$" out &&
		go $hello &&
		hornero wait $job --timeout 300
	fi
'

test_done
