#!/bin/sh
test_description='hornero events: once and followed, resumed by number, limited to a view'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

U=00000000-0000-4000-8000-000000000001
ONE=1111111111111111111111111111111111111111

sql () {
	sqlite3 "$TRASH/state/queue/queue.db" "$@"
}

seed () {
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml "$@"
}

# numbers FILE: of a feed in JSON, on one line.
numbers () {
	jq -s -c "map(.number)" "$1"
}

# follows FILE N: the feed in FILE has N lines.
follows () {
	test "$(wc -l <"$1")" -ge "$2"
}

test_expect_success 'a node with jobs in every state' '
	cli_node "keys_file: $TRASH/keys" &&
	hornero init &&
	seed &&
	all=$(sql "SELECT count(*) FROM events") &&
	test "$all" -gt 20
'

# Red without event_seek_last().
test_expect_success 'the last 20, or the last N, or all after a number, in order' '
	hornero events --json >out &&
	test "$(numbers out)" = "$(seq -s , $((all - 19)) $all | sed "s/.*/[&]/")" &&
	hornero events --json -n 2 >out &&
	test "$(numbers out)" = "[$((all - 1)),$all]" &&
	hornero events --json --since 0 >out &&
	test "$(numbers out)" = "$(seq -s , $all | sed "s/.*/[&]/")" &&
	hornero events --json --since 3 --limit 2 >out &&
	test "$(numbers out)" = "[4,5]" &&
	hornero events --json --since $all >out &&
	test ! -s out &&
	hornero events --since 0 >out &&
	test "$(wc -l <out)" -eq "$all" &&
	test_grep "^1  20..-..-.. ..:..:..  job 1  queued  $U  push  by eve.x1b.31m.xff$" out &&
	test_grep "  job 2.1  failed  .*no rule to make target.x0a" out
'

test_expect_success 'each line is a whole object with the columns of the manual' '
	hornero events --json --since 0 >out &&
	jq -s -e "all(.[]; keys == ([\"at_ms\", \"attempt\", \"detail\", \"event\", \"image\",
		\"job\", \"number\", \"repo\", \"who\"]))" out &&
	head -n 1 out | jq -e ".number == 1 and .job == 1 and .attempt == null and
		.image == \"$U\" and .repo == \"team/hello\" and .event == \"queued\""
'

test_expect_success 'wrong numbers: 64; a number of another queue: all events are new' '
	test_expect_code 64 hornero events --since yesterday 2>err &&
	test_grep "yesterday.* is not the number of an event" err &&
	test_expect_code 64 hornero events --limit 0 &&
	hornero events --json --since 999999 >out 2>err &&
	test "$(wc -l <out)" -eq "$all" &&
	test_grep "no event 999999: it was replaced, so all of its $all events are new" err
'

test_expect_success 'one image, by its name' '
	mkdir -p git/team/hello.git &&
	hornero image add $U team/hello --name web &&
	hornero events --json --since 0 --image web >out &&
	jq -s -e "length == 4 and all(.[]; .image == \"$U\")" out &&
	hornero events --image web --limit 1 >out 2>err &&
	test_grep "published  web  " out &&
	test ! -s err
'

test_expect_success 'an image that is not there: its events, and a word about it' '
	ghost=00000000-0000-4000-8000-00000000ffff &&
	hornero events --image $ghost >out 2>err &&
	test ! -s out &&
	test_grep "no image has the UUID $ghost now" err
'

# Red without follow(): it ends at once. The feed goes on where the first one stopped.
test_expect_success '-f prints what happens, and another one goes on after its last number' '
	rm -f feed &&
	{ hornero events -f --json --since $((all - 1)) --limit 3 >feed & } &&
	feed=$! &&
	test_cleanup "kill $feed 2>/dev/null; :" &&
	wait_until "follows feed 1" 30 &&
	id=$(seed queue 00000000-0000-4000-8000-000000000077 $ONE) &&
	seed claim >claimed &&
	wait_until "follows feed 3" 30 &&
	wait $feed &&
	seed fail $(cat claimed) 1 "the builder exited 1" &&
	hornero events --json --since "$(jq -s "last.number" feed)" >rest &&
	cat feed rest | jq -s -c "map(.event)[1:]" >got &&
	echo "[\"queued\",\"running\",\"failed\"]" >want &&
	test_cmp want got &&
	test "$(cat feed rest | jq -s -c "map(.number)")" = \
		"[$(seq -s , $all $((all + 3)))]"
'

# Red without the watch of the reader: it never ends.
test_expect_success '-f ends when nobody reads' '
	mkfifo fifo &&
	{ hornero events -f >fifo & } &&
	feed=$! &&
	test_cleanup "kill $feed 2>/dev/null; :" &&
	exec 7<fifo &&
	head -c 1 <&7 >first &&
	exec 7<&- &&
	wait $feed
'

# Red where events are printed inside their transaction.
test_expect_success 'a reader that stalls keeps no transaction open' '
	sql "INSERT INTO events (at_ms, job, attempt, event, detail)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
		SELECT 1, 0, 0, \"test\", hex(zeroblob(200)) FROM n" &&
	rm -f fifo &&
	mkfifo fifo &&
	{ hornero events --since 0 >fifo & } &&
	feed=$! &&
	test_cleanup "kill $feed 2>/dev/null; :" &&
	exec 7<fifo &&
	head -c 1 <&7 >first &&
	id=$(seed queue 00000000-0000-4000-8000-000000000078 $ONE) &&
	wait_until "test \"\$(sql \"PRAGMA wal_checkpoint(TRUNCATE)\")\" = \"0|0|0\"" 30 &&
	cat <&7 >rest &&
	exec 7<&- &&
	wait $feed &&
	test "$(cat first rest | wc -l)" -ge 3000
'

# Red without is_wanted(); red without the view of a successor in borrow_feed().
test_expect_success 'a key sees the events of its repositories, and no other number' '
	ssh-keygen -q -t ed25519 -N "" -f id &&
	hornero key add alice id.pub --read team/other &&
	sql "UPDATE jobs SET repo = \"team/other\" WHERE id = 8" &&
	hornero --key alice events --json --since 0 >out &&
	jq -s -e "length == 2 and all(.[]; .repo == \"team/other\" and .job == 8) and
		.[1].event == \"superseded\" and .[1].detail == null" out &&
	hornero --key alice events --json >out &&
	test "$(wc -l <out)" -eq 2 &&
	hornero events --json --since 0 >out &&
	jq -s -e "map(select(.job == 8 and .event == \"superseded\"))[0].detail | test(\"9\")" out
'

test_done
