#!/bin/sh
test_description='hornero show --diff: against the last good build of the image'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/cli.sh"
test_requires sqlite3 sqlite3
test_requires zstd zstd

IMAGE=00000000-0000-4000-8000-000000000077

seed () {
	"$HORNERO_BUILD/t/tools/seed" hornero.yaml "$@"
}

# build COMMIT: a job of it that runs. Sets job and log.
build () {
	job=$(seed queue $IMAGE "$1") &&
	test "$(seed claim)" = "$job" &&
	log=$TRASH/state/log/$job.1.log
}

test_expect_success 'a repository with two commits; the first was built and published' '
	cli_node &&
	hornero init &&
	git init -q -b main work &&
	(cd work && echo one >kept && echo one >edited && echo one >gone && git add . &&
		git commit -q -m one && echo two >edited && git rm -q gone &&
		echo two >"new
name" && git add . && git commit -q -m two) &&
	one=$(git -C work rev-parse HEAD~1) &&
	two=$(git -C work rev-parse HEAD) &&
	mkdir -p git/team &&
	git clone -q --bare work git/team/hello.git
'

test_expect_success 'no good build yet: said, and null' '
	build $one &&
	hornero show $job --diff >out &&
	test_grep "No earlier build of this image was published" out &&
	hornero show $job --diff --json | jq -e "has(\"diff\") and .diff == null" &&
	printf "cc a.c 12 ms\ncc b.c 7 ms\nlinked\n" >$log &&
	good=$job &&
	seed publish $good 1
'

# Red with COMMITs in the other order; red without the digits in hash().
test_expect_success 'files changed, new lines of the log, and the times of both' '
	build $two &&
	printf "cc a.c 13 ms\ncc b.c 8000 ms\nb.c:7: error: \033[31mx\nexit 2" >$log &&
	seed fail $job 1 "the builder exited 2" &&
	hornero show $job --diff >out &&
	test_grep "^Compared with job $good .$(echo $one | cut -c 1-12), .* the last good" out &&
	test_grep "^A  *new.x0aname" out &&
	test_grep "^D  *gone" out &&
	test_grep "^M  *edited" out &&
	test_must_fail grep kept out &&
	test_grep "^3 files changed\." out &&
	test_grep "^2 lines of the log are new, numbers apart:" out &&
	test_grep "^  b.c:7: error: .x1b.31mx" out &&
	test_grep "^  exit 2" out &&
	test_must_fail grep "cc a.c" out &&
	test_grep "^build  *3.4 s  *3.4 s" out
'

test_expect_success 'the same as JSON, with a log that was compressed meanwhile' '
	zstd -q --rm "$TRASH/state/log/$good.1.log" &&
	hornero show $job --diff --json >out &&
	zstd -q -d --rm "$TRASH/state/log/$good.1.log.zst" &&
	jq -e ".diff | .job == $good and .commit == \"$one\" and .files_changed == 3 and
		([.files[] | .status] == [\"M\", \"D\", \"A\"]) and .log_lines == 2 and
		.log[1] == \"exit 2\" and
		(.stages[] | select(.stage == \"build\") | .ms == 3456 and .good_ms == 3456)" out &&
	hornero show $job --json | jq -e "has(\"diff\") | not"
'

# Red without `reused = 0`, red without `id < ?2` in job_last_good().
test_expect_success 'good is what was built: not reused, not failed, not newer' '
	failed=$job &&
	build $two && seed publish $job 1 &&
	sqlite3 state/queue/queue.db "UPDATE jobs SET reused = 1 WHERE id = $job" &&
	build $one && seed publish $job 1 && newest=$job &&
	hornero show $failed --diff --json | jq -e ".diff.job == $good" &&
	hornero show $newest --diff --json | jq -e ".diff.job == $good and .diff.files == []"
'

test_expect_success 'many new lines: the last 50; a log or a commit that is gone' '
	seq 1000 | sed "s/^/x/; s/[0-9]/&y/g" >$log &&
	hornero show $newest --diff >out &&
	test_grep "^1000 lines of the log are new.*the last 50:" out &&
	test "$(grep -c "^  x" out)" -eq 50 &&
	grep "^  x" out | tail -n 1 >last &&
	test_grep "^  x1y0y0y0y$" last &&
	rm "$TRASH/state/log/$good.1.log" &&
	rm -r git/team/hello.git &&
	hornero show $newest --diff >out &&
	test_grep "The logs cannot be compared" out &&
	test_grep "git cannot compare the commits" out &&
	hornero show $newest --diff --json | jq -e ".diff.files == null and .diff.log == null"
'

test_done
