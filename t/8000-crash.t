#!/bin/sh
# Die at every named point between the push and the row that says published, start again, settle.
# Each time: what was pushed is warm, whole, and published once; nothing is left behind.
test_description='crashes: every failpoint, once'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/ice.sh"

# As root the node has the users of an installed one, and the publisher outlives the agent.
test "$(id -u)" -ne 0 || node_users

n=0
long=$((100000 + $$)) # a sleep that is nobody else's

# change [RECIPE…]: a new commit in the work clone whose artifact holds its number; the recipes run
# before.
change () {
	n=$((n + 1)) &&
	{
		printf 'hornero.raw:\n'
		test $# -eq 0 || printf '\t%s\n' "$@"
		printf '\tprintf "content %d" >$@\n\ttruncate -s 1M $@\n' $n
	} >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m "$n"
}

push () {
	git -C "$HELLO_WORK" push -q origin main
}

arm () {
	node_set failpoint "$1"
}

# reached POINT: it is armed, and something died there.
reached () {
	hornerod_says "failpoint.point=$1" "${2:-30}"
}

# The row follows the record.
ended () {
	hornero queue --all --json | jq -e \
		'all(.[]; .state | IN("published", "superseded", "failed", "cancelled"))'
}

# Checks the rules that hold whenever the node has settled. A sweep that looks between a push's ref
# and its row has a job of its own.
settled () {
	hornero wait "$HELLO_UUID" --timeout 300 &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	test "$(stat -c %s "$warm")" = 1048576 &&
	warm_text_is "content $n" &&
	wait_until ended 30 &&
	hornero queue --all --json >queue.json &&
	head=$(git -C "$HELLO_WORK" rev-parse HEAD) &&
	jq -e --arg head "$head" '
		map(select(.commit == $head and .state == "published").origin) |
		length > 0 and length == (unique | length)' queue.json &&
	test "$(ls -A "$NODE/instances/_base")" = "${warm##*/}" &&
	test -z "$(ls -A "$NODE/instances/hornero/stage")" &&
	test "$(sqlite3 "$NODE/state/queue/queue.db" "PRAGMA integrity_check")" = ok &&
	wait_until node_cgroups_gone 10
}

test_expect_success 'a node, and a first push' '
	node_init &&
	node_start &&
	node_hello_repo &&
	change &&
	push &&
	settled
'

for point in post-receive-start post-receive-inserted enqueue-before-commit enqueue-after-commit
do
	test_expect_success "the hook dies at $point: the push is accepted, and becomes warm" '
		node_stop &&
		arm $point &&
		change &&
		git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
		test_grep "failpoint point=$point" push.out &&
		test "$(git -C "$HELLO_REPO" rev-parse main)" = \
			"$(git -C "$HELLO_WORK" rev-parse HEAD)" &&
		arm "" &&
		node_start &&
		settled
	'
done

for point in push-noted relic-removed
do
	test_expect_success "the hook dies at $point: the push is refused, the next one works" '
		node_stop &&
		arm $point &&
		change &&
		for lock in HEAD.lock refs/heads/main.lock
		do
			: >"$HELLO_REPO/$lock" &&
			chown --reference="$HELLO_REPO" "$HELLO_REPO/$lock" || return 1
		done &&
		test_must_fail git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
		test_grep "failpoint point=$point" push.out &&
		arm "" &&
		node_start &&
		git -C "$HELLO_WORK" push origin main &&
		settled &&
		test -z "$(find "$HELLO_REPO" -name "*.lock")" &&
		test -z "$(ls "$HELLO_REPO" | grep "^hornero\.push")"
	'
done

for point in build-checked-out build-moved build-staged build-before-store store-staged \
	store-taken build-before-answer build-before-verdict publish-copied publish-locked \
	publish-renamed publish-before-reply agent-before-record agent-before-published
do
	test_expect_success "death at $point, then of the agent" '
		node_stop &&
		arm $point &&
		node_start &&
		change &&
		push &&
		reached $point &&
		node_kill9 &&
		arm "" &&
		node_start &&
		settled
	'
done

# Without a record of the toolchain, which the sweep of the start and the attempt then both make.
for point in toolchain-before-record toolchain-after-record
do
	test_expect_success "death at $point, then of the agent" '
		node_stop &&
		rm -rf "$NODE/state/toolchain" &&
		arm $point &&
		node_start &&
		change &&
		push &&
		reached $point &&
		node_kill9 &&
		arm "" &&
		node_start &&
		settled &&
		wait_until "grep -q ^version $NODE/state/toolchain/make" 30 &&
		test -z "$(find "$NODE/state/toolchain" -name "*.tmp")"
	'
done

# A clean build: only then does a key get an answer for everybody.
test_expect_success "death at answer-clean, then of the agent" '
	node_stop &&
	arm answer-clean &&
	node_start &&
	change &&
	rm -f "$NODE/unikernels/$HELLO_UUID/source" &&
	push &&
	reached answer-clean &&
	node_kill9 &&
	arm "" &&
	node_start &&
	settled &&
	test "$(image_field built)" = clean
'

# Red without: the word "source" going before the go in build_checkout.c say_go().
test_expect_success "death at build-checked-out of a clean build: the next one is clean, too" '
	node_stop &&
	arm build-checked-out &&
	node_start &&
	change &&
	rm -f "$NODE/unikernels/$HELLO_UUID/source" &&
	push &&
	reached build-checked-out &&
	node_kill9 &&
	test ! -e "$NODE/unikernels/$HELLO_UUID/source" &&
	touch "$NODE/unikernels/$HELLO_UUID/cache/left" &&
	arm "" &&
	node_start &&
	settled &&
	test ! -e "$NODE/unikernels/$HELLO_UUID/cache/left"
'

# scrub: one pass by hornero's user
scrub () {
	sed -i 's/"finished_ms": [0-9]*/"finished_ms": 1/' "$NODE/instances/hornero/scrub.json" \
		2>err || :
	if test "$(id -u)" -eq 0
	then
		node_as $node_hornero "$HORNERO_BUILD/hornero-scrub" -c "$HORNERO_CONF"
	else
		"$HORNERO_BUILD/hornero-scrub" -c "$HORNERO_CONF"
	fi
}

test_expect_success 'death at replace-renamed: a foreign file is replaced once, as permitted' '
	node_stop &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	head -c 1048576 /dev/urandom >foreign &&
	rm "$warm" &&
	cp foreign "$warm" &&
	hornero image add --replace "$HELLO_UUID" hello &&
	arm replace-renamed &&
	node_start &&
	change &&
	push &&
	reached replace-renamed &&
	node_kill9 &&
	arm "" &&
	node_start &&
	settled &&
	wait_until "test ! -e $NODE/state/images.d/$HELLO_UUID.replace" 20
'

for point in scrub-stepped scrub-found
do
	test_expect_success "a scrub dies at $point: the next one finds the changed byte" '
		arm $point &&
		printf X | dd of="$warm" bs=1 seek=600000 conv=notrunc 2>/dev/null &&
		{ scrub; test $? -eq 137; } &&
		arm "" &&
		until grep -q "\"at\": \"\"" "$NODE/instances/hornero/scrub.json" 2>err
		do
			scrub
			test $? -le 1 || return 1
		done &&
		hornero sweep &&
		wait_until "warm_text_is \"content $n\"" 30 &&
		change &&
		push &&
		settled
	'
done

if test "$(id -u)" -eq 0 && test -d /sys/fs/cgroup/freezer
then
	test_expect_success 'death at attempt-set-aside while a supervisor survives SIGKILL' '
		node_stop &&
		arm attempt-set-aside &&
		node_start &&
		test_cleanup thaw &&
		printf "hornero.raw:\n\tsleep $long\n" >"$HELLO_WORK/Makefile" &&
		git -C "$HELLO_WORK" commit -q -a -m slow &&
		git -C "$HELLO_WORK" push -q origin main 2>push.out &&
		push_job &&
		wait_until "pgrep -P $node_pid -x hornero-build" 20 &&
		freeze "$(pgrep -P $node_pid -x hornero-build)" &&
		hornero cancel "$job" &&
		reached attempt-set-aside 60 &&
		node_crash &&
		arm "" &&
		change &&
		node_start &&
		push &&
		hornero wait "$HELLO_UUID" --timeout 300 &&
		thaw &&
		settled
	'
fi

test_expect_success 'the agent is killed while a builder runs' '
	change "test -e ../cache/again || { touch ../cache/again; echo waiting; sleep $long; }" &&
	push &&
	wait_until "test -e $NODE/unikernels/$HELLO_UUID/cache/again" 30 &&
	node_kill9 &&
	! pgrep -f "^sleep $long" &&
	node_start &&
	settled
'

test_expect_success 'the database is deleted while hornerod runs: a sweep finds nothing to do' '
	last=$(jq "[.[].job] | max" queue.json) &&
	rm -f "$NODE"/state/queue/queue.db* &&
	hornero sweep &&
	hornero queue --all --json >queue.json &&
	test "$(jq length queue.json)" = 0 &&
	change &&
	push &&
	settled &&
	test "$(jq "[.[].job] | min" queue.json)" -gt "$last"
'

for point in queue-moved-aside queue-log-moved-aside queue-made-anew
do
	test_expect_success "hornerod dies at $point while it moves a damaged queue aside" '
		last=$(image_field job) &&
		node_stop &&
		arm $point &&
		node_start &&
		rm -f "$NODE/state/queue"/queue.db.damaged-* &&
		sqlite3 "$NODE/state/queue/queue.db" "PRAGMA wal_checkpoint(TRUNCATE)" &&
		dd if=/dev/urandom of="$NODE/state/queue/queue.db" bs=4096 seek=1 count=60 \
			conv=notrunc &&
		change &&
		push &&
		reached $point &&
		node_kill9 &&
		arm "" &&
		node_start &&
		settled &&
		test "$(jq "[.[].job] | min" queue.json)" -gt "$last" &&
		test "$(ls "$NODE/state/queue" | grep -c "^queue.db.damaged-[0-9TZ.]*$")" = 1 &&
		test "$(ls "$NODE/state/queue" | grep -c "^queue.db.damaged-.*-wal$")" = 1 &&
		sqlite3 "$NODE/state/queue/queue.db" \
			"SELECT count(*) FROM events WHERE event = \"queue-damaged\"" >count &&
		test "$(cat count)" = 1 &&
		test "$(ls -A "$NODE/state/queue" | grep -c "^[.]")" = 0
	'
done

test_expect_success 'nothing is left of the node when it stops' '
	node_stop &&
	hornerod --clean-up &&
	test -z "$(node_cgroups)"
'

test_done
