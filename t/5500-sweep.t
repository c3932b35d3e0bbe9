#!/bin/sh
# The refs and the image files are the wishes; the sweep finds every difference to what is warm.
test_description='sweep: refs and image files against what is warm'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

# content TEXT [DIR]: commit a Makefile in the work clone whose artifact holds TEXT
content () {
	mkdir -p "$HELLO_WORK/${2:-.}" &&
	{
		printf '%s\n\t%s\n' 'hornero.raw:' 'head -c 1048576 /dev/zero >$@'
		printf '\tprintf "%s" | dd of=$@ conv=notrunc 2>/dev/null\n' "$1"
	} >"$HELLO_WORK/${2:-.}/Makefile" &&
	git -C "$HELLO_WORK" add -A &&
	git -C "$HELLO_WORK" commit -q -m "$1"
}

warm_is () {
	hornero wait "$HELLO_UUID" --timeout 300 &&
	warm_text_is "$1"
}

jobs () {
	hornero queue --all --json | jq length
}

newest () {
	hornero queue --all --json | jq -r "max_by(.job) | .$1"
}

# moves_alone: the work clone's commit becomes that of the ref, without a hook.
moves_alone () {
	git -C "$HELLO_REPO" fetch -q "$HELLO_WORK" main &&
	git -C "$HELLO_REPO" update-ref refs/heads/main "$(git -C "$HELLO_WORK" rev-parse HEAD)"
}

test_expect_success 'a node whose own sweeps are an hour apart, and a warm image' '
	mkdir builders &&
	cp "$HORNERO_SRC/etc/builders.d/make.yaml" builders/ &&
	node_init "builders_dir: $TRASH/builders" "sweep_interval: 3600" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" builder=make &&
	content one &&
	git -C "$HELLO_WORK" push -q origin main &&
	warm_is one
'

test_expect_success 'all is warm: nothing is queued' '
	before=$(jobs) &&
	hornero sweep >out &&
	test_grep warm out &&
	test "$(jobs)" = "$before"
'

test_expect_success 'a ref that moved without a hook' '
	content two &&
	moves_alone &&
	hornero sweep &&
	warm_is two &&
	test "$(newest origin)" = sweep
'

test_expect_success 'a file that vanished from the cache is back without a build' '
	rm "$(node_warm_path "$HELLO_UUID")" &&
	hornero sweep &&
	warm_is two &&
	test "$(newest reused)" = true
'

test_expect_success 'another file under the name is not ours, and stays until it is let go' '
	head -c 1048576 /dev/urandom >other &&
	mv other "$(node_warm_path "$HELLO_UUID")" &&
	hornero sweep &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 60 &&
	hornero image add --replace "$HELLO_UUID" hello &&
	wait_until "hornero wait $HELLO_UUID --timeout 1" 60 &&
	warm_is two &&
	test "$(newest reused)" = true
'

# Red without find_newer() in db/enqueue.c: the sweep's job has the older commit, and the job of the
# push ends as superseded.
test_expect_success 'a push that comes while it looks has the newest job' '
	cp "$HORNERO_CONF" stops.yaml &&
	echo "failpoint: sweep-before-enqueue:stop" >>stops.yaml &&
	content older &&
	moves_alone &&
	{ hornero-sweep -c "$TRASH/stops.yaml" >out 2>&1 & sweep=$!; } &&
	wait_until "grep -q \"^State:.T\" /proc/$sweep/status" 30 &&
	slow_push three &&
	gate_reached &&
	kill -CONT $sweep &&
	wait $sweep &&
	test_grep "$HELLO_UUID  under way" out &&
	gate_open &&
	job_ends published &&
	warm_text_is three &&
	test "$(newest job)" = "$job"
'

test_expect_success 'an image file that changed: another ref, another directory' '
	content three &&
	content four sub &&
	git -C "$HELLO_WORK" push -q origin HEAD:refs/heads/next 2>/dev/null &&
	hornero image set "$HELLO_UUID" ref=refs/heads/next &&
	hornero sweep &&
	warm_is three &&
	hornero image set "$HELLO_UUID" subdir=sub &&
	hornero sweep &&
	wait_until "test \"\$(tr -d \"\\0\" <$(node_warm_path "$HELLO_UUID"))\" = four" 30
'

test_expect_success 'an image that moved to another repository' '
	other=$(hornero repo create other | tail -n 1) &&
	content five &&
	git -C "$HELLO_WORK" push -q "$other" main 2>/dev/null &&
	hornero image set "$HELLO_UUID" repo=other ref=refs/heads/main subdir= &&
	hornero sweep &&
	warm_is five
'

test_expect_success 'a builder file that changed' '
	before=$(jobs) &&
	echo "# changed" >>builders/make.yaml &&
	hornero sweep &&
	wait_until "test \$(jobs) -gt $before && test \$(newest state) = published" 30 &&
	test "$(newest reused)" = false
'

test_expect_success 'a failed build is not tried again until something changes' '
	printf "hornero.raw:\n\tfalse\n" >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m bad &&
	git -C "$HELLO_WORK" push -q "$other" main 2>/dev/null &&
	test_expect_code 1 hornero wait "$HELLO_UUID" --timeout 300 &&
	before=$(jobs) &&
	hornero sweep >out &&
	test_grep failed out &&
	test "$(jobs)" = "$before" &&
	echo "# again" >>builders/make.yaml &&
	hornero sweep >out &&
	test_grep queued out &&
	wait_until "test \$(jobs) -gt $before && test \$(newest state) = failed" 30
'

test_expect_success 'a deleted ref: the image keeps its last artifact, and both say so' '
	git -C "$HELLO_WORK" push -q "$other" HEAD:refs/heads/short 2>/dev/null &&
	hornero image set "$HELLO_UUID" ref=refs/heads/short &&
	git -C "$HELLO_WORK" push "$other" :short >push.out 2>&1 &&
	test_grep "keeps its last artifact" push.out &&
	hornero sweep >out &&
	test_grep "keeps its last artifact" out &&
	test -s "$(node_warm_path "$HELLO_UUID")" &&
	hornero image set "$HELLO_UUID" ref=refs/heads/main
'

test_expect_success 'a broken image file stops nobody else' '
	content six &&
	git -C "$HELLO_WORK" push -q "$other" main 2>/dev/null &&
	echo "repo: [" >"$NODE/state/images.d/ffffffff-0000-4000-8000-000000000000.yaml" &&
	test_expect_code 78 hornero sweep >out 2>err &&
	test_grep "ffffffff.*broken" out &&
	warm_is six &&
	rm "$NODE/state/images.d/ffffffff-0000-4000-8000-000000000000.yaml"
'

test_expect_success 'pushed while no agent ran and no queue was there: warm after the start' '
	node_stop &&
	rm "$NODE"/state/queue/queue.db* &&
	content seven &&
	git -C "$HELLO_WORK" push "$other" main >push.out 2>&1 &&
	test_grep "sweep will pick" push.out &&
	node_start &&
	warm_is seven
'

test_expect_success 'a new image is noticed by the agent itself' '
	uuid=11111111-1111-4111-8111-111111111111 &&
	hornero image add $uuid other --builder make &&
	hornero wait $uuid --timeout 300 &&
	test "$(tr -d "\0" <"$(node_warm_path $uuid)")" = seven &&
	hornero queue --all --json >queue.json &&
	jq -e "max_by(.job).reused" queue.json
'

# Red if would_repeat() in agent/upkeep/sweep/decision.c looks at the start alone.
test_expect_success 'an image that is removed while its job waits, and added again, is built' '
	hornero pause &&
	content eight &&
	git -C "$HELLO_WORK" push -q "$other" main &&
	hornero image remove $uuid &&
	hornero queue --all --image $uuid --json >queue.json &&
	jq -e "max_by(.job).state == \"cancelled\"" queue.json &&
	hornero image add $uuid other --builder make &&
	hornero resume &&
	wait_until "warm_text_is eight $uuid" 60 &&
	hornero wait $uuid --timeout 300 &&
	hornero wait "$HELLO_UUID" --timeout 300
'

test_expect_success '--json names the same' '
	hornero sweep --json | jq -e "length == 2 and all(.[]; .found == \"warm\")"
'

test_done
