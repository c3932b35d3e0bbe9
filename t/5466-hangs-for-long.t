#!/bin/sh
# The two long bounds beside one another, in real time: a supervisor that hangs by itself (120 s, as
# long as the kernel waits before it speaks of a hung task), and a process of a build whose
# supervisor is sound (60 s). t/5462 has what happens after a kill.
test_description='a process that hangs in the kernel is noticed and killed, and its job goes on'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/ice.sh"
test_requires jq jq

ice_requires

other=7c9e6679-7425-40de-944b-e07fc1f90ae7
disk='head -c 1048576 /dev/zero >$@'

# runs UUID: its running job. A sweep between the ref and the row of a push queues one of its own.
runs () {
	hornero queue --json | jq ".[] | select(.image == \"$1\" and .state == \"running\") | .job"
}
# warm UUID: the build may go on, in whichever checkout, and of whichever job: a sweep may have
# begun the one that hangs, and the push have queued another behind it
warm () {
	wait_until "touch $NODE/unikernels/$1/cache/go 2>/dev/null; hornero wait $1 --timeout 1" 150
}

test_expect_success 'a supervisor that hangs, and a build that leaves a hanging process behind' '
	node_init "workers: 2" &&
	test_cleanup thaw &&
	node_make_repo &&
	node_start &&
	node_swept &&
	push_make "$gate" "$disk" &&
	gate_reached &&
	supervisor=$(supervisor) &&
	freeze $supervisor supervisor &&
	one=$HELLO_UUID &&
	first=$(runs $one) &&
	node_hello_repo other $other &&
	hornero image set $other builder=make &&
	push_make "sleep 4242$$ & $gate" "$disk" &&
	gate_reached &&
	wait_until "pgrep -f \"^sleep 4242$$\"" 20 &&
	child=$(pgrep -f "^sleep 4242$$") &&
	second=$(runs $other) &&
	freeze $child child &&
	gate_open $other
'

# Red without "ended = STAGE_HANGS" in settle() of agent/build/stage.c, and without hangs() in
# agent/build/build_common.c.
test_expect_success 'a process outlives its build: its log says so, and a new checkout is built' '
	hangs="hangs in the kernel and does not die of SIGKILL" &&
	log_says $second "a process of make $hangs; the image is built in a new checkout" 100 &&
	test -d /proc/$child &&
	warm $other &&
	test -d /proc/$child &&
	test -n "$(find "$NODE/unikernels" -name "left.$other*")"
'

# Red with HANGS_MS of agent/hornerod/stuck.c a day.
test_expect_success 'a supervisor that hangs for 120 s is given up, and its job starts again' '
	hangs="hangs in the kernel .state D.: if that lasts, hornerod kills it" &&
	why_says $one "hornero-build .process $supervisor. of job $first $hangs" &&
	of="job=$first pid=$supervisor" &&
	hornerod_says "event=hangs program=hornero-build $of state=D it is killed" 120 &&
	hornerod_says "event=supervisor-given-up $of" &&
	warm $one &&
	test -d /proc/$supervisor
'

test_expect_success 'both end when the kernel releases them' '
	thaw &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	wait_until "test ! -d /proc/$supervisor && test ! -d /proc/$child" 20 &&
	node_stop
'

test_done
