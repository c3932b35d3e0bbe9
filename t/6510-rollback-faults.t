#!/bin/sh
# Faults between the pin and the row that says published; another writer of the image file; a packed
# branch; an artifact that two images share.
test_description='rollback: deaths, races, and what it does not see at first sight'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

OTHER=11111111-1111-4111-8111-111111111111

# settled_at TEXT: no job is open, the image is pinned and warm with the text. Of the two artifacts
# the older is current, the newer was before.
settled_at () {
	hornero wait "$HELLO_UUID" --timeout 300 &&
	warm_text_is "$1" &&
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -e "[.releases[].current] == [false, true]" shown &&
	jq -e "[.releases[].previous] == [true, false]" shown &&
	jq -e ".pinned == .releases[1].release" shown &&
	queue_settles
}

test_expect_success 'two pushes' '
	node_init "sweep_interval: 3600" &&
	node_start &&
	node_hello_repo &&
	FILE=$NODE/state/images.d/$HELLO_UUID.yaml &&
	hello_pushed a &&
	hello_pushed b
'

test_expect_success 'the word dies behind the pin: the next sweep queues what it did not' '
	node_set failpoint rollback-pinned &&
	test_expect_code 137 hornero rollback -t 60 "$HELLO_UUID" &&
	node_set failpoint &&
	grep -q "^pinned" "$FILE" &&
	hornero sweep >out &&
	settled_at a &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is b
'

for point in publish-renamed agent-before-record agent-before-published
do
	test_expect_success "death at $point, then of the agent" '
		node_stop &&
		node_set failpoint $point &&
		node_start &&
		{ hornero rollback -t 0 "$HELLO_UUID" || test $? -eq 75; } &&
		hornerod_says failpoint.point=$point &&
		node_kill9 &&
		node_set failpoint &&
		node_start &&
		settled_at a &&
		hornero rollback -t 60 --undo "$HELLO_UUID" &&
		warm_text_is b
	'
done

# Red without publisher_deaths in agent/hornerod/publication.c start().
test_expect_success 'its publishers die, and it is undone: none of their files is left' '
	node_set failpoint hornero-publish/publish-copied &&
	{ hornero rollback -t 0 "$HELLO_UUID" || test $? -eq 75; } &&
	hornerod_says failpoint.point=hornero-publish/publish-copied &&
	wait_until "ls \"$NODE/instances/_base\"/.hornero-*" 20 &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is b &&
	test_must_fail ls "$NODE/instances/_base"/.hornero-* &&
	node_set failpoint
'

test_expect_success 'the image file changes while a sweep forgets a pin: nothing is lost' '
	node_stop &&
	older=$(git -C "$HELLO_WORK" rev-parse HEAD~1) &&
	echo "# mine" >>"$FILE" &&
	printf "pinned: %s\nuntil_ref_leaves: %s\n" $OTHER $older >>"$FILE" &&
	node_set failpoint pin-read:stop &&
	{ hornero sweep >out 2>err & } &&
	sweep=$! &&
	test_cleanup "kill -KILL $sweep 2>/dev/null; :" &&
	wait_until "grep -q failpoint.point=pin-read err" 20 &&
	node_set failpoint &&
	{ hornero image set "$HELLO_UUID" "name=another name" & } &&
	set=$! &&
	{ wait_until "! kill -0 $set" 1 || :; } &&
	kill -CONT $sweep &&
	wait $sweep &&
	wait $set &&
	test_grep "^name: another name" "$FILE" &&
	test_grep ! "^pinned" "$FILE" &&
	node_start
'

test_expect_success 'a void pin is forgotten by the sweep, and has no effect before' '
	why_says "$HELLO_UUID" "nothing needs to be done" &&
	printf "pinned: %s\nuntil_ref_leaves: %s\n" $OTHER $older >>"$FILE" &&
	why_says "$HELLO_UUID" "nothing needs to be done" &&
	hornero sweep &&
	test_grep ! "^pinned" "$FILE" &&
	warm_text_is b
'

test_expect_success 'a branch that is packed: the checkout reads it' '
	git -C "$HELLO_REPO" pack-refs --all &&
	test ! -e "$HELLO_REPO/refs/heads/main" &&
	hornero rollback -t 60 "$HELLO_UUID" >out &&
	warm_text_is a &&
	job=$(node_job out) &&
	log_says "$job" "pinned to release" &&
	hornero show "$job" --json | jq -e ".reused and .attempts[0].checkout_ms > 0" &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is b
'

test_expect_success 'an artifact that another image had first is a release of this one, too' '
	hornero image add $OTHER hello &&
	hornero wait $OTHER --timeout 300 &&
	hornero image show $OTHER --json >shown &&
	jq -e ".releases | length == 1 and .[0].current and .[0].commit != null" shown &&
	hornero key add reader ssh-ed25519 \
		AAAAC3NzaC1lZDI1NTE5AAAAICpIYmszkQkCxRspnsgUvkR6uso6nttWKG0/27vb8ryY --read hello &&
	hornero --key reader image show $OTHER --json >shown &&
	jq -e ".releases[0] | .current and .commit == null and .built_ms == null" shown &&
	hornero --key reader image show $OTHER >out &&
	test_grep "first built for another image, current" out &&
	test_expect_code 1 hornero rollback $OTHER 2>err &&
	test_grep "name a RELEASE" err &&
	hello_pushed c &&
	hornero wait $OTHER --timeout 300 &&
	hornero rollback -t 60 $OTHER &&
	warm_text_is b $OTHER &&
	warm_text_is c
'

test_expect_success 'without a ref there is nothing to pin to' '
	hornero image set $OTHER ref=refs/heads/none &&
	test_expect_code 1 hornero rollback $OTHER 2>err &&
	test_grep "no refs/heads/none in hello" err &&
	hornero image remove $OTHER
'

test_expect_success 'gc leaves the pinned release and the one before it, and takes others' '
	hornero image show "$HELLO_UUID" --json >shown &&
	c=$(jq -r ".releases[0].release" shown) &&
	b=$(jq -r ".releases[1].release" shown) &&
	a=$(jq -r ".releases[2].release" shown) &&
	hornero rollback -t 60 "$HELLO_UUID" $a &&
	warm_text_is a &&
	touch "$NODE/instances/hornero/artifact/$(jq -r ".releases[1].digest" shown).json" &&
	echo "store_budget: 1" >>"$HORNERO_CONF" &&
	test_expect_code 1 hornero gc &&
	hornero image show "$HELLO_UUID" --json | jq -r ".releases[].release" >got &&
	printf "%s\n" $c $a >want &&
	test_cmp want got &&
	test_expect_code 1 hornero rollback -t 60 "$HELLO_UUID" $b 2>err &&
	test_grep "or no longer" err &&
	test_grep "$c.*the one before" err &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_text_is c
'

test_expect_success 'it stops' 'node_stop'

test_done
