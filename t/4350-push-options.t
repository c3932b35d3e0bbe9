#!/bin/sh
test_description='push options: wait, skip, rebuild, image=, priority=, by the real git'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires jq jq

seed () {
	"$HORNERO_BUILD/t/tools/seed" "$HORNERO_CONF" "$@"
}

# As hornero's own user, who may look at what git's may not write.
sweep () {
	hornero sweep --json >swept &&
	jq -r ".[] | \"\(.image) \(.found)\"" swept
}

# job_of NAME: the job that the last push queued for it.
job_of () {
	sed -n "s/^remote: hornero: job \([0-9]*\) .*queued.* for $1 .*/\1/p" push.out
}

# cancel_all: nothing waits in the queue any more.
cancel_all () {
	hooks_sql 'UPDATE jobs SET state = "cancelled", ended_ms = 1
		WHERE state IN ("queued", "held")'
}

# push_waiting ARG…: in the background; its exit code comes into push.code.
push_waiting () {
	rm -f push.code push.out
	{
		hooks_push "$@" >/dev/null
		echo $? >push.code
	} &
	pusher_pid=$!
	test_cleanup "kill $pusher_pid 2>/dev/null; wait $pusher_pid; :"
}

test_expect_success 'a node, a repository that two images follow, and one of another branch' '
	hooks_node &&
	cp "$HORNERO_BUILD/hornero-sweep" "$test_root/libexec/" &&
	hooks_repo one &&
	hooks_image $U1 one --name First &&
	hooks_image $U2 one --name Second &&
	hooks_image $U3 one --name Side --ref refs/heads/side &&
	hooks_work &&
	test "$(git -C "$REPO" -c safe.directory="*" config receive.advertisePushOptions)" = true
'

test_expect_success 'an unknown option is refused with the list of options; nothing changes' '
	for option in ci.skip wait=1 "" priority=10 image=x
	do
		test_must_fail hooks_push -o "$option" main &&
		test_grep "^remote: hornero: push refused: .*push option" push.out &&
		test_must_fail hooks_ref refs/heads/main || return 1
	done &&
	test_must_fail hooks_push -o ci.skip main &&
	test_grep "known: wait, skip, rebuild, clean, image=UUID, priority=N" push.out &&
	test_must_fail hooks_push -o skip -o wait main &&
	test_grep "skip cannot be combined with other options" push.out &&
	test_must_fail hooks_push -o image=$U3 main &&
	test_grep "no image of that id is built from a ref of this push" push.out &&
	test_must_fail hooks_push -o image=99999999-1111-4111-8111-111111111111 main &&
	test "$(hooks_count)" = 0
'

# Red without: the comparison in parse_one, and that of check_case in cli/call.c.
test_expect_success 'an image id in capital letters is refused, not put right' '
	upper=ABCDEF01-1111-4111-8111-111111111111 &&
	test_must_fail hooks_push -o image=$upper main &&
	why="Nova and Glance write image ids in lower case; use image=abcdef01-1111-" &&
	test_grep "has capital letters: $why" push.out &&
	for words in "image add $upper one" "image show $upper" "why $upper" "rebuild $upper" \
		"wait $upper" "pause $upper"
	do
		test_expect_code 64 hornero $words 2>err &&
		test_grep "capital letters: .*; use abcdef01-1111-4111-8111-111111111111" err ||
		return 1
	done
'

# Red without: cli_uuid for the release in rollback_run.
test_expect_success 'so is a release' '
	test_expect_code 64 hornero rollback $U1 ABCDEF01-1111-4111-8111-111111111111 2>err &&
	test_grep "capital letters: .*; use abcdef01-1111" err
'

test_expect_success 'without options all is as ever' '
	hooks_push main &&
	test -n "$(job_of First)" &&
	test -n "$(job_of Second)" &&
	test "$(hooks_count)" = 2
'

test_expect_success 'skip: no job, the waiting ones are cancelled, and the sweep agrees' '
	first=$(job_of First) &&
	second=$(job_of Second) &&
	hooks_commit file two &&
	hooks_push -o skip main &&
	short=$(hooks_head | cut -c 1-7) &&
	anyway="to build it anyway, run: hornero rebuild $U1" &&
	test_grep "First is not built from $short because of -o skip; $anyway" push.out &&
	test_grep "job $first cancelled: " push.out &&
	test_grep "job $second cancelled: " push.out &&
	sweep >out &&
	test_grep "^$U1 skipped" out &&
	test_grep "^$U2 skipped" out &&
	test "$(hooks_count)" = 2
'

test_expect_success 'why and wait say so' '
	hornero why $U1 >out &&
	test_grep "not built at .*pushed with -o skip.*hornero rebuild $U1" out &&
	test_expect_code 75 hornero wait $U1 2>err &&
	test_grep "pushed with -o skip" err
'

test_expect_success 'also with the queue deleted, and as often as it looks' '
	rm -f "$DB"* &&
	hornero init >/dev/null &&
	sweep >out &&
	test_grep "^$U1 skipped" out &&
	sweep >out &&
	test_grep "^$U2 skipped" out &&
	test "$(hooks_count)" = 0
'

test_expect_success 'rebuild builds it all the same, and the wish is forgotten' '
	hornero rebuild $U1 &&
	test "$(hooks_count)" = 1 &&
	test ! -e "$NODE/state/skip/$U1" &&
	hooks_sql "DELETE FROM jobs" &&
	sweep >out &&
	test_grep "^$U1 queued" out &&
	test_grep "^$U2 skipped" out
'

test_expect_success 'a skip ends when the ref leaves its commit, however it moves' '
	before=$(hooks_ref refs/heads/main^) &&
	skipped=$(hooks_ref refs/heads/main) &&
	as_git git -C "$REPO" update-ref refs/heads/main $before &&
	sweep >out &&
	test_grep "^$U2 queued" out &&
	as_git git -C "$REPO" update-ref refs/heads/main $skipped &&
	hooks_commit file three &&
	hooks_push main &&
	test -n "$(job_of Second)" &&
	test ! -e "$NODE/state/skip/$U2"
'

test_expect_success 'image=: only that one, and the sweep leaves the others alone' '
	hooks_commit file four &&
	hooks_push -o image=$U2 main &&
	test -n "$(job_of Second)" &&
	test -z "$(job_of First)" &&
	test_grep "First is not built from .* because of -o image" push.out &&
	sweep >out &&
	test_grep "^$U1 skipped" out &&
	test_grep "^$U2 under way" out
'

test_expect_success 'rebuild: the row says so' '
	hooks_commit file five &&
	hooks_push -o rebuild -o image=$U1 main &&
	job=$(job_of First) &&
	hornero show $job --json >out &&
	test "$(jq -c "[.force, .origin]" out)" = "[true,\"push\"]"
'

test_expect_success 'priority: before others, or behind them' '
	cancel_all &&
	hooks_commit file six &&
	hooks_push main &&
	hooks_push -o priority=-3 main:refs/heads/side &&
	side=$(job_of Side) &&
	hooks_commit file seven &&
	hooks_push -o priority=9 -o image=$U2 main &&
	urgent=$(job_of Second) &&
	hornero queue --json >out &&
	jq -r "map(select(.state == \"queued\").job) | \"\(.[0]) \(.[-1])\"" out >order &&
	test "$(cat order)" = "$urgent $side" &&
	test "$(job_field priority $urgent)" = 9 &&
	test "$(job_field priority $side)" = -3
'

test_expect_success 'an equal push of less priority does not put the job back' '
	line="$(as_git git -C work rev-parse HEAD~1) $(hooks_head) refs/heads/main" &&
	(
		cd "$REPO" &&
		echo "$line" | as_git env GIT_DIR=. GIT_PUSH_OPTION_COUNT=1 \
			GIT_PUSH_OPTION_0=priority=-9 hooks/post-receive
	) &&
	test "$(job_field priority $urgent)" = 9
'

test_expect_success 'wait: the log as it grows, the verdict, and the push is a push' '
	cancel_all &&
	hooks_commit file eight &&
	push_waiting -o wait -o image=$U1 main &&
	wait_until "grep -q \"follow it with: hornero log -f\" push.out" 20 &&
	job=$(job_of First) &&
	seed claim &&
	echo "compiling" >"$NODE/state/log/$job.1.log" &&
	wait_until "grep -q \"^remote: compiling\" push.out" 20 &&
	seed publish $job 1 &&
	wait_until "test -e push.code" 20 &&
	test "$(cat push.code)" = 0 &&
	test_grep "^remote: hornero: job $job is published: image $U1 is warm" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$(hooks_head)"
'

test_expect_success 'wait with two images: both, and a build that fails is still a push' '
	hooks_commit file nine &&
	push_waiting -o wait main &&
	wait_until "test \$(grep -c \"follow it with: hornero log -f\" push.out) = 2" 20 &&
	first=$(job_of First) &&
	second=$(job_of Second) &&
	seed claim &&
	seed fail $first 1 "make exited 2" &&
	seed claim &&
	seed publish $second 1 &&
	wait_until "test -e push.code" 20 &&
	test "$(cat push.code)" = 0 &&
	test_grep "^remote: hornero: job $first failed: make exited 2" push.out &&
	test_grep "^remote: hornero: job $second is published" push.out
'

if test "$HORNERO_TEST_LONG" = 1
then
	follower="^$test_root/libexec/hornero -c .* log -f"
	test_expect_success 'the client dies: the follower goes, the job stays' '
		hooks_commit file ten &&
		push_waiting -o wait main &&
		wait_until "grep -q \"log -f\" push.out && pgrep -f \"$follower\"" 20 &&
		job=$(job_of First) &&
		kill -KILL $(pgrep -f "^git -C work push $REPO -o wait main") &&
		wait_until "! pgrep -f \"$follower\"" 90 &&
		hooks_sql "SELECT state FROM jobs WHERE id = $job" &&
		test "$(cat rows)" = queued
	'
else
	test_skip 'the client dies: the follower goes, the job stays' 'a long test: make check-long'
fi

test_expect_success 'nothing to wait for' '
	hooks_commit file eleven &&
	hooks_push -o wait main:refs/heads/none &&
	test_grep "no image is built from refs/heads/none" push.out
'

test_expect_success 'a skip that cannot be recorded is named, and the push stays' '
	rm -rf "$NODE/state/skip" &&
	hooks_commit file twelve &&
	hooks_push -o skip main &&
	why="cannot write beside .*/skip/.*; the next sweep builds it unless" &&
	test_grep "cannot record that First is skipped: $why" push.out &&
	hornero init >/dev/null &&
	test -d "$NODE/state/skip"
'

test_expect_success 'hornero init gives repositories of an older hornero what newer ones have' '
	hooks_repo team/deep/old &&
	sed -i "/advertisePushOptions/d" "$REPO/config" &&
	cp "$REPO/config" before &&
	mkdir -p "$NODE/git/foreign.git" &&
	echo "[core]" >"$NODE/git/foreign.git/config" &&
	hornero init --json >out &&
	test "$(jq -c "[.paths[] | select(.outcome == \"mended\")] | map(.path)" out)" = \
		"[\"$REPO/config\"]" &&
	test "$(git config -f "$REPO/config" receive.advertisePushOptions)" = true &&
	head -c $(wc -c <before) "$REPO/config" | cmp - before &&
	test "$(cat "$NODE/git/foreign.git/config")" = "[core]" &&
	hornero init --json >out &&
	test "$(jq "[.paths[] | select(.outcome == \"mended\")] | length" out)" = 0
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'it neither follows a link nor takes a configuration of another user' '
		rm "$REPO/config" &&
		echo secret >elsewhere &&
		chmod 0600 elsewhere &&
		ln -s "$TRASH/elsewhere" "$REPO/config" &&
		hornero init >out 2>err &&
		test_grep "cannot open $REPO/config" err &&
		test "$(cat elsewhere)" = secret &&
		test -L "$REPO/config" &&
		rm "$REPO/config" &&
		sed "s/^/ /" before >"$REPO/config" &&
		chown $GIT_UID "$REPO/config" &&
		hornero init >out 2>err &&
		test_grep "is user $GIT_UID'\''s" err &&
		! grep -q advertise "$REPO/config"
	'
fi

# Red without: check_file_name in conf/image.c, and the case in is_image_file.
test_expect_success 'an image file with capital letters in its name is named, and no image' '
	upper=ABCDEF01-1111-4111-8111-111111111111 &&
	lower=abcdef01-1111-4111-8111-111111111111 &&
	file=$NODE/state/images.d/$upper.yaml &&
	echo "repo: one" >"$file" &&
	words="$upper.yaml has capital letters: .*; rename it to $lower.yaml" &&
	{
		hornero image list >out 2>&1
		hornero doctor >doctor
		hornero sweep >swept 2>err
		:
	} &&
	test_grep "$words" out &&
	test_grep "$words" doctor &&
	test_grep "$words" swept &&
	hooks_commit file capitals &&
	hooks_push main:refs/heads/capitals &&
	test_grep "$words" push.out &&
	mv "$file" "${file%/*}/$lower.yaml" &&
	hornero image show $lower
'

test_done
