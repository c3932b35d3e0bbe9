#!/bin/sh
test_description='hornero-notify: events.d is told of each publication; kills, failures'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/notify.sh"
test_requires jq jq

# told [FILTER]: the events that the program 10-tell got, one a line.
told () {
	jq -r "${1:-.commit}" "$TRASH/told"
}

# has_ended PID: it may be a zombie that nobody reaps.
has_ended () {
	test ! -e "/proc/$1" || grep -q "^State:.*Z" "/proc/$1/status"
}

head_commit () {
	git -C "$HELLO_WORK" rev-parse HEAD
}

state_is () {
	jq -e --arg s "$1" '.state == $s' "$NODE/state/notify/$HELLO_UUID.json"
}

test_expect_success 'nothing is told without on_warm, or before a publication' '
	mkdir -p "$NODE/events.d" &&
	chmod 0755 "$NODE/events.d" &&
	: >told &&
	node_init "sweep_interval: 10h" "events_dir: $NODE/events.d" "notify_timeout: 30" &&
	program 10-tell "cat >>$TRASH/told" &&
	node_start &&
	node_hello_repo &&
	hornero image set $HELLO_UUID on_warm=notify &&
	notify_once &&
	hornero image set $HELLO_UUID on_warm=nothing &&
	hello_pushed one &&
	notify_once &&
	test ! -s told
'

test_expect_success 'a publication is told once, with what it is' '
	hornero image set $HELLO_UUID on_warm=notify &&
	why_says $HELLO_UUID "were not told of it yet" &&
	notify_once &&
	notify_once &&
	test "$(told | wc -l)" -eq 1 &&
	test "$(told)" = "$(head_commit)" &&
	test "$(told .event)" = warm &&
	test "$(told .image)" = $HELLO_UUID &&
	test "$(told .job)" = "$job" &&
	test "$(told .node)" = "$(hostname)" &&
	test "$(told .release)" = null &&
	cmp "$(told .cache_file)" "$NODE/instances/hornero/artifact/$(told .digest).raw" &&
	state_is done &&
	why_says $HELLO_UUID "The programs of .*/events.d were told of it"
'

# Red where notified_state() did not compare the job.
test_expect_success 'of two publications meanwhile the latest is told' '
	hello_pushed two &&
	hello_pushed three &&
	notify_once &&
	test "$(told | wc -l)" -eq 2 &&
	test "$(told | tail -n 1)" = "$(head_commit)"
'

# Red with a delivery that begins with the first program again.
test_expect_success 'a failing program: why, doctor, and only it and those after it run again' '
	program 20-fail "echo it fails >&2" "echo run >>$TRASH/failed" "exit 3" &&
	program 30-after "echo after >>$TRASH/after" &&
	hello_pushed four &&
	notify_once 75 &&
	notify_once 75 &&
	test "$(told | wc -l)" -eq 3 &&
	test "$(wc -l <failed)" -eq 2 &&
	test ! -e after &&
	grep -q "^it fails" notify.log &&
	test_grep "event=notify-failed .* job=$job .*20-fail failed .exit 3" notify.log &&
	why_says $HELLO_UUID "not all told of it: .*20-fail failed .exit 3.; tried again" &&
	test_must_fail hornero doctor >out &&
	test_grep "image $HELLO_UUID: .*20-fail failed" out &&
	test_grep "hornero-notify does not run" out &&
	program 20-fail "exit 0" &&
	notify_once &&
	test "$(told | wc -l)" -eq 3 &&
	test "$(wc -l <after)" -eq 1 &&
	state_is done
'

# Red without timeout(1): it never ended.
test_expect_success 'a program that hangs is ended with its children' '
	node_set notify_timeout 1 &&
	program 20-fail "sleep 602 &" "echo \$! >$TRASH/child" "wait" &&
	hello_pushed five &&
	wait_until "notify_once 75 && test -s child" 60 && # the second may pass before it writes
	wait_until "has_ended $(cat child)" 120 &&
	why_says $HELLO_UUID "20-fail did not end within 1 s .notify_timeout" &&
	program 20-fail "exit 0" &&
	node_set notify_timeout 30 &&
	notify_once
'

test_expect_success 'programs that others may change do not run, nor files that are no programs' '
	echo "exit 1" >"$NODE/events.d/README" &&
	mkdir "$NODE/events.d/40-dir" &&
	program .hidden "exit 1" &&
	hello_pushed six &&
	notify_once &&
	chmod 0777 "$NODE/events.d/20-fail" &&
	hello_pushed seven &&
	was=$(told | wc -l) &&
	notify_once 75 &&
	why_says $HELLO_UUID "other users can change the program .*/20-fail" &&
	chmod 0755 "$NODE/events.d/20-fail" &&
	chmod 0777 "$NODE/events.d" &&
	notify_once 75 &&
	why_says $HELLO_UUID "other users can change .*/events.d .events_dir" &&
	test "$(told | wc -l)" -eq $was &&
	chmod 0755 "$NODE/events.d" &&
	notify_once &&
	test "$(told | wc -l)" -eq $((was + 1))
'

# Red where the record said done before the programs ran.
for point in notify-before-programs notify-before-record
do
	test_expect_success "killed at $point: the event is told all the same" '
		hello_pushed "$point" &&
		node_set failpoint "$point" &&
		{ timeout 60 hornero-notify --once >>notify.log 2>&1; test $? -eq 137; } &&
		node_set failpoint &&
		notify_once &&
		test "$(told | tail -n 1)" = "$(head_commit)" &&
		state_is done &&
		notify_once &&
		test -z "$(ls -A "$NODE/state/notify" | grep tmp)"
	'
done

test_expect_success 'as a daemon: at once after a push; SIGTERM ends the program that runs' '
	hornero-notify >daemon.out 2>daemon.log &
	daemon=$! &&
	test_cleanup "kill $daemon 2>/dev/null; wait $daemon; :" &&
	wait_until "grep -q READY daemon.out" 120 &&
	test_expect_code 75 hornero-notify --once 2>err &&
	test_grep "another hornero-notify runs" err &&
	hello_pushed eight &&
	wait_until "test \"\$(told | tail -n 1)\" = $(head_commit)" 120 &&
	wait_until "state_is done" 120 &&
	program 20-fail "echo \$\$ >$TRASH/running" "exec sleep 603" &&
	hello_pushed nine &&
	wait_until "test -s running" 120 &&
	kill $daemon &&
	wait $daemon &&
	has_ended "$(cat running)"
'

test_expect_success 'an image whose file is gone is told of again when it is back' '
	program 20-fail "exit 0" &&
	notify_once &&
	was=$(told | wc -l) &&
	node_stop && # hornero-keep would bring it back
	rm "$(told .cache_file | tail -n 1)" &&
	notify_once &&
	test "$(told | wc -l)" -eq $was &&
	node_start &&
	hornero sweep >sweep.out &&
	queue_settles &&
	notify_once &&
	test "$(told | wc -l)" -eq $((was + 1))
'

test_done
