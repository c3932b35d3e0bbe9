#!/bin/sh
test_description='hornero-publish and the real Nova: one name, one lock, a boot without Glance'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
. "$HORNERO_SRC/t/lib/flatten.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/nova.sh"
test_requires qemu-img qemu-utils

test_expect_success 'the name is the one that Nova looks for' '
	publish_init &&
	publish_file one 1024 &&
	cp one keep-one &&
	publish_take one 1 &&
	publish_fence 1 &&
	publish_ask 1 >replies &&
	test_grep "^published " replies &&
	test "$($NOVA name "$UUID")" = "$NAME" &&
	test_grep "^published $NAME " replies
'

test_expect_success 'Nova makes an instance from it, both ways, with a fetch function that raises' '
	$NOVA boot "$INSTANCES" "$NAME" flat-one flat &&
	cmp -n 1048576 keep-one "$INSTANCES/flat-one/disk" &&
	$NOVA boot "$INSTANCES" "$NAME" cow-one qcow2 &&
	qemu-img convert -f qcow2 -O raw "$INSTANCES/cow-one/disk" seen &&
	cmp -n 1048576 keep-one seen &&
	test_must_fail $NOVA boot "$INSTANCES" "$(echo "$NAME" | tr 0-9a-f 1-9a-f0)" cold qcow2 \
		2>log &&
	test_grep "it is not warm" log
'

test_expect_success 'the overlay that Nova made is a dependent; Nova'\''s raw copy is none' '
	publish_file two 1024 &&
	publish_take two 2 &&
	publish_fence 2 &&
	publish_ask 2 >replies &&
	test_grep "^deferred instance cow-one stands on the present bytes\$" replies &&
	rm -r "$INSTANCES/cow-one" &&
	publish_ask 2 >replies &&
	test_grep "^published " replies
'

test_expect_success 'while Nova holds its lock we wait and name the holder; then we publish' '
	nova_hold "$NAME" &&
	publish_file three 4 &&
	publish_take three 3 &&
	publish_fence 3 &&
	before=$(ino "$BASE") &&
	publish_background 3 &&
	wait_until "grep -q -- \"-> OFDLCK .*:$(ino "$LOCK") \" /proc/locks" 30 &&
	test_grep "^waiting lock Nova.s lock nova-$NAME .held by process $holder, python3." \
		"$publish_replies" &&
	test "$(ino "$BASE")" = "$before" &&
	kill "$holder" &&
	publish_end &&
	test_grep "^published " "$publish_replies"
'

# Red without the F_OFD_SETLK in novalock.c novalock_take(): Nova would take it while the publisher
# stands still.
test_expect_success 'while we hold it, Nova waits' '
	publish_fence 3 &&
	publish_conf "failpoint: publish-locked:stop" &&
	publish_background 3 &&
	publish_stopped || return 1
	$NOVA take "$INSTANCES" "$NAME" >taken &
	taker=$! &&
	test_cleanup "kill $taker 2>/dev/null || :" &&
	wait_until "grep -q taking taken" 60 &&
	waiting=$(sed -n "s/^taking //p" taken) &&
	test_cleanup "kill $waiting 2>/dev/null || :" &&
	wait_until "ls -l /proc/$waiting/fd 2>/dev/null | grep -q \"nova-$NAME\"" 60 &&
	lock_is_held "$LOCK" &&
	test_must_fail grep taken taken &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "^published " "$publish_replies" &&
	wait "$taker" &&
	test_grep taken taken &&
	publish_conf
'

test_expect_success 'Nova'\''s ageing keeps a new base, and passes over a file that is on its way' '
	touch -d "3 days ago" "$CACHE/.hornero-$UUID.9.9" &&
	nova age "$INSTANCES" &&
	test_grep "^aged" nova.log &&
	test -e "$BASE" &&
	test -e "$CACHE/.hornero-$UUID.9.9" &&
	touch -d "3 days ago" "$BASE" &&
	nova age "$INSTANCES" &&
	test_must_fail test -e "$BASE"
'

test_expect_success 'aged out, it is published again from the store' '
	publish_fence 3 &&
	publish_ask 3 >replies &&
	test_grep "^published " replies &&
	publish_clean &&
	$NOVA boot "$INSTANCES" "$NAME" again qcow2
'

test_expect_success 'the disk that Nova made is flattened; Nova boots it, and the new base, too' '
	echo "in_use: flatten" >>"$STATE/images.d/$UUID.yaml" &&
	publish_conf "libexec_dir: $HORNERO_BUILD" "libvirt_uri: test:///default" \
		"cache_floor: 0" &&
	disk=$INSTANCES/again/disk &&
	qemu-io -f qcow2 -c "write -P 0xaa 1k 1k" "$disk" >/dev/null &&
	flatten_see "$disk" before &&
	publish_file four 64 &&
	cp four keep-four &&
	publish_take four 4 &&
	publish_fence 4 &&
	publish_ask 4 >replies &&
	test_grep "^published " replies &&
	cmp keep-four "$BASE" &&
	$NOVA boot "$INSTANCES" "$NAME" again qcow2 &&
	test_must_fail flatten_is_backed "$disk" &&
	flatten_see "$disk" after &&
	cmp before after &&
	$NOVA boot "$INSTANCES" "$NAME" newer qcow2 &&
	flatten_see "$INSTANCES/newer/disk" seen &&
	cmp -n 65536 keep-four seen
'

# Red where nova_root_gib() rounds down.
test_expect_success 'a flavor of our root_gib is large enough for Nova; one GiB less is not' '
	rm -r "$INSTANCES/newer" &&
	truncate -s 1073742336 large &&
	printf boot | dd of=large conv=notrunc 2>/dev/null &&
	publish_take large 5 &&
	publish_fence 5 &&
	publish_ask 5 >replies &&
	test_grep "^published " replies &&
	hornero -c "$CONF" cache --json >cached &&
	gib=$(jq ".[] | select(.image == \"$UUID\") | .root_gib" cached) &&
	test "$gib" = 2 &&
	for kind in qcow2 flat
	do
		test_must_fail $NOVA boot "$INSTANCES" "$NAME" "small-$kind" $kind $((gib - 1)) \
			2>log &&
		test_grep FlavorDiskSmallerThanImage log &&
		$NOVA boot "$INSTANCES" "$NAME" "right-$kind" $kind $gib || return 1
	done
'

test_done
