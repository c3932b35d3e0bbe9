#!/bin/sh
# in_use: defer. An instance stands on the old base: the push waits, names it, and is published by
# itself once it is gone.
test_description='deferred publication, through the front'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

push_text () {
	printf \
		'hornero.raw:\n\thead -c 1048576 /dev/zero >$@\n\tprintf "%s" | dd of=$@ conv=notrunc 2>/dev/null\n' "$1" >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m "$1" &&
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null
}

instance=$NODE/instances/8f14e45f-ceea-467f-a1d6-0c0ffee0c0de

test_expect_success 'an image is warm, and an instance stands on it' '
	node_init &&
	node_start &&
	node_hello_repo &&
	push_text old &&
	hornero wait "$HELLO_UUID" --timeout 30 &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	mkdir "$instance" &&
	qemu-img create -q -f qcow2 -F raw -b "$warm" "$instance/disk" 2M
'

test_expect_success 'the push is built and waits; wait and why name the instance' '
	push_text new &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep 8f14e45f-ceea err &&
	hornero why 2 >out &&
	test_grep 8f14e45f-ceea out &&
	hornero show 2 --json | jq -e ".state == \"built\"" &&
	test "$(tr -d "\0" <"$warm")" = old
'

test_expect_success 'other images are published meanwhile, and the wait does not spin' '
	uuid=11111111-1111-4111-8111-111111111111 &&
	begin=$(date +%s) &&
	before=$(grep -c . "$NODE/hornerod.log") &&
	hornero image add $uuid hello --builder make &&
	hornero wait $uuid --timeout 30 &&
	wait_until "test \$(date +%s) -gt $((begin + 2))" 10 &&
	tries=$(grep -c "deferred" "$NODE/hornerod.log") &&
	test "$tries" -ge 1 &&
	test "$tries" -le $(($(date +%s) - begin + 5))
'

test_expect_success 'a restart forgets nothing' '
	node_stop &&
	node_start &&
	wait_until \
		"hornero show 2 --json | jq -e \".waiting_kind == \\\"instance\\\" and (.waiting_for | test(\\\"8f14e45f\\\"))\"" 20 &&
	test "$(tr -d "\0" <"$warm")" = old
'

test_expect_success 'the instance is gone: published by itself' '
	rm -r "$instance" &&
	wait_until "test \"\$(tr -d \"\\0\" <\"$warm\")\" = new" 20 &&
	wait_until "hornero wait 2 --timeout 5" 20
'

test_expect_success 'a deferred job gives way to a newer one' '
	mkdir "$instance" &&
	qemu-img create -q -f qcow2 -F raw -b "$warm" "$instance/disk" 2M &&
	push_text newer &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 &&
	push_text newest &&
	wait_until "hornero queue --all --json | jq -e \"any(.[]; .state == \\\"superseded\\\")\"" \
		30 &&
	rm -r "$instance" &&
	hornero wait "$HELLO_UUID" --timeout 30 || wait_until \
		"hornero wait $HELLO_UUID --timeout 5" 30 &&
	test "$(tr -d "\0" <"$warm")" = newest
'

# Red with a log line alone in the place of fail() in agent/hornerod/publication.c
# publication_start().
test_expect_success 'a record that cannot be read holds the job with its reason; mended, it is published' '
	record=$NODE/instances/hornero/warm/$HELLO_UUID.json &&
	rm "$record" &&
	mkdir "$record" &&
	push_text held &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep "held: .*warm/$HELLO_UUID.json" err &&
	rmdir "$record" &&
	job=$(sed -n "s/.*hornero retry \([0-9]*\).*/\1/p" err | tail -n 1) &&
	hornero retry "$job" &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 30 &&
	test "$(tr -d "\0" <"$warm")" = held
'

# Red with a log line alone in the place of fail() in agent/hornerod/publication.c take_answer().
test_expect_success 'so does a record that cannot be written behind the publisher'\''s back' '
	mkfifo nova &&
	{ python3 -c "import fcntl, sys
f = open(sys.argv[1], \"a\"); fcntl.lockf(f, fcntl.LOCK_EX); open(\"locked\", \"w\"); sys.stdin.read()" "$NODE/instances/locks/nova-${warm##*/}" <nova & nova=$!
} &&
	exec 8>nova &&
	wait_until "test -e locked" 20 &&
	push_text behind &&
	wait_until \
		"hornero queue --json | jq -e \"any(.[]; .waiting_kind == \\\"lock\\\" and (.waiting_for | test(\\\"lock\\\")))\"" 30 &&
	rm "$record" &&
	mkdir "$record" &&
	exec 8>&- &&
	wait $nova &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep "held: .*warm/$HELLO_UUID.json" err &&
	rmdir "$record" &&
	job=$(sed -n "s/.*hornero retry \([0-9]*\).*/\1/p" err | tail -n 1) &&
	hornero retry "$job" &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 30 &&
	test "$(tr -d "\0" <"$warm")" = behind
'

test_expect_success 'it stops' 'node_stop'

test_done
