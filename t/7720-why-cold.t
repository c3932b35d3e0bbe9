#!/bin/sh
# Why an image is not warm although no job of it is open, or how it is warm. Each reason is made;
# its words are those of `hornero wait`, and the command in them changes it.
test_description='hornero why: images without an open job'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq

OTHER=22222222-2222-4222-8222-222222222222
NEW=33333333-3333-4333-8333-333333333333

test_expect_success 'not-pushed: the push in the sentence makes it warm' '
	node_init "workers: 1" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	because not-pushed $HELLO_UUID "nothing has been pushed to refs/heads/main" &&
	same_words $HELLO_UUID &&
	test "$command" = "git push $HELLO_REPO HEAD:refs/heads/main" &&
	printf "hornero.raw:\n\thead -c 1048576 /dev/zero >\$@\n" >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m make &&
	mend &&
	because warm $HELLO_UUID "is warm at .*nothing needs to be done" &&
	same_words $HELLO_UUID &&
	test "$command" = null &&
	hornero why >out &&
	test_grep "^1 of 1 image is warm.$" out
'

test_expect_success 'same-content: a job, and the image' '
	git -C "$HELLO_WORK" commit -q --allow-empty -m again &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job && job_ends published &&
	because same-content $job "same content as before, no build" &&
	same_words $job &&
	because warm $HELLO_UUID "the same content as before, so nothing was built"
'

test_expect_success 'unregistered: the command registers it' '
	because unregistered $OTHER "is not registered on this node: .hornero image add" &&
	test_expect_code 78 hornero wait $OTHER 2>err &&
	test_grep "^hornero: image $OTHER is not registered on this node" err &&
	run "${command% REPO} hello --ref refs/heads/other"
'

test_expect_success 'other-ref: the command has it follow the ref that has commits' '
	because other-ref $OTHER "it follows refs/heads/other, and nothing has been pushed" &&
	same_words $OTHER &&
	test "$command" = "hornero image set $OTHER ref=refs/heads/main" &&
	mend &&
	hornero image set $OTHER builder=make &&
	hornero sweep &&
	because warm $OTHER "is warm"
'

# Red without the strspn() in cli/ref.c: a pusher would choose what the operator pastes.
test_expect_success 'a name that a shell would read is in no command' '
	git -C "$HELLO_WORK" push -q origin "HEAD:refs/heads/\$(id)" 2>push.out &&
	hornero image add $NEW hello --ref refs/heads/new &&
	git --git-dir="$HELLO_REPO" update-ref -d refs/heads/main &&
	because not-pushed $NEW "nothing has been pushed to refs/heads/new" &&
	! grep -F "(id)" "$test_root/why" &&
	git -C "$HELLO_WORK" push -q origin main ":refs/heads/\$(id)" 2>push.out
'

test_expect_success 'ref-moved, which no hook has seen: the sweep queues it' '
	hornero wait $HELLO_UUID --timeout 60 &&
	node_freeze &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m unseen &&
	git --git-dir="$HELLO_REPO" fetch -q "$HELLO_WORK" HEAD:refs/heads/main &&
	because ref-moved $HELLO_UUID "but refs/heads/main is at .* and no job is queued" &&
	test "$command" = "hornero sweep" &&
	node_thaw &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'skipped: the command builds it' '
	echo "# skipped" >>"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m skipped &&
	git -C "$HELLO_WORK" push -q -o skip origin main 2>push.out &&
	because skipped $HELLO_UUID "pushed with -o skip" &&
	same_words $HELLO_UUID &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'pin-moved, and pinned: the commands warm the release, and end that' '
	release=$(release_id $HELLO_UUID "$(image_field digest)") &&
	hello_pushed pinned &&
	node_freeze &&
	echo "pinned: $release" >>"$NODE/state/images.d/$HELLO_UUID.yaml" &&
	because pin-moved $HELLO_UUID "its file pins it to release $release" &&
	node_thaw &&
	mend &&
	because pinned $HELLO_UUID "pinned to release $release" &&
	same_words $HELLO_UUID &&
	test "$command" = "hornero rollback --undo $HELLO_UUID" &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'removed, and aged-out: the command brings it back' '
	node_freeze &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	because removed $HELLO_UUID "someone deleted it: it was too young" &&
	node_thaw &&
	mend &&
	because warm $HELLO_UUID "is warm" &&
	node_set cache_minimum_age 2 &&
	node_freeze &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	because aged-out $HELLO_UUID "Nova ages out what no instance uses" &&
	node_thaw &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'foreign-file: the command permits to replace it' '
	node_freeze &&
	rm "$(node_warm_path $HELLO_UUID)" &&
	head -c 4096 /dev/urandom >"$(node_warm_path $HELLO_UUID)" &&
	node_thaw &&
	because foreign-file $HELLO_UUID "a file that hornero did not put there" &&
	test "$command" = "hornero image add --replace $HELLO_UUID hello" &&
	mend &&
	hornero sweep &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'image-file: mend the line; the command queues it' '
	cp "$NODE/state/images.d/$HELLO_UUID.yaml" kept &&
	echo "in_ues: flatten" >>"$NODE/state/images.d/$HELLO_UUID.yaml" &&
	because image-file $HELLO_UUID "yaml:[0-9]*:1: .*in_ues" &&
	because image-file "" "$HELLO_UUID is ignored because of an error in its file" &&
	test_expect_code 78 hornero wait $HELLO_UUID 2>err &&
	test_grep "^hornero: image $HELLO_UUID is ignored because of an error in its file" err &&
	cp kept "$NODE/state/images.d/$HELLO_UUID.yaml" &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

# Red where cli/facts.c takes an unreadable ref for an error.
test_expect_success 'repository: an object is missing' '
	was=$(git --git-dir="$HELLO_REPO" rev-parse refs/heads/main) &&
	echo 1234567890123456789012345678901234567890 >"$HELLO_REPO/refs/heads/main" &&
	because repository $HELLO_UUID "was pushed at 123456789012, and an object of that" &&
	because repository "" "an object of that is missing" &&
	test_expect_code 78 hornero wait $HELLO_UUID 2>err &&
	test_grep "^hornero: image $HELLO_UUID cannot be compared with its ref" err &&
	echo $was >"$HELLO_REPO/refs/heads/main" &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'ref-gone: the push in the sentence brings it back' '
	git --git-dir="$HELLO_REPO" update-ref -d refs/heads/main &&
	because ref-gone $HELLO_UUID "stays warm at .* although" &&
	same_words $HELLO_UUID &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_expect_success 'ref-deleted: the image was never warm' '
	hornero image set $NEW builder=make &&
	git -C "$HELLO_WORK" checkout -q -b new &&
	printf "hornero.raw:\n\tfalse\n" >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m fails &&
	git -C "$HELLO_WORK" push -q origin new 2>push.out &&
	push_job && job_ends failed &&
	because failed $NEW "Job $job failed: .*hornero log $job" &&
	same_words $NEW &&
	mend >out &&
	git -C "$HELLO_WORK" push -q origin :refs/heads/new 2>push.out &&
	because ref-deleted $NEW "refs/heads/new of .* was deleted" &&
	same_words $NEW &&
	git -C "$HELLO_WORK" checkout -q main &&
	mend &&
	because warm $NEW "is warm"
'

test_expect_success 'no-repository: the command makes one' '
	mv "$HELLO_REPO" aside.git &&
	because no-repository $HELLO_UUID "its repository $HELLO_REPO is not there" &&
	same_words $HELLO_UUID &&
	test "$command" = "hornero repo create hello" &&
	mend >out &&
	because ref-gone $HELLO_UUID "stays warm" &&
	rm -rf "$HELLO_REPO" && mv aside.git "$HELLO_REPO" &&
	because warm $HELLO_UUID "is warm"
'

# Red without look_at_newest() in cli/facts.c.
test_expect_success 'idle: a confirmation waits until nothing else is to be done' '
	node_set confirm idle && node_set workers 2 && node_reload &&
	hornero image set $OTHER ref=refs/heads/other &&
	git -C "$HELLO_WORK" checkout -q -b other &&
	printf "hornero.raw:\n\t%s\n\thead -c 1048576 /dev/zero >\$@\n" "$gate" \
		>"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m other &&
	git -C "$HELLO_WORK" push -q origin other 2>push.out &&
	push_job && gated=$job && gate_reached $OTHER &&
	git -C "$HELLO_WORK" checkout -q main &&
	hello_pushed incremental &&
	wait_until "hornero queue --state queued --json 2>/dev/null | jq -e \
		\"[.[] | select(.origin == \\\"confirm\\\")][0].job\" >confirm" 60 &&
	because idle "$(cat confirm)" "begins when the node has nothing else to do" &&
	same_words "$(cat confirm)" &&
	gate_open $OTHER &&
	job_ends published $gated
'

test_expect_success 'no-job, and queue, while hornerod is off: the commands mend that' '
	node_stop &&
	hornero image add 44444444-4444-4444-8444-444444444444 hello &&
	because no-job 44444444-4444-4444-8444-444444444444 "is not warm and no job is queued" &&
	test "$command" = "systemctl start hornerod" &&
	rm "$NODE/state/queue"/queue.db* &&
	because queue 44444444-4444-4444-8444-444444444444 "there is no queue in" &&
	because queue "" "The queue cannot be used .images that wait: 1.: there is no queue" &&
	run "hornero init" >out &&
	because no-job 44444444-4444-4444-8444-444444444444 "is not warm and no job is queued" &&
	mend &&
	because warm $HELLO_UUID "is warm"
'

test_done
