#!/bin/sh
# Faults between the pin and the row that says published; another writer of the image file; a packed
# branch; an artifact that two images share.
test_description='rollback: deaths, races, and what it does not see at first sight'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

OTHER=11111111-1111-4111-8111-111111111111

push_text () {
	printf \
		'hornero.raw:\n\thead -c 1048576 /dev/zero >$@\n\tprintf "%s" | dd of=$@ conv=notrunc 2>/dev/null\n' "$1" \
		>"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 60 &&
	warm_is "$1"
}

warm_is () {
	test "$(tr -d '\0' <"$warm")" = "$1"
}

arm () {
	sed -i '/^failpoint:/d' "$HORNERO_CONF" &&
	{ test -z "$1" || echo "failpoint: $1" >>"$HORNERO_CONF"; }
}

# settled_at TEXT: no job is open, the image is pinned and warm with the text; of the two artifacts
# one is current, one before
settled_at () {
	hornero wait "$HELLO_UUID" --timeout 60 &&
	warm_is "$1" &&
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -e \
		"[.releases[] | .current] == [false, true] and [.releases[] | .previous] == [true, false]" shown &&
	jq -e ".pinned == .releases[1].release" shown &&
	wait_until \
		'hornero queue --json | jq -e "all(.[]; .state | IN(\"queued\", \"running\", \"built\") | not)"' 30
}

test_expect_success 'two pushes' '
	node_init "sweep_interval: 3600" &&
	node_start &&
	node_hello_repo &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	FILE=$NODE/state/images.d/$HELLO_UUID.yaml &&
	push_text a &&
	push_text b
'

test_expect_success 'the word dies behind the pin: the next sweep queues what it did not' '
	arm rollback-pinned &&
	test_expect_code 137 hornero rollback -t 60 "$HELLO_UUID" &&
	arm "" &&
	grep -q "^pinned" "$FILE" &&
	hornero sweep >out &&
	settled_at a &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_is b
'

for point in publish-renamed agent-before-record agent-before-published
do
	test_expect_success "death at $point, then of the agent" '
		node_stop &&
		arm $point &&
		node_start &&
		{ hornero rollback -t 0 "$HELLO_UUID" || test $? -eq 75; } &&
		wait_until "grep -q failpoint.point=$point $NODE/hornerod.log" 30 &&
		node_kill9 &&
		arm "" &&
		node_start &&
		settled_at a &&
		hornero rollback -t 60 --undo "$HELLO_UUID" &&
		warm_is b
	'
done

test_expect_success 'somebody changes the image file while a sweep forgets a pin: nothing is lost' '
	node_stop &&
	older=$(git -C "$HELLO_WORK" rev-parse HEAD~1) &&
	echo "# mine" >>"$FILE" &&
	printf "pinned: %s\nuntil_ref_leaves: %s\n" $OTHER $older >>"$FILE" &&
	arm pin-read:stop &&
	{ hornero sweep >out 2>err & } &&
	sweep=$! &&
	test_cleanup "kill -KILL $sweep 2>/dev/null; :" &&
	wait_until "grep -q failpoint.point=pin-read err" 20 &&
	arm "" &&
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
	hornero why "$HELLO_UUID" >out &&
	test_grep "nothing needs to be done" out &&
	printf "pinned: %s\nuntil_ref_leaves: %s\n" $OTHER $older >>"$FILE" &&
	hornero why "$HELLO_UUID" >out &&
	test_grep "nothing needs to be done" out &&
	hornero sweep &&
	test_grep ! "^pinned" "$FILE" &&
	warm_is b
'

test_expect_success 'a branch that is packed: the checkout reads it' '
	git -C "$HELLO_REPO" pack-refs --all &&
	test ! -e "$HELLO_REPO/refs/heads/main" &&
	hornero rollback -t 60 "$HELLO_UUID" >out &&
	warm_is a &&
	job=$(node_job out) &&
	hornero log "$job" >log &&
	test_grep "pinned to release" log &&
	hornero show "$job" --json | jq -e ".reused and .attempts[0].checkout_ms > 0" &&
	hornero rollback -t 60 --undo "$HELLO_UUID" &&
	warm_is b
'

test_expect_success 'an artifact that another image had first is a release of this one, too' '
	hornero image add $OTHER hello &&
	hornero wait $OTHER --timeout 60 &&
	hornero image show $OTHER --json >shown &&
	jq -e ".releases | length == 1 and .[0].current and .[0].commit != null" shown &&
	hornero key add reader ssh-ed25519 \
		AAAAC3NzaC1lZDI1NTE5AAAAICpIYmszkQkCxRspnsgUvkR6uso6nttWKG0/27vb8ryY --read hello &&
	hornero --key reader image show $OTHER --json | jq -e \
		".releases[0] | .current and .commit == null and .built_ms == null" &&
	hornero --key reader image show $OTHER >out &&
	test_grep "first built for another image, current" out &&
	test_expect_code 1 hornero rollback $OTHER 2>err &&
	test_grep "name a RELEASE" err &&
	push_text c &&
	hornero wait $OTHER --timeout 60 &&
	hornero rollback -t 60 $OTHER &&
	test "$(tr -d "\0" <"$(node_warm_path $OTHER)")" = b &&
	warm_is c
'

test_expect_success 'without a ref there is nothing to pin to' '
	hornero image set $OTHER ref=refs/heads/none &&
	test_expect_code 1 hornero rollback $OTHER 2>err &&
	test_grep "no refs/heads/none in hello" err &&
	hornero image remove $OTHER
'

test_expect_success 'the collector leaves what is pinned and what was before it; a rollback to what it took says so' '
	hornero image show "$HELLO_UUID" --json >shown &&
	c=$(jq -r ".releases[0].release" shown) &&
	b=$(jq -r ".releases[1].release" shown) &&
	a=$(jq -r ".releases[2].release" shown) &&
	hornero rollback -t 60 "$HELLO_UUID" $a &&
	warm_is a &&
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
	warm_is c
'

test_expect_success 'it stops' 'node_stop'

test_done
