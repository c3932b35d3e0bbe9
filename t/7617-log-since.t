#!/bin/sh
# Red without: logtimes_note() in write_out() of stagelog.c (1); `begin` in logfile_rewind() (2, 3);
# ".times" in job_of() of collect_logs.c (4); st_mtim in seek_since() of buildlog.c (5).
test_description='hornero log --since: what was written in the last minutes'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/push.sh"
test_requires zstd zstd

logs=$NODE/state/log

# an_hour_older: all that the log of the job has by now. The builder goes on writing to the file.
an_hour_older () {
	awk '{ printf "%s %.0f\n", $1, $2 - 3600000 }' "$logs/$job.1.times" >times &&
	cat times >"$logs/$job.1.times"
}
written () {
	wait_until "grep -q -x '$1' '$logs/$job.1.log'" 60
}

test_expect_success 'a build under way: only what it wrote of late' '
	node_init &&
	node_make_repo &&
	node_start &&
	node_swept &&
	lines="printf half; sleep 2; echo -way; echo late; false" &&
	push_make "echo early; sleep 2; echo middle; $gate; $lines" &&
	written middle &&
	hornero log $job --since 30m >out &&
	test_grep "^early$" out &&
	an_hour_older &&
	hornero log $job --since 30m >out 2>err &&
	test_cmp /dev/null out &&
	test_grep "nothing was written to the log of job $job in that time" err &&
	hornero log $job --since 2h >out &&
	test_grep "^early$" out
'

test_expect_success 'with --follow what comes now, too, from the beginning of a line' '
	{ hornero log -f $job --since 30m >followed 2>&1 & } &&
	follower=$! &&
	wait_until "ls -l /proc/$follower/fd | grep -q $job.1.log" 60 &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/go" &&
	test_expect_code 1 wait $follower &&
	test_grep "^half-way$" followed &&
	test_grep "^late$" followed &&
	test_grep ! early followed
'

test_expect_success '--tail and --grep look at these lines only; a compressed log has them, too' '
	for packed in no yes
	do
		hornero log $job --since 30m --grep ea >out 2>err || test $? -eq 1 &&
		test_cmp /dev/null out &&
		hornero log $job --since 30m --tail 99 >out &&
		test_grep "^half-way$" out &&
		test_grep ! early out &&
		hornero log $job --since 30m >out &&
		test_grep "^late$" out &&
		test_grep ! early out || return 1
		touch -d "2 hours ago" "$logs/$job.1.log" &&
		hornero gc || return 1
	done &&
	test -e "$logs/$job.1.log.zst"
'

test_expect_success 'they go with the log' '
	node_set log_keep 1h &&
	touch -d "2 hours ago" "$logs/$job".* &&
	hornero gc &&
	test -z "$(ls "$logs" | grep "^$job\\.")"
'

test_expect_success 'a log of less than a second needs no file: its own time counts' '
	push_make "echo early; false" &&
	job_ends failed &&
	test ! -e "$logs/$job.1.times" &&
	hornero log $job --since 30m >out &&
	test_grep "^early$" out &&
	touch -d "1 hour ago" "$logs/$job.1.log" &&
	hornero log $job --since 30m >out 2>err &&
	test_cmp /dev/null out &&
	test_grep "nothing was written" err &&
	test_expect_code 64 hornero log $job --since soon
'

test_done
