#!/bin/sh
# Behind a socket unit the publisher is systemd's child and another user's: hornerod can neither
# reap nor kill it.
test_description='a publisher behind a socket unit that hangs keeps its image waiting for a while only'
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
content () {
	push_make "{ echo $1; head -c 1048576 /dev/zero; } >\$@; truncate -s 1M \$@"
}

test_expect_success 'a node with a socket unit, which publishes' '
	node_init "publish_socket: $TRASH/socket" &&
	unit "$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	content one &&
	hornero wait $job --timeout 60
'

# Red without take_answer() keeping the number of ANSWER_PROCESS, without the call of
# publication_give_up() in agent/hornerod/stuck.c, and without the token in name_it() of
# agent/publish/aside.c: the stopped one holds the file of that name.
test_expect_success 'a stopped one is named with its unit and who may end it, and another one publishes the image' '
	echo "failpoint: publish-copied:stop" >>"$HORNERO_CONF" &&
	content two &&
	wait_until \
		"hornero why $HELLO_UUID | grep -q \"hornero-publish (process [0-9]*, of hornero-publish@.service) of job $job is stopped .state T.\"" 30 &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	stopped=$(hornero why $HELLO_UUID | sed -n "s/.*root may: kill -9 \([0-9]*\).*/\1/p" | head -n 1) &&
	grep -q "^State:.T" /proc/$stopped/status &&
	test_cleanup "kill -9 $stopped 2>/dev/null || :" &&
	hornero wait $job --timeout 60 &&
	grep -q "^State:.T" /proc/$stopped/status &&
	{ hornero doctor >out || :; } &&
	test_grep "process $stopped, of hornero-publish@.service" out
'

# Red without the process in agent/hornerod/handover.c write_publication().
test_expect_success 'a reload in the middle of one: it is watched all the same' '
	echo "failpoint: publish-copied:stop" >>"$HORNERO_CONF" &&
	kill -9 $stopped &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	content three &&
	wait_until "hornero why $HELLO_UUID | grep -q \"of job $job is stopped .state T.\"" 30 &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	stopped=$(hornero why $HELLO_UUID | sed -n "s/.*root may: kill -9 \([0-9]*\).*/\1/p" | head -n 1) &&
	test_cleanup "kill -9 $stopped 2>/dev/null || :" &&
	: >"$NODE/hornerod.log" &&
	kill -HUP $node_pid &&
	wait_until "grep -q event=reloaded $NODE/hornerod.log" 20 &&
	hornero wait $job --timeout 60 &&
	test_grep "event=publisher-given-up job=$job pid=$stopped" "$NODE/hornerod.log" &&
	grep -q "^State:.T" /proc/$stopped/status
'

test_expect_success 'its end is seen; one that is let go on changes nothing' '
	cp "$NODE"/instances/_base/$(printf %s "$HELLO_UUID" | sha1sum | cut -d " " -f 1) before &&
	kill -CONT $stopped &&
	wait_until "! test -d /proc/$stopped" 20 &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	cmp before "$NODE"/instances/_base/$(printf %s "$HELLO_UUID" | sha1sum | cut -d " " -f 1)
'

# Red without publication_forget() in agent/hornerod/stuck.c: one at a time is given up for an
# image, and the ended one counts.
test_expect_success 'a later one of the same image that stops is given up as well' '
	echo "failpoint: publish-copied:stop" >>"$HORNERO_CONF" &&
	content four &&
	wait_until "hornero why $HELLO_UUID | grep -q \"of job $job is stopped .state T.\"" 30 &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	stopped=$(hornero why $HELLO_UUID | sed -n "s/.*root may: kill -9 \([0-9]*\).*/\1/p" | head -n 1) &&
	test_cleanup "kill -9 $stopped 2>/dev/null || :" &&
	hornero wait $job --timeout 60 &&
	grep -q "^State:.T" /proc/$stopped/status &&
	kill -9 $stopped &&
	wait_until "test ! -e $NODE/state/run/stuck" 20
'

# Red without the timer of on_silence().
test_expect_success 'one that says nothing at all: hornerod waits 30 s, and its words name the unit' '
	kill $unit &&
	{ wait $unit; :; } &&
	unit /bin/sleep 1000 &&
	content five &&
	wait_until \
		"hornero why $job | grep -q \"the publisher at $TRASH/socket has said nothing for 30 s: .systemctl status hornero-publish.socket\"" 60 &&
	kill $unit &&
	{ wait $unit; :; } &&
	unit "$HORNERO_BUILD/hornero-publish" -c "$HORNERO_CONF" &&
	hornero wait $job --timeout 60
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
