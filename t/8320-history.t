#!/bin/sh
# Red without: is_open() in collect() of collect_logs.c (2); the name in open_packed() of buildlog.c
# (1); the loop over log_budget (4); LATER in db/prune.c (6); `busy` in forget_all() (7); the DELETE
# of attempts in forget() of db/prune.c (6).
test_description='the history and the logs stay small: history_keep, history_jobs, log_keep, ...'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires zstd zstd

queue=$NODE/state/queue/queue.db
logs=$NODE/state/log

rows () {
	sqlite3 "$queue" "SELECT count(*) FROM $1"
}

# old_jobs N DAYS FIRST: N more jobs, of ten other images and from number FIRST on, which ended DAYS
# days ago.
old_jobs () {
	sqlite3 "$queue" "BEGIN IMMEDIATE;
		WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < $1)
		INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state, attempt, digest,
			created_ms, ended_ms)
		SELECT $3 + i, printf('00000000-0000-4000-8000-%012x', i % 10), 'hello',
			'refs/heads/main', printf('%040x', i), 'push', 'published', 1,
			printf('%064x', $3 + i), t, t + i
		FROM c, (SELECT (unixepoch() - $2 * 86400) * 1000 AS t);
		CREATE TEMP VIEW new AS SELECT * FROM jobs WHERE id BETWEEN $3 AND $3 + $1 - 1;
		INSERT INTO attempts (job, attempt, started_ms, ended_ms, digest)
		SELECT id, 1, created_ms, ended_ms, digest FROM new;
		INSERT INTO artifacts (digest, image, job, attempt, size_bytes, built_ms)
		SELECT digest, image, id, 1, 1, ended_ms FROM new;
		INSERT INTO publications (job, attempt, image, digest, name, published_ms,
			publish_ms)
		SELECT id, 1, image, digest, 'x', ended_ms, 1 FROM new;
		INSERT INTO events (at_ms, job, attempt, image, event)
		SELECT ended_ms, id, 1, image, 'published' FROM new; COMMIT"
}

test_expect_success 'an old log is compressed, and reads as before' '
	node_init &&
	node_make_repo &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	first=$job &&
	push_make "seq 1 40000; echo no luck; false" &&
	job_ends failed &&
	failed=$job &&
	hornero log $failed >before &&
	grep -q "^39999$" before &&
	touch -d "2 hours ago" "$logs/$failed.1.log" &&
	hornero gc &&
	test ! -e "$logs/$failed.1.log" &&
	hornero log $failed >after &&
	test_cmp before after &&
	hornero log --follow $failed >after || test $? -eq 1 &&
	grep -q "^39999$" after &&
	test "$(hornero log $failed --tail 2)" = "$(tail -n 2 before)" &&
	hornero log $failed --grep LUCK >after &&
	grep -q "no luck" after &&
	zstdcat "$logs/$failed.1.log.zst" | grep -q "no luck" &&
	test "$(attempt_field log $failed)" = "$logs/$failed.1.log.zst" &&
	test -e "$logs/$first.1.log"
'

test_expect_success 'the log of a job that runs stays, however old and large' '
	slow_push two &&
	gate_reached &&
	touch -d "90 days ago" "$logs/$job.1.log" &&
	hornero gc &&
	test -e "$logs/$job.1.log" &&
	gate_open &&
	job_ends published
'

test_expect_success 'log_keep removes an old log; the reason stays' '
	touch -d "31 days ago" "$logs/$failed.1.log.zst" "$logs/$failed.1.verdict" &&
	hornero gc &&
	test ! -e "$logs/$failed.1.log.zst" &&
	test_must_fail hornero log $failed 2>err &&
	test_grep "job $failed is failed and has no log any more .*hornero show" err &&
	hornero show $failed >shown &&
	test_grep "no luck" shown
'

test_expect_success 'log_budget removes the oldest logs first' '
	head -c 200000 /dev/urandom >"$logs/$first.1.log" &&
	touch -d "3 hours ago" "$logs/$first.1.log" &&
	head -c 50000 /dev/urandom >"$logs/$job.1.log" &&
	touch -d "2 hours ago" "$logs/$job.1.log" &&
	node_set log_budget 150K &&
	hornero gc &&
	test ! -e "$logs/$first.1.log.zst" &&
	test -e "$logs/$job.1.log.zst" &&
	test "$(du -sk "$logs" | cut -f 1)" -lt 160
'

test_expect_success 'a kill while a log is compressed leaves the log' '
	touch -d "2 hours ago" "$logs/$first.1.verdict" &&
	cp "$HORNERO_SRC/HACKING.md" "$logs/$first.1.log" &&
	touch -d "2 hours ago" "$logs/$first.1.log" &&
	node_set failpoint log-packed &&
	{ hornero gc; test $? -eq 137; } &&
	node_set failpoint &&
	cmp "$HORNERO_SRC/HACKING.md" "$logs/$first.1.log" &&
	hornero gc &&
	zstdcat "$logs/$first.1.log.zst" | cmp - "$HORNERO_SRC/HACKING.md" &&
	head -c 100 "$logs/$first.1.log.zst" >cut &&
	cat cut >"$logs/$first.1.log.zst" &&
	{ hornero log $first 2>err; test $? -eq 78; } &&
	test_grep "compressed log of job $first .* is damaged" err &&
	test -z "$(find "$logs" -name "*.tmp")"
'

# Of 3000 old jobs of ten images, the newest of each image stays.
test_expect_success 'history_keep forgets old jobs, with all their rows, but not the newest' '
	node_stop &&
	old_jobs 3000 400 50000 &&
	was=$(sqlite3 "$queue" "SELECT max(id) FROM events") &&
	node_set failpoint history-forgotten &&
	{ hornero gc; test $? -eq 137; } &&
	node_set failpoint &&
	hornero gc --dry-run >out &&
	test_grep "history jobs.*: at least 1000 jobs ended long ago" out &&
	hornero gc >out &&
	test_grep "history jobs.*: [0-9]* jobs ended long ago .*longest transaction took" out &&
	test "$(rows "jobs WHERE id >= 50000")" -eq 10 &&
	test "$(rows "jobs WHERE id BETWEEN 50000 AND 52989")" -eq 0 &&
	for table in attempts publications artifacts events
	do
		test "$(rows "$table WHERE job >= 50000")" -eq 10 || return 1
	done &&
	job_state_is published &&
	job_state_is failed $failed &&
	test "$(sqlite3 "$queue" "PRAGMA integrity_check")" = ok &&
	test "$(sqlite3 "$queue" "SELECT max(id) FROM events")" = "$was" &&
	{ sqlite3 "$queue" "DELETE FROM events WHERE job = $failed" 2>err; test $? -ne 0; } &&
	test_grep "append-only" err
'

test_expect_success 'history_jobs bounds their number; while a job runs, that waits' '
	node_set confirm never &&
	node_set history_jobs 100 &&
	node_start &&
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/go" "$NODE/unikernels/$HELLO_UUID/cache/here" &&
	slow_push three &&
	gate_reached &&
	old_jobs 92 3 40000 &&
	ended=$(rows "jobs WHERE ended_ms > 0") &&
	test "$ended" -gt 100 &&
	hornero gc &&
	test "$(rows "jobs WHERE ended_ms > 0")" -ge "$ended" &&
	gate_open &&
	job_ends published &&
	hornero gc &&
	test "$(rows "jobs WHERE ended_ms > 0")" -eq 100 &&
	job_state_is published
'

test_expect_success 'far above it, it does not wait' '
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/go" "$NODE/unikernels/$HELLO_UUID/cache/here" &&
	slow_push four &&
	gate_reached &&
	old_jobs 200 2 30000 &&
	hornero gc &&
	test "$(rows "jobs WHERE ended_ms > 0")" -le 110 &&
	gate_open &&
	job_ends published &&
	hornero queue --all >out &&
	hornero metrics >out &&
	test "$(sqlite3 "$queue" "PRAGMA integrity_check")" = ok
'

# A floor that no disk of this machine has.
test_expect_success 'below state_floor old logs go, and nothing is built until there is room' '
	head -c 50000 /dev/urandom >"$logs/$failed.1.log" &&
	node_set state_floor 1000000G &&
	node_reload &&
	wait_until "! test -e \"$logs/$failed.1.log\"" 60 &&
	wait_until "grep -q state_floor $NODE/state/run/standstill" 60 &&
	push_make "echo five >\$@; truncate -s 1M \$@" &&
	test_grep "nothing is built before there is room: disk: .*state_floor" push.out &&
	job_state_is queued &&
	hornero doctor >out || test_grep "state_floor" out &&
	node_set state_floor 0 &&
	node_reload &&
	job_ends published
'

test_done
