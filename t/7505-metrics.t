#!/bin/sh
# Red without NOT EXISTS in db/history.c (the attempt of a held job counts again with its cancel),
# and without the comparison with history_has() in cli/metrics_totals.c (the jobs of a new queue are
# not counted).
test_description='hornero metrics: both formats, what they count, and that each event counts once'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/metrics.sh"
test_requires promtool prometheus
test_requires sqlite3 sqlite3
/usr/bin/python3 -c 'import prometheus_client' 2>/dev/null ||
	test_skip_all 'python3-prometheus-client is not installed'

SEED=$HORNERO_BUILD/t/tools/seed
COMMIT=1111111111111111111111111111111111111111

cat >open.py <<'END'
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
names = [f.name for f in parse(open("open.txt").read())]
assert len(names) == len(set(names)) > 30, names
END

# well_formed: both formats, by programs of Prometheus.
well_formed () {
	hornero metrics >open.txt &&
	tail -n 1 open.txt | grep -qx "# EOF" &&
	/usr/bin/python3 open.py &&
	hornero metrics --write &&
	promtool check metrics <"$PROM" >lint 2>&1 && test ! -s lint || { cat lint; return 1; }
}

test_expect_success 'a node without hornerod, and without a push' '
	node_init "store_budget: 5G" "memory_pressure_limit: 10" &&
	well_formed &&
	metric_is hornero_agent_up 0 &&
	metric_is hornero_queue_up 1 &&
	metric_is "hornero_budget_bytes{area=\"store\"}" 5368709120 &&
	metric_is "hornero_pressure_limit_ratio{resource=\"memory\"}" 0.1 &&
	metric_is hornero_push_to_warm_seconds_count 0 &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 0 &&
	metric_is hornero_door_up 0 &&
	test_must_fail grep hornero_door_logins "$PROM"
'

test_expect_success 'a push: jobs, attempts, stages, the image, when hornerod swept' '
	node_make_repo &&
	node_start &&
	node_swept &&
	node_push &&
	well_formed &&
	metric_is hornero_agent_up 1 &&
	metric_is "hornero_images{state=\"warm\"}" 1 &&
	metric_is "hornero_jobs{state=\"queued\"}" 0 &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 1 &&
	metric_is "hornero_attempts_ended_total{outcome=\"built\",cause=\"none\"}" 1 &&
	metric_is hornero_push_to_warm_seconds_count 1 &&
	for stage in queue checkout build publish
	do
		metric_is "hornero_stage_seconds_count{stage=\"$stage\"}" 1 || return 1
	done &&
	metric_is "hornero_stage_seconds_bucket{stage=\"build\",le=\"+Inf\"}" 1 &&
	metric_is hornero_store_artifacts 1 &&
	for task in sweep keep collect scrub
	do
		at=$(metric "hornero_last_success_timestamp_seconds{task=\"$task\"}") &&
		test "$(($(date +%s) - ${at%.*}))" -lt 600 || return 1
	done &&
	{ ! group_possible || metric_is hornero_build_memory_peak_bytes_count 1; }
'

test_expect_success 'the time of the build is that of its row' '
	sqlite3 "$DB" "SELECT build_ms / 1000.0 FROM attempts WHERE job = $job" >want &&
	metric_is "hornero_stage_seconds_sum{stage=\"build\"}" "$(cat want)"
'

test_expect_success 'a failure, by its cause; each event counts once' '
	printf "hornero.raw:\n\tfalse\n" >"$HELLO_WORK/Makefile" &&
	test_must_fail node_push &&
	hornero metrics --write &&
	hornero metrics --write &&
	metric_is "hornero_jobs_ended_total{state=\"failed\",cause=\"exit\"}" 1 &&
	metric_is "hornero_attempts_ended_total{outcome=\"failed\",cause=\"exit\"}" 1 &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 1 &&
	metric_is hornero_push_to_warm_seconds_count 1 &&
	metric_is hornero_events_uncounted 0
'

test_expect_success 'without --write nothing is kept' '
	cp "$NODE/state/metrics/totals.json" kept &&
	hornero rebuild --force "$HELLO_UUID" &&
	test_must_fail hornero wait "$HELLO_UUID" --timeout 120 &&
	hornero metrics >open.txt &&
	metric_of open.txt "hornero_jobs_ended_total{state=\"failed\",cause=\"exit\"}" >got &&
	echo 2 >want &&
	test_cmp want got &&
	test_cmp kept "$NODE/state/metrics/totals.json" &&
	metric_is "hornero_jobs_ended_total{state=\"failed\",cause=\"exit\"}" 1
'

test_expect_success 'pauses, and what waits' '
	hornero pause &&
	"$SEED" "$HORNERO_CONF" queue "$HELLO_UUID" $COMMIT &&
	sqlite3 "$DB" "UPDATE jobs SET created_ms = created_ms - 100000
		WHERE state = '\''queued'\''" &&
	hornero metrics --write &&
	metric_is hornero_node_paused 1 &&
	metric_is "hornero_standstill{reason=\"pause\"}" 1 &&
	metric_is "hornero_standstill{reason=\"disk\"}" 0 &&
	metric_is "hornero_jobs{state=\"queued\"}" 1 &&
	old=$(metric hornero_queue_oldest_seconds) &&
	test "${old%.*}" -ge 100 &&
	hornero resume &&
	node_stop
'

# The stand-in for hornerod writes rows that hornerod writes.
test_expect_success 'a held job: its attempt counts once, also if it is cancelled later' '
	rm -f "$NODE/state/queue"/queue.db* &&
	hornero init >/dev/null &&
	"$SEED" "$HORNERO_CONF" &&
	hornero metrics --write &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 2 &&
	metric_is "hornero_attempts_ended_total{outcome=\"held\",cause=\"exit\"}" 1 &&
	metric_is "hornero_attempts_ended_total{outcome=\"requeued\",cause=\"exit\"}" 1 &&
	metric_is "hornero_jobs{state=\"held\"}" 1 &&
	metric_is "hornero_jobs_waiting{reason=\"instance\"}" 1 &&
	n=$(metric "hornero_stage_seconds_count{stage=\"build\"}") &&
	held=$(sqlite3 "$DB" "SELECT id FROM jobs WHERE state = '\''held'\''") &&
	hornero cancel $held &&
	hornero metrics --write &&
	metric_is "hornero_jobs_ended_total{state=\"cancelled\",cause=\"none\"}" 2 &&
	metric_is "hornero_attempts_ended_total{outcome=\"cancelled\",cause=\"exit\"}" "" &&
	metric_is "hornero_stage_seconds_count{stage=\"build\"}" "$n"
'

test_expect_success 'a damaged queue: the figures say so, and the counters stay' '
	dd if=/dev/urandom of="$DB" bs=100 count=1 conv=notrunc 2>/dev/null &&
	hornero metrics --write 2>err &&
	test_grep "damaged|queue" err &&
	metric_is hornero_queue_up 0 &&
	test_must_fail grep "^hornero_jobs{" "$PROM" &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 2 &&
	rm -f "$NODE/state/queue"/queue.db* &&
	hornero init >/dev/null &&
	well_formed &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 2
'

test_expect_success 'a broken file of sums: all counts are 0 again, with a remark' '
	echo "{" >"$NODE/state/metrics/totals.json" &&
	hornero metrics --write 2>err &&
	test_grep "event=counts-lost .*totals.json" err &&
	metric_is "hornero_jobs_ended_total{state=\"published\",cause=\"none\"}" 0
'

test_expect_success 'a long history is read in pieces, and none is lost' '
	sqlite3 "$DB" "
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
		INSERT INTO events (at_ms, job, attempt, event)
			SELECT i, 0, 0, '\''filler'\'' FROM n" &&
	hornero metrics --write &&
	metric_is hornero_events_uncounted 50000 &&
	hornero metrics --write &&
	metric_is hornero_events_uncounted 0 &&
	rm "$NODE/state/metrics/totals.json" &&
	hornero metrics --write &&
	metric_is hornero_events_uncounted 0
'

test_done
