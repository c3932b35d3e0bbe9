#!/bin/sh
test_description='hornero-publish dies, stops, is terminated, has no room: the cache stays whole'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires qemu-img qemu-utils

test_expect_success 'setup: an old base in place, a new artifact in the store' '
	publish_init &&
	publish_file old 256 &&
	cp old keep-old &&
	publish_file new 256 &&
	cp new keep-new &&
	publish_take new 2 &&
	new=$DIGEST &&
	publish_take old 1 &&
	old=$DIGEST &&
	publish_fence 1 &&
	publish_ask 1 >replies &&
	cmp keep-old "$BASE"
'

use_old () {
	publish_use $old &&
	publish_conf &&
	publish_fence 1 &&
	publish_ask 1 >replies &&
	cmp keep-old "$BASE"
}

use_new () {
	publish_use $new &&
	publish_fence 2
}

# Only whole bases under 40 characters; beside them at most leftovers that Nova passes over.
whole_only () {
	for file in "$CACHE"/* "$CACHE"/.[!.]*
	do
		test -e "$file" || continue
		case ${file##*/} in
		"$NAME") cmp -s keep-old "$file" || cmp -s keep-new "$file" || return 1 ;;
		.hornero-"$UUID".*) ;;
		*) echo >&2 "unexpected: $file"; return 1 ;;
		esac
	done
}

# Red without the flock test in staging.c remove_leftover(), or without staging_sweep() in
# publish_run().
for point in publish-copied publish-locked publish-renamed publish-before-reply
do
	test_expect_success "kill -9 at $point: nothing partial, and the next run publishes" '
		use_old &&
		use_new &&
		publish_conf "failpoint: $point" &&
		test_expect_code 137 publish_ask 2 >replies 2>log &&
		test_grep ! "^(published|deferred|error)" replies &&
		whole_only &&
		case $point in
		publish-renamed|publish-before-reply) cmp keep-new "$BASE" ;;
		*) cmp keep-old "$BASE" && test -e "$CACHE/.hornero-$UUID.2.1.token" ;;
		esac &&
		publish_conf &&
		publish_fence 2 2 &&
		publish_ask 2 2 >replies &&
		test_grep "^published " replies &&
		test_grep ! "^waiting" replies &&
		cmp keep-new "$BASE" &&
		publish_clean
	'
done

# Red without the manifest being written last in store.c store_take(): the artifact would count as
# there.
for point in store-staged store-taken
do
	test_expect_success "kill -9 at $point: no manifest, no artifact; the next one publishes" '
		publish_file $point 64 &&
		cp $point keep-$point &&
		publish_conf "failpoint: $point" &&
		test_expect_code 137 publish_take $point 5 &&
		digest=$(sha256sum <keep-$point | cut -d " " -f 1) &&
		test_must_fail test -e "$INSTANCES/hornero/artifact/$digest.json" &&
		publish_conf &&
		publish_fence 5 &&
		DIGEST=$digest RAW=$TRASH/keep-$point &&
		test_expect_code 75 publish_ask 5 >replies &&
		test_grep "^error nobody .*will not publish" replies &&
		cp keep-$point $point &&
		publish_take $point 5 &&
		publish_ask 5 >replies &&
		test_grep "^published " replies &&
		cmp keep-$point "$BASE" &&
		publish_clean
	'
done

# Red without the second is_in_use() in publish.c put_in_place().
test_expect_success 'an instance that comes while we copy is seen under the lock' '
	use_old &&
	use_new &&
	publish_conf "failpoint: publish-copied:stop" &&
	publish_background 2 &&
	publish_stopped &&
	publish_instance late &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "^deferred instance late stands" "$publish_replies" &&
	cmp keep-old "$BASE" &&
	publish_clean &&
	rm -r "$INSTANCES/late"
'

# Red without fence_check() in publish.c put_in_place().
test_expect_success 'a publisher that stood still while the next attempt began publishes nothing' '
	use_old &&
	use_new &&
	publish_conf "failpoint: publish-copied:stop" &&
	publish_background 2 &&
	publish_stopped &&
	publish_fence 3 &&
	kill -CONT "$publish_pid" &&
	test_expect_code 75 publish_end &&
	test_grep "^error nobody .*fenced" "$publish_replies" &&
	cmp keep-old "$BASE" &&
	publish_clean
'

# Red without the flock in staging.c staging_open().
test_expect_success 'a file of a living publisher is no leftover; an attempt has one publisher' '
	use_old &&
	use_new &&
	publish_conf "failpoint: publish-copied:stop" &&
	publish_background 2 &&
	publish_stopped &&
	publish_conf &&
	test_expect_code 75 publish_ask 2 >replies &&
	test_grep "^error nobody .*another publisher is at work" replies &&
	publish_fence 3 &&
	publish_ask 3 >replies &&
	test_grep "^published " replies &&
	test -e "$CACHE/.hornero-$UUID.2.1.token" &&
	publish_fence 2 &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "^published " "$publish_replies" &&
	publish_clean
'

# waited_for NAME: a process waits in the kernel for the inode that hold_lock wrote to NAME.out.
waited_for () {
	wait_until "grep -q -- '-> OFDLCK .*:$(sed 's/held //' "$1.out") ' /proc/locks" 20
}

test_expect_success 'SIGTERM while it waits for the lock: it says so and leaves nothing' '
	use_old &&
	use_new &&
	publish_conf &&
	hold_lock "$LOCK" first.out &&
	first=$holder &&
	publish_background 2 &&
	waited_for first &&
	test_grep "^waiting lock Nova.s lock nova-$NAME \(held by process $holder, python3\)" \
		"$publish_replies" &&
	kill -TERM "$publish_pid" &&
	test_expect_code 75 publish_end &&
	test_grep "^error nobody .*told to end" "$publish_replies" &&
	cmp keep-old "$BASE" &&
	publish_clean
'

test_expect_success 'the client hangs up: the same' '
	test_expect_code 75 publish-tool leave "$RAW" "publish $UUID $DIGEST 2 1 token" \
		hornero-publish -c "$CONF" \
		>replies 2>log &&
	test_grep "^waiting" replies &&
	test_grep "is gone" log &&
	cmp keep-old "$BASE" &&
	publish_clean
'

# Red without is_current() in novalock.c.
test_expect_success 'a lock on a file that was unlinked is no lock: it takes the new one' '
	publish_background 2 &&
	waited_for first &&
	rm "$LOCK" &&
	hold_lock "$LOCK" second.out &&
	kill $first &&
	waited_for second &&
	cmp keep-old "$BASE" &&
	kill $holder &&
	publish_end &&
	test_grep "^published " "$publish_replies" &&
	cmp keep-new "$BASE" &&
	publish_clean
'

test_expect_success 'a lock file that is a link is the operator'\''s' '
	rm "$LOCK" &&
	ln -s /dev/null "$LOCK" &&
	test_expect_code 78 publish_ask 2 >replies &&
	test_grep "^error operator .*lock file nova-$NAME" replies &&
	rm "$LOCK" &&
	publish_clean
'

if test "$(id -u)" -eq 0 &&
	mkdir small &&
	mount -t tmpfs -o size=3m,mode=0755 none small 2>/dev/null
then
	test_cleanup "umount '$TRASH/small'"
	test_expect_success 'a full disk: the old base stands, and nothing is left' '
		PUBLISH_TOP=$TRASH/small &&
		publish_init &&
		publish_file old 64 &&
		cp "$PUBLISH_TOP/old" keep-old &&
		publish_take old 1 &&
		publish_fence 1 &&
		publish_ask 1 >replies &&
		cmp keep-old "$BASE" &&
		publish_file new 1800 &&
		publish_take new 2 &&
		publish_fence 2 &&
		test_expect_code 75 publish_ask 2 >replies &&
		test_grep "^error nobody .*in $CACHE.*No space left on device" replies &&
		cmp keep-old "$BASE" &&
		publish_clean &&
		mount -o remount,size=8m small &&
		publish_ask 2 >replies &&
		test_grep "^published " replies &&
		cmp "$RAW" "$BASE"
	'
else
	test_skip 'a full disk' 'no tmpfs of its own can be mounted here'
fi

test_done
