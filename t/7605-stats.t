#!/bin/sh
test_description='hornero stats: percentiles of stages, push to warm over time, failures, images'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

U=00000000-0000-4000-8000-00000000000a
V=00000000-0000-4000-8000-00000000000b

# sql STATEMENTS: in the queue.
sql () {
	sqlite3 "$TRASH/state/queue/queue.db" "$@"
}

# 100 pushes of U became warm after 1 s … 100 s, one every hour, the last one an hour ago. Two more
# waited in the queue for one second and ran twice. Ten jobs of V failed, and one is held.
test_expect_success 'a node with a history whose figures are known' '
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	now=$(($(date +%s) * 1000)) &&
	c=$(printf "%040d" 1) && d=$(printf "%064d" 1) &&
	sql "
	CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < 100) SELECT i FROM n;
	INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, pushed_by, state, attempt,
		digest, reused, created_ms, started_ms, ended_ms)
		SELECT i, \"$U\", \"hello\", \"refs/heads/main\", \"$c\", \"push\", \"eve\",
		\"published\", 1, \"$d\", i = 100, $now - 3600000 * (101 - i) - 1000 * i,
		1, $now - 3600000 * (101 - i) FROM n;
	INSERT INTO attempts (job, attempt, started_ms, ended_ms, class, cause, build_ms)
		SELECT id, 1, created_ms + 250, ended_ms, \"none\", \"\", 10 * id FROM jobs;
	INSERT INTO artifacts (digest, image, job, attempt, size_bytes, built_ms)
		VALUES (\"$d\", \"$U\", 1, 1, 1, 1);
	INSERT INTO publications (job, attempt, image, digest, name, published_ms, publish_ms)
		SELECT id, 1, image, \"$d\", \"x\", 1, 7 FROM jobs;
	INSERT INTO jobs (id, image, repo, ref, \"commit\", origin, state, attempt, created_ms,
		ended_ms) SELECT 200 + i, \"$V\", \"other\", \"refs/heads/main\", \"$c\", \"sweep\",
		CASE i WHEN 11 THEN \"held\" ELSE \"failed\" END, 2, $now - 7200000,
		CASE i WHEN 11 THEN 0 ELSE $now - 3500000 END FROM n WHERE i <= 11;
	INSERT INTO attempts (job, attempt, started_ms, ended_ms, class, cause)
		SELECT id, a.column1, created_ms + 1000 * a.column1, 1,
		CASE id WHEN 211 THEN \"operator\" ELSE \"pusher\" END,
		CASE id WHEN 211 THEN \"tool\" ELSE \"timeout\" END
		FROM jobs, (VALUES (1), (2)) AS a WHERE id > 200"
'

# Red with the start of the last attempt for `queue`, red with the build of a reused artifact.
test_expect_success 'percentiles of each stage: of the builds that were made' '
	hornero stats --json >out &&
	jq -r ".stages[] | \"\(.stage) \(.jobs) \(.p50_ms) \(.p95_ms) \(.p99_ms) \(.most_ms)\"" \
		out >got &&
	cat >want <<-\END &&
	push_to_warm 100 50000 95000 99000 100000
	queue 111 250 1000 1000 1000
	build 99 500 950 990 990
	publish 100 7 7 7 7
	END
	test_cmp want got &&
	jq -e ".jobs == {published: 100, failed: 10, held: 1, superseded: 0, cancelled: 0,
		reused: 1} and .is_cut == false" out
'

# Red without the bound of `slice` in print_slices().
test_expect_success 'push to warm over time: every push is in one part, in order' '
	jq -e ".push_to_warm | length == 14 and (map(.pushes) | add) == 100 and
		.[0].from_ms == \$o[0].from_ms and .[13].to_ms >= \$o[0].to_ms and
		([.[] | select(.pushes > 0) | .p50_ms] | . == sort) and
		([range(13) as \$i | .[\$i].to_ms == .[\$i + 1].from_ms] | all)" \
		--slurpfile o out out
'

test_expect_success 'failures by cause: who acts, and the last job' '
	jq -c ".failures" out >got &&
	echo "[{\"cause\":\"timeout\",\"who_acts\":\"pusher\",\"failures\":10,\"last_job\":210}," \
		"{\"cause\":\"tool\",\"who_acts\":\"operator\",\"failures\":1,\"last_job\":211}]" |
		tr -d " " >want &&
	test_cmp want got
'

test_expect_success 'by image, those with most jobs first; named, and one alone' '
	mkdir -p git/hello.git &&
	hornero image add $U hello --name web &&
	hornero stats --json >out &&
	jq -r ".images[] | [.image, .name, .jobs, .published, .failed, .warm_p50_ms] |
		map(tostring) | join(\" \")" out >got &&
	cat >want <<-END &&
	$U web 100 100 0 50000
	$V  11 0 11 null
	END
	test_cmp want got &&
	hornero stats >text &&
	test_grep "^web  *100  *100  *0  *50" text &&
	test_grep "^timeout  *pusher  *10  *210" text &&
	hornero stats --image web --json | jq -e ".jobs.failed == 0 and .jobs.held == 0" &&
	hornero stats --repo other --json | jq -e ".jobs.published == 0 and .jobs.failed == 10"
'

# Red without age_ms in stats_run(), red without the start of a period that is cut.
test_expect_success 'a period, and a limit that is said' '
	hornero stats --since 150m --json | jq -e ".jobs.published == 2 and .jobs.failed == 10" &&
	hornero stats --limit 20 >text &&
	test_grep "^These are the last 20 jobs that ended; .hornero stats --limit N. reads more" \
		text &&
	hornero stats --limit 20 --json >out 2>err &&
	test_grep "^These are the last 20 jobs" err &&
	jq -e ".is_cut and .jobs.published + .jobs.failed == 20 and .jobs.held == 1 and
		.to_ms - .from_ms < 11 * 3600000 and
		(.push_to_warm | map(.pushes) | add) == .jobs.published" out &&
	test_expect_code 64 hornero stats --since never &&
	test_expect_code 64 hornero stats --limit 0
'

# Red without db->may in db/stat.c.
test_expect_success 'a key sees the figures of its repositories' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add alice id.pub --read other &&
	hornero --key alice stats --json >out &&
	jq -e ".jobs.published == 0 and .jobs.failed == 10 and (.images | length) == 1" out
'

test_expect_success 'an empty queue has no figures, and no error' '
	rm -r state/queue &&
	hornero init &&
	hornero stats >text &&
	test_grep "0 published" text &&
	hornero stats --json | jq -e ".stages == [] and .failures == [] and .images == []"
'

test_done
