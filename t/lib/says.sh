# says.sh: what the node says and shows of jobs and images. node.sh includes this. A helper that
# waits says so; the others look once. Those that compare show what they saw instead.

# warm_text [UUID]: the bytes of the image's warm file, but for zeros.
warm_text () {
	tr -d '\0' <"$(node_warm_path "${1:-$HELLO_UUID}")"
}

# warm_text_is TEXT [UUID]
warm_text_is () {
	node__text=$(warm_text "$2") &&
	test "$node__text" = "$1" ||
	node__disappoints "the warm file has the text '$node__text', not '$1'"
}

# warm_lines LINE…: the warm file has these lines and no other.
warm_lines () {
	warm_text_is "$(printf '%s\n' "$@")"
}

# json_sql FILE SELECT: SQLite's answer; the column j of the table f is the JSON in FILE. jq takes
# fifteen times as long to start, and some tests look often.
json_sql () {
	sqlite3 :memory: "WITH f (j) AS (SELECT CAST(readfile('$1') AS TEXT)) $2"
}

# json_in FILE PATH: what it has there, as `jq -r .PATH` without its operators; [#-1] is the last of
# an array.
json_in () {
	json_sql "$1" "SELECT iif(json_type(j, p) = 'text', j ->> p, ifnull(j -> p, 'null'))
		FROM (SELECT j, '\$$2' AS p FROM f)"
}

# json_at PATH: what standard input has there.
json_at () {
	cat >"$test_root/json" &&
	test -s "$test_root/json" &&
	json_in "$test_root/json" "$1"
}

# state_and_reason FILE: "STATE: REASON" of a record that has both.
state_and_reason () {
	json_sql "$1" "SELECT (j ->> 'state') || ': ' || ifnull(j ->> 'reason', '') FROM f"
}

# job_field FIELD [JOB]: of `hornero show`; of $job without a JOB.
job_field () {
	hornero show "${2:-$job}" --json | json_at ".$1"
}

# job_attempts [JOB]: how many it had.
job_attempts () {
	hornero show "${1:-$job}" --json >"$test_root/json" &&
	json_sql "$test_root/json" "SELECT json_array_length(j, '\$.attempts') FROM f"
}

# attempt_field FIELD [JOB]: of its last attempt.
attempt_field () {
	job_field "attempts[#-1].$1" "$2"
}

# image_field FIELD [UUID]: of `hornero image show`.
image_field () {
	hornero image show "${2:-$HELLO_UUID}" --json | json_at ".$1"
}

job_state () {
	hornero show "${1:-$job}" --json | sed -n 's/^  "state": "\([a-z]*\)".*/\1/p'
}

# job_state_is STATE [JOB]: now.
job_state_is () {
	node__state=$(job_state "$2") &&
	test "$node__state" = "$1" ||
	node__disappoints "job ${2:-$job} is $node__state, not $1"
}

# queue_settles: within 30 s no job is queued, running or built.
queue_settles () {
	wait_until node__settled 30 || { hornero queue; return 1; }
}

node__settled () {
	hornero queue --json >"$test_root/queue" &&
	! grep -q '"state": "\(queued\|running\|built\)"' "$test_root/queue"
}

# job_waits_for KIND PATTERN [JOB]: now, and says so in these words (grep -E).
job_waits_for () {
	node__waits=$(job_field waiting_kind "$3"):$(job_field waiting_for "$3") &&
	test "${node__waits%%:*}" = "$1" &&
	printf '%s\n' "${node__waits#*:}" | grep -E -q -e "$2" ||
	node__disappoints "job ${3:-$job} waits for '$node__waits', not '$1:$2'"
}

# job_reaches STATE [JOB [SECONDS]]: within 30 s, or SECONDS.
job_reaches () {
	wait_until "job_state_is $1 ${2:-$job}" "${3:-30}" || job_state_is "$1" "$2"
}

# job_ends STATE [JOB]: it ends within 300 s, and is then in this state.
job_ends () {
	hornero wait "${2:-$job}" --timeout 300
	job_state_is "$1" "$2" || { hornero log "${2:-$job}"; return 1; }
}

# why_says SUBJECT PATTERN [SECONDS]: `hornero why` on a job or an image says so (grep -E) within
# 30 s, or SECONDS.
why_says () {
	node__says why "$@"
}

# log_says JOB PATTERN [SECONDS]: so does its build log.
log_says () {
	node__says log "$@"
}

# hornerod_says PATTERN [SECONDS]: so does hornerod's log. A failed test shows its end.
hornerod_says () {
	node__pattern=$1
	wait_until 'grep -E -q -e "$node__pattern" "$NODE/hornerod.log"' "${2:-30}"
}

# doctor_says PATTERN [SECONDS]: so does `hornero doctor`.
doctor_says () {
	node__says doctor '' "$@"
}

# node__says COMMAND SUBJECT PATTERN [SECONDS]
node__says () {
	node__command=$1 node__subject=$2 node__pattern=$3
	wait_until 'node__say | grep -E -q -e "$node__pattern"' "${4:-30}" &&
	return 0
	node__say
	node__disappoints "hornero $node__command $node__subject does not say '$node__pattern'"
}

node__say () {
	hornero "$node__command" ${node__subject:+"$node__subject"}
}

node__disappoints () {
	echo >&2 "$1"
	return 1
}

# verdict FIELD: of the job's first attempt
verdict () {
	sed -n "s/^$1=//p" "$NODE/state/log/$job.1.verdict"
}

# node_warm_path UUID: where Nova looks for it.
node_warm_path () {
	echo "$NODE/instances/_base/$(printf %s "$1" | sha1sum | cut -d ' ' -f 1)"
}
