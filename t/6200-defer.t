#!/bin/sh
# in_use: defer. An instance stands on the old base: the push waits, names it, and is published by
# itself once it is gone.
test_description='deferred publication, through the front'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"

instance=8f14e45f-ceea-467f-a1d6-0c0ffee0c0de
directory=$NODE/instances/$instance

test_expect_success 'an image is warm, and an instance stands on it' '
	node_init &&
	node_start &&
	node_hello_repo &&
	hello_pushed old &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	stand_on "$warm" $instance
'

test_expect_success 'the push is built and waits; wait and why name the instance' '
	hello_push new &&
	new=$job &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep 8f14e45f-ceea err &&
	why_says $new 8f14e45f-ceea &&
	job_state_is built &&
	warm_text_is old
'

# tries: how many publications were deferred so far
tries () {
	grep -c event=deferred "$NODE/hornerod.log"
}

test_expect_success 'other images are published meanwhile, and the wait does not spin' '
	uuid=11111111-1111-4111-8111-111111111111 &&
	begin=$(date +%s) &&
	before=$(tries) &&
	hornero image add $uuid hello --builder make &&
	hornero wait $uuid --timeout 300 &&
	wait_until "test \$(date +%s) -gt $((begin + 2))" 10 &&
	wait_until "test \$(tries) -gt $before" 30 &&
	tried=$(($(tries) - before)) &&
	test "$tried" -le $(($(date +%s) - begin + 2)) &&
	hornero image remove $uuid
'

test_expect_success 'a restart forgets nothing' '
	node_stop &&
	node_start &&
	wait_until "job_waits_for instance 8f14e45f $new" 20 &&
	warm_text_is old
'

test_expect_success 'the instance is gone: published by itself' '
	rm -r "$directory" &&
	wait_until "warm_text_is new" 20 &&
	job_reaches published $new
'

test_expect_success 'a deferred job gives way to a newer one' '
	stand_on "$warm" $instance &&
	hello_push newer &&
	newer=$job &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 &&
	hello_push newest &&
	job_reaches superseded $newer &&
	rm -r "$directory" &&
	job_reaches published &&
	warm_text_is newest
'

# Red with a log line alone in the place of fail() in agent/hornerod/publication.c
# publication_start().
test_expect_success 'a record that cannot be read holds the job; mended, it is published' '
	record=$NODE/instances/hornero/warm/$HELLO_UUID.json &&
	rm "$record" &&
	mkdir "$record" &&
	hello_push held &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep "held: .*warm/$HELLO_UUID.json" err &&
	rmdir "$record" &&
	job=$(sed -n "s/.*hornero retry \([0-9]*\).*/\1/p" err | tail -n 1) &&
	hornero retry "$job" &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 30 &&
	warm_text_is held
'

# Red with a log line alone in the place of fail() in agent/hornerod/publication.c take_answer().
test_expect_success 'so does a record that cannot be written behind the publisher'\''s back' '
	hold_lock "$NODE/instances/locks/nova-${warm##*/}" lock.out &&
	hello_push behind &&
	wait_until "job_waits_for lock lock" 30 &&
	rm "$record" &&
	mkdir "$record" &&
	kill $holder &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 30 2>err &&
	test_grep "held: .*warm/$HELLO_UUID.json" err &&
	rmdir "$record" &&
	job=$(sed -n "s/.*hornero retry \([0-9]*\).*/\1/p" err | tail -n 1) &&
	hornero retry "$job" &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 30 &&
	warm_text_is behind
'

test_expect_success 'it stops' 'node_stop'

test_done
