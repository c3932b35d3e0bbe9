#!/bin/sh
# Fast now, proven soon: an idle node builds the artifact of an incremental build again, from
# nothing. The same bytes confirm it, other bytes replace it, and its job says which.
test_description='incremental artifacts are confirmed by clean builds'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"

# A length of sleep that nobody else on this machine sleeps.
long=$((100000 + $$))
OTHER=33333333-3333-4333-8333-333333333333

cat >makefile <<END
hornero.raw: o b
	cat o b >hornero.raw
	truncate -s 1M hornero.raw
	{ test ! -e fail || test -e kept; } && touch kept
o: a
	test ! -e slow || exec sleep $long
	cat a stale >o
END

# built_is HOW: clean, incremental, or confirmed
built_is () {
	test "$(image_field built)" = "$1"
}

# confirmation STATE: the newest one since $job is in it, or in any without STATE. Sets confirm.
confirmation () {
	hornero queue --all --json >queue.json &&
	confirm=$(json_sql queue.json "SELECT iif('$1' IN (state, ''), job, '') FROM (
		SELECT value ->> 'job' AS job, value ->> 'state' AS state FROM f, json_each(j)
		WHERE value ->> 'origin' = 'confirm' AND job > $job ORDER BY job DESC LIMIT 1)") &&
	test -n "$confirm"
}

# push_unconfirmed: node_push, and its artifact is not confirmed before confirm_now.
push_unconfirmed () {
	hornero image set "$HELLO_UUID" confirm=never >/dev/null &&
	node_push &&
	built_is incremental
}

confirm_now () {
	hornero image set "$HELLO_UUID" confirm= >/dev/null
}

# The rule of o sleeps where a file "slow" is there; an incremental build need not make o.
sleeping () {
	pgrep -f "^sleep $long" >/dev/null
}

# confirmation_sleeps: one runs, and is in that rule. Sets was.
confirmation_sleeps () {
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
	was=$confirm
}

# reason_says JOB WORDS
reason_says () {
	job_field reason "$1" >reason &&
	grep -F -e "$2" reason ||
	{ cat reason; return 1; }
}

sweep_queues_nothing () {
	hornero sweep >out &&
	test_grep "^0 queued" out
}

test_expect_success 'a node where an object does not depend on one of its sources' '
	cp -r "$HORNERO_SRC/etc/builders.d" builders.d &&
	chmod -R u+w builders.d &&
	node_init "builders_dir: $TRASH/builders.d" \
		"confirm: idle" &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -rq . &&
	echo "builder: make" >"$HELLO_WORK/.hornero.yaml" &&
	echo a1 >"$HELLO_WORK/a" &&
	echo b1 >"$HELLO_WORK/b" &&
	cp makefile "$HELLO_WORK/Makefile" &&
	echo s1 >"$HELLO_WORK/stale" &&
	node_push &&
	built_is clean &&
	plain=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	! confirmation queued
'

# Red without: confirming_after() in publication_end.c; claim_idle() in turn.c.
test_expect_success 'the same bytes: confirmed, and an answer for every image' '
	echo b2 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(job_field built)" = incremental &&
	first=$job &&
	wait_until confirmation 30 &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	wait_until "confirmation published" 60 &&
	built_is confirmed &&
	reason_says $first "confirmed: a clean build (job $confirm) gave the same bytes" &&
	hornero show $first --json | jq -e "any(.events[]; .event == \"confirmed\")" &&
	log_says $first "confirmed: " &&
	test ! -e "$NODE/unikernels/$HELLO_UUID.confirm" &&
	key=$(job_field key $first) &&
	test -e "$NODE/instances/hornero/clean/$key" &&
	why_says "$HELLO_UUID" "is warm"
'

# Red without: job_set_built() in confirming_settle().
test_expect_success 'other bytes: the clean ones are warm, and both jobs, log and why say so' '
	echo s2 >"$HELLO_WORK/stale" &&
	push_unconfirmed &&
	warm_lines a1 s1 b2 &&
	first=$job &&
	confirm_now &&
	wait_until "confirmation published" 60 &&
	wait_until "built_is clean" 10 &&
	warm_lines a1 s2 b2 &&
	words="the incremental build of job $first gave other bytes than a clean one" &&
	words="$words; the clean ones are warm since job $confirm" &&
	reason_says $first "$words" &&
	log_says $first "$words" &&
	test_grep "event=replaced job=$first .*other bytes" "$NODE/hornerod.log" &&
	reason_says $confirm "$words" &&
	why_says $first "$words"
'

# Red without: leave_leftovers() in build_store.c.
test_expect_success 'the next push is not built upon what has been proven wrong' '
	echo b3 >"$HELLO_WORK/b" &&
	node_push &&
	built_is clean &&
	warm_lines a1 s2 b3
'

# Red without: end_confirmation() in claim.c; confirms in turn.c may_begin(); confirming_yield().
test_expect_success 'a newer push of the same image takes the place of one that runs' '
	echo >"$HELLO_WORK/slow" &&
	echo b33 >"$HELLO_WORK/b" &&
	node_push &&
	built_is incremental &&
	confirmation_sleeps &&
	hornero queue | grep " confirm " &&
	why_says "$HELLO_UUID" "job $was builds it again from nothing" &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo b4 >"$HELLO_WORK/b" &&
	node_push &&
	warm_lines a1 s2 b4 &&
	job_state_is superseded $was &&
	wait_until "! sleeping" 10 &&
	test "$(job_field attempts[0].attempt)" = 1
'

# Red without: running() passing over confirmations; the requeue in confirming_settle().
test_expect_success 'the only worker is free at once for another image; the confirmation restarts' '
	confirmation_sleeps &&
	hello=$job &&
	other=$(hornero repo create other | tail -n 1) &&
	hornero image add $OTHER other >/dev/null &&
	git -C "$HELLO_WORK" push -q "$other" $plain:refs/heads/main 2>/dev/null &&
	hornero wait $OTHER --timeout 300 &&
	test_grep "event=confirmation-yields job=$was" "$NODE/hornerod.log" &&
	job=$hello &&
	wait_until "confirmation running" 90 &&
	test "$(job_attempts $was)" -gt 1 &&
	rm "$HELLO_WORK/slow" &&
	node_push
'

# Red without: the condition on draining in claim().
test_expect_success 'a drain ends it, and a pause keeps it from beginning' '
	echo >"$HELLO_WORK/slow" &&
	node_push &&
	echo b9 >"$HELLO_WORK/b" &&
	node_push &&
	confirmation_sleeps &&
	hornero drain --timeout 20 &&
	wait_until "! sleeping" 10 &&
	hornero resume &&
	rm "$HELLO_WORK/slow" &&
	node_push
'

test_expect_success 'it survives a restart, and a lost queue' '
	echo b5 >"$HELLO_WORK/b" &&
	node_push &&
	node_kill9 &&
	node_start &&
	wait_until "confirmation published" 60 &&
	built_is confirmed &&
	echo b6 >"$HELLO_WORK/b" &&
	push_unconfirmed &&
	node_stop &&
	rm -f "$NODE"/state/queue/queue.db* &&
	confirm_now &&
	node_start &&
	hornero sweep >/dev/null &&
	wait_until "confirmation published" 60 &&
	built_is confirmed
'

# Red without: both makeway_run() of replace_own() and makeway_look() of put_in_place() in
# agent/publish/publish.c; confirming_replaces() in publication_end.c record(), for the words.
test_expect_success 'in_use defer: other bytes wait for an instance on the old ones; why says so' '
	echo bd >"$HELLO_WORK/b" &&
	node_push &&
	echo s4 >"$HELLO_WORK/stale" &&
	push_unconfirmed &&
	first=$job &&
	bytes=$(warm_text) &&
	stand_on "$(node_warm_path "$HELLO_UUID")" &&
	confirm_now &&
	wait_until "confirmation built" 60 &&
	what="a clean build .job $confirm. gave other bytes" &&
	why_says "$HELLO_UUID" "$what.*instance vm stands on" 20 &&
	warm_text_is "$bytes" &&
	why_says $confirm "instance vm stands on the present bytes" &&
	test "$(job_field reason $first)" = "" &&
	rm -r "$NODE/instances/vm" &&
	wait_until "confirmation published" 60 &&
	warm_lines a1 s4 bd &&
	reason_says $first "gave other bytes than a clean one"
'

# first_has EVENT WORDS: the job of the push has the event, once, and the words as its reason
first_has () {
	hornero show $first --json >shown &&
	jq -r .reason shown >reason &&
	test_grep "$2" reason &&
	hornero log $first >log &&
	test "$(grep -c "$2" log)" -eq 1 &&
	test "$(jq "[.events[] | select(.event == \"$1\")] | length" shown)" -eq 1
}

# dies POINT: a confirmation gets there, and hornerod begins again
dies () {
	node_stop &&
	node_set failpoint $1 &&
	confirm_now &&
	node_start &&
	hornerod_says failpoint.point=$1 60 &&
	node_kill9 &&
	node_set failpoint &&
	node_start &&
	wait_until "confirmation published" 60
}

# Red with: confirming_replaces() behind job_set_published() in record(), or a job_remark() that
# repeats itself: the second.
for point in agent-before-published confirm-remarked
do
	test_expect_success "other bytes, and a death at $point: its job says so, once" '
		echo b$point >"$HELLO_WORK/b" &&
		node_push &&
		echo s$point >"$HELLO_WORK/stale" &&
		push_unconfirmed &&
		first=$job &&
		dies $point &&
		warm_lines a1 s$point b$point &&
		first_has replaced "gave other bytes than a clean one" &&
		reason_says $confirm "gave other bytes than a clean one"
	'
done

# Red with: a job_remark() that repeats itself. (The death comes behind the remark: the order in
# settle_good() is not tested.)
test_expect_success 'the same bytes, and a death at confirm-remarked' '
	: >"$NODE/hornerod.log" &&
	echo b7 >"$HELLO_WORK/b" &&
	node_push &&
	echo b8 >"$HELLO_WORK/b" &&
	push_unconfirmed &&
	first=$job &&
	dies confirm-remarked &&
	built_is confirmed &&
	first_has confirmed "gave the same bytes"
'

# runs_slowly BYTES: a confirmation of these, in the rule that sleeps
runs_slowly () {
	echo >"$HELLO_WORK/slow" &&
	echo "$1" >"$HELLO_WORK/b" &&
	node_push &&
	confirmation_sleeps &&
	built_is incremental
}

# Red without: is_confirm() in agent/hornerod/attempt.c attempt_resume().
test_expect_success 'a reload keeps it, as a confirmation: a push takes its place' '
	runs_slowly r1 &&
	: >"$NODE/hornerod.log" &&
	kill -HUP $node_pid &&
	hornerod_says ^READY 20 &&
	sleeping &&
	job_state_is running $was &&
	test "$(job_attempts $was)" -eq 1 &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo r2 >"$HELLO_WORK/b" &&
	node_push &&
	warm_lines a1 sconfirm-remarked r2 &&
	job_state_is superseded $was &&
	wait_until "! sleeping" 10
'

test_expect_success 'a pause of its image: another image is built meanwhile; what is warm is warm' '
	confirmation_sleeps &&
	hello=$job &&
	hornero pause "$HELLO_UUID" &&
	why_says "$HELLO_UUID" "paused by" &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	next=$(git -C "$HELLO_WORK" commit-tree -p $plain -m other "HEAD~2^{tree}") &&
	git -C "$HELLO_WORK" push -q "$other" $next:refs/heads/main 2>/dev/null &&
	hornero wait $OTHER --timeout 300 &&
	job=$hello &&
	hornero resume "$HELLO_UUID" &&
	wait_until "confirmation running" 60
'

test_expect_success 'a pause of the node: it stands still; a push takes its place on resume' '
	wait_until sleeping 30 &&
	was=$confirm &&
	hornero pause &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo p1 >"$HELLO_WORK/b" &&
	git -C "$HELLO_WORK" commit -q -a -m p1 &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	test_grep "paused by" push.out &&
	hornero resume &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	warm_lines a1 sconfirm-remarked p1 &&
	job_state_is superseded $was &&
	wait_until "! sleeping" 10 &&
	rm "$HELLO_WORK/slow" &&
	node_push
'

# confirmations AGGREGATE: of the jobs that are confirmations: count(*), max(job)
confirmations () {
	hornero queue --all --json >queue.json &&
	json_sql queue.json "SELECT $1 FROM (SELECT value ->> 'job' AS job FROM f, json_each(j)
		WHERE value ->> 'origin' = 'confirm')"
}

newest () {
	confirmations 'max(job)'
}

# Red with: every ended state tried again in agent/common/confirm.c is_over().
test_expect_success 'a cancelled one stays so; retry, or other content, asks for one again' '
	echo c1 >"$HELLO_WORK/b" &&
	push_unconfirmed &&
	hornero pause "$HELLO_UUID" && # it cannot begin
	confirm_now &&
	wait_until "confirmation queued" 30 &&
	was=$confirm &&
	hornero cancel $was &&
	hornero resume "$HELLO_UUID" &&
	sweep_queues_nothing &&
	test "$(newest)" = $was &&
	built_is incremental &&
	why_says "$HELLO_UUID" "job $was was cancelled; .hornero retry $was. queues one again" &&
	hornero retry $was &&
	wait_until "confirmation published" 60 &&
	built_is confirmed &&
	echo c2 >"$HELLO_WORK/b" &&
	push_unconfirmed &&
	hornero pause "$HELLO_UUID" &&
	confirm_now &&
	wait_until "confirmation queued" 30 &&
	was=$confirm &&
	hornero rebuild "$HELLO_UUID" >out &&
	again=$(node_job out) &&
	job_state_is superseded $was &&
	hornero cancel "$again" &&
	hornero resume "$HELLO_UUID" &&
	hornero sweep &&
	wait_until "confirmation published" 60 &&
	built_is confirmed
'

# Red without: CONF_CONFIRM_IDLE in agent/common/confirm.c is_wished().
test_expect_success 'confirm: never for the node: neither a push nor the sweep asks for one' '
	node_stop &&
	node_set confirm never &&
	node_start &&
	echo n1 >"$HELLO_WORK/b" &&
	node_push &&
	built_is incremental &&
	was=$(newest) &&
	sweep_queues_nothing &&
	test "$(newest)" = $was &&
	test $was -lt $job &&
	node_stop &&
	node_set confirm idle &&
	node_start &&
	hornero sweep >out &&
	wait_until "confirmation published" 60 &&
	built_is confirmed
'

# Red without: settle_bad(); is_over() in confirm.c, which keeps it from being tried for ever.
test_expect_success 'a clean build that fails is reported, and not repeated; the artifact stays' '
	echo >"$HELLO_WORK/fail" &&
	node_push &&
	first=$job &&
	built_is incremental &&
	wait_until "confirmation failed" 60 &&
	bytes=$(warm_text) &&
	built_is incremental &&
	words="a clean build of the same content failed (job $confirm: make ended with exit 2" &&
	reason_says $first "$words" &&
	test_grep "stays warm" reason &&
	sweep_queues_nothing &&
	confirmation failed &&
	warm_text_is "$bytes" &&
	why_says "$HELLO_UUID" "a clean build"
'

# Red without: IMAGE_CONFIRM_IDLE in is_wished().
test_expect_success 'never for an image' '
	n=$(confirmations "count(*)") &&
	hornero image set "$HELLO_UUID" confirm=never >/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	echo b7 >"$HELLO_WORK/b" &&
	node_push &&
	built_is incremental &&
	sweep_queues_nothing &&
	test "$(confirmations "count(*)")" = $n
'

test_done
