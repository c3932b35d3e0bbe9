#!/bin/sh
# A slip of the keyboard binds the site's Debian image: nothing of it may be replaced.
test_description='a foreign file in Nova'\''s cache stops its image until it may be removed'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
test_requires jq jq

ID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
NAME=$(printf %s $ID | sha1sum | cut -d ' ' -f 1)
BASE=$NODE/instances/_base/$NAME
LOG=$NODE/hornerod.log

test "$(id -u)" -ne 0 || node_users

# fetched TEXT: Nova has fetched another image under this id
fetched () {
	head -c 1048576 /dev/zero >image &&
	printf "$1" | dd of=image conv=notrunc 2>/dev/null &&
	rm -f "$BASE" &&
	install -m 0644 image "$BASE" &&
	was=$(ino "$BASE")
}

is_foreign () {
	warm_text_is "$1" &&
	test "$(ino "$BASE")" = "$was"
}

# Red where look_at_own() in agent/publish/publish.c passes OURS_FOREIGN, as in no. 3 and 7. (One
# call without the other stays green.)
test_expect_success 'a push to an image with a foreign file is built and waits; the file stays' '
	node_init &&
	node_start &&
	fetched debian &&
	node_hello_repo 2>add.err &&
	test_grep "$BASE is in Nova.s cache already and is not hornero.s" add.err &&
	hello_push one &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	what="$BASE is not hornero.s: 1048576 bytes, owner root, last changed" &&
	test_grep "$what .*hornero image add --replace $ID" err &&
	test_expect_code 75 hornero wait $ID --timeout 60 &&
	why_says $ID "$BASE is not hornero.s" &&
	is_foreign debian &&
	cached_is foreign &&
	hornero image list >out &&
	is_foreign debian
'

# Red without foreign_stands() in agent/hornerod/publication.c start().
test_expect_success 'the file is not read again each second' '
	asked=$(grep -c "event=foreign " "$LOG") &&
	from=$(date +%s) &&
	wait_until "test \$(date +%s) -ge $((from + 3))" 10 &&
	test "$(grep -c "event=foreign " "$LOG")" -eq $asked
'

test_expect_success 'neither a newer push, nor a rebuild, nor a sweep, nor a restart replaces it' '
	hello_push two &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	is_foreign debian &&
	hornero rebuild -f $ID >out &&
	job=$(node_job out) &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	is_foreign debian &&
	hornero sweep >out &&
	node_stop &&
	node_start &&
	test_expect_code 75 hornero wait $ID --timeout 60 &&
	is_foreign debian
'

# Red without: find_bound() in cli/image_add.c.
test_expect_success 'image add without --replace, or with another repository, permits nothing' '
	hornero image add $ID hello >out &&
	test_grep "^unchanged: " out &&
	command hornero repo create other &&
	test_expect_code 64 hornero image add $ID other 2>err &&
	test_grep "is here already" err &&
	test_expect_code 64 hornero image add --replace $ID other 2>err &&
	test_grep "follows hello already" err &&
	test_expect_code 64 hornero image add --replace hello 2>err &&
	test_grep "needs the UUID" err &&
	test ! -e "$NODE/state/images.d/$ID.replace" &&
	is_foreign debian
'

# Red where foreign_stands() does not ask for a permission.
test_expect_success 'image add --replace of the bound image: the file goes, the image is warm' '
	hornero image add --replace $ID hello >out &&
	test_grep "may be replaced" out &&
	wait_until "hornero wait $ID --timeout 1" 60 &&
	warm_text_is two &&
	test ! -e "$NODE/state/images.d/$ID.replace" &&
	test_grep "event=foreign-replaced .*ino=$was" "$LOG" &&
	hornero image add --replace $ID hello >out &&
	test_grep "is hornero.s own" out
'

# Red without look_at_bytes() in agent/publish/ours.c judge().
test_expect_success 'Nova ages it out and fetches one of our artifacts: that is ours' '
	install -m 0644 "$BASE" "$BASE.part" &&
	mv "$BASE.part" "$BASE" &&
	hornero sweep >out &&
	cat "$LOG" >>out && # hornerod may have swept first
	test_grep "another file has its name in the cache" out &&
	wait_until "cached_is warm" 60 &&
	warm_text_is two
'

test_expect_success 'it fetches other bytes: they stay, and one job waits until the file is gone' '
	fetched placeholder &&
	why_says $ID "hornero image add --replace $ID hello" &&
	hornero sweep >out &&
	test_grep "another file has its name" out &&
	job=$(sed -n "s/.*job \([0-9]*\) .*/\1/p" out) &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	test_grep "not hornero.s" err &&
	is_foreign placeholder &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	is_foreign placeholder &&
	rm "$BASE" &&
	wait_until "hornero wait $job --timeout 1" 60 &&
	warm_text_is two
'

# Red without the comparison of the line in state/replace.c replace_permits().
test_expect_success 'the permission is for that very file: one that Nova fetches afterwards stays' '
	node_stop &&
	fetched first &&
	hornero image add --replace $ID hello &&
	fetched second &&
	node_start &&
	hornero sweep &&
	hornerod_says event=foreign 60 &&
	is_foreign second &&
	hornero image add --replace $ID hello &&
	wait_until "hornero wait $ID --timeout 1" 60 &&
	warm_text_is two
'

# Red without replace_clear() in agent/hornerod/publication_end.c record().
test_expect_success 'death after the rename: the image is warm, and the permission is gone' '
	node_stop &&
	fetched third &&
	node_set failpoint replace-renamed &&
	hornero image add --replace $ID hello &&
	node_start &&
	hornero sweep &&
	hornerod_says failpoint.point=replace-renamed 60 &&
	node_kill9 &&
	warm_text_is two &&
	test -e "$NODE/state/images.d/$ID.replace" &&
	node_set failpoint &&
	node_start &&
	wait_until "hornero wait $ID --timeout 1" 60 &&
	wait_until "test ! -e $NODE/state/images.d/$ID.replace" 20 &&
	warm_text_is two
'

# Red without label_is() in agent/publish/ours.c judge(): nobody else would know these bytes.
test_expect_success 'the store is lost, records and all: what hornero put there is still its own' '
	node_stop &&
	rm -r "$NODE"/instances/hornero/* &&
	command hornero init >init.out &&
	hello_push three &&
	node_start &&
	wait_until "hornero wait $ID --timeout 1" 60 &&
	warm_text_is three
'

test_expect_success 'without a UUID hornero makes one and prints it' '
	hornero image add hello --ref refs/heads/side >out &&
	made=$(sed -n "s/^image \([0-9a-f-]*\) follows .*/\1/p" out) &&
	version_4="[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}" &&
	echo "$made" | grep -x -E "$version_4" &&
	hornero image show "$made" >out &&
	test_expect_code 64 hornero image add $ID 2>err &&
	test_grep "repository is missing" err
'

test_expect_success 'it stops' 'node_stop'
test_done
