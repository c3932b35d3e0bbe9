#!/bin/sh
# The queue's database is overwritten, emptied, deleted or replaced while hornerod runs and pushes
# come in, and while it does not run. It is moved aside by itself, what it held is queued again, and
# no job number comes twice.
#
# Red without: healing_look in agent_turn (nothing is mended), adopt in agent/hornerod/healing.c
# (what is queued waits for the sweep's interval), may_begin in agent/hornerod/turn.c (two attempts
# of an image), db_damaged in db_fail (SQLite's words).
test_description='a damaged, emptied, deleted or foreign queue'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

queue=$NODE/state/queue
n=0 last=0

# push [RECIPE…]: another commit whose artifact holds its number; push.out has the words of the
# push. The recipes run before.
push () {
	n=$((n + 1)) &&
	{
		printf 'hornero.raw:\n'
		test $# -eq 0 || printf '\t%s\n' "$@"
		printf '\tprintf "content %d" >$@\n\ttruncate -s 1M $@\n' $n
	} >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m "$n" &&
	git -C "$HELLO_WORK" push origin main 2>push.out
}

events () {
	sqlite3 "$queue/queue.db" \
		"SELECT count(*) FROM events WHERE job = 0 AND event = 'queue-damaged'"
}

kept () {
	ls "$queue" | grep -c '^queue\.db\.damaged-[0-9TZ.]*$'
}

# Warm, whole, by a job whose number is higher than all before.
mended () {
	wait_until "hornero wait $HELLO_UUID --timeout 60 >wait.out 2>&1" 60 ||
	{ cat wait.out; return 1; }
	warm_text_is "content $n" &&
	test "$(sqlite3 "$queue/queue.db" 'PRAGMA integrity_check')" = ok &&
	now=$(image_field job) &&
	test "$now" -gt "$last" &&
	last=$now &&
	test ! -e "$queue/.queue.db.damaged" &&
	test ! -e "$queue/.queue.db.aside"
}

# The damages. Each leaves a file that hornerod has open.
overwritten () {
	dd if=/dev/urandom of="$queue/queue.db" bs=4096 seek=1 count=60 conv=notrunc 2>/dev/null
}
headless () {
	dd if=/dev/urandom of="$queue/queue.db" bs=100 count=1 conv=notrunc 2>/dev/null
}
emptied () {
	: >"$queue/queue.db"
}
log_emptied () {
	push &&
	mended &&
	: >"$queue/queue.db-wal"
}
foreign () {
	rm -f foreign.db &&
	sqlite3 foreign.db 'CREATE TABLE birds (name); INSERT INTO birds VALUES (1)' &&
	chmod 0660 foreign.db &&
	mv foreign.db "$queue/queue.db"
}
no_tables () {
	sqlite3 -cmd '.timeout 10000' "$queue/queue.db" \
		'DROP TABLE publications; DROP INDEX jobs_claim'
}
forged_row () {
	sqlite3 -cmd '.timeout 10000' "$queue/queue.db" \
		'PRAGMA ignore_check_constraints = 1;
		UPDATE jobs SET "commit" = "x" WHERE id = (SELECT max(id) FROM jobs)' &&
	test_expect_code 75 hornero queue --all 2>err &&
	test_grep 'the row of job .* is invalid' err
}
deleted () {
	rm "$queue/queue.db"
}

test_expect_success 'a node, and a first push' '
	node_init &&
	node_start &&
	node_hello_repo &&
	push &&
	mended
'

for how in overwritten headless emptied log_emptied foreign no_tables forged_row
do
	test_expect_success "$how while hornerod runs: pushes go in, and become warm" '
		: >"$NODE/hornerod.log" &&
		sqlite3 "$queue/queue.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null &&
		$how &&
		push &&
		push &&
		push &&
		mended &&
		{ kept; events; ls "$queue"; } >have &&
		test "$(events)" = 1 &&
		test "$(grep -c event=queue-damaged "$NODE/hornerod.log")" = 1
	'
done

test_expect_success 'deleted while hornerod runs: a turn, not the sweep interval' '
	deleted &&
	push &&
	push &&
	mended
'

test_expect_success 'the whole directory replaced while hornerod runs: the same' '
	mv "$queue" "$queue.away" &&
	mkdir -m 2770 "$queue" &&
	push &&
	push &&
	mended &&
	rm -r "$queue.away" &&
	: >"$NODE/hornerod.log"
'

for how in overwritten foreign emptied
do
	test_expect_success "$how once more" '
		$how &&
		push &&
		mended
	'
done

test_expect_success 'the last three are kept; doctor names the newest' '
	test "$(kept)" = 3 &&
	newest=$(ls "$queue" | grep "^queue.db.damaged-[0-9TZ.]*$" | tail -n 1) &&
	{ hornero doctor >out; :; } &&
	test_grep "warn +queue +the queue was damaged and moved aside as $queue/$newest" out &&
	test_grep "rm $queue/queue.db.damaged-" out
'

test_expect_success 'commands and pushes say what happens, also without hornerod' '
	node_stop &&
	overwritten &&
	rm -f "$queue/queue.db-wal" &&
	test_expect_code 75 hornero queue 2>err &&
	test_grep "is damaged .*hornerod moves it aside and queues again" err &&
	test_grep "hornerod does not run: nothing is mended until it is started" err &&
	test_expect_code 75 hornero why "$HELLO_UUID" 2>err &&
	test_grep "is damaged .*hornerod moves it aside" err &&
	test_expect_code 75 hornero rebuild "$HELLO_UUID" 2>err &&
	test_grep "is damaged" err &&
	{ hornero doctor >out; :; } &&
	test_grep "bad +queue +the queue .* is damaged" out &&
	push &&
	test_grep "is damaged .*hornerod moves it aside" push.out &&
	! grep -i "malformed;" push.out
'

test_expect_success 'the next start mends it' '
	node_start &&
	mended &&
	test "$(events)" = 1
'

for how in emptied foreign no_tables
do
	test_expect_success "$how while hornerod is stopped, last-job lost: no number comes twice" '
		node_stop &&
		sqlite3 "$queue/queue.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null &&
		$how &&
		rm "$queue/last-job" &&
		node_start &&
		push &&
		mended
	'
done

test_expect_success 'the whole queue gone, or another node'\''s with low numbers: the same' '
	node_stop &&
	rm -r "$queue"/* &&
	node_start &&
	push &&
	mended &&
	node_stop &&
	sqlite3 "$queue/queue.db" \
		"DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence VALUES (\"jobs\", 3)" &&
	echo 100 >"$queue/last-job" &&
	node_start &&
	push &&
	mended &&
	: >"$queue/last-job" &&
	push &&
	mended &&
	test_grep "^[0-9][0-9]*00$" "$queue/last-job"
'

# waits_with_queue PID: it sleeps, and has the queue open.
waits_with_queue () {
	ls -l "/proc/$1/fd" | grep -q queue.db-shm &&
	grep -q '^State:.S' "/proc/$1/status"
}

test_expect_success 'a running build goes on, and its artifact is published' '
	cache=$NODE/unikernels/$HELLO_UUID/cache &&
	push "$gate" "echo x >>../cache/runs" &&
	gate_reached &&
	job=$(hornero queue --json | jq "map(select(.state == \"running\"))[0].job") &&
	{ hornero wait $job --timeout 300 >job.out 2>&1 & } &&
	waiter=$! &&
	wait_until "waits_with_queue $waiter" 20 &&
	overwritten &&
	: >"$queue/queue.db-wal" &&
	{ hornero sweep >sweep.out 2>&1 || :; } &&
	hornerod_says event=queue-replaced 20 &&
	wait_until "test \"\$(hornero queue --json | jq length)\" -ge 1" 20 &&
	gate_open &&
	mended &&
	test "$(grep -c x "$cache/runs")" = 1 &&
	grep -nE "event=attempt-(ended job=$job|started job=$last) " "$NODE/hornerod.log" >order &&
	sed -n 1p order | grep "ended job=$job" &&
	sed -n 2p order | grep "started job=$last" &&
	wait $waiter &&
	test_grep "job $job went with the queue" job.out &&
	test_grep "is warm at" job.out
'

test_expect_success 'a newer schema still stops with words' '
	node_stop &&
	version=$(sqlite3 "$queue/queue.db" "PRAGMA user_version") &&
	before=$(kept) &&
	sqlite3 "$queue/queue.db" "PRAGMA user_version = 99" &&
	test_expect_code 78 hornerod --foreground 2>err &&
	test_grep "of version 99, and this hornero knows" err &&
	test "$(kept)" = $before &&
	sqlite3 "$queue/queue.db" "PRAGMA user_version = $version" &&
	node_start
'

test_expect_success 'a fault that is no damage moves nothing: no permission' '
	before=$(kept) &&
	node_stop &&
	mv "$queue/queue.db" away.db &&
	mkdir "$queue/queue.db" &&
	touch "$queue/.queue.db.damaged" &&
	test_must_fail hornerod --foreground 2>err &&
	test_grep "is not a regular file|cannot check" err &&
	test "$(kept)" = $before &&
	rmdir "$queue/queue.db" &&
	mv away.db "$queue/queue.db" &&
	node_start &&
	push &&
	mended
'

test_done
