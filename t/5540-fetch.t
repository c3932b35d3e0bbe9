#!/bin/sh
# Red without: has() in build_fetch() (3), the blobs in checkout_locks() (4), refetch in
# agent/build/main.c (7), the fetched field in key_content() (9), the removal of tmp in
# workdir_clear_tmp() (10), collect_fetched() (13). With a command that writes to the directory of
# the key itself: 8, 11.
test_description='fetch: before a build, with a network, once for the same lock files'
. "${HORNERO_SRC:-.}/t/lib/mirror.sh"
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
mirror_requires
. "$HORNERO_SRC/t/lib/fetch.sh"
OTHER=33333333-3333-4333-8333-333333333333

test_expect_success 'a node that does not allow it holds the job and says what to write' '
	mirror_start &&
	fetch_node &&
	fetch_push one first &&
	job_reaches held &&
	test "$(attempt_field cause)" = fetch &&
	test "$(attempt_field class)" = operator &&
	why_says $job "write allow_fetch: yes into $HORNERO_CONF, then: hornero retry $job" &&
	mirror_words
'

test_expect_success 'what is fetched is there for the build, which has no network' '
	node_set allow_fetch yes &&
	node_reload &&
	fetch_retry &&
	job_ends published &&
	warm_text_is "got one.first" &&
	log_says $job "fetching, with a network: sh" &&
	log_says $job "fetched .* in [0-9.]+ s; kept as" &&
	mirror_words one &&
	fetch_kept 1
'

test_expect_success 'the same lock file fetches once' '
	fetch_push one second &&
	job_ends published &&
	warm_text_is "got one.second" &&
	log_says $job "fetched earlier, for the same lock files" &&
	mirror_words
'

test_expect_success 'a changed lock file fetches again, and the build starts from nothing' '
	fetch_push two second &&
	job_ends published &&
	warm_text_is "got two.second" &&
	test "$(job_field built)" = clean &&
	mirror_words two &&
	fetch_kept 2
'

test_expect_success 'a commit that was built before is known, and fetches nothing' '
	fetch_push one second &&
	job_ends published &&
	test "$(job_field reused)" = true &&
	warm_text_is "got one.second" &&
	mirror_words
'

test_expect_success 'a clean build of a builder that failed keeps what was fetched' '
	echo "exit 1" >>"$HELLO_WORK/build.sh" &&
	fetch_push two third &&
	job_ends failed &&
	log_says $job "building once more, from nothing" &&
	fetch_tree "$HELLO_WORK" &&
	mirror_words
'

test_expect_success 'push -o clean fetches again' '
	fetch_push two third -o clean &&
	job_ends published &&
	warm_text_is "got two.third" &&
	mirror_words two &&
	fetch_kept 2
'

test_expect_success 'a fetch that fails: the cause, its last line, and nothing kept' '
	echo "echo no such module >&2; exit 5" >>"$HELLO_WORK/fetch.sh" &&
	fetch_push three third &&
	job_ends failed &&
	test "$(attempt_field cause)" = fetch &&
	test "$(attempt_field class)" = pusher &&
	why_says $job "sh ended with exit 5; its last line: no such module; if the network was" &&
	mirror_words three &&
	fetch_kept 2 &&
	fetch_tree "$HELLO_WORK"
'

# The other repository is another owner'\''s: what its code fetched must not reach this one.
test_expect_success 'the same tree in another repository fetches and builds for itself' '
	repo=$(hornero repo create other | tail -n 1) &&
	hornero image add "$OTHER" other --name other &&
	fetch_push one third &&
	git -C "$HELLO_WORK" push "$repo" main >push.out 2>&1 &&
	push_job &&
	job_ends published &&
	test "$(job_field reused)" = false &&
	warm_text_is "got one.third" "$OTHER" &&
	mirror_words one &&
	fetch_kept 1 "$OTHER" &&
	queue_settles
'

# Red without PR_SET_PDEATHSIG in lib/dirs.c, if hornerod is root's.
test_expect_success 'a kill in mid-fetch leaves nothing, and the next attempt fetches' '
	fetch_push "four wait" third &&
	wait_until "grep -q wait \"$mirror_log\"" 30 &&
	hornero top --json >top.out &&
	test_grep "\"stage\": \"fetch\"" top.out &&
	node_kill9 &&
	test "$(fetch_left four)" = "$NODE/unikernels/$HELLO_UUID/fetched/tmp/four" &&
	mirror_words four wait &&
	node_start &&
	wait_until "grep -q wait \"$mirror_log\"" 60 &&
	hornero cancel $job &&
	job_reaches cancelled &&
	wait_until "! fetch_left four" 20 &&
	mirror_words four wait
'

test_expect_success 'so does a death just before the rename' '
	node_stop &&
	node_set failpoint fetch-before-rename &&
	node_start &&
	fetch_push five third &&
	wait_until "test \"\$(job_field attempts[0].cause)\" = crash" 60 &&
	node_stop &&
	! fetch_left five &&
	node_set failpoint &&
	: >"$mirror_log" &&
	node_start &&
	job_ends published &&
	warm_text_is "got five.third" &&
	mirror_words five
'

test_expect_success 'two images fetch at the same time' '
	git -C "$HELLO_WORK" commit -q -a --allow-empty -m more &&
	printf "both\n" >"$HELLO_WORK/lock" &&
	git -C "$HELLO_WORK" commit -q -a -m both &&
	git -C "$HELLO_WORK" push "$repo" main >push.out 2>&1 &&
	push_job && other=$job &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job &&
	job_ends published &&
	job_ends published "$other" &&
	warm_text_is "got both.third" &&
	warm_text_is "got both.third" "$OTHER" &&
	mirror_words both both
'

test_expect_success 'gc keeps what the last build of an image used' '
	fetch_left five &&
	hornero gc --dry-run >out &&
	test_grep "would remove fetched $HELLO_UUID, .*the lock files" out &&
	fetch_left five &&
	hornero gc >out &&
	fetch_kept 1 &&
	fetch_left both &&
	fetch_kept 1 "$OTHER" &&
	fetch_push both fourth &&
	job_ends published &&
	warm_text_is "got both.fourth" &&
	mirror_words
'

test_expect_success 'a tree without a lock file: the pusher is told which one it needs' '
	git -C "$HELLO_WORK" rm -q --cached lock && rm "$HELLO_WORK/lock" &&
	echo "builder: fetching" >"$HELLO_WORK/.hornero.yaml" &&
	git -C "$HELLO_WORK" add -A && git -C "$HELLO_WORK" commit -q -m unlocked &&
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	push_job &&
	job_ends failed &&
	test "$(attempt_field class)" = pusher &&
	why_says $job "has no file .* .fetch_locks of the builder: lock.; commit it" &&
	mirror_words &&
	node_stop
'

test_done
