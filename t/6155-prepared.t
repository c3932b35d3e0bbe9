#!/bin/sh
# `prepare` has the publisher copy an artifact before its digest is known. Red without the use of
# that copy (1), filling_is_of (2), the look at instances (5), the comparison of the attempts (6).
test_description='hornero-publish prepares a copy, and uses it for that artifact alone'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
test_requires qemu-img qemu-utils

# early JOB: prepares $PREPARED, or $RAW, in the background, and asks to publish at `go`.
early () {
	rm -f go &&
	: >replies &&
	: >log || return 1
	publish-tool early "${PREPARED:-$RAW}" "prepare $UUID $1 1" "$TRASH/go" \
		"$RAW" "publish $UUID $DIGEST ${2:-$1} 1 token" \
		"$HORNERO_BUILD/hornero-publish" -c "$CONF" >replies 2>log &
	asked=$!
	test_cleanup "kill -KILL $asked 2>/dev/null || :"
	wait_until 'grep -q "^pid " replies' 60
}

is_prepared () {
	wait_until 'grep -q event=prepared log' 60 &&
	copy=$(stat -c %i "$CACHE"/.hornero-*.prepare)
}

test_expect_success 'the copy is made before, and is the file that is published' '
	publish_init &&
	publish_file first 9000 &&
	publish_take first 1 &&
	publish_fence 1 &&
	early 1 &&
	is_prepared &&
	touch go &&
	wait $asked &&
	test_grep "^published $NAME " replies &&
	test "$(stat -c %i "$BASE")" = "$copy" &&
	cmp "$RAW" "$BASE" &&
	publish_clean
'

test_expect_success 'not if another artifact comes' '
	PREPARED=$RAW &&
	publish_file second 9000 &&
	publish_take second 2 &&
	publish_fence 2 &&
	early 2 &&
	is_prepared &&
	touch go &&
	wait $asked &&
	test "$(stat -c %i "$BASE")" != "$copy" &&
	cmp "$RAW" "$BASE" &&
	publish_clean &&
	PREPARED=
'

test_expect_success 'a client that leaves: nothing stays' '
	before=$(stat -c %i "$BASE") &&
	publish_file third 9000 &&
	publish_take third 3 &&
	publish_fence 3 &&
	early 3 &&
	is_prepared &&
	echo leave >leave && # whole, when it appears
	mv leave go &&
	wait $asked &&
	test "$(stat -c %i "$BASE")" = "$before" &&
	publish_clean
'

test_expect_success 'a publisher that is killed: the next one removes its copy' '
	early 3 &&
	is_prepared &&
	kill -KILL "$(sed -n "s/^pid //p" replies)" &&
	touch go &&
	test_expect_code 137 wait $asked &&
	ls "$CACHE"/.hornero-*.prepare &&
	publish_ask 3 >replies &&
	test_grep "^published $NAME " replies &&
	publish_clean
'

test_expect_success 'if an instance needs the present bytes, nothing is copied' '
	publish_instance one &&
	publish_file fourth 9000 &&
	publish_take fourth 4 &&
	publish_fence 4 &&
	early 4 &&
	touch go &&
	wait $asked &&
	test_grep "^deferred " replies &&
	! grep event=prepared log &&
	publish_clean &&
	rm -r "$INSTANCES/one"
'

test_expect_success 'a publication of another job is refused, and so is one that the fence stops' '
	early 4 5 &&
	is_prepared &&
	touch go &&
	test_expect_code 70 wait $asked &&
	test_grep "^error us .*of the same attempt" replies &&
	publish_clean &&
	publish_fence 5 &&
	early 4 &&
	is_prepared &&
	touch go &&
	test_expect_code 75 wait $asked &&
	test_grep "^error nobody .*fenced" replies &&
	publish_clean
'

test_expect_success 'malformed requests to prepare are refused' '
	for request in prepare "prepare $UUID" "prepare $UUID 1" "prepare ../x 1 1" \
		"prepare $UUID 1 -1" "prepare $UUID 1 1 token"
	do
		test_expect_code 70 publish-tool ask "$RAW" "$request" hornero-publish -c "$CONF" \
			>replies || return 1
		test_grep "^error us " replies || return 1
	done
'

test_done
