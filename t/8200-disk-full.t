#!/bin/sh
# Full disks: nothing half-written, nothing lost, said in words, and mended by itself once there is
# room.
test_description='full disks while building and while publishing'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test "$(id -u)" -eq 0 || test_skip_all 'mounting small filesystems needs root'

small () {
	mkdir -p "$1" &&
	mount -t tmpfs -o size="$2",mode=0755 hornero-small "$1" &&
	test_cleanup "umount '$1'"
}

# push_random: 8 MiB that no filesystem can store smaller
push_random () {
	push_make 'head -c 8388608 /dev/urandom >$@' \
		"printf '$1\\000' | dd of=\$@ conv=notrunc 2>/dev/null"
}

test_expect_success 'a node whose store and cache are small' '
	small "$NODE/store" 4m &&
	mkdir -p "$NODE/instances" &&
	small "$NODE/instances/_base" 4m &&
	node_init "store_dir: $NODE/store" &&
	node_hello_repo &&
	node_start &&
	node_swept
'

# Drained, so that no next attempt begins meanwhile. Red without: unlink in
# agent/build/build_store.c.
test_expect_success 'the store is full: the job waits with the reason, and leaves nothing' '
	push_random one &&
	wait_until "test \$(job_field attempts[0].ended_ms 1) != null" 60 &&
	hornero drain --timeout 60 &&
	hornero show 1 --json >shown &&
	jq -e ".state == \"queued\" and (.attempts[-1].reason | test(\"No space left\"))" shown &&
	test -z "$(ls -A "$NODE/store/stage" "$NODE/store/artifact" | grep raw)" &&
	hornero resume &&
	why_says 1 "No space left" 60
'

# waits_for_cache: job 1 is built, and is tried again because of no space.
waits_for_cache () {
	hornero show 1 --json | jq -e '
		.state == "built" and
		.waiting_kind == "retry" and
		(.waiting_for | test("No space"))'
}

test_expect_success 'room in the store: it goes on by itself, until the cache is full' '
	mount -o remount,size=64m "$NODE/store" &&
	wait_until waits_for_cache 60 &&
	test_expect_code 75 hornero wait 1 --timeout 2 2>err &&
	test_grep "waits, and nobody needs to act: tried again by itself: .*No space" err &&
	test -z "$(ls "$NODE/instances/_base")"
'

test_expect_success 'room in the cache: it becomes warm by itself' '
	mount -o remount,size=64m "$NODE/instances/_base" &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test "$(head -c 3 "$(node_warm_path "$HELLO_UUID")")" = one &&
	test "$(ls -A "$NODE/instances/_base" | wc -l)" = 1
'

test_expect_success 'the builder'\''s own disk is full: the pusher reads what the builder said' '
	node_stop &&
	rm -rf "$NODE/unikernels" &&
	small "$NODE/unikernels" 4m &&
	node_start &&
	push_random two &&
	test_expect_code 1 hornero wait "$HELLO_UUID" --timeout 300 &&
	hornero log $job >out &&
	test_grep "No space left" out &&
	test "$(head -c 3 "$(node_warm_path "$HELLO_UUID")")" = one
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
