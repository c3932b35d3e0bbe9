#!/bin/sh
# A real Prometheus scrapes hornero-serve --metrics. The alert rules and the dashboard that hornero
# installs are evaluated there: no expression fails, and each metric that they name exists.
test_description='hornero-serve --metrics: Prometheus scrapes it; alert rules and dashboard'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/metrics.sh"
. "$HORNERO_SRC/t/lib/serve.sh"
test_requires prometheus prometheus
test_requires promtool prometheus
test_requires jq jq

MONITORING=$HORNERO_SRC/etc/monitoring

# query EXPRESSION: what Prometheus answers, in query.json.
query () {
	curl -s --max-time 60 --data-urlencode "query=$1" \
		"http://127.0.0.1:$prometheus_port/api/v1/query" >query.json &&
	jq -e ".status == \"success\"" query.json >/dev/null ||
	{ echo "$1"; cat query.json; return 1; }
}

has_result () {
	query "$1" && jq -e ".data.result | length > 0" query.json >/dev/null
}

# A scrape of a busy machine may end at its time limit, and the figures are gone until the next one.
gets_result () {
	wait_until "has_result '$1'" 120
}

# gets VALUE EXPRESSION: it comes to be that.
gets () {
	gets__value=$1 gets__expression=$2
	wait_until 'query "$gets__expression" &&
		test "$(jq -r ".data.result[0].value[1]" query.json)" = "$gets__value"' 120
}

test_expect_success 'without metrics_listen, or as root, it serves nothing' '
	node_init "store_budget: 5G" "cache_budget: 5G" "memory_pressure_limit: 10" >/dev/null &&
	test_expect_code 78 "$HORNERO_BUILD/hornero-serve" --metrics 2>err &&
	test_grep "metrics_listen is not set" err &&
	node_set metrics_listen 127.0.0.1:0
'

test_expect_success 'a node with a push, and its figures over HTTP' '
	node_make_repo &&
	node_start &&
	node_swept &&
	node_push &&
	chmod 0755 "$NODE" &&
	chmod 0644 "$HORNERO_CONF" &&
	serve_start --metrics &&
	test "$(curl -s -o got -w "%{http_code}" "$SERVE_URL/metrics")" = 404 &&
	hornero metrics --write &&
	curl -s -D head "$SERVE_URL/metrics" >got &&
	test_cmp "$PROM" got &&
	test_grep "^Content-Type: text/plain; version=0.0.4" head &&
	curl -s -I "$SERVE_URL/metrics" >head &&
	test_grep "200 OK" head
'

test_expect_success 'and nothing else: no other file, no artifact, no other method' '
	for path in / /metrics/ /metrics/totals.json /totals.json /status /../totals.json \
		/sha256/$(hornero cache --json | jq -r ".[0].digest")
	do
		code=$(curl -s --path-as-is -o got -w "%{http_code}" "$SERVE_URL$path") &&
		test "$code" = 404 || { echo "$path: $code"; return 1; }
	done &&
	test "$(curl -s -X POST -o got -w "%{http_code}" "$SERVE_URL/metrics")" = 405 &&
	ln -sf /etc/passwd "$NODE/state/metrics/status.html" &&
	test "$(curl -s -o got -w "%{http_code}" "$SERVE_URL/status")" = 404 &&
	echo "<p>all" >status.html &&
	rm "$NODE/state/metrics/status.html" &&
	cp status.html "$NODE/state/metrics/status.html" &&
	curl -s -D head "$SERVE_URL/status" >got &&
	test_cmp status.html got &&
	test_grep "^Content-Security-Policy: default-src .none.;" head
'

test_expect_success 'Prometheus scrapes it' '
	prometheus_port=$(/usr/bin/python3 -c "
import socket
s = socket.socket()
s.bind((\"127.0.0.1\", 0))
print(s.getsockname()[1])") &&
	cp "$MONITORING/hornero.rules.yml" . &&
	cat >prometheus.yml <<-END &&
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: [hornero.rules.yml]
	scrape_configs:
	  - job_name: hornero
	    static_configs: [{targets: ["127.0.0.1:$SERVE_PORT"]}]
	END
	promtool check config prometheus.yml &&
	{ prometheus --config.file=prometheus.yml --storage.tsdb.path="$TRASH/tsdb" \
		--web.listen-address=127.0.0.1:$prometheus_port >prometheus.log 2>&1 & } &&
	prometheus_pid=$! &&
	test_cleanup "kill $prometheus_pid; wait $prometheus_pid; :" &&
	gets_result hornero_agent_up &&
	gets 1 "up{job=\"hornero\"}" &&
	gets 1 "hornero_jobs_ended_total{state=\"published\"}"
'

# A typo in an expression would show an empty graph, and an alert that never fires. The door does
# not run here, so its metrics are those of the source.
test_expect_success 'each metric of the rules and of the dashboard exists' '
	jq -r ".panels[].targets[]?.expr" "$MONITORING/hornero.json" >expressions &&
	test "$(wc -l <expressions)" -ge 20 &&
	{
		cat expressions
		grep -v "^ *#" "$MONITORING/hornero.rules.yml"
	} | grep -oE "hornero_[a-z_]+" | sort -u >named &&
	{
		grep -oE "^hornero_[a-z_]+" "$PROM"
		grep -ohE "\"hornero_door_[a-z_]+" "$HORNERO_SRC/cli/metrics_node.c" | tr -d \" |
			sed "p;s/\$/_total/"
	} | sort -u >known &&
	comm -23 named known >unknown &&
	test_cmp /dev/null unknown
'

test_expect_success 'each expression of the dashboard is one; those without the door have data' '
	sed "s/\\\$node/.*/g" expressions >queries &&
	while read -r expression
	do
		query "$expression" || return 1
	done <queries &&
	for metric in hornero_jobs hornero_images hornero_used_bytes hornero_budget_bytes \
		hornero_pressure_limit_ratio hornero_push_to_warm_seconds_bucket
	do
		gets_result "$metric" || return 1
	done
'

test_expect_success 'a rule fires, and its text is whole' '
	curl -s "http://127.0.0.1:$prometheus_port/api/v1/rules" >rules.json &&
	jq -e "[.data.groups[].rules[]] | length >= 10 and all(.lastError == null)" rules.json &&
	node_freeze &&
	printf X | dd of="$(hornero cache --json | jq -r ".[0].path")" bs=1 conv=notrunc \
		2>/dev/null &&
	test_expect_code 1 hornero cache --verify >/dev/null &&
	hornero metrics --write &&
	node_thaw &&
	gets_result "ALERTS{alertname=\"HorneroImageChanged\"}"
'

test_expect_success 'the rules, over time' '
	cat >rules.test.yml <<-\END &&
	rule_files: [hornero.rules.yml]
	evaluation_interval: 1m
	tests:
	  - interval: 1m
	    input_series:
	      - {series: "hornero_agent_up{instance=\"a\"}", values: "1 1 0 0 0 0"}
	      - {series: "hornero_jobs{instance=\"a\",state=\"held\"}", values: "0 2x20"}
	      - {series: "hornero_queue_oldest_seconds{instance=\"a\"}", values: "4000x20"}
	      - {series: "hornero_queue_oldest_seconds{instance=\"b\"}", values: "4000x20"}
	      - {series: "hornero_node_paused{instance=\"a\"}", values: "0x20"}
	      - {series: "hornero_node_paused{instance=\"b\"}", values: "1x20"}
	      - {series: "hornero_filesystem_free_bytes{instance=\"a\",area=\"store\"}",
	         values: "1x20"}
	      - {series: "hornero_filesystem_floor_bytes{instance=\"a\",area=\"store\"}",
	         values: "2x20"}
	      - {series: "hornero_mirror_up{instance=\"a\",job=\"hornero\"}", values: "0x90"}
	      - {series: "hornero_mirror_up{instance=\"b\",job=\"hornero\"}", values: "0x90"}
	      - {series: "hornero_mirrors{instance=\"a\",state=\"denied\"}", values: "1x90"}
	      - {series: "hornero_mirrors{instance=\"a\",state=\"current\"}", values: "2x90"}
	      - {series: "hornero_mirrors{instance=\"b\",state=\"current\"}", values: "0x90"}
	      - {series: "hornero_rollouts{instance=\"a\",state=\"failed\"}", values: "1x20"}
	      - {series: "hornero_rollouts{instance=\"b\",state=\"done\"}", values: "1x20"}
	      - {series: "hornero_attempts_ended_total{instance=\"a\",cause=\"tool\"}",
	         values: "0+1x60"}
	      - {series: "hornero_attempts_ended_total{instance=\"a\",cause=\"exit\"}",
	         values: "0+9x60"}
	    alert_rule_test:
	      - {eval_time: 3m, alertname: HorneroDown, exp_alerts: []}
	      - eval_time: 5m
	        alertname: HorneroDown
	        exp_alerts:
	          - exp_labels: {severity: critical, instance: a}
	            exp_annotations:
	              summary: "a: hornerod does not run, nothing is built or published"
	              action: "systemctl start hornerod; journalctl -u hornerod"
	      - eval_time: 10m
	        alertname: HorneroJobsHeld
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a, state: held}
	            exp_annotations:
	              summary: "a: 2 jobs need an operator"
	              action: "hornero doctor; then hornero retry JOB"
	      - eval_time: 10m
	        alertname: HorneroQueueOld
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a}
	            exp_annotations:
	              summary: "a: a job waits for 1h 6m 40s"
	              action: "hornero queue; hornero why JOB"
	      - eval_time: 15m
	        alertname: HorneroMirrorDown
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a, job: hornero}
	            exp_annotations:
	              summary: "a: repositories follow an upstream, and nothing fetches"
	              action: "systemctl enable --now hornero-mirror"
	      - eval_time: 70m
	        alertname: HorneroMirrorBehind
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a}
	            exp_annotations:
	              summary: "a: 1 mirror(s) cannot follow their upstream"
	              action: "hornero doctor"
	      - eval_time: 15m
	        alertname: HorneroRolloutStopped
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a}
	            exp_annotations:
	              summary: "a: 1 rollout(s) stopped before the last server"
	              action: "hornero doctor"
	      - eval_time: 10m
	        alertname: HorneroDiskLow
	        exp_alerts:
	          - exp_labels: {severity: critical, instance: a, area: store}
	            exp_annotations:
	              summary: "a: the filesystem of store is below its floor"
	              action: "hornero gc, or make room"
	      - eval_time: 10m
	        alertname: HorneroFailuresOfNode
	        exp_alerts:
	          - exp_labels: {severity: warning, instance: a}
	            exp_annotations:
	              summary: "a: attempts end by faults of the node"
	              action: "hornero queue; hornero show JOB"
	END
	promtool test rules rules.test.yml
'

test_expect_success 'SIGTERM ends it' '
	serve_stop &&
	kill $prometheus_pid
'

test_done
