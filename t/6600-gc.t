#!/bin/sh
test_description='gc: what nothing needs goes, least recently used first, as the budget demands'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires jq jq

STORE=$NODE/instances/hornero
ARTIFACT=$STORE/artifact

# push_text TEXT: a build that leaves 1 MiB of TEXT. Sets job and digest.
push_text () {
	push_make "yes $1 | head -c 1048576 >\$@" &&
	hornero wait "$job" --timeout 300 &&
	note_digest
}

note_digest () {
	digest=$(job_field digest) &&
	test ${#digest} -eq 64
}

# Prints the artifacts that the keys of all images find.
answers () {
	find "$STORE/clean" -type f ! -name ".*" -exec cat {} + &&
	find "$STORE/own" -type f ! -name ".*" -exec jq -r .digest {} +
}

# has DIGEST…: these artifacts and no other, each whole, each found by a key, and nothing else
# beside them.
has () {
	for digest
	do
		printf '%s.json\n%s.raw\n' "$digest" "$digest"
	done | sort >want &&
	ls -A "$ARTIFACT" | sort >have &&
	test_cmp want have &&
	printf '%s\n' "$@" | sort >want &&
	answers | sort -u >have &&
	test_cmp want have &&
	hornero gc --verify >out &&
	test_grep "^$# whole, 0 refused$" out
}

test_expect_success 'four artifacts, and no limit: nothing goes' '
	node_init &&
	node_start &&
	node_hello_repo &&
	push_text one &&
	one=$digest &&
	push_text two &&
	two=$digest &&
	push_text three &&
	three=$digest &&
	push_text four &&
	four=$digest &&
	hornero gc >out &&
	test_grep "^0 removed" out &&
	has $one $two $three $four
'

test_expect_success '--dry-run says what would go and why, and removes nothing' '
	node_set store_budget 3500K &&
	hornero gc --dry-run --json >out &&
	jq -c ".[0] | [.what, .name, .removed, .size_bytes >= 1048576]" out >row &&
	echo "[\"artifact\",\"$one\",false,true]" >want &&
	test_cmp want row &&
	jq -r ".[0].reason" out >reason &&
	test_grep "store_budget is 3.4 MiB; no image or job needs it, last used 20" reason &&
	test "$(jq length out)" -eq 1 &&
	has $one $two $three $four
'

test_expect_success 'used is also what a push has found: it goes later' '
	push_text one &&
	test "$(job_field reused)" = true &&
	push_text three &&
	push_text four &&
	hornero gc >out &&
	test_grep "^removed artifact $(echo $two | cut -c 1-12)" out &&
	test_grep "^1 removed, 1.0 MiB" out &&
	has $one $three $four
'

test_expect_success 'the current and the previous one stay below any budget, and gc says so' '
	node_set store_budget 1 &&
	test_expect_code 1 hornero gc >out &&
	test_grep "^store: .*2.0 MiB more should go, but all others are needed" out &&
	has $three $four &&
	test_expect_code 1 hornero gc --json >out &&
	jq -e ".[0].what == \"store\" and .[0].name == null" out
'

test_expect_success 'an artifact that a built job waits to publish stays, beside the previous one' '
	stand_on "$(node_warm_path "$HELLO_UUID")" &&
	push_make "yes five | head -c 1048576 >\$@" &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	note_digest &&
	five=$digest &&
	test_expect_code 1 hornero gc >out &&
	has $three $four $five &&
	rm -r "$NODE/instances/vm" &&
	job_reaches published "$job" 60 &&
	test_expect_code 1 hornero gc >out &&
	test_grep "^removed artifact $(echo $three | cut -c 1-12)" out &&
	has $four $five
'

test_expect_success 'so does what a job that is held could not publish' '
	mv "$NODE/instances/locks" "$NODE/instances/locks.x" &&
	: >"$NODE/instances/locks" &&
	push_make "yes held | head -c 1048576 >\$@" &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	note_digest &&
	held=$digest &&
	job_state_is held &&
	test_expect_code 1 hornero gc >out &&
	has $four $five $held &&
	rm "$NODE/instances/locks" &&
	mv "$NODE/instances/locks.x" "$NODE/instances/locks" &&
	hornero cancel "$job" &&
	test_expect_code 1 hornero gc >out &&
	has $four $five
'

test_expect_success 'an artifact that a running job may have found stays' '
	node_set store_budget 0 &&
	push_text six &&
	six=$digest &&
	push_make "$gate" "yes seven | head -c 1048576 >\$@" &&
	gate_reached &&
	node_set store_budget 1 &&
	touch "$ARTIFACT/$four.json" &&
	test_expect_code 1 hornero gc >out &&
	has $four $five $six &&
	touch -d "1 hour ago" "$ARTIFACT/$four.json" &&
	gate_open &&
	hornero wait "$job" --timeout 300 &&
	note_digest &&
	seven=$digest &&
	test_expect_code 1 hornero gc >out &&
	has $six $seven
'

test_expect_success 'junk goes without any pressure; what is not ours stays' '
	node_set store_budget 0 &&
	ghost=11111111-2222-4333-8444-555555555555 &&
	echo $one >"$STORE/clean/$two" &&
	mkdir -p "$STORE/key" "$STORE/own/$ghost" &&
	echo $six >"$STORE/key/$two" &&
	echo $six >"$STORE/own/$ghost/$two" &&
	: >"$ARTIFACT/$one.raw" &&
	: >"$ARTIFACT/$two.gone" &&
	: >"$ARTIFACT/$three.refused" &&
	: >"$ARTIFACT/$four.refused" &&
	touch -d "8 days ago" "$ARTIFACT/$four.refused" &&
	: >"$STORE/stage/1.1.raw" &&
	touch -d "15 days ago" "$STORE/stage/1.1.raw" &&
	: >"$STORE/stage/2.1.raw" &&
	: >"$STORE/clean/.x.1.tmp" &&
	touch -d "2 hours ago" "$STORE/clean/.x.1.tmp" &&
	sed "s/$HELLO_UUID/$ghost/" "$STORE/warm/$HELLO_UUID.json" >"$STORE/warm/$ghost.json" &&
	sed -i "s/\"name\": \"./\"name\": \"f/; s/\"ino\": \"/&1/" "$STORE/warm/$ghost.json" &&
	touch -d "2 hours ago" "$STORE/warm/$ghost.json" &&
	: >"$STORE/kept/$ghost.json" &&
	touch -d "2 hours ago" "$STORE/kept/$ghost.json" &&
	: >"$ARTIFACT/notes" &&
	hornero gc >out &&
	cat out &&
	test_grep "^9 removed" out &&
	test_grep "removed answers $(echo $ghost | cut -c 1-12).* not registered" out &&
	test_grep "removed key .* the image that built it was not recorded" out &&
	test ! -e "$STORE/key" &&
	test ! -e "$STORE/own/$ghost" &&
	test_grep "removed orphan $(echo $one | cut -c 1-12).* no manifest" out &&
	test ! -e "$STORE/warm/$ghost.json" &&
	test ! -e "$STORE/kept/$ghost.json" &&
	test -e "$STORE/warm/$HELLO_UUID.json" &&
	rm "$ARTIFACT/$three.refused" &&
	rm "$ARTIFACT/notes" &&
	rm "$STORE/stage/2.1.raw" &&
	has $six $seven
'

for point in collect-manifest-gone collect-moved collect-before-junk
do
	test_expect_success "killed at $point: what is left is whole, and the next one finishes" '
		node_set store_budget 0 &&
		push_text $point &&
		eight=$digest &&
		push_text one &&
		push_text two &&
		node_set store_budget 1 &&
		node_set failpoint $point &&
		test_expect_code 137 sh -c "hornero gc" &&
		node_set failpoint &&
		hornero gc --verify >out &&
		test_grep " 0 refused" out &&
		test_expect_code 1 hornero gc >out &&
		has $one $two
	'
done

test_expect_success 'an artifact that goes while a push asks for it is built again' '
	node_set store_budget 0 &&
	push_text three &&
	node_set store_budget 1 &&
	node_set failpoint collect-manifest-gone:stop &&
	{ hornero gc >gc.out 2>&1 & gc=$!; } &&
	test_cleanup "kill -KILL $gc 2>/dev/null || :" &&
	wait_until "grep -q ^State:.T /proc/$gc/status" 20 &&
	node_set failpoint &&
	push_make "yes one | head -c 1048576 >\$@" &&
	kill -CONT $gc &&
	test_expect_code 1 wait $gc &&
	hornero wait "$job" --timeout 300 &&
	test "$(job_field reused)" = false &&
	test "$(head -n 1 "$(node_warm_path "$HELLO_UUID")")" = one
'

test_expect_success 'without the right to change the store it says so, and nothing is lost' '
	if test "$(id -u)" -eq 0
	then
		node_set store_budget 0 &&
		push_text two &&
		push_text three &&
		node_set store_budget 1 &&
		test_expect_code 78 setpriv --reuid 64999 --regid 64999 --clear-groups -- \
			hornero gc >out 2>err &&
		cat err &&
		test_grep "cannot (open|remove|read)" err
	fi
'

test_expect_success 'the agent collects by itself' '
	node_stop &&
	ls "$ARTIFACT" | grep -c raw &&
	node_set sweep_interval 10h &&
	node_start &&
	wait_until "test \$(ls $ARTIFACT | grep -c raw) -eq 2" 30 &&
	hornerod_says "event=collected what=artifact" &&
	node_stop
'

test_done
