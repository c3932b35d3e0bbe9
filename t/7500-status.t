#!/bin/sh
# The node of this test is broken in one way after the other, and status answers each time. Red with
# DOCTOR_BAD for held jobs, or for a lock that the user may not read.
test_description='hornero status: one line and the exit code of a Nagios plugin'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires sqlite3 sqlite3

# status_is CODE STATE PATTERN: exactly one line, and the same as JSON.
status_is () {
	test_expect_code "$1" hornero status >out 2>err &&
	test ! -s err &&
	test "$(wc -l <out)" = 1 &&
	test_grep "^hornero $2: .*$3" out &&
	test_expect_code "$1" hornero status --json >json &&
	jq -e --argjson code "$1" --arg state "$2" \
		".code == \$code and .status == (\$state | ascii_downcase)" json >/dev/null ||
	{ cat out err json; return 1; }
}

test_expect_success 'without a configuration, or with a wrong one' '
	HORNERO_CONF=$TRASH/none.yaml && export HORNERO_CONF &&
	status_is 3 UNKNOWN "none.yaml" &&
	printf "workers: 2\nworker: 3\n" >broken.yaml &&
	HORNERO_CONF=$TRASH/broken.yaml &&
	status_is 2 CRITICAL "broken.yaml:2:1: .* -> mend that line"
'

test_expect_success 'a node without hornerod' '
	node_init &&
	mkdir -p "$NODE/instances/locks" &&
	status_is 2 CRITICAL "hornerod does not run: .* -> systemctl start hornerod"
'

test_expect_success 'a node that runs is well' '
	node_make_repo &&
	node_start &&
	node_swept &&
	node_push &&
	status_is 0 OK "hornerod runs" &&
	jq -e ".findings == []" json
'

test_expect_success 'a pause, and a held job, are warnings' '
	hornero pause &&
	status_is 1 WARNING "nothing starts for now: .*paused" &&
	hornero resume &&
	status_is 0 OK &&
	sqlite3 "$NODE/state/queue/queue.db" \
		"UPDATE jobs SET state = '\''held'\'', ended_ms = 0,
			reason = '\''capstan is missing'\'' WHERE id = $job" &&
	status_is 1 WARNING "job $job of image $HELLO_UUID is held: capstan is missing -> mend" &&
	jq -e ".findings[0] | .check == \"queue\" and .state == \"warning\"" json
'

test_expect_success 'the gravest finding comes first, and the others are counted' '
	node_set store_floor 1000000G &&
	status_is 2 CRITICAL "floor.*nothing is built.* \([1-9] more: hornero doctor\)" &&
	jq -e "[.findings[].state] | index(\"warning\") and index(\"critical\")" json &&
	node_set store_floor 0
'

test_expect_success 'published bytes that were changed are critical' '
	file=$(hornero cache --json | jq -r ".[0].path") &&
	node_freeze &&
	printf X | dd of="$file" bs=1 seek=0 conv=notrunc 2>/dev/null &&
	test_expect_code 1 hornero cache --verify >/dev/null &&
	status_is 2 CRITICAL "were changed after it was published" &&
	node_thaw
'

test_expect_success 'a queue that cannot be read, and one that is gone' '
	node_stop &&
	node_start &&
	node_freeze &&
	queue=$NODE/state/queue &&
	dd if=/dev/urandom of="$queue/queue.db" bs=100 count=1 conv=notrunc 2>/dev/null &&
	status_is 2 CRITICAL "" &&
	jq -e ".findings[] | select(.check == \"queue\") | .state == \"critical\"" json &&
	mv "$queue" "$NODE/state/aside" &&
	status_is 2 CRITICAL "state/queue" &&
	mv "$NODE/state/aside" "$queue" &&
	node_thaw
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'a user who may not look learns that, not that all is well' '
		mkdir -p away &&
		cp "$HORNERO_CONF" away/hornero.yaml &&
		chmod 0755 away &&
		chmod 0644 away/hornero.yaml &&
		chmod 0700 "$NODE/state/run" "$NODE/state/queue" &&
		test_expect_code 2 setpriv --reuid 64997 --clear-groups \
			hornero -c "$TRASH/away/hornero.yaml" status --json >json &&
		jq -e "[.findings[] | select(.check == \"agent\" or .check == \"queue\") | .state] |
			length == 2 and all(. == \"unknown\")" json &&
		chmod 0600 away/hornero.yaml &&
		test_expect_code 3 setpriv --reuid 64997 --clear-groups \
			hornero -c "$TRASH/away/hornero.yaml" status >out &&
		test_grep "^hornero UNKNOWN: .*Permission denied" out
	'
fi

test_done
