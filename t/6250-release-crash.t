#!/bin/sh
test_description='hornero-publish dies or stops while it places a release: nothing is made twice'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires python3 python3

# release: of $DIGEST. Sets RELEASE, its path.
release () {
	id=$(release_id "$UUID" "$DIGEST") &&
	RELEASE_NAME=$(printf %s "$id" | sha1sum | cut -d ' ' -f 1) &&
	RELEASE=$CACHE/$RELEASE_NAME
}

# Both names of one file, and nothing else.
both () {
	test "$(ino "$BASE")" = "$(ino "$RELEASE")" &&
	cmp "$RAW" "$BASE" &&
	test "$(find "$CACHE" -type f -samefile "$BASE" | wc -l)" -eq 2 &&
	test -z "$(ls "$CACHE"/.hornero-* 2>/dev/null)"
}

# Only whole artifacts under 40 characters.
whole_only () {
	for file in "$CACHE"/[0-9a-f]*
	do
		test -e "$INSTANCES/hornero/artifact/$(sha256sum <"$file" | cut -d ' ' -f 1).raw" ||
			{ echo >&2 "unexpected: $file"; return 1; }
	done
}

test_expect_success 'setup: an image that wants releases, published once' '
	publish_init &&
	printf "releases: always\n" >>"$STATE/images.d/$UUID.yaml" &&
	publish_file old 256 &&
	publish_take old 1 &&
	publish_fence 1 &&
	release &&
	publish_ask 1 >replies &&
	test_grep "^released $RELEASE_NAME $(ino "$RELEASE") " replies &&
	test_grep "^published $NAME" replies &&
	both
'

n=1
for point in publish-copied release-locked release-linked publish-locked publish-renamed \
	publish-before-reply
do
	test_expect_success "kill -9 at $point: the next run ends with both names of one file" '
		n=$((n + 1)) &&
		publish_file new 256 &&
		publish_take new $n &&
		release &&
		publish_fence $n &&
		publish_conf "failpoint: $point" &&
		test_expect_code 137 publish_ask $n >replies 2>log &&
		whole_only &&
		had=$(test ! -e "$RELEASE" || ino "$RELEASE") &&
		publish_conf &&
		publish_fence $n 2 &&
		publish_ask $n 2 >replies 2>log &&
		test_grep "^published " replies &&
		both &&
		{ test -z "$had" || test "$(ino "$RELEASE")" = "$had"; }
	'
done

# Red without the explicit unlink in agent/publish/staging.c staging_rename().
test_expect_success 'published again over a link of the same file: no staging file is left' '
	was=$(ino "$BASE") &&
	publish_fence $n 3 &&
	publish_ask $n 3 >replies 2>log &&
	test_grep "^published " replies &&
	test "$(ino "$BASE")" = "$was" &&
	both &&
	test_grep "event=published .*way=link" log
'

test_expect_success 'dead with a staged link: it is swept away, and the base stays' '
	rm "$BASE" &&
	publish_conf "failpoint: publish-taken" &&
	publish_fence $n 4 &&
	test_expect_code 137 publish_ask $n 4 >replies 2>log &&
	test "$(stat -c %h "$RELEASE")" -eq 2 &&
	publish_conf &&
	publish_fence $n 5 &&
	publish_ask $n 5 >replies 2>log &&
	both
'

# Red without fence_check() in agent/publish/placing.c link_under_lock().
test_expect_success 'a publisher that stood still while the next attempt began places no release' '
	n=$((n + 1)) &&
	publish_file new 256 &&
	publish_take new $n &&
	release &&
	publish_fence $n &&
	publish_conf "failpoint: release-locked:stop" &&
	publish_background $n &&
	publish_stopped &&
	lock_is_held "$INSTANCES/locks/nova-$RELEASE_NAME" &&
	publish_fence $n 2 &&
	kill -CONT "$publish_pid" &&
	test_expect_code 75 publish_end &&
	test_must_fail test -e "$RELEASE" &&
	publish_conf
'

# Red with the staging file renamed instead of linked in agent/publish/placing.c.
test_expect_success 'a file that comes while we wait for the lock stays; the next run judges it' '
	publish_fence $n &&
	publish_conf "failpoint: release-locked:stop" &&
	publish_background $n &&
	publish_stopped &&
	echo foreign >"$RELEASE" &&
	kill -CONT "$publish_pid" &&
	test_expect_code 75 publish_end &&
	test_grep "^error nobody .*File exists" "$publish_replies" &&
	publish_conf &&
	publish_ask $n >replies 2>log &&
	test_grep "^unreleased $RELEASE_NAME .*never replaced" replies &&
	test_grep "^published" replies &&
	test "$(cat "$RELEASE")" = foreign &&
	cmp "$RAW" "$BASE" &&
	test -z "$(ls "$CACHE"/.hornero-* 2>/dev/null)"
'

test_expect_success 'neither is a symbolic link followed, nor a directory' '
	rm "$RELEASE" &&
	ln -s "$BASE" "$RELEASE" &&
	publish_ask $n >replies 2>log &&
	test_grep "^unreleased .*symbolic link" replies &&
	test -L "$RELEASE" &&
	rm "$RELEASE" &&
	mkdir "$RELEASE" &&
	publish_ask $n >replies 2>log &&
	test_grep "^unreleased " replies &&
	rmdir "$RELEASE"
'

test_expect_success 'the same bytes from elsewhere, as from Glance, are the release' '
	cp "$RAW" "$RELEASE" &&
	was=$(ino "$RELEASE") &&
	publish_ask $n >replies 2>log &&
	test_grep "^released $RELEASE_NAME $was " replies &&
	test "$(ino "$RELEASE")" = "$was" &&
	test "$(ino "$BASE")" = "$was" &&
	both
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'as nova with both capabilities, from a file that libvirt has chowned' '
		chown 64001:64001 "$INSTANCES" "$CACHE" "$INSTANCES/locks" "$INSTANCES"/locks/* &&
		chown 64055:64055 "$BASE" &&
		chmod -R a+rX "$STATE" &&
		chmod 0755 "$TRASH" &&
		caps=-all,+dac_override,+fowner &&
		PUBLISH_AS="setpriv --reuid 64001 --regid 64001 --clear-groups --no-new-privs" &&
		PUBLISH_AS="$PUBLISH_AS --inh-caps=$caps --ambient-caps=$caps" &&
		PUBLISH_AS="$PUBLISH_AS --bounding-set=$caps" &&
		rm "$BASE" &&
		publish_ask $n >replies 2>log &&
		test_grep "^published" replies &&
		both &&
		test "$(stat -c %u "$BASE")" -eq 64055
	'
	if test "$(cat /proc/sys/fs/protected_hardlinks)" = 1
	then
		test_expect_success 'which takes the capabilities: the kernel protects hard links' '
			setpriv --reuid 64001 --regid 64001 --clear-groups true &&
			test_must_fail setpriv --reuid 64001 --regid 64001 --clear-groups \
				ln "$RELEASE" "$CACHE/another"
		'
	else
		test_skip 'which takes the capabilities' 'fs.protected_hardlinks is off here'
	fi
else
	test_skip 'as nova with both capabilities' 'only root can become nova'
fi

test_done
