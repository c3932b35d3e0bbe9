#!/bin/sh
# The node's instances come first: under pressure nothing starts, and what runs stands still.
# The kernel's figures are stood in for by files in their form: nobody can order a pressure.
# HORNERO_TEST_BRIEF=1: only what depends on the hierarchy of groups.
test_description='builds pause while the node is under pressure'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"

groups_requires

# pressure NAME PERCENT
pressure () {
	{
		echo "some avg10=$2 avg60=0.00 avg300=0.00 total=1"
		echo "full avg10=0.00 avg60=0.00 avg300=0.00 total=0"
	} >aside &&
	mv aside "$TRASH/pressure/$1"
}

# frozen JOB
frozen () {
	group_frozen "make/$1.1"
}

standstill () {
	grep -q "$1" "$NODE/state/run/standstill" 2>/dev/null
}

other=7c9e6679-7425-40de-944b-e07fc1f90ae7
waiting='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@'

test_expect_success 'the kernel has such figures here' '
	test_grep "^some avg10=[0-9.]* " /proc/pressure/memory &&
	test_grep "^some avg10=[0-9.]* " /proc/pressure/io
'

test_expect_success 'a node with a build under way' '
	mkdir pressure &&
	pressure memory 1.00 &&
	pressure io 0.00 &&
	node_init "workers: 2" "silence_timeout: 10" "compile_core_limit: 50" \
		"pressure_dir: $TRASH/pressure" "memory_pressure_limit: 10" \
		"io_pressure_limit: 40" &&
	node_hello_repo other $other &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	node_start &&
	node_swept &&
	push_make "$waiting" &&
	wait_until "test -d $NODE/unikernels/$HELLO_UUID/cache" 20
'

# The second look, two seconds later, measures by the lower limit already.
paused='paused: memory pressure 12.4 % > (10|7.5) %'
test_expect_success 'pressure freezes it, nothing else starts, and everybody can see why' '
	pressure memory 12.40 &&
	wait_until "frozen 1" 20 &&
	since=$(date +%s) &&
	grep "event=paused" "$NODE/hornerod.log" &&
	why_says 1 "stands still.*$paused" &&
	git -C "$TRASH/work-other" push -q origin main 2>push.out &&
	push_job "$(git -C "$TRASH/work-other" rev-parse HEAD)" &&
	test "$job" = 2 &&
	why_says 2 "waits.*$paused" &&
	hornero queue >out &&
	test_grep "^nothing starts for now: $paused" out
'

test_expect_success 'it goes on once the pressure has eased, with its time to be silent unspent' '
	wait_until "test \$(date +%s) -gt $((since + 11))" 20 &&
	pressure memory 8.00 &&
	wait_until "standstill \"8.0 % > 7.5 %\"" 20 &&
	frozen 1 &&
	job_state_is queued 2 &&
	pressure memory 7.00 &&
	wait_until "! frozen 1" 20 &&
	test ! -e "$NODE/state/run/standstill" &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	hornero wait 1 --timeout 300 &&
	hornero wait 2 --timeout 300
'

figure=memory
if test -z "$HORNERO_TEST_BRIEF"
then
	# Red where agent/hornerod/attempt.c attempt_resume() takes RUN_FREE for granted; where
	# standstill_resume() reads no kind; and, if the sentences are equal, without the comparison
	# of the kinds in say() of standstill.c.
	test_expect_success 'a reload takes over what is frozen, also without its file' '
		rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
		push_make "$waiting; : reload" &&
		reloaded=$job &&
		job_reaches running $reloaded 20 &&
		pressure memory 41.00 &&
		wait_until "frozen $reloaded" 20 &&
		pressure memory 8.00 &&
		wait_until "standstill \"8.0 % > 7.5 %\"" 20 &&
		node_reload &&
		frozen $reloaded &&
		pressure memory 8.50 &&
		wait_until "standstill \"8.5 % > 7.5 %\"" 20 &&
		hornero show $reloaded --json | jq -e ".waiting_kind == \"pressure\"" &&
		echo "paused: as an older hornerod wrote it" >"$NODE/state/run/standstill" &&
		wait_until "standstill ^kind=pressure\$" 20 &&
		: >"$NODE/hornerod.log" &&
		rm "$NODE/state/run/standstill" &&
		pressure memory 1.00 &&
		node_reload &&
		wait_until "! frozen $reloaded" 20 &&
		touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
		hornero wait $reloaded --timeout 300
	'

	test_expect_success 'the pressure of disks counts, with other names for a control group' '
		rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
		push_make "$waiting; : again" &&
		wait_until "job_state_is running $job && node_cgroups | grep -q /$job.1$" 20 &&
		rm pressure/io &&
		pressure io.pressure 41.00 &&
		wait_until "frozen $job" 20 &&
		standstill "IO pressure 41.0 % > 40 %"
	'

	test_expect_success 'a frozen build can be cancelled' '
		hornero cancel $job &&
		job_reaches cancelled $job 20 &&
		node_cgroups_gone
	'

	figure=io.pressure
fi

test_expect_success 'a crash leaves frozen groups, and the next start ends them' '
	pressure $figure 1.00 &&
	wait_until "test ! -e $NODE/state/run/standstill" 20 &&
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$waiting; : crash" &&
	job_reaches running $job 20 &&
	pressure $figure 41.00 &&
	wait_until "frozen $job" 20 &&
	node_crash &&
	pressure $figure 1.00 &&
	node_start &&
	test ! -e "$NODE/state/run/standstill" &&
	wait_until "hornero show $job --json | jq -e \".attempts | length == 2\"" 20 &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	hornero wait $job --timeout 300
'

test_expect_success 'a stop does not wait for the pressure to end' '
	rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	push_make "$waiting; : stop" &&
	job_reaches running $job 20 &&
	pressure $figure 41.00 &&
	wait_until "frozen $job" 20 &&
	node_stop &&
	node__no_process &&
	test ! -e "$NODE/state/run/standstill" &&
	job_state_is queued $job
'

test_done
