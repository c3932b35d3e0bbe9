#!/bin/sh
# Memory and disks: t/5455-pausing.t.
test_description='builds pause for a high load, and for processors that are waited for'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
group_possible || test_skip_all 'no control group here: nothing can be frozen'

waiting='until test -e ../cache/go; do :; done; head -c 1048576 /dev/zero >$@'

paused () {
	hornero why "$job" >why &&
	grep -E "stands still.*paused: $1" why
}

# The file of one kind: what a control group calls cpu.pressure, /proc calls cpu.
pressure () {
	printf 'some avg10=%s avg60=0.00 avg300=0.00 total=1\n' "$1" >aside &&
	mv aside "$TRASH/pressure/cpu.pressure"
}

test_expect_success 'the waits of instances, as their control group reports them' '
	mkdir pressure &&
	pressure 1.00 &&
	node_init "compile_core_limit: 50" "pressure_dir: $TRASH/pressure" \
		"cpu_pressure_limit: 20" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	push_make "$waiting" &&
	log_says $job "builder make" &&
	pressure 20.50 &&
	wait_until "paused \"CPU pressure 20.5 % > 20 %\"" 20 &&
	pressure 15.10 &&
	wait_until "paused \"CPU pressure 15.1 % > 15 %\"" 20 &&
	pressure 15.00 &&
	wait_until "! paused CPU" 20 &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	hornero wait $job --timeout 120 &&
	node_stop
'

# A build that computes is a load by itself: 1 % of the processors is soon more.
test_expect_success 'the load average' '
	rm "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	echo "load_limit: 1" >>"$HORNERO_CONF" &&
	node_start &&
	push_make "$waiting; : load" &&
	wait_until "hornero why $job | grep -q \"paused: load [0-9.]* % > 1 %\"" 90 &&
	hornero cancel $job &&
	node_stop
'

test_done
