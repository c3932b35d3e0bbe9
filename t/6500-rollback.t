#!/bin/sh
# A rollback is a pin in the image file: the sweep, why, wait and the cache agree with it, and the
# next push ends it.
test_description='rollback: an earlier artifact, from the store, until the ref moves'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires jq jq
test_requires python3 python3

# As root the node has the users of an installed one: an operator rolls back, hornerod forgets the
# pin.
test "$(id -u)" -ne 0 || node_users

ARTIFACT=$NODE/instances/hornero/artifact

# push_text TEXT: hello_pushed, and sets digest_TEXT and release_TEXT.
push_text () {
	hello_pushed "$1" &&
	warm_text_is "$1" &&
	eval "digest_$1=$(sum) release_$1=$(release_id "$HELLO_UUID" "$(sum)")"
}

sum () {
	sha256sum <"$warm" | cut -d ' ' -f 1
}

# newest FIELD: of the newest job
newest () {
	hornero queue --all --json >queue.json &&
	json_sql queue.json "SELECT value FROM f, json_each(j)
		ORDER BY value ->> 'job' DESC LIMIT 1" >newest.json &&
	json_in newest.json ".$1"
}

jobs () {
	hornero queue --all --json >queue.json &&
	json_sql queue.json "SELECT json_array_length(j) FROM f"
}

# file_has NAME=VALUE…, in that order, and no other keys of a pin
file_has () {
	printf '%s\n' "$@" | sed 's/=/: "/; s/$/"/; /^"$/d' >want
	grep -e '^pinned' -e '^until' "$FILE" >got
	test_cmp want got
}

# sweeps_idle: two sweeps find the image warm and queue nothing
sweeps_idle () {
	before=$(jobs) &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  warm" out &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  warm" out &&
	test "$(jobs)" = "$before"
}

test_expect_success 'three pushes' '
	node_init "sweep_interval: 3600" &&
	node_start &&
	node_hello_repo &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	FILE=$NODE/state/images.d/$HELLO_UUID.yaml &&
	push_text z &&
	push_text a &&
	push_text b &&
	tip=$(git -C "$HELLO_WORK" rev-parse HEAD)
'

test_expect_success 'image show lists the releases, the current and the one before' '
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -r ".releases[] | [.release, .digest, .current, .previous, .pinned] | join(\" \")" \
		shown >got &&
	printf "%s\n" "$release_b $digest_b true false false" \
		"$release_a $digest_a false true false" \
		"$release_z $digest_z false false false" >want &&
	test_cmp want got &&
	test "$(jq -r ".releases[1].commit" shown)" = "$(git -C "$HELLO_WORK" rev-parse HEAD~1)" &&
	hornero image show "$HELLO_UUID" >out &&
	test_grep "$release_a .*the one before" out &&
	test_grep "$release_b .*current" out &&
	hornero complete -- rollback "$HELLO_UUID" "" | sort >got &&
	printf "%s\n" $release_a $release_b $release_z | sort >want &&
	test_cmp want got
'

test_expect_success 'the release that is current already' '
	before=$(jobs) &&
	hornero rollback -t 60 "$HELLO_UUID" $release_b >out &&
	test_grep "is at release $release_b already" out &&
	test "$(jobs)" = "$before" &&
	file_has
'

test_expect_success 'rollback: the bytes before, by a job that builds nothing' '
	echo "# mind this image" >>"$FILE" &&
	hornero rollback -t 60 "$HELLO_UUID" >out &&
	warm_text_is a &&
	test "$(sum)" = $digest_a &&
	test_grep "goes back to release $release_a" out &&
	test_grep "is back at release $release_a .no build" out &&
	test "$(newest origin)/$(newest state)/$(newest reused)" = rollback/published/true &&
	file_has pinned=$release_a until_ref_leaves=$tip &&
	grep -q "^# mind this image" "$FILE"
'

test_expect_success 'it is recorded: who, when and to what' '
	hornero show "$(newest job)" --json >job &&
	jq ".events[0]" job >event &&
	jq -e ".event == \"queued\" and .who != null" event &&
	test "$(jq -r .detail event)" = "rollback to release $release_a" &&
	jq -e ".pushed_by == .events[0].who and .digest == \"$digest_a\"" job &&
	log_says "$(newest job)" "pinned to release $release_a"
'

test_expect_success 'sweep, why, wait, cache and image show agree' '
	sweeps_idle &&
	why_says "$HELLO_UUID" "rolled back: pinned to release $release_a" &&
	hornero wait "$HELLO_UUID" --timeout 5 &&
	hornero cache --json | jq -e ".[0].pinned and .[0].release == \"$release_a\"" &&
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -r ".pinned, .until_ref_leaves, .digest" shown >got &&
	printf "%s\n" $release_a $tip $digest_a >want &&
	test_cmp want got &&
	jq -e ".releases[] | select(.pinned) | .current and .release == \"$release_a\"" shown
'

test_expect_success 'a second one without a release is refused' '
	test_expect_code 64 hornero rollback -t 60 "$HELLO_UUID" 2>err &&
	test_grep "rolled back already" err &&
	test_grep "$release_b" err &&
	test_grep "$release_z" err &&
	warm_text_is a
'

test_expect_success 'database and base are deleted: the sweep brings back the pinned release' '
	rm -f "$NODE"/state/queue/queue.db* "$warm" &&
	hornero sweep &&
	wait_until "test -e $warm" 30 &&
	warm_text_is a &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	sweeps_idle
'

test_expect_success 'a rebuild stays pinned, a restart too' '
	hornero rebuild --force "$HELLO_UUID" >out &&
	test_grep "is pinned to release $release_a" out &&
	wait_until "test \"\$(newest state)\" = published" 30 &&
	warm_text_is a &&
	node_stop &&
	node_start &&
	sweeps_idle &&
	warm_text_is a
'

test_expect_success 'to a release by its name' '
	test_expect_code 64 hornero rollback "$HELLO_UUID" "$(echo $release_z | tr a-f A-F)" &&
	hornero rollback -t 60 "$HELLO_UUID" $release_z &&
	test "$(sum)" = $digest_z &&
	sweeps_idle &&
	file_has pinned=$release_z until_ref_leaves=$tip
'

test_expect_success 'the way back without a push' '
	hornero rollback -t 60 --undo "$HELLO_UUID" >out &&
	test_grep "follows refs/heads/main again" out &&
	test "$(sum)" = $digest_b &&
	test "$(newest origin)/$(newest reused)" = undo/true &&
	file_has &&
	grep -q "^# mind this image" "$FILE" &&
	sweeps_idle &&
	hornero rollback -t 60 --undo "$HELLO_UUID" >out &&
	test_grep "is not rolled back" out &&
	why_says "$HELLO_UUID" "nothing needs to be done"
'

test_expect_success 'the database is deleted: rollback still finds what was before' '
	rm -f "$NODE"/state/queue/queue.db* &&
	hornero rollback -t 60 "$HELLO_UUID" &&
	test "$(sum)" = $digest_z &&
	hornero rollback -t 60 "$HELLO_UUID" $release_a &&
	test "$(sum)" = $digest_a
'

test_expect_success 'the next push goes on as usual, and the pin is forgotten' '
	push_text c &&
	wait_until file_has 20 &&
	test "$(newest origin)" = push &&
	sweeps_idle &&
	grep -q "^# mind this image" "$FILE"
'

test_expect_success 'a skipped commit: the image can be pinned, and is skipped without the pin' '
	git -C "$HELLO_WORK" commit -q --allow-empty -m skipped &&
	git -C "$HELLO_WORK" push -q -o skip origin main 2>/dev/null &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  skipped" out &&
	warm_text_is c &&
	hornero image set "$HELLO_UUID" pinned=$release_b &&
	hornero sweep &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	queue_settles &&
	warm_text_is b &&
	hornero image set "$HELLO_UUID" pinned= &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  skipped" out &&
	warm_text_is b &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m again &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	queue_settles &&
	warm_text_is c &&
	file_has
'

test_expect_success 'the pin alone, written and taken by hand' '
	hornero image set "$HELLO_UUID" pinned=$release_a &&
	hornero sweep &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	queue_settles &&
	warm_text_is a &&
	sweeps_idle &&
	why_says "$HELLO_UUID" "whatever is pushed" &&
	test_expect_code 64 hornero image set "$HELLO_UUID" pinned=$HELLO_UUID 2>err &&
	test_grep "image show $HELLO_UUID. lists" err &&
	hornero image set "$HELLO_UUID" pinned= &&
	hornero sweep &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	queue_settles &&
	warm_text_is c
'

test_expect_success 'an id that is no release, or none of the store, is refused with the list' '
	test_expect_code 64 hornero rollback -t 60 "$HELLO_UUID" previous 2>err &&
	test_grep "not a release" err &&
	test_grep $release_a err &&
	test_expect_code 1 hornero rollback -t 60 "$HELLO_UUID" $HELLO_UUID 2>err &&
	test_grep "no release $HELLO_UUID" err &&
	test_grep $release_a err &&
	rm "$ARTIFACT/$digest_z.json" "$ARTIFACT/$digest_z.raw" &&
	test_expect_code 1 hornero rollback -t 60 "$HELLO_UUID" $release_z 2>err &&
	! grep "^ .*$release_z" err &&
	test_expect_code 64 hornero rollback -t 60 --undo "$HELLO_UUID" $release_a &&
	file_has &&
	warm_text_is c &&
	sweeps_idle
'

test_expect_success 'a changed artifact is never published, even if it changes after the pin' '
	chmod 0644 "$ARTIFACT/$digest_b.raw" &&
	test_expect_code 1 hornero rollback -t 60 "$HELLO_UUID" $release_b 2>err &&
	test_grep "never published: .*time of change differs" err &&
	file_has &&
	hornero image set "$HELLO_UUID" pinned=$release_b &&
	hornero sweep &&
	queue_settles &&
	test "$(newest state)" = held &&
	why_says "$HELLO_UUID" "cannot publish release $release_b, which the image is pinned to" &&
	warm_text_is c &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 &&
	queue_settles &&
	before=$(jobs) &&
	hornero sweep &&
	test "$(jobs)" = "$before" &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is c &&
	sweeps_idle
'

test_expect_success 'an instance stands on the present bytes: published when it is gone' '
	instance=$NODE/instances/8f14e45f-ceea-467f-a1d6-0c0ffee0c0de &&
	stand_on "$warm" ${instance##*/} &&
	test_expect_code 75 hornero rollback -t 60 "$HELLO_UUID" $release_a 2>err &&
	test_grep "8f14e45f-ceea.*stands on" err &&
	warm_text_is c &&
	why_says "$HELLO_UUID" 8f14e45f &&
	before=$(jobs) &&
	hornero sweep &&
	test "$(jobs)" = "$before" &&
	rm -r $instance &&
	wait_until "warm_text_is a" 30 &&
	hornero wait "$HELLO_UUID" --timeout 300
'

test_expect_success 'a deferred push gives way to a rollback to what is current' '
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is c &&
	stand_on "$warm" ${instance##*/} &&
	hello_push d &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 &&
	hornero rollback -t 60 "$HELLO_UUID" $release_c &&
	warm_text_is c &&
	rm -r $instance &&
	sweeps_idle &&
	warm_text_is c &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is d
'

test_expect_success 'without hornerod: accepted, said so, and done when it starts' '
	node_stop &&
	test_expect_code 75 hornero rollback -t 60 "$HELLO_UUID" >out 2>err &&
	test_grep "job .* queued" out &&
	test_grep "nothing is published until it is started" err &&
	node_start &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	warm_text_is c
'

test_expect_success 'it stops' 'node_stop'

test_done
