#!/bin/sh
# releases and in_use: release-only. A release is an image UUID of its own for one artifact: its
# name in Nova's cache is a second link of the same file, and it never gets other bytes.
test_description='releases in Nova'\''s cache: linked, kept, never replaced, published alone'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/nova.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test_requires qemu-img qemu-utils

INSTANCES=$NODE/instances
CACHE=$INSTANCES/_base
LOG=$NODE/hornerod.log

# content TEXT: the artifact that hello_push TEXT makes, in the file "content".
content () {
	head -c 1048576 /dev/zero >content &&
	printf %s "$1" | dd of=content conv=notrunc 2>/dev/null
}

# digest_of TEXT
digest_of () {
	content "$1" &&
	sha256sum <content | cut -d ' ' -f 1
}

# release_of TEXT: its release, the name and path of that in Nova's cache. Sets release, name, path.
release_of () {
	release=$(release_id "$HELLO_UUID" "$(digest_of "$1")") &&
	name=$(printf %s "$release" | sha1sum | cut -d ' ' -f 1) &&
	path=$CACHE/$name
}

# stored TEXT: its artifact is in the store.
stored () {
	test -e "$INSTANCES/hornero/artifact/$(digest_of "$1").raw"
}

# previous_is TEXT: a rollback would go back to it.
previous_is () {
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -r '.releases[] | select(.previous) | .digest' shown >got &&
	digest_of "$1" >want &&
	test_cmp want got
}

# shown_as FILTER FILE: jq's answer is true.
shown_as () {
	jq -e --arg release "$release" --arg path "$path" --arg image "$HELLO_UUID" "$1" "$2" ||
	{ cat "$2"; return 1; }
}

# gc_below BUDGET: a collection with this store_budget, which it cannot meet.
gc_below () {
	node_set store_budget "$1" &&
	test_expect_code 1 hornero gc &&
	node_set store_budget
}

# is_one_file: the image's name and the release are links to one file.
is_one_file () {
	test "$(ino "$path")" = "$(ino "$stable")"
}

# none_staged: no staging file is left in the cache.
none_staged () {
	test -z "$(ls "$CACHE"/.hornero-* 2>/dev/null)"
}

# settled: no job is under way
settled () {
	wait_until 'hornero queue --all --json | jq -e "all(.[]; .state == \"published\")"' 30
}

# copies: how many files were made for releases from the store's bytes, so far
copies () {
	grep -c 'hornero-publish.*event=released.*way=[^l]' "$LOG" || :
}

set_image () {
	hornero image set "$HELLO_UUID" "$@" >/dev/null
}

test_expect_success 'without the wish there is no release' '
	node_init "sweep_interval: 10h" &&
	node_start &&
	node_hello_repo &&
	stable=$(node_warm_path "$HELLO_UUID") &&
	hello_pushed one &&
	release_of one &&
	cmp content "$stable" &&
	test_must_fail test -e "$path" &&
	hornero image show "$HELLO_UUID" --json >shown &&
	jq -e ".release == null and .artifact.release_state == \"none\"" shown &&
	test "$(jq -r .artifact.release shown)" = "$release"
'

# Red without publication_already_warm() asking is_released(): the bytes are warm, and no publisher
# would be started.
test_expect_success 'the wish comes later: a sweep links what is warm, and copies nothing' '
	before=$(ino "$stable") &&
	rmdir "$INSTANCES/hornero/release" &&
	set_image releases=always &&
	wait_until "test -e \"$path\"" 30 &&
	settled &&
	test "$(ino "$path")" = "$before" &&
	test "$(ino "$stable")" = "$before" &&
	test "$(copies)" -eq 0 &&
	test_grep "event=released .*way=link" "$LOG" &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  warm" out
'

test_expect_success 'a push: two names of one file, and Nova finds both warm' '
	hello_pushed two &&
	release_of two &&
	cmp content "$path" &&
	is_one_file &&
	test "$(stat -c %h "$path")" -eq 2 &&
	test "$(copies)" -eq 1 &&
	nova boot "$INSTANCES" "$name" flat flat &&
	cmp -n 1048576 content "$INSTANCES/flat/disk" &&
	nova boot "$INSTANCES" "$name" cow qcow2 &&
	qemu-img convert -f qcow2 -O raw "$INSTANCES/cow/disk" seen &&
	cmp -n 1048576 content seen &&
	test "$($NOVA name "$release")" = "$name"
'

test_expect_success 'the image, the cache, why, the event log say so' '
	hornero image show "$HELLO_UUID" --json >shown &&
	shown_as ".state == \"warm\" and .release_state == \"warm\"" shown &&
	shown_as ".release == \$release and .release_file == \$path" shown &&
	shown_as ".artifact | .release == \$release and .release_state == \"warm\"" shown &&
	shown_as ".artifact.root_gib == 1" shown &&
	hornero image show "$HELLO_UUID" >out &&
	test_grep "^release: *$release\$" out &&
	test_grep "^root gib: *1\$" out &&
	hornero cache --json >cached &&
	shown_as ".[0].state == \"warm\" and .[0].release_state == \"warm\"" cached &&
	shown_as ".[0].release == \$release" cached &&
	jq "map(select(.image == \"$release\"))[0]" cached >its &&
	shown_as ".state == \"warm\" and .release_of == \$image" its &&
	shown_as ".root_gib == 1 and .path == \$path" its &&
	why_says "$HELLO_UUID" "is warm at .*, and so is its release" &&
	hornero show "$job" --json | jq ".events[] | select(.event == \"released\")" >event &&
	test_grep "\"detail\": \".*$release" event
'

# Red without the AT_SYMLINK_NOFOLLOW in agent/publish/dependents.c look_at().
test_expect_success 'an instance of the release defers no push, and keeps its bytes' '
	test -e "$INSTANCES/cow/disk" &&
	hello_pushed three &&
	cmp content "$path" &&
	qemu-img convert -f qcow2 -O raw "$INSTANCES/cow/disk" seen &&
	cmp -n 1048576 content seen &&
	old=$path oldid=$release &&
	release_of three &&
	cmp content "$stable" &&
	is_one_file &&
	rm -r "$INSTANCES/cow" "$INSTANCES/flat"
'

test_expect_success 'the current release is kept warm; Nova ages out the older, and we forget it' '
	node_stop &&
	touch -d "23 hours ago" "$stable" "$old" &&
	keep &&
	test $(($(date +%s) - $(stat -c %Y "$path"))) -lt 600 &&
	test $(($(date +%s) - $(stat -c %Y "$old"))) -gt 3600 &&
	touch -d "2 days ago" "$old" &&
	nova age "$INSTANCES" &&
	test_must_fail test -e "$old" &&
	test -e "$path" &&
	test -e "$stable" &&
	keep &&
	test_grep "event=release-forgotten .*release=$oldid" keep.log &&
	hornero cache --json >out &&
	jq -e "all(.[]; .image != \"$oldid\")" out
'

test_expect_success 'a deleted release comes back as a link, and so does a deleted stable name' '
	before=$(copies) &&
	rm "$path" &&
	because release-cold "$HELLO_UUID" "its release is not in Nova.s cache" &&
	same_words "$HELLO_UUID" &&
	node_start &&
	wait_until "test -e \"$path\"" 30 &&
	settled &&
	is_one_file &&
	settled &&
	was=$(ino "$path") &&
	rm "$stable" &&
	hornero sweep &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test "$(ino "$stable")" = "$was" &&
	test "$(ino "$path")" = "$was" &&
	test "$(copies)" -eq 0 &&
	settled
'

test_expect_success 'a release alone follows keep_warm, too: let go, then wished again' '
	node_stop &&
	set_image keep_warm=never &&
	rm "$path" &&
	hornero sweep >out &&
	test_grep "let go" out &&
	set_image keep_warm=always &&
	hornero sweep >out &&
	test_grep "its release is not in the cache" out &&
	node_start &&
	wait_until "test -e \"$path\"" 30 &&
	settled
'

# Red without the comparison in agent/publish/placing.c judge(), or with a rename in the place of
# staging_link().
test_expect_success 'a foreign file at the name of a release stays; the push is warm' '
	release_of four &&
	head -c 1048576 /dev/urandom >foreign &&
	cp foreign "$path" &&
	was=$(ino "$path") &&
	hello_pushed four &&
	cmp content "$stable" &&
	cmp foreign "$path" &&
	test "$(ino "$path")" = "$was" &&
	test_grep "event=release-refused .*$name" "$LOG" &&
	test "$(image_field release_state)" = foreign &&
	because release-foreign "$HELLO_UUID" "a file of other bytes has its name, $name" &&
	same_words "$HELLO_UUID" &&
	hornero show "$job" --json | jq -e "any(.events[]; .event == \"unreleased\")" &&
	hornero sweep >out &&
	test_grep "^0 queued" out
'

test_expect_success 'a symbolic link there is refused as well, and once' '
	rm "$path" &&
	ln -s "$stable" "$path" &&
	hornero sweep >out &&
	test_grep "its release is not in the cache" out &&
	settled &&
	test -L "$path" &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	test "$(image_field release_state)" = foreign
'

test_expect_success 'a sweep finds the right bytes at that name, as Nova fetches them' '
	rm "$path" &&
	cp content "$path" &&
	was=$(ino "$path") &&
	hornero sweep >out &&
	test_grep "its release is not in the cache" out &&
	wait_until "test \"\$(image_field release_state)\" = warm" 30 &&
	settled &&
	test "$(ino "$path")" = "$was" &&
	test "$(ino "$stable")" = "$was"
'

test_expect_success 'once it is gone the release comes' '
	rm "$path" &&
	hornero sweep &&
	wait_until "test -e \"$path\"" 30 &&
	settled &&
	is_one_file
'

test_expect_success 'deferred: the release is there at once, and is copied once' '
	stand_on "$stable" &&
	before=$(copies) &&
	hello_push five &&
	release_of five &&
	wait_until "test -e \"$path\"" 30 &&
	cmp content "$path" &&
	wait_until "test \$(grep -c \"event=deferred job=$job\" \"$LOG\") -ge 3" 30 &&
	test "$(copies)" -eq $((before + 1)) &&
	test "$(hornero show "$job" --json |
		jq ".events | map(select(.event == \"released\")) | length")" -eq 1 &&
	job_state_is built &&
	test "$(stat -c %h "$path")" -eq 1 &&
	rm -r "$INSTANCES/vm" &&
	wait_until "hornero wait $job --timeout 5" 30 &&
	test "$(ino "$stable")" = "$(ino "$path")" &&
	test "$(copies)" -eq $((before + 1)) &&
	none_staged
'

test_expect_success 'release-only: published under its release alone, and every word says so' '
	set_image in_use=release-only releases=never &&
	settled &&
	stand_on "$stable" &&
	was=$(ino "$stable") &&
	hello_push six &&
	release_of six &&
	hornero wait "$job" --timeout 300 >out &&
	test_grep "as release $release alone" out &&
	test_grep "instance vm stands" out &&
	cmp content "$path" &&
	test "$(ino "$stable")" = "$was" &&
	hornero wait "$HELLO_UUID" --timeout 300 >out &&
	test_grep "$release alone" out &&
	hornero show "$job" --json >out &&
	jq -e ".state == \"published\" and (.reason | test(\"$release\"))" out &&
	jq -e "any(.events[]; .event == \"published\" and (.detail | test(\"$name\")))" out &&
	why_says "$HELLO_UUID" "as its release $release alone .job $job" &&
	test_grep "event=published-alone" "$LOG"
'

# Red without release_newest() in store/release.c: it would count as the one to go back to.
test_expect_success 'gc leaves the artifact and the records of a release that is published alone' '
	keep &&
	kept=$INSTANCES/hornero/kept/$release.json &&
	touch -d "23 hours ago" "$path" &&
	keep &&
	test -e "$kept" &&
	touch -d "2 hours ago" "$kept" &&
	gc_below 1M &&
	test -e "$kept" &&
	stored six &&
	stored five &&
	test_must_fail stored one &&
	previous_is five &&
	release_of six
'

test_expect_success 'no sweep queues it again, and the release is kept warm beside an older base' '
	keep &&
	hornero sweep >out &&
	test_grep "^$HELLO_UUID  released" out &&
	test_grep "^0 queued" out &&
	node_stop &&
	touch -d "23 hours ago" "$path" &&
	keep &&
	test $(($(date +%s) - $(stat -c %Y "$path"))) -lt 600 &&
	hornero sweep >out &&
	test_grep "^0 queued" out
'

test_expect_success 'taken away it comes back, still alone' '
	rm "$path" &&
	node_start &&
	wait_until "test -e \"$path\"" 30 &&
	settled &&
	cmp content "$path" &&
	test "$(ino "$stable")" = "$was"
'

# Red without follow() in agent/hornerod/publication_end.c record_release(): it would go to what was
# before the own name's bytes.
test_expect_success 'one more alone: gc leaves the one before it, for a rollback' '
	hello_push more &&
	hornero wait "$job" --timeout 300 >out &&
	test_grep " alone" out &&
	previous_is six &&
	gc_below 1 &&
	stored more &&
	stored six &&
	stored five &&
	release_of more
'

# Red without ask_free() in agent/upkeep/keep/keep_releases.c.
test_expect_success 'the instance is gone: the own name follows, by a link' '
	node_stop && # its hornero-keep would ask for the sweep
	rm -r "$INSTANCES/vm" &&
	test_expect_code 1 keep &&
	hornero sweep >out &&
	test_grep "no instance stands on its old bytes any more" out &&
	node_start &&
	wait_until "cmp -s content \"$stable\"" 30 &&
	is_one_file &&
	test "$(copies)" -eq 0 &&
	settled &&
	why_says "$HELLO_UUID" "and so is its release"
'

test_expect_success 'release-only with no instance in the way: both names' '
	hello_pushed seven &&
	release_of seven &&
	cmp content "$stable" &&
	is_one_file
'

# Red without w.refused in agent/publish/placing.c compare().
test_expect_success 'release-only with both names taken: held, with the file to remove' '
	stand_on "$stable" &&
	was=$(ino "$stable") &&
	release_of eight &&
	cp foreign "$path" &&
	hello_push eight &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	test_grep "held: .*$name.*never replaced" err &&
	cmp foreign "$path" &&
	test "$(ino "$stable")" = "$was" &&
	hornero retry "$job" >out &&
	job=$(node_job out) &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	cmp foreign "$path" &&
	rm "$path" &&
	hornero retry "$job" &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 60 &&
	cmp content "$path" &&
	test "$(ino "$stable")" = "$was" &&
	rm -r "$INSTANCES/vm"
'

test_expect_success 'the agent dies between link and record: the file is found, not copied' '
	set_image in_use=defer releases=always &&
	wait_until "hornero wait $HELLO_UUID --timeout 5" 60 &&
	wait_until "cmp -s content \"$stable\"" 30 &&
	node_stop &&
	node_set failpoint agent-before-release-record &&
	node_start &&
	hello_push nine &&
	release_of nine &&
	hornerod_says "failpoint point=agent-before-release-record" 60 &&
	node_kill9 &&
	was=$(ino "$path") &&
	node_set failpoint &&
	node_start &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test "$(ino "$path")" = "$was" &&
	test "$(ino "$stable")" = "$was" &&
	test "$(copies)" -eq 0 &&
	test "$(image_field release_state)" = warm
'

test_expect_success 'it stops, and leaves nothing half done' '
	node_stop &&
	none_staged
'

# Red with a judge() that does not look at the cache.
test_expect_success 'image current: the id of a warm release; 75 while it is gone, 1 without any' '
	release=$(image_field release) &&
	test "$(hornero image current "$HELLO_UUID")" = "$release" &&
	mv "$(image_field release_file)" aside &&
	test_expect_code 75 hornero image current "$HELLO_UUID" >out 2>err &&
	test ! -s out &&
	test_grep "release $release is not in Nova.s cache .gone." err &&
	hornero image set "$HELLO_UUID" releases=never in_use= &&
	test_expect_code 1 hornero image current "$HELLO_UUID" 2>err &&
	test_grep "has no releases; .hornero image set" err
'

test_done
