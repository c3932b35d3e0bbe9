#!/bin/sh
# Red without: j.state in look() of cli/rebuild.c (2); min(not_before_ms, ?3) in db/enqueue.c (2);
# struct due's `old` there (3); `j->attempt == 0` there (4).
test_description='rebuild --all --older-than --spread, as cron and timers run it'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

second=11111111-1111-4111-8111-111111111111
third=22222222-2222-4222-8222-222222222222
queue=$NODE/state/queue/queue.db

# Minutes from now on until the queued job of an image may begin.
begins_in () {
	sqlite3 "$queue" "SELECT (not_before_ms / 1000 - unixepoch() + 59) / 60 FROM jobs
		WHERE image = '$1' AND state = 'queued'"
}

queued () {
	sqlite3 "$queue" "SELECT count(*) FROM jobs WHERE state = 'queued'"
}

test_expect_success 'fresh artifacts: nothing is queued, and nothing is said' '
	node_init "sweep_interval: 1h" &&
	node_make_repo &&
	for uuid in $second $third
	do
		hornero image add $uuid hello &&
		hornero image set $uuid builder=make || return 1
	done &&
	node_start &&
	node_swept &&
	hello_pushed one &&
	hornero wait $second --timeout 120 &&
	hornero wait $third --timeout 120 &&
	queue_settles &&
	hornero rebuild --all --older-than 7d --spread 4h >out 2>&1 &&
	test_cmp /dev/null out &&
	for wrong in "--older-than 7d $second" "--all --older-than never" "--all --spread 0s"
	do
		{ hornero rebuild $wrong 2>err; test $? -eq 64; } || return 1
	done
'

# The manifests and the rows of last week. A pause keeps the first job in the queue.
test_expect_success 'two at once queue each old image once, one after the other' '
	hornero pause &&
	sed -i "s/\"built_ms\": *[0-9]*/\"built_ms\": 1000/" \
		"$NODE"/instances/hornero/artifact/*.json &&
	sqlite3 "$queue" "UPDATE jobs SET built_ms = 1000" || return 1
	hornero rebuild --all --older-than 7d --spread 3h >one 2>&1 &
	other=$! &&
	hornero rebuild --all --older-than 7d --spread 3h >two 2>&1 &&
	wait $other &&
	test "$(queued)" -eq 3 &&
	for image in $second $third $HELLO_UUID
	do
		begins_in $image
	done | sort -n >times &&
	printf "%s\\n" 60 120 >want &&
	tail -n 2 times >got &&
	test_cmp want got &&
	hornero rebuild --all --older-than 7d --spread 3h >again 2>&1 &&
	test_cmp /dev/null again &&
	test "$(queued)" -eq 3
'

test_expect_success 'each image has its time, whichever of the others are queued already' '
	late=$(sqlite3 "$queue" "SELECT id FROM jobs WHERE state = \"queued\" ORDER BY
		not_before_ms DESC LIMIT 1") &&
	hornero cancel $late &&
	hornero rebuild --all --older-than 7d --spread 3h &&
	for image in $second $third $HELLO_UUID
	do
		begins_in $image
	done | sort -n >times &&
	tail -n 2 times >got &&
	test_cmp want got
'

test_expect_success 'why says when it begins; a sweep that finds the image cold does not wait' '
	late=$(sqlite3 "$queue" "SELECT image FROM jobs WHERE state = \"queued\" ORDER BY
		not_before_ms DESC LIMIT 1") &&
	job=$(sqlite3 "$queue" "SELECT id FROM jobs WHERE state = \"queued\" AND
		image = \"$late\"") &&
	hornero resume &&
	wait_until "test \$(queued) -eq 2" 60 &&
	hornero why $job >out &&
	test_grep "Job $job begins in [12] h.*hornero rebuild $late. begins it now" out &&
	rm "$(node_warm_path $late)" &&
	hornero sweep &&
	job_ends published &&
	hornero wait $late --timeout 60
'

test_expect_success 'a push does not wait either' '
	test "$(queued)" -eq 1 &&
	hello_pushed two &&
	for uuid in $second $third $HELLO_UUID
	do
		hornero wait $uuid --timeout 120 &&
		warm_text_is two $uuid || return 1
	done &&
	test "$(queued)" -eq 0
'

test_done
