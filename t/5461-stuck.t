#!/bin/sh
# Processes that are stopped: the supervisor of this hornerod and of an earlier one, publisher,
# sweep, a hook that holds the queue.
test_description='stopped processes are killed, and reported meanwhile'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

WORK=$NODE/unikernels
n=0
slow='until test -e ../cache/go; do sleep 0.05; done; head -c 1048576 /dev/zero >$@'
supervisor () {
	pgrep -P "$node_pid" -x hornero-build
}
stopped () {
	grep -q "^State:.T" "/proc/$1/status" 2>/dev/null
}
# conf LINE
conf () {
	echo "$1" >>"$HORNERO_CONF" &&
	: >"$NODE/hornerod.log" &&
	kill -HUP "$node_pid" &&
	wait_until "grep -q event=reloaded $NODE/hornerod.log" 20
}
unconf () {
	sed -i "/^failpoint:/d" "$HORNERO_CONF"
}
# go: each build may end; one that begins from nothing empties its cache first
go () {
	wait_until "touch $WORK/$HELLO_UUID/cache/go 2>/dev/null; hornero wait $job --timeout 1" 60
}
# child PROGRAM: it runs, is stopped, and hornerod is its parent
child () {
	wait_until \
		"stopped=\$(pgrep -P $node_pid -x $1) && grep -q ^State:.T /proc/\$stopped/status" \
		20 &&
	stopped=$(pgrep -P "$node_pid" -x "$1")
}

# Red without the call of attempt_kill() in agent/hornerod/stuck.c; the words red without its
# stuck_add().
test_expect_success 'a stopped supervisor is reported and killed, and its job starts again' '
	node_init "workers: 1" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	push_make "$slow; : $((n += 1))" &&
	wait_until "test -d $WORK/$HELLO_UUID/cache && supervisor" 20 &&
	pid=$(supervisor) &&
	kill -STOP $pid &&
	wait_until \
		"hornero why $HELLO_UUID | grep -q \"hornero-build (process $pid) of job $job is stopped (state T): if that lasts, hornerod kills it\"" 10 &&
	hornero why $job >out &&
	test_grep "process $pid" out &&
	{ hornero doctor >out || :; } &&
	test_grep "warn .*process $pid. of job $job is stopped" out &&
	wait_until "test ! -d /proc/$pid" 30 &&
	go &&
	hornero show $job --json >out &&
	jq -e ".attempts[0] | .cause == \"hangs\" and .class == \"nobody\"" out &&
	test_grep "was stopped .state T. for 1[0-9] s and was killed" out &&
	wait_until "test ! -e $NODE/state/run/stuck" 10 &&
	hornero why $HELLO_UUID >out &&
	! grep process out
'

# Red without the call of earlier_end_begin() in agent/hornerod/main.c.
test_expect_success 'a supervisor of an earlier hornerod is ended by the next start' '
	rm -f "$WORK/$HELLO_UUID/cache/go" &&
	push_make "$slow; : $((n += 1))" &&
	wait_until "supervisor && test -d $WORK/$HELLO_UUID/cache" 20 &&
	pid=$(supervisor) &&
	kill -STOP $pid &&
	wait_until "stopped $pid" 10 &&
	node_crash &&
	node_start &&
	test_grep "event=supervisor-of-earlier-life pid=$pid" "$NODE/hornerod.log" &&
	! stopped $pid &&
	go &&
	test -z "$(find "$WORK" -name "left.*")"
'

test_expect_success 'another node'\''s supervisor is none of ours' '
	rm -f "$WORK/$HELLO_UUID/cache/go" &&
	push_make "$slow; : $((n += 1))" &&
	wait_until "supervisor" 20 &&
	pid=$(supervisor) &&
	mkdir other &&
	sed "s,$NODE/,$TRASH/other/,; s,^cgroup_top:.*,cgroup_top: $NODE_TOP-other," \
		"$HORNERO_CONF" >other.yaml &&
	mkdir -p other/instances/_base &&
	HORNERO_CONF=$TRASH/other.yaml hornero init &&
	{ hornerod -c "$TRASH/other.yaml" >other.log 2>&1 </dev/null & other=$!; } &&
	test_cleanup "kill $other 2>/dev/null; wait $other; :" &&
	wait_until "grep -q ^READY other.log" 20 &&
	kill $other &&
	wait $other &&
	! grep -q earlier-life other.log &&
	test "$(supervisor)" = $pid &&
	go
'

# Red without look_at_publication(). On a node that stands still for seconds the kill may be all that
# is seen.
test_expect_success 'a stopped publisher is reported and killed, and the publication tried again' '
	conf "failpoint: publish-copied:stop" &&
	push_make "{ echo published; head -c 1048576 /dev/zero; } >\$@; truncate -s 1M \$@" &&
	child hornero-publish &&
	unconf &&
	wait_until \
		"hornero why $HELLO_UUID | grep -q \"hornero-publish (process $stopped)\( of job $job is\| was\) stopped (state T)\"" 20 &&
	kill -HUP $node_pid &&
	wait_until "! test -d /proc/$stopped" 30 &&
	hornero wait $job --timeout 60
'

# Red without look_at_queue(). The hook is stopped with the queue in its hands.
test_expect_success 'a stopped hook that holds the queue is named and killed' '
	git -C "$HELLO_WORK" commit -q --allow-empty -m hook &&
	echo "failpoint: enqueue-before-commit:stop" >>"$HORNERO_CONF" &&
	{ git -C "$HELLO_WORK" push -q origin main >push.out 2>&1 & pushed=$!; } &&
	test_cleanup "kill $pushed 2>/dev/null || :" &&
	wait_until \
		"hornero doctor | grep -q \"hornero-hook (process [0-9]*) holds the queue and is stopped\"" 30 &&
	unconf &&
	hornero why $HELLO_UUID >out &&
	test_grep "kill -9 [0-9]" out &&
	wait_until \
		"grep -q \"event=hangs program=hornero-hook .* it held the queue and is killed\" $NODE/hornerod.log" 100 &&
	{ wait $pushed; :; } &&
	hornero sweep >/dev/null &&
	hornero wait $HELLO_UUID --timeout 60
'

# Red without upkeep_runs() in agent/hornerod/turn.c: on an idle node nobody looks.
test_expect_success 'a stopped upkeep program is reported and killed, and runs again' '
	: >"$NODE/hornerod.log" &&
	mkdir libexec &&
	ln -s "$HORNERO_BUILD"/hornero* libexec/ &&
	rm libexec/hornero-sweep &&
	: >halt &&
	chmod 777 . &&
	printf \
		"#!/bin/sh\nrm \"$TRASH/halt\" 2>/dev/null && kill -STOP \$\$\nexec \"$HORNERO_BUILD/hornero-sweep\" \"\$@\"\n" >libexec/hornero-sweep &&
	chmod +x libexec/hornero-sweep &&
	sed -i "/^libexec_dir:/d" "$HORNERO_CONF" &&
	conf "libexec_dir: $TRASH/libexec" &&
	touch "$NODE/state/images.d" &&
	wait_until \
		"hornero doctor | grep -q \"hornero-sweep (process [0-9]*) is stopped .state T.: if that lasts, hornerod kills it\"" 30 &&
	wait_until \
		"grep -q \"event=hangs program=hornero-sweep pid=[0-9]* state=T it is killed\" $NODE/hornerod.log" 30 &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	push_make "head -c 1048576 /dev/zero >\$@; : $((n += 1))" &&
	hornero wait $job --timeout 60
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
