#!/bin/sh
# hornerod has an artifact copied into Nova's cache while its attempt makes the digest. Red without
# publication_drop_prepared (3).
test_description='an attempt'\''s artifact is prepared while it is digested'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

# big TEXT: pushes a build of 9 MiB without holes
big () {
	push_make "yes '$1' | head -c 9437184 >\$@"
}
prepared () {
	grep -c "event=prepared job=$job " "$NODE/hornerod.log"
}
# Nothing of ours in the cache but whole files.
is_clean () {
	! ls "$NODE"/instances/_base/.hornero-* 2>/dev/null
}
is_warm_with () {
	why_says "$HELLO_UUID" "is warm" 60 &&
	yes "$1" | head -c 9437184 | cmp - "$(node_warm_path "$HELLO_UUID")"
}

test_expect_success 'a large artifact is prepared, a small one is not' '
	node_init &&
	node_make_repo &&
	node_start &&
	node_swept &&
	big one &&
	hornero wait "$job" --timeout 120 &&
	test "$(prepared)" = 1 &&
	is_warm_with one &&
	is_clean &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	hornero wait "$job" --timeout 120 &&
	test "$(prepared)" = 0
'

test_expect_success 'bytes that the store has already: right all the same' '
	big one &&
	hornero wait "$job" --timeout 120 &&
	is_warm_with one &&
	is_clean
'

test_expect_success 'an attempt that dies then leaves nothing in the cache; the next one succeeds' '
	node_stop &&
	node_set failpoint build-staged:stop &&
	node_start &&
	big three &&
	wait_until "test \"\$(prepared)\" = 1" 120 &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	pid=$(pgrep -f "hornero-build .*--conf=$HORNERO_CONF") &&
	kill -KILL $pid &&
	wait_until is_clean 60 &&
	hornero wait "$job" --timeout 120 &&
	is_warm_with three
'

test_expect_success 'a publisher that dies after that costs nothing' '
	node_stop &&
	node_set failpoint publish-prepared:stop &&
	node_start &&
	big four &&
	wait_until "test \"\$(prepared)\" = 1" 120 &&
	pkill -KILL -f "hornero-publish -c $HORNERO_CONF" &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	hornero wait "$job" --timeout 120 &&
	is_warm_with four &&
	is_clean
'

test_expect_success 'nor does a reload in between' '
	node_stop &&
	node_set failpoint build-staged:stop &&
	node_start &&
	big five &&
	wait_until "test \"\$(prepared)\" = 1" 120 &&
	sed -i "/^failpoint:/d" "$HORNERO_CONF" &&
	node_reload &&
	wait_until is_clean 60 &&
	kill -CONT $(pgrep -f "hornero-build .*--conf=$HORNERO_CONF") &&
	hornero wait "$job" --timeout 120 &&
	is_warm_with five
'

test_done
