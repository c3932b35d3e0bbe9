#!/bin/sh
# Behind a socket unit the publisher is systemd's child and another user's: hornerod can neither
# reap nor kill it.
test_description='a publisher of a socket unit that hangs delays its image for a while only'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires systemd-socket-activate systemd
test_requires jq jq

# unit PROGRAM: stands in for the socket unit and starts that for each connection, until $unit is
# killed
unit () {
	rm -f "$TRASH/socket" &&
	{
		systemd-socket-activate --accept --inetd --seqpacket -l "$TRASH/socket" "$@" \
			2>>unit.log </dev/null & unit=$!
	} &&
	test_cleanup "kill $unit 2>/dev/null; wait $unit; :" &&
	wait_until "test -S $TRASH/socket" 10
}

is_stopped () {
	grep -q "^State:.T" "/proc/$stopped/status"
}

# push_and_stop TEXT: hello_push, and its publisher stops in the middle, which why says. Sets job,
# stopped.
push_and_stop () {
	node_set failpoint publish-copied:stop &&
	hello_push "$1" &&
	process="hornero-publish \(process [0-9]+, of hornero-publish@.service\)" &&
	why_says "$HELLO_UUID" "$process of job $job is stopped .state T." &&
	node_set failpoint &&
	hornero why "$HELLO_UUID" >why &&
	stopped=$(sed -n 's/.*root may: kill -9 \([0-9]*\).*/\1/p' why | head -n 1) &&
	test_cleanup "kill -9 $stopped 2>/dev/null || :"
}

test_expect_success 'a node with a socket unit, which publishes' '
	node_init "publish_socket: $TRASH/socket" &&
	unit "$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	hello_pushed one
'

# Red without take_answer() keeping the number of ANSWER_PROCESS, without the call of
# publication_give_up() in agent/hornerod/stuck.c, and without the token in name_it() of
# agent/publish/staging.c: the stopped one holds the file of that name.
test_expect_success 'a stopped one is named with its unit, and another one publishes the image' '
	push_and_stop two &&
	is_stopped &&
	job_ends published &&
	is_stopped &&
	{ hornero doctor >out || :; } &&
	test_grep "process $stopped, of hornero-publish@.service" out
'

# Red without the process in agent/hornerod/handover.c write_publication().
test_expect_success 'a reload in the middle of one: it is watched all the same' '
	kill -9 $stopped &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	push_and_stop three &&
	: >"$NODE/hornerod.log" &&
	kill -HUP $node_pid &&
	hornerod_says event=reloaded 20 &&
	job_ends published &&
	test_grep "event=publisher-given-up job=$job pid=$stopped" "$NODE/hornerod.log" &&
	is_stopped
'

test_expect_success 'a stopped publisher that goes on changes nothing, and its end is seen' '
	cp "$(node_warm_path "$HELLO_UUID")" before &&
	kill -CONT $stopped &&
	wait_until "! test -d /proc/$stopped" 20 &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	cmp before "$(node_warm_path "$HELLO_UUID")"
'

# Red without publication_forget() in agent/hornerod/stuck.c: one at a time is given up for an
# image, and the ended one counts.
test_expect_success 'a later one of the same image that stops is given up as well' '
	push_and_stop four &&
	job_ends published &&
	is_stopped &&
	kill -9 $stopped &&
	wait_until "test ! -e $NODE/state/run/stuck" 20
'

# Red without the timer of on_silence().
test_expect_success 'one that says nothing: hornerod waits 30 s, and why names the unit' '
	kill $unit &&
	{ wait $unit; :; } &&
	unit /bin/sleep 1000 &&
	hello_push five &&
	what="the publisher at $TRASH/socket has said nothing for 30 s" &&
	why_says $job "$what: .systemctl status hornero-publish.socket" 60 &&
	kill $unit &&
	{ wait $unit; :; } &&
	unit "$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" &&
	job_ends published
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
