#!/bin/sh
# Somebody writes to the queue for a long time. hornerod waits for it once in a turn, not once for
# each thing that there is to do: meanwhile it hears no signal, and its watchdog would end all
# builds.
test_description='a busy queue makes hornerod wait once, and nothing is lost'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires flock util-linux

ring () {
	/usr/bin/python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b".", sys.argv[1])' \
		"$NODE/state/run/doorbell"
}

# turns N: so many have failed
turns () {
	test "$(grep -c "event=turn-failed.*is busy" "$NODE/hornerod.log")" -ge "$1"
}

test_expect_success 'a node with twenty wishes to cancel, and a queue that is held' '
	node_init &&
	node_start &&
	node_hello_repo &&
	exec 9<"$NODE/state/queue" &&
	flock 9 &&
	for job in $(seq 101 120); do : >"$NODE/state/run/cancel/$job" || return 1; done
'

# Red without turn_exhausted() in agent/hornerod/turn.c heed_cancels(): twenty.
test_expect_success 'each turn asks once' '
	ring &&
	wait_until "turns 2" 30 &&
	awk "/event=turn-failed/ { turns++ } /event=not-cancelled/ { n[turns]++ }
		END { for (t in n) if (n[t] > 1) exit 1; exit turns < 2 }" "$NODE/hornerod.log" &&
	test "$(ls "$NODE/state/run/cancel" | wc -l)" -eq 20
'

test_expect_success 'they are heeded once the queue is free' '
	exec 9<&- &&
	wait_until "test -z \"\$(ls $NODE/state/run/cancel)\"" 30
'

# No turn fails here: nothing is claimed. Red where heed_cancels() does not say that some are left.
test_expect_success 'also where nothing else asks the queue' '
	hornero drain &&
	exec 9<"$NODE/state/queue" &&
	flock 9 &&
	: >"$NODE/state/run/cancel/130" &&
	: >"$NODE/hornerod.log" &&
	ring &&
	wait_until "test \$(grep -c event=not-cancelled $NODE/hornerod.log) -ge 2" 20 &&
	exec 9<&- &&
	wait_until "test -z \"\$(ls $NODE/state/run/cancel)\"" 20 &&
	node_stop
'

test_done
