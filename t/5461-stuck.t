#!/bin/sh
# Processes that are stopped: the supervisor of this hornerod and of an earlier one, publisher,
# sweep, a hook that holds the queue.
test_description='stopped processes are killed, and reported meanwhile'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

WORK=$NODE/unikernels
stopped () {
	grep -q "^State:.T" "/proc/$1/status" 2>/dev/null
}
# conf KEY VALUE
conf () {
	node_set "$1" "$2" &&
	: >"$NODE/hornerod.log" &&
	node_reload
}
# go: each build may end; one that begins from nothing empties its cache first
go () {
	wait_until "touch $WORK/$HELLO_UUID/cache/go 2>/dev/null; hornero wait $job --timeout 1" 60
}
# reported PATTERN: hornerod has reported that, and stands still until `kill -CONT`: ten seconds
# after it stopped a process is killed.
reported () {
	reported=$1 &&
	wait_until "grep -q \"\$reported\" $NODE/state/run/stuck" 20 &&
	kill -STOP $node_pid
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
	node_make_repo &&
	node_start &&
	node_swept &&
	slow_push one &&
	gate_reached &&
	pid=$(supervisor) &&
	kill -STOP $pid &&
	reported "process $pid" &&
	why="of job $job is stopped .state T.: if that lasts, hornerod kills it" &&
	why_says "$HELLO_UUID" "hornero-build .process $pid. $why" &&
	why_says $job "process $pid" &&
	doctor_says "warn .*process $pid. of job $job is stopped" &&
	kill -CONT $node_pid &&
	wait_until "test ! -d /proc/$pid" 30 &&
	go &&
	hornero show $job --json >out &&
	jq -e ".attempts[0] | .cause == \"hangs\" and .class == \"nobody\"" out &&
	test_grep "was stopped .state T. for [1-9][0-9]+ s and was killed" out &&
	wait_until "test ! -e $NODE/state/run/stuck" 10 &&
	hornero why $HELLO_UUID >out &&
	! grep process out
'

# Red without the call of earlier_end_begin() in agent/hornerod/main.c.
test_expect_success 'a supervisor of an earlier hornerod is ended by the next start' '
	slow_push two &&
	gate_reached &&
	pid=$(supervisor) &&
	kill -STOP $node_pid $pid &&
	wait_until "stopped $pid" 10 &&
	node_crash &&
	node_start &&
	test_grep "event=supervisor-of-earlier-life pid=$pid" "$NODE/hornerod.log" &&
	! stopped $pid &&
	go &&
	test -z "$(find "$WORK" -name "left.*")"
'

test_expect_success 'the supervisor of another node is left alone' '
	slow_push three &&
	wait_until supervisor 20 &&
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

# Red without look_at_publication(). Each publisher stops until `why` was asked; only its kill may
# be seen.
test_expect_success 'a stopped publisher is reported and killed, and the publication tried again' '
	conf failpoint publish-copied:stop &&
	hello_push four &&
	child hornero-publish &&
	why_says "$HELLO_UUID" \
		"hornero-publish .process [0-9]*.( of job $job is| was) stopped .state T." &&
	node_set failpoint &&
	node_reload &&
	wait_until "! test -d /proc/$stopped" 30 &&
	job_ends published
'

# Red without look_at_queue(). The hook is stopped with the queue in its hands.
test_expect_success 'a stopped hook that holds the queue is named and killed' '
	git -C "$HELLO_WORK" commit -q --allow-empty -m hook &&
	node_set failpoint enqueue-before-commit:stop &&
	{ git -C "$HELLO_WORK" push -q origin main >push.out 2>&1 & pushed=$!; } &&
	test_cleanup "kill $pushed 2>/dev/null || :" &&
	wait_until "grep -q failpoint.point=enqueue-before-commit push.out" 30 &&
	kill -STOP $node_pid &&
	doctor_says "hornero-hook .process [0-9]*. holds the queue and is stopped" &&
	node_set failpoint &&
	why_says "$HELLO_UUID" "kill -9 [0-9]" &&
	kill -CONT $node_pid &&
	hornerod_says "event=hangs program=hornero-hook .* it held the queue and is killed" 100 &&
	{ wait $pushed; :; } &&
	hornero sweep >/dev/null &&
	hornero wait $HELLO_UUID --timeout 300
'

# Red without upkeep_runs() in agent/hornerod/turn.c: on an idle node nobody looks.
test_expect_success 'a stopped upkeep program is reported and killed, and runs again' '
	: >"$NODE/hornerod.log" &&
	mkdir libexec &&
	ln -s "$HORNERO_BUILD"/hornero* libexec/ &&
	rm libexec/hornero-sweep &&
	: >halt &&
	chmod 777 . &&
	cat >libexec/hornero-sweep <<-END &&
	#!/bin/sh
	rm "$TRASH/halt" 2>/dev/null && kill -STOP \$\$
	exec "$HORNERO_BUILD/hornero-sweep" "\$@"
	END
	chmod +x libexec/hornero-sweep &&
	conf libexec_dir "$TRASH/libexec" &&
	touch "$NODE/state/images.d" &&
	reported hornero-sweep &&
	why="is stopped .state T.: if that lasts, hornerod kills it" &&
	doctor_says "hornero-sweep .process [0-9]*. $why" &&
	kill -CONT $node_pid &&
	hornerod_says "event=hangs program=hornero-sweep pid=[0-9]* state=T it is killed" &&
	wait_until "test ! -e $NODE/state/run/stuck" 20 &&
	hello_pushed five
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
