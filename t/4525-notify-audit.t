#!/bin/sh
test_description='notify_audit: events.d gets the records of the audit log; failures, kills, months'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/notify.sh"
test_requires jq jq

LOGS=$NODE/state/audit
CURSOR=$NODE/state/notify/audit.json

# told: the records that the programs got, byte for byte, one a line.
told () {
	sed -n 's/^{"event":"audit","node":"[^"]*","record":\(.*\)}$/\1/p' "$TRASH/told"
}

# numbers: of these records, on one line.
numbers () {
	told | jq .n | xargs
}

# records [N]: of the log, those after number N.
records () {
	cat "$LOGS"/*.jsonl |
		jq -R -c --argjson n "${1:-0}" "fromjson? | objects | select(.n > \$n)"
}

last_n () {
	records | tail -n 1 | jq .n
}

# one_more: a command that leaves one record. Sets n to its number.
one_more () {
	hornero image set "$HELLO_UUID" name=n$((one__more = one__more + 1)) >out &&
	n=$(last_n)
}

# forget: what was told until now.
forget () {
	: >"$TRASH/told"
}

test_expect_success 'the first start begins at the end of the log' '
	mkdir -p "$NODE/events.d" &&
	chmod 0755 "$NODE/events.d" &&
	: >told &&
	node_init "sweep_interval: 10h" "events_dir: $NODE/events.d" "notify_timeout: 30" \
		"notify_audit: yes" &&
	program 10-tell "echo \$HORNERO_EVENT >>$TRASH/kinds" \
		"cat >>$TRASH/told && echo >>$TRASH/told" &&
	node_hello_repo &&
	begin=$(last_n) &&
	test "$begin" -ge 3 &&
	notify_once &&
	notify_once &&
	test ! -s told &&
	test "$(jq .n "$CURSOR")" -eq "$begin"
'

test_expect_success 'a push, a refused push, a key: these records in order, as the file has them' '
	git -C "$HELLO_WORK" push -q origin main &&
	test_must_fail git -C "$HELLO_WORK" push -q -o nonsense origin main:x &&
	ssh-keygen -q -t ed25519 -N "" -f bob &&
	command hornero key add bob bob.pub --write hello &&
	notify_once &&
	told >got &&
	tail -n +$((begin + 1)) "$LOGS"/*.jsonl >want &&
	test_cmp want got &&
	test "$(jq -r .event got | xargs)" = "push pushed push-refused command" &&
	test "$(jq -r .command got | tail -n 1)" = "key add" &&
	test "$(sort -u kinds)" = audit &&
	notify_once &&
	told | test_cmp want -
'

# Red where tell() does not take the programs that have ended from the position.
test_expect_success 'a program that fails: later records wait; why and doctor; then all in order' '
	forget &&
	program 20-fail "echo run >>$TRASH/failed" "exit 3" &&
	one_more &&
	first=$n &&
	one_more &&
	notify_once 75 &&
	notify_once 75 &&
	test "$(numbers)" = "$first" &&
	test "$(wc -l <failed)" -eq 2 &&
	test_grep "event=notify-audit-failed last=$((first - 1)) .*record $first: .*20-fail" \
		notify.log &&
	{ hornero why >out || :; } &&
	test_grep "not all told of the audit log: record $first: .*20-fail failed .exit 3.;" out &&
	test_grep "later records wait" out &&
	test_must_fail hornero doctor >out &&
	test_grep "told of the audit log: record $first: " out &&
	test_grep "systemctl reload hornero-notify" out &&
	test_grep "hornero-notify does not run, and notify_audit is yes" out &&
	program 20-fail "exit 0" &&
	notify_once &&
	test "$(numbers)" = "$first $n" &&
	{ hornero why >out || :; } &&
	! grep "audit log" out
'

test_expect_success 'an image does not wait behind a record' '
	forget &&
	program 20-fail "test \$HORNERO_EVENT = warm" &&
	node_start &&
	hornero image set "$HELLO_UUID" on_warm=notify &&
	hello_pushed one &&
	hornero wait "$HELLO_UUID" &&
	notify_once 75 &&
	grep -c "\"event\":\"warm\"" told >warm &&
	test "$(cat warm)" -eq 1 &&
	test "$(told | wc -l)" -eq 1 &&
	program 20-fail "exit 0" &&
	node_stop &&
	notify_once &&
	told | jq -c . >got &&
	records $((first + 1)) >want &&
	test_cmp want got &&
	grep -q "\"event\":\"published\"" got
'

for point in notify-audit-before-cursor notify-audit-sync
do
	test_expect_success "killed at $point: none is lost, at most one comes twice" '
		forget &&
		one_more &&
		first=$n &&
		one_more &&
		node_set failpoint "hornero-notify/$point" &&
		{ timeout 60 hornero-notify --once >>notify.log 2>&1; test $? -eq 137; } &&
		node_set failpoint &&
		notify_once &&
		told | uniq | jq .n | xargs >got &&
		echo "$first $n" >want &&
		test_cmp want got &&
		test "$(told | wc -l)" -le 3
	'
done

test_expect_success 'a piece of a line and a line that is not JSON are passed over' '
	forget &&
	log=$(echo "$LOGS"/*.jsonl) &&
	printf "{\"n\":9" >>"$log" &&
	notify_once &&
	one_more &&
	first=$n &&
	printf "{\"n\":%d,\"prev\":\"%064d\",nonsense}\n" $((n + 1)) 0 >>"$log" &&
	printf "junk\n" >>"$log" &&
	one_more &&
	notify_once &&
	notify_once &&
	test "$(numbers)" = "$first $n" &&
	test "$(grep -c "event=notify-audit-skipped file=${log##*/} " notify.log)" -eq 1
'

# Red without find_anywhere(), as are those that follow.
test_expect_success 'months: the records of a later file follow, also if a file is renamed' '
	forget &&
	one_more &&
	first=$n &&
	mv "$log" "$LOGS/2001-01.jsonl" &&
	notify_once &&
	test "$(numbers)" = "$first" &&
	test "$(jq -r .file "$CURSOR")" = 2001-01.jsonl &&
	one_more &&
	test -s "$LOGS/2001-01.jsonl" &&
	test "$(ls "$LOGS" | wc -l)" -eq 2 &&
	notify_once &&
	test "$(numbers)" = "$first $n" &&
	test "$(jq -r .file "$CURSOR")" = "${log##*/}" &&
	rm "$LOGS/2001-01.jsonl" &&
	one_more &&
	notify_once &&
	test "$(numbers)" = "$first $((first + 1)) $n" &&
	! grep notify-audit-moved notify.log
'

test_expect_success 'of months that were told and moved away nothing is missed' '
	forget &&
	mv "$log" "$LOGS/2001-01.jsonl" &&
	notify_once &&
	one_more &&
	rm "$LOGS/2001-01.jsonl" &&
	notify_once &&
	test "$(numbers)" = $n &&
	! grep notify-audit-moved notify.log
'

# Red where the position is the number alone: the new log has that number, too.
test_expect_success 'the log was moved away: once in the journal, then all of the new one' '
	forget &&
	mv "$log" away &&
	notify_once &&
	! grep notify-audit-moved notify.log &&
	for i in $(seq $((n + 2)))
	do
		one_more || return 1
	done &&
	notify_once &&
	test "$(numbers)" = "$(seq $n | xargs)" &&
	notify_once &&
	test "$(grep -c notify-audit-moved notify.log)" -eq 1
'

test_expect_success 'the log was shortened: once in the journal, then what is left' '
	: >notify.log &&
	forget &&
	head -n 2 "$log" >short &&
	cat short >"$log" &&
	notify_once &&
	test "$(numbers)" = "1 2" &&
	one_more &&
	notify_once &&
	test "$(numbers)" = "1 2 3" &&
	test "$(grep -c notify-audit-moved notify.log)" -eq 1
'

test_expect_success 'a daemon: a record is told at once, also of a log that is moved meanwhile' '
	forget &&
	{ hornero-notify >daemon.out 2>daemon.log & } &&
	daemon=$! &&
	test_cleanup "kill $daemon 2>/dev/null; wait $daemon; :" &&
	wait_until "grep -q READY daemon.out" 120 &&
	one_more &&
	wait_until "told | jq .n | grep -x $n" 120 &&
	rm "$log" &&
	one_more &&
	test "$n" -eq 1 &&
	wait_until "told | jq .n | grep -x 1" 120 &&
	wait_until "jq .n \"$CURSOR\" | grep -x 1" 120 &&
	kill $daemon &&
	wait $daemon
'

test_expect_success 'a log that the service may not read: doctor names it and the way out' '
	test "$(id -u)" -eq 0 || return 0
	forget &&
	chmod 0700 "$LOGS" &&
	chown -R 64990 "$NODE/state/notify" &&
	test_expect_code 75 setpriv --reuid 64990 --regid 64990 --clear-groups \
		hornero-notify --once 2>err &&
	test_grep "event=notify-audit-denied .*Permission denied" err &&
	test_must_fail hornero doctor >out &&
	test_grep "hornero-notify cannot read the audit log: .*Permission denied" out &&
	test_grep "systemctl daemon-reload && systemctl restart hornero-notify" out &&
	chmod 02770 "$LOGS" &&
	chown -R 0 "$NODE/state/notify" &&
	one_more &&
	notify_once &&
	test "$(numbers)" = $n &&
	printf "%040000d" 0 >>"$log" &&
	notify_once 75 &&
	test_must_fail hornero doctor >out &&
	test_grep "cannot read the audit log: ${log##*/} in the audit log: the line at byte" out &&
	test_grep "hornero events --audit --verify" out
'

test_expect_success 'with no the position is gone: yes begins at the end again' '
	rm "$log" &&
	one_more &&
	forget &&
	node_set notify_audit no &&
	notify_once &&
	test ! -e "$CURSOR" &&
	one_more &&
	node_set notify_audit yes &&
	notify_once &&
	test ! -s told &&
	one_more &&
	notify_once &&
	test "$(numbers)" = $n
'

test_done
