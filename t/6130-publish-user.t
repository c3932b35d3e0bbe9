#!/bin/sh
test_description='hornero-publish as nova with two capabilities, among what Nova and libvirt own'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
test_requires qemu-img qemu-utils
test_requires setpriv util-linux
test "$(id -u)" -eq 0 || test_skip_all 'only root can become the users of an installed node'

NOVA_ID=64001
LIBVIRT_ID=64055
HORNERO_ID=64998
BARE="setpriv --reuid $NOVA_ID --regid $NOVA_ID --clear-groups"
CAPS=-all,+dac_override,+fowner
FULL="$BARE --inh-caps=$CAPS --ambient-caps=$CAPS --bounding-set=$CAPS"

test_expect_success 'setup: Nova'\''s directories are nova'\''s, store and fence hornero'\''s' '
	publish_init &&
	publish_file one 64 &&
	publish_take one 1 &&
	publish_fence 1 &&
	first=$RAW &&
	mkdir "$INSTANCES/locks" &&
	chown $NOVA_ID:$NOVA_ID "$INSTANCES" "$CACHE" "$INSTANCES/locks" &&
	chown -R $HORNERO_ID:$HORNERO_ID "$STATE" "$INSTANCES/hornero" &&
	chmod 0755 "$INSTANCES" "$CACHE" "$INSTANCES/locks" &&
	chmod 0750 "$STATE" "$INSTANCES/hornero" &&
	stat -c %z "$RAW"
'

# chown was a change of the stored file: it is taken anew, as its owner would.
take_as_hornero () {
	publish_file "$1" 64 &&
	publish_take "$1" "$2" &&
	chown $HORNERO_ID "$INSTANCES/hornero/artifact/$DIGEST.json" &&
	publish_fence "$2" &&
	chown $HORNERO_ID "$STATE/fence/$UUID"
}

test_expect_success 'nova with both capabilities publishes; base and lock are nova'\''s, 0644' '
	take_as_hornero two 2 &&
	PUBLISH_AS=$FULL &&
	publish_ask 2 >replies &&
	test_grep "^published " replies &&
	cmp "$RAW" "$BASE" &&
	test "$(stat -c %u:%g:%a "$BASE")" = $NOVA_ID:$NOVA_ID:644 &&
	test "$(stat -c %u:%g:%a "$LOCK")" = $NOVA_ID:$NOVA_ID:644 &&
	publish_clean
'

test_expect_success 'over a base that libvirt has chowned at a boot' '
	chown $LIBVIRT_ID:$LIBVIRT_ID "$BASE" &&
	chmod 0644 "$BASE" &&
	take_as_hornero three 3 &&
	publish_ask 3 >replies &&
	test_grep "^published " replies &&
	cmp "$RAW" "$BASE" &&
	test "$(stat -c %u "$BASE")" = $NOVA_ID
'

test_expect_success 'an overlay that only libvirt may read is read all the same' '
	publish_instance private &&
	chown $LIBVIRT_ID "$INSTANCES/private/disk" &&
	chmod 0600 "$INSTANCES/private/disk" &&
	take_as_hornero four 4 &&
	publish_ask 4 >replies &&
	test_grep "^deferred instance private stands" replies
'

test_expect_success 'without the capabilities it cannot see the manifest, and says so' '
	PUBLISH_AS=$BARE &&
	test_must_fail publish_ask 4 >replies 2>log &&
	test_grep "^error [a-z]+ .*Permission denied" replies &&
	publish_clean
'

test_expect_success 'one unreadable overlay defers, with words' '
	chmod -R a+rX "$STATE" "$INSTANCES/hornero" &&
	publish_file five 64 &&
	publish_take five 5 &&
	publish_fence 5 &&
	publish_ask 5 >replies &&
	test_grep "^deferred instance private may stand .*private/disk: Permission denied" \
		replies &&
	rm -r "$INSTANCES/private" &&
	publish_ask 5 >replies &&
	test_grep "^published " replies
'

test_expect_success 'a stranger can neither write the cache nor take the lock' '
	PUBLISH_AS="setpriv --reuid 64777 --regid 64777 --clear-groups" &&
	publish_file six 64 &&
	publish_take six 6 &&
	publish_fence 6 &&
	test_expect_code 78 publish_ask 6 >replies &&
	test_grep "^error operator .*cache directory" replies &&
	test "$(stat -c %u:%a "$LOCK")" = $NOVA_ID:644 &&
	publish_clean
'

# Red without the fchown in novalock.c create_file() and in staging.c give_away().
test_expect_success 'root in a scratch node leaves nothing that Nova could not open' '
	PUBLISH_AS= &&
	rm -r "$INSTANCES/locks" &&
	publish_ask 6 >replies &&
	test_grep "^published " replies &&
	test "$(stat -c %u:%a "$INSTANCES/locks")" = $NOVA_ID:755 &&
	test "$(stat -c %u:%a "$LOCK")" = $NOVA_ID:644 &&
	test "$(stat -c %u:%a "$BASE")" = $NOVA_ID:644 &&
	$BARE sh -c "exec 5>>\"$LOCK\" && flock -n 5"
'

test_expect_success 'under umask 077 as well' '
	rm -r "$INSTANCES/locks" "$CACHE" &&
	(umask 077 && publish_ask 6 >replies) &&
	test_grep "^published " replies &&
	test "$(stat -c %u:%a "$CACHE")" = $NOVA_ID:755 &&
	test "$(stat -c %u:%a "$INSTANCES/locks")" = $NOVA_ID:755 &&
	test "$(stat -c %u:%a "$LOCK")" = $NOVA_ID:644 &&
	test "$(stat -c %u:%a "$BASE")" = $NOVA_ID:644
'

test_done
