#!/bin/sh
# Fast now, proven soon: what an incremental build gave is built again from nothing when there is
# nothing else to do. The same bytes are confirmed, others are published in its place, and whoever
# asks is told.
test_description='incremental artifacts are confirmed by clean builds'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# A length of sleep that nobody else on this machine sleeps.
long=$((100000 + $$))
OTHER=33333333-3333-4333-8333-333333333333

built () {
	hornero image show "$HELLO_UUID" --json | jq -r .built
}

# confirmation STATE: the newest one; $confirm
confirmation () {
	confirm=$(hornero queue --all --json | jq -r "[.[] | select(.origin == \"confirm\" and .job > $job)] | max_by(.job) // empty | select(.state == \"$1\") | .job") &&
	test -n "$confirm"
}

stands () {
	mkdir -p "$NODE/instances/vm" &&
	echo "{\"$NODE/instances/vm/disk\": \"qcow2\"}" >"$NODE/instances/vm/disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$(node_warm_path "$HELLO_UUID")" \
		"$NODE/instances/vm/disk" 64M
}

conf () {
	sed -i "/^$1:/d" "$HORNERO_CONF" &&
	echo "$1: $2" >>"$HORNERO_CONF"
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
	printf \
		"hornero.raw: o b\n\tcat o b >hornero.raw; truncate -s 1M hornero.raw; { test ! -e fail || test -e kept; } && touch kept\no: a\n\ttest ! -e slow || exec sleep $long; cat a stale >o\n" \
		>"$HELLO_WORK/Makefile" &&
		echo s1 >"$HELLO_WORK/stale" &&
		node_push &&
		test "$(built)" = clean &&
	plain=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	! confirmation queued
'

# Red without: confirming_after() in published.c; claim_idle() in turn.c.
test_expect_success 'the same bytes: confirmed, and an answer for every image' '
	echo b2 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	first=$job &&
	wait_until "confirmation queued" 5 &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	wait_until "confirmation published" 60 &&
	test "$(built)" = confirmed &&
	hornero show $first --json | jq -r .reason >reason &&
	grep -F "confirmed: a clean build (job $confirm) gave the same bytes" reason &&
	hornero show $first --json | jq -e "any(.events[]; .event == \"confirmed\")" &&
	hornero log $first >log &&
	test_grep "confirmed: " log &&
	test ! -e "$NODE/unikernels/$HELLO_UUID.confirm" &&
	key=$(hornero show $first --json | jq -r .key) &&
	test -e "$NODE/instances/hornero/clean/$key" &&
	hornero why "$HELLO_UUID" >why &&
	test_grep "is warm" why
'

# Red without: job_set_built() in confirming_settle().
test_expect_success 'other bytes: the clean ones are warm, and everybody is told' '
	echo s2 >"$HELLO_WORK/stale" &&
	node_push &&
	test "$(warm_text)" = "$(printf "a1\ns1\nb2")" &&
	first=$job &&
	wait_until "confirmation published" 60 &&
	wait_until "test \"\$(built)\" = clean" 10 &&
	test "$(warm_text)" = "$(printf "a1\ns2\nb2")" &&
	words="the incremental build of job $first gave other bytes than a clean one; the clean ones are warm since job $confirm" &&
	hornero show $first --json | jq -r .reason >reason &&
	test_grep "$words" reason &&
	hornero log $first >log &&
	test_grep "$words" log &&
	test_grep "event=replaced job=$first .*other bytes" "$NODE/hornerod.log" &&
	hornero show $confirm --json | jq -r .reason >reason &&
	test_grep "$words" reason &&
	hornero why $first >why &&
	test_grep "$words" why
'

# Red without: leave_leftovers() in build_store.c.
test_expect_success 'the next push is not built upon what has been proven wrong' '
	echo b3 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = clean &&
	test "$(warm_text)" = "$(printf "a1\ns2\nb3")"
'

# The rule of o sleeps where a file "slow" is there; an incremental build need not make o.
sleeping () {
	pgrep -f "^sleep $long" >/dev/null
}

# Red without: end_confirmation() in claim.c; confirms in turn.c may_begin(); confirming_yield().
test_expect_success 'a newer push of the same image takes the place of one that runs' '
	echo >"$HELLO_WORK/slow" &&
	echo b33 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
	hornero queue | grep " confirm " &&
	was=$confirm &&
	hornero why "$HELLO_UUID" >why &&
	grep -F "job $was builds it again from nothing" why &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo b4 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(warm_text)" = "$(printf "a1\ns2\nb4")" &&
	hornero show $was --json | jq -e ".state == \"superseded\"" &&
	wait_until "! sleeping" 10 &&
	test $(hornero show $job --json | jq .attempts[0].attempt) = 1
'

# Red without: running() passing over confirmations; the requeue in confirming_settle().
test_expect_success 'the only worker is free at once for another image, and the confirmation comes again' '
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
	was=$confirm &&
	hello=$job &&
	other=$(hornero repo create other | tail -n 1) &&
	hornero image add $OTHER other >/dev/null &&
	git -C "$HELLO_WORK" push -q "$other" $plain:refs/heads/main 2>/dev/null &&
	hornero wait $OTHER --timeout 60 &&
	test_grep "event=confirmation-yields job=$was" "$NODE/hornerod.log" &&
	job=$hello &&
	wait_until "confirmation running" 90 &&
	hornero show $was --json | jq -e "(.attempts | length) > 1" &&
	rm "$HELLO_WORK/slow" &&
	node_push
'

# Red without: the condition on draining in claim().
test_expect_success 'a drain ends it, and a pause keeps it from beginning' '
	echo >"$HELLO_WORK/slow" &&
	node_push &&
	echo b9 >"$HELLO_WORK/b" &&
	node_push &&
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
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
	test "$(built)" = confirmed &&
	echo b6 >"$HELLO_WORK/b" &&
	node_push &&
	node_stop &&
	rm -f "$NODE"/state/queue/queue.db* &&
	node_start &&
	hornero sweep >/dev/null &&
	wait_until "confirmation published" 60 &&
	test "$(built)" = confirmed
'

# Red without: both makeway_run() of replace_own() and makeway_look() of put_in_place() in
# agent/publish/publish.c; confirming_replaces() in published.c record(), for the words.
test_expect_success 'in_use defer: other bytes wait for the instance that stands on the old ones, and why says so' '
	echo bd >"$HELLO_WORK/b" &&
	node_push &&
	echo s4 >"$HELLO_WORK/stale" &&
	node_push &&
	test "$(built)" = incremental &&
	first=$job &&
	bytes=$(warm_text) &&
	stands &&
	wait_until "confirmation built" 60 &&
	wait_until \
		"hornero why $HELLO_UUID | grep \"a clean build (job $confirm) gave other bytes.*instance vm stands on\"" 20 &&
	test "$(warm_text)" = "$bytes" &&
	hornero why $confirm >why &&
	test_grep "instance vm stands on the present bytes" why &&
	hornero show $first --json | jq -e ".reason // \"\" == \"\"" &&
	rm -r "$NODE/instances/vm" &&
	wait_until "confirmation published" 60 &&
	test "$(warm_text)" = "$(printf "a1\ns4\nbd")" &&
	hornero show $first --json | jq -r .reason >reason &&
	test_grep "gave other bytes than a clean one" reason
'

# told EVENT WORDS: the job of the push has been told so, once
told () {
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
	conf failpoint $1 &&
	node_start &&
	wait_until "grep -q failpoint.point=$1 $NODE/hornerod.log" 60 &&
	node_kill9 &&
	sed -i /^failpoint:/d "$HORNERO_CONF" &&
	node_start &&
	wait_until "confirmation published" 60
}

# Red with: confirming_replaces() behind job_set_published() in record(), or a job_remark() that
# repeats itself: the second.
for point in agent-before-published confirm-remarked
do
	test_expect_success "other bytes, and a death at $point: the job of the push is told all the same, once" '
		echo b$point >"$HELLO_WORK/b" &&
		node_push &&
		echo s$point >"$HELLO_WORK/stale" &&
		node_push &&
		test "$(built)" = incremental &&
		first=$job &&
		dies $point &&
		test "$(warm_text)" = "$(printf "a1\ns$point\nb$point")" &&
		told replaced "gave other bytes than a clean one" &&
		hornero show $confirm --json | jq -r .reason >reason &&
		test_grep "gave other bytes than a clean one" reason
	'
done

# Red with: a job_remark() that repeats itself. (The death comes behind the remark: the order in
# settle_good() is not tested.)
test_expect_success 'the same bytes, and a death at confirm-remarked' '
	: >"$NODE/hornerod.log" &&
	echo b7 >"$HELLO_WORK/b" &&
	node_push &&
	echo b8 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	first=$job &&
	dies confirm-remarked &&
	test "$(built)" = confirmed &&
	told confirmed "gave the same bytes"
'

# runs_slowly BYTES: a confirmation of these, in the rule that sleeps
runs_slowly () {
	echo >"$HELLO_WORK/slow" &&
	echo "$1" >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
	was=$confirm
}

# Red without: is_confirm() in agent/hornerod/attempt.c attempt_resume().
test_expect_success 'a reload keeps it, as a confirmation: a push takes its place' '
	runs_slowly r1 &&
	: >"$NODE/hornerod.log" &&
	kill -HUP $node_pid &&
	wait_until "grep -q ^READY $NODE/hornerod.log" 20 &&
	sleeping &&
	hornero show $was --json | jq -e ".state == \"running\" and (.attempts | length == 1)" &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo r2 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(warm_text)" = "$(printf "a1\nsconfirm-remarked\nr2")" &&
	hornero show $was --json | jq -e ".state == \"superseded\"" &&
	wait_until "! sleeping" 10
'

test_expect_success 'a pause of its image: another image is built meanwhile; what is warm is warm' '
	wait_until "confirmation running" 60 &&
	wait_until sleeping 30 &&
	was=$confirm &&
	hello=$job &&
	hornero pause "$HELLO_UUID" &&
	hornero why "$HELLO_UUID" >why &&
	test_grep "paused by" why &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	next=$(git -C "$HELLO_WORK" commit-tree -p $plain -m other "HEAD~2^{tree}") &&
	git -C "$HELLO_WORK" push -q "$other" $next:refs/heads/main 2>/dev/null &&
	hornero wait $OTHER --timeout 60 &&
	job=$hello &&
	hornero resume "$HELLO_UUID" &&
	wait_until "confirmation running" 60
'

test_expect_success 'a pause of the node: it stands still; a push waits for the resume and takes its place' '
	wait_until sleeping 30 &&
	was=$confirm &&
	hornero pause &&
	hornero wait "$HELLO_UUID" --timeout 1 &&
	echo p1 >"$HELLO_WORK/b" &&
	git -C "$HELLO_WORK" commit -q -a -m p1 &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	test_grep "paused by" push.out &&
	hornero resume &&
	hornero wait "$HELLO_UUID" --timeout 60 &&
	test "$(warm_text)" = "$(printf "a1\nsconfirm-remarked\np1")" &&
	hornero show $was --json | jq -e ".state == \"superseded\"" &&
	wait_until "! sleeping" 10 &&
	rm "$HELLO_WORK/slow" &&
	node_push
'

newest () {
	hornero queue --all --json | jq -r \
		"[.[] | select(.origin == \"confirm\")] | max_by(.job).job"
}

# Red with: every ended state tried again in agent/common/confirm.c is_over().
test_expect_success 'one that waits and is cancelled stays so; retry, or other content, asks for one again' '
	echo c1 >"$HELLO_WORK/b" &&
	node_push &&
	wait_until "confirmation queued" 5 &&
	was=$confirm &&
	hornero cancel $was &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	test "$(newest)" = $was &&
	test "$(built)" = incremental &&
	hornero why "$HELLO_UUID" >why &&
	test_grep "job $was was cancelled; .hornero retry $was. queues one again" why &&
	hornero retry $was &&
	wait_until "confirmation published" 60 &&
	test "$(built)" = confirmed &&
	echo c2 >"$HELLO_WORK/b" &&
	node_push &&
	wait_until "confirmation queued" 5 &&
	was=$confirm &&
	hornero pause "$HELLO_UUID" &&
	hornero rebuild "$HELLO_UUID" >out &&
	again=$(node_job out) &&
	hornero show $was --json | jq -e ".state == \"superseded\"" &&
	hornero cancel "$again" &&
	hornero resume "$HELLO_UUID" &&
	hornero sweep &&
	wait_until "confirmation published" 60 &&
	test "$(built)" = confirmed
'

# Red without: CONF_CONFIRM_IDLE in agent/common/confirm.c is_wished().
test_expect_success 'never for the node: neither a push nor the sweep asks for one, until it is idle again' '
	node_stop &&
	conf confirm never &&
	node_start &&
	echo n1 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	was=$(newest) &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	test "$(newest)" = $was &&
	test $was -lt $job &&
	node_stop &&
	conf confirm idle &&
	node_start &&
	hornero sweep >out &&
	wait_until "confirmation published" 60 &&
	test "$(built)" = confirmed
'

# Red without: settle_bad(); is_over() in confirm.c, which keeps it from being tried for ever.
test_expect_success 'a clean build that fails is told, and is not tried again; the artifact stays' '
	echo >"$HELLO_WORK/fail" &&
	node_push &&
	first=$job &&
	test "$(built)" = incremental &&
	wait_until "confirmation failed" 60 &&
	bytes=$(warm_text) &&
	test "$(built)" = incremental &&
	hornero show $first --json | jq -r .reason >reason &&
	grep -F "a clean build of the same content failed (job $confirm: make ended with exit 2" \
		reason &&
	test_grep "stays warm" reason &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	confirmation failed &&
	test "$(warm_text)" = "$bytes" &&
	hornero why "$HELLO_UUID" >why &&
	test_grep "a clean build" why
'

# Red without: IMAGE_CONFIRM_IDLE in is_wished().
test_expect_success 'never for an image' '
	n=$(hornero queue --all --json | jq "[.[] | select(.origin == \"confirm\")] | length") &&
	hornero image set "$HELLO_UUID" confirm=never >/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 60 &&
	echo b7 >"$HELLO_WORK/b" &&
	node_push &&
	test "$(built)" = incremental &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	test $n = \
		$(hornero queue --all --json | jq "[.[] | select(.origin == \"confirm\")] | length")
'

test_done
