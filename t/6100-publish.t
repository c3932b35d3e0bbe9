#!/bin/sh
test_description='hornero-publish: an artifact becomes a base of the cache, or it says why not'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/publish.sh"
test_requires qemu-img qemu-utils

OTHER=11111111-2222-4333-8444-555555555555

test_expect_success 'a first publication, into a cache that has no lock directory yet' '
	publish_init &&
	publish_file one 64 &&
	cp one keep-one &&
	publish_take one 1 &&
	publish_fence 1 &&
	publish_ask 1 >replies 2>log &&
	test_grep "^published $NAME $(stat -c %i "$BASE") 65536 [0-9]+\$" replies &&
	test_cmp keep-one "$BASE" &&
	test "$(stat -c %a "$BASE")" = 644 &&
	test "$(stat -c %a "$LOCK")" = 644 &&
	test "$(stat -c %i "$BASE")" != "$(stat -c %i "$RAW")" &&
	test_grep "event=published .* way=[a-z]+ .*lock_held_us=[0-9]+" log &&
	publish_clean
'

test_expect_success 'the time of the base is now, however old the artifact is' '
	publish_file old 4 &&
	touch -d "3 days ago" old &&
	publish_take old 2 &&
	publish_fence 2 &&
	publish_ask 2 >replies &&
	test_grep "^published " replies &&
	test "$(($(date +%s) - $(stat -c %Y "$BASE")))" -le 60
'

test_expect_success 'an odd length, holes, and large extents come out as they were' '
	publish_file odd 20000 &&
	printf tail >>odd &&
	truncate -s 100M odd &&
	printf "the end" >>odd &&
	cp --sparse=always odd keep-odd &&
	publish_take odd 3 &&
	publish_fence 3 &&
	publish_ask 3 >replies 2>log &&
	cmp keep-odd "$BASE" &&
	test "$(stat -c %s "$BASE")" -eq "$(stat -c %s keep-odd)" &&
	test "$(stat -c %b "$BASE")" -le $((2 * 20100))
'

# Red without look_at_own() in agent/publish/publish.c publish().
test_expect_success 'a foreign file stays; the answer names its owner and the way to remove it' '
	echo foreign >"$BASE.new" &&
	mv "$BASE.new" "$BASE" &&
	before=$(stat -c "%i %Y" "$BASE") &&
	publish_fence 3 &&
	publish_ask 3 >replies &&
	whose="8 bytes, owner $(stat -c %U "$BASE")" &&
	mend="hornero image add --replace $UUID" &&
	test_grep "^foreign $NAME $BASE is not hornero.s: $whose, .*$mend" replies &&
	test "$(cat "$BASE")" = foreign &&
	test "$(stat -c "%i %Y" "$BASE")" = "$before" &&
	publish_clean
'

# permit: as `hornero image add --replace` writes it
permit () {
	printf "%s %s %s %s\n" "$(stat -c %i "$BASE")" "$(stat -c %.9W "$BASE" | tr -d .)" \
		"$(stat -c %s "$BASE")" "$(stat -c %.9Y "$BASE")" \
		>"$STATE/images.d/$UUID.replace"
}

# Red without the time in state/replace.c line_of(), or without the check of OURS_PERMITTED in
# ours_still().
test_expect_success 'a permission is for one file: another one, or a touched one, stays' '
	permit &&
	echo foreign >"$BASE.new" &&
	touch -r "$BASE" "$BASE.new" &&
	mv "$BASE.new" "$BASE" &&
	publish_ask 3 >replies &&
	test_grep "^foreign" replies &&
	permit &&
	touch -d "1 hour ago" "$BASE" &&
	publish_ask 3 >replies &&
	test_grep "^foreign" replies &&
	test "$(cat "$BASE")" = foreign &&
	permit &&
	publish_conf "failpoint: publish-copied:stop" &&
	publish_background 3 &&
	publish_stopped &&
	touch -d "2 hours ago" "$BASE" &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "^foreign" "$publish_replies" &&
	test "$(cat "$BASE")" = foreign &&
	publish_conf &&
	publish_clean
'

# Red without use_permission() in agent/publish/publish.c: the hard link would go, too.
test_expect_success 'that file is replaced by rename, and the permission is used up' '
	permit &&
	ln "$BASE" "$INSTANCES/kept" &&
	exec 5<"$BASE" &&
	publish_ask 3 >replies &&
	test_grep "^published" replies &&
	cmp keep-odd "$BASE" &&
	test "$(cat <&5)" = foreign &&
	exec 5<&- &&
	test ! -e "$STATE/images.d/$UUID.replace" &&
	mv "$INSTANCES/kept" "$BASE" &&
	publish_ask 3 >replies &&
	test_grep "^foreign" replies &&
	test "$(cat "$BASE")" = foreign
'

# Red without ours_still() in agent/publish/publish.c put_in_place(), and the second half without
# staging_rename_new().
test_expect_success 'one that Nova puts there while we copy is left alone as well' '
	rm "$BASE" &&
	publish_conf "failpoint: publish-copied:stop" &&
	publish_background 3 &&
	publish_stopped &&
	echo fetched >"$BASE" &&
	kill -CONT "$publish_pid" &&
	publish_end &&
	test_grep "^foreign" "$publish_replies" &&
	test "$(cat "$BASE")" = fetched &&
	rm "$BASE" &&
	publish_conf &&
	publish_ask 3 >replies &&
	cmp keep-odd "$BASE" &&
	publish_clean
'

# Red without look_at_bytes() in agent/publish/ours.c; the second half without label_is().
test_expect_success 'without a record, the bytes of an artifact or our label make a file ours' '
	cp "$BASE" "$BASE.x" &&
	mv "$BASE.x" "$BASE" &&
	publish_ask 3 >replies &&
	test_grep "^published" replies &&
	printf X | dd of="$BASE" conv=notrunc 2>/dev/null &&
	publish_ask 3 >replies &&
	test_grep "^published" replies &&
	cmp keep-odd "$BASE"
'

test_expect_success 'an instance on the old bytes defers, early and without a copy' '
	publish_instance $OTHER &&
	publish_file new 64 &&
	cp new keep-new &&
	publish_take new 4 &&
	publish_fence 4 &&
	before=$(stat -c "%i %Y" "$BASE") &&
	publish_ask 4 >replies 2>log &&
	test_grep "^deferred instance $OTHER stands on the present bytes\$" replies &&
	test_grep "event=deferred .*lock_held_us=0 " log &&
	test "$(stat -c "%i %Y" "$BASE")" = "$before" &&
	publish_clean
'

test_expect_success 'the very same bytes may come back under an instance' '
	cp keep-odd again &&
	publish_take again 5 &&
	publish_fence 5 &&
	cp -p "$BASE" "$BASE.x" &&
	mv "$BASE.x" "$BASE" &&
	publish_ask 5 >replies &&
	test_grep "^published " replies &&
	cmp keep-odd "$BASE" &&
	publish_clean
'

# Red with the record's word in the place of standing_compare() in agent/publish/standing.c.
test_expect_success 'a record that calls other bytes the same is not believed' '
	mkdir -p "$INSTANCES/hornero/warm" &&
	digest=$(sha256sum <keep-new | cut -d " " -f 1) &&
	cp "$BASE" was &&
	cp "$BASE" "$BASE.x" &&
	truncate -s "$(stat -c %s keep-new)" "$BASE.x" &&
	mv "$BASE.x" "$BASE" &&
	publish_use $digest &&
	cat >"$INSTANCES/hornero/warm/$UUID.json" <<-END &&
	{"image": "$UUID", "name": "$NAME", "ino": "$(stat -c %i "$BASE")",
	 "born_ns": $(stat -c %.9W "$BASE" | tr -d .), "size_bytes": $(stat -c %s "$BASE"),
	 "digest": "$digest", "key": "", "commit": "", "tree": "", "inputs": "", "builder": "",
	 "job": 4, "attempt": 1, "published_ms": 1}
	END
	publish_fence 4 &&
	publish_ask 4 >replies 2>log &&
	cat log replies &&
	test_grep "^deferred instance $OTHER stands" replies
'

test_expect_success 'neither is one believed whose file is gone: another may have had its name' '
	mv "$BASE" gone &&
	publish_ask 4 >replies &&
	test_grep "^deferred instance $OTHER stands .*which are lost.*copy them to $NAME" replies &&
	test ! -e "$BASE" &&
	rm "$INSTANCES/hornero/warm/$UUID.json" &&
	cp was "$BASE" &&
	RAW=$INSTANCES/hornero/artifact/$(sha256sum <keep-odd | cut -d " " -f 1).raw &&
	publish_clean
'

test_expect_success 'a resized instance, a second disk and a relative backing file defer, too' '
	mv "$INSTANCES/$OTHER" "$INSTANCES/${OTHER}_resize" &&
	mv "$INSTANCES/${OTHER}_resize/disk" "$INSTANCES/${OTHER}_resize/disk.local" &&
	(
		cd "$INSTANCES/${OTHER}_resize" &&
		qemu-img rebase -u -f qcow2 -F raw -b "../_base/$NAME" disk.local
	) &&
	publish_use $(sha256sum <keep-new | cut -d " " -f 1) &&
	publish_fence 4 &&
	publish_ask 4 >replies &&
	test_grep "^deferred instance ${OTHER}_resize stands" replies
'

test_expect_success 'a flattened overlay does not defer' '
	qemu-img rebase -f qcow2 -b "" "$INSTANCES/${OTHER}_resize/disk.local" &&
	publish_ask 4 >replies &&
	test_grep "^published " replies &&
	cmp keep-new "$BASE"
'

test_expect_success 'the fence: another attempt, another token, no fence at all' '
	publish_file late 4 &&
	publish_take late 6 &&
	before=$(stat -c %i "$BASE") &&
	publish_fence 7 &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*fenced" replies &&
	publish_fence 6 2 &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*fenced" replies &&
	publish_fence 6 1 other &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*fenced" replies &&
	rm "$STATE/fence/$UUID" &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*fenced" replies &&
	test "$(stat -c %i "$BASE")" = "$before" &&
	publish_clean
'

test_expect_success 'an unregistered image, or a broken image file, is the operator'\''s' '
	publish_fence 6 &&
	mv "$STATE/images.d/$UUID.yaml" saved &&
	test_expect_code 78 publish_ask 6 >replies &&
	test_grep "^error operator .*$UUID" replies &&
	echo "nonsense: 1" >"$STATE/images.d/$UUID.yaml" &&
	test_expect_code 78 publish_ask 6 >replies &&
	test_grep "^error operator .*$UUID.yaml:1:1" replies &&
	mv saved "$STATE/images.d/$UUID.yaml" &&
	publish_clean
'

test_expect_success 'the descriptor must be the stored file, and unchanged' '
	before=$(stat -c %i "$BASE") &&
	cp "$RAW" twin &&
	real=$RAW &&
	RAW=$TRASH/twin &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*its inode differs" replies &&
	RAW=$real &&
	chmod 0644 "$RAW" &&
	printf x | dd of="$RAW" conv=notrunc 2>/dev/null &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*time of modification differs" replies &&
	RAW=$INSTANCES &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*its type differs" replies &&
	RAW=$real &&
	rm "$INSTANCES/hornero/artifact/$DIGEST.json" &&
	test_expect_code 75 publish_ask 6 >replies &&
	test_grep "^error nobody .*will not publish" replies &&
	test "$(stat -c %i "$BASE")" = "$before" &&
	publish_clean
'

test_expect_success 'malformed requests, and those without a descriptor, are refused with words' '
	for request in "" nonsense "publish ../../x $DIGEST 6 1 token" "publish $UUID $DIGEST 6 1" \
		"publish $UUID $DIGEST 6 1 token more" "publish $UUID $DIGEST -6 1 token"
	do
		test_must_fail publish-tool ask "$RAW" "$request" hornero-publish -c "$CONF" \
			>replies || return 1
		test_grep "^error (us|nobody) " replies || return 1
	done &&
	test_expect_code 70 publish-tool ask - "publish $UUID $DIGEST 6 1 token" \
		hornero-publish -c "$CONF" >replies &&
	test_grep "^error us .*one descriptor" replies
'

test_expect_success 'run by hand it says what it is' '
	test_expect_code 64 hornero-publish -c "$CONF" </dev/null 2>log &&
	test_grep "not a SOCK_SEQPACKET connection" log &&
	hornero-publish --help | grep -q "Nova.s image cache" &&
	test_expect_code 64 hornero-publish --nonsense 2>log
'

test_done
