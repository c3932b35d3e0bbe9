#!/bin/sh
# One changed byte in a cached file, same inode and size: it must not stay "warm" for ever.
test_description='changed bytes in Nova'\''s cache or the store are found, named and put right'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test_requires qemu-img qemu-utils

ID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
BASE=$NODE/instances/_base/$(printf %s $ID | sha1sum | cut -d ' ' -f 1)
STORE=$NODE/instances/hornero
LOG=$NODE/hornerod.log

# push_text TEXT: hello_pushed, and sets digest to that of the artifact.
push_text () {
	hello_pushed "$1" &&
	digest=$(job_field digest)
}

# All of it: warm_text is the beginning alone.
base_text () {
	tr -d '\0' <"$BASE"
}

# flip FILE: another byte; inode, size and time of change as before
flip () {
	touch -r "$1" stamp &&
	was=$(ino "$1") &&
	chmod u+w "$1" &&
	printf X | dd of="$1" bs=1 seek=600000 conv=notrunc 2>/dev/null &&
	touch -r stamp "$1" &&
	test "$(base_text)" = "${text}X"
}

right () {
	test "$(base_text)" = "$text"
}

# rebuild_force: sets job
rebuild_force () {
	hornero rebuild -f $ID >out &&
	job=$(node_job out)
}

test_expect_success 'a whole cache: exit 0, and nothing is queued' '
	node_init "scrub_interval: 0" "libvirt_uri: test:///default" &&
	node_start &&
	node_hello_repo &&
	text=one &&
	push_text one &&
	hornero cache --verify >out &&
	test_grep "^1 whole, 0 changed" out &&
	test_grep "$ID  *ok" out &&
	hornero cache --verify --json | jq -e ".[0].state == \"ok\"" &&
	hornero queue --json | jq -e "length == 1"
'

# pages: how many of the base are in the page cache
pages () {
	fincore -n -o PAGES "$BASE" | tr -d ' '
}

# Red without O_DIRECT in lib/digest.c, and with POSIX_FADV_DONTNEED in its place.
if test "$(stat -f -c %T "$TRASH")" != tmpfs && command -v fincore >probe
then
	test_expect_success 'a verification leaves the page cache as it was' '
		sync &&
		dd if="$BASE" iflag=nocache count=0 2>err &&
		test "$(pages)" -eq 0 &&
		hornero cache --verify >out &&
		test "$(pages)" -eq 0 &&
		cat "$BASE" >seen &&
		all=$(pages) &&
		test "$all" -gt 0 &&
		hornero cache --verify >out &&
		test "$(pages)" -eq "$all"
	'
fi

# Red without changed_stands() in store/warm.c warm_look().
test_expect_success 'one changed byte: cache --verify exits 1; the store mends the file' '
	flip "$BASE" &&
	hornero cache >out &&
	node_stop &&
	test_expect_code 1 hornero cache --verify >out &&
	test_grep "$ID  *changed" out &&
	test_grep "0 whole, 1 changed" out &&
	cached_is changed &&
	hornero why $ID >out &&
	node_start &&
	wait_until right 60 &&
	test "$(ino "$BASE")" != "$was" &&
	wait_until "cached_is warm" 20 &&
	hornero queue --all --json >queue &&
	job=$(jq "map(select(.origin == \"verify\"))[0].job" queue) && # a sweep may add another
	job_reaches published &&
	hornero show "$job" --json >shown &&
	jq -e ".reused" shown &&
	jq -e "any(.events[]; .note // .detail // \"\" | test(\"other bytes\"))" shown &&
	test -z "$(ls "$STORE/changed")" &&
	hornero cache --verify
'

# Red without `j->force` in agent/hornerod/publication.c start().
test_expect_success 'rebuild -f compares, says so, and puts the right bytes back' '
	flip "$BASE" &&
	rebuild_force &&
	hornero wait "$job" --timeout 300 &&
	right &&
	test_grep "event=cache-changed job=$job" "$LOG" &&
	hornero show "$job" --json | jq -e "any(.events[]; .event == \"changed\")"
'

# Red without o->rebuild in hooks/pushopt.c, and without keep_same() in agent/publish/publish.c.
test_expect_success 'so does push -o rebuild; where the bytes are right the file stays' '
	flip "$BASE" &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m again &&
	git -C "$HELLO_WORK" push -q -o rebuild origin main 2>push.out &&
	hornero wait $ID --timeout 300 &&
	wait_until right 60 &&
	was=$(ino "$BASE") &&
	rebuild_force &&
	hornero wait "$job" --timeout 300 &&
	test "$(ino "$BASE")" = "$was" &&
	test_grep "job=$job .*way=same" "$LOG"
'

# Red without both looks at instances in agent/publish/publish.c: makeway_run() in replace_own(),
# makeway_look() in put_in_place().
test_expect_success 'an instance stands on the changed bytes: in_use defer waits for its end' '
	flip "$BASE" &&
	stand_on "$BASE" &&
	rebuild_force &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	test_grep "instance vm stands on the present bytes" err &&
	test "$(ino "$BASE")" = "$was" &&
	cached_is changed &&
	{ hornero doctor >out || :; } &&
	test_grep "$BASE.*changed" out &&
	rm -r "$NODE/instances/vm" &&
	wait_until right 30 &&
	wait_until "cached_is warm" 20
'

# Red without the loop of makeway_run() in agent/publish/makeway.c.
test_expect_success 'in_use flatten: its disk keeps the changed bytes, the base is mended' '
	hornero image set $ID in_use=flatten &&
	flip "$BASE" &&
	stand_on "$BASE" &&
	qemu-img convert -O raw "$NODE/instances/vm/disk" before &&
	rebuild_force &&
	hornero wait "$job" --timeout 300 &&
	right &&
	qemu-img convert -O raw "$NODE/instances/vm/disk" after &&
	cmp before after &&
	rm -r "$NODE/instances/vm" &&
	hornero image set $ID in_use= &&
	wait_until "hornero wait $ID --timeout 1" 30
'

scrub () {
	hornero-scrub -c "$HORNERO_CONF" 2>scrub.log
}

# Red without scrubbed_is_due() in agent/upkeep/scrub/main.c.
test_expect_success 'a scrub that is not due, or not wished, reads nothing' '
	scrub &&
	test ! -e "$STORE/scrub.json" &&
	node_set scrub_interval 168h &&
	scrub &&
	test_grep "event=scrubbed files=" scrub.log &&
	scrub &&
	test_must_fail grep scrubbed scrub.log
'

# again: the last scrub was long ago.
again () {
	sed -i "s/\"finished_ms\": [0-9]*/\"finished_ms\": 1/" "$STORE/scrub.json"
}

# Red without look_at_cached() in agent/upkeep/scrub/main.c; the store, without look_at_artifact().
test_expect_success 'a scrub finds the changed byte in the cache, and a sweep puts it right' '
	again &&
	flip "$BASE" &&
	test_expect_code 1 scrub &&
	test_grep "event=cache-changed image=$ID" scrub.log &&
	cached_is changed &&
	because changed $ID "were changed" &&
	same_words $ID &&
	hornero sweep >out &&
	test_grep "the bytes of its file in the cache were changed" out &&
	wait_until right 60 &&
	wait_until "cached_is warm" 20
'

# Red without is_refused in agent/upkeep/sweep/decision.c.
test_expect_success 'and in the store: moved out of use, and built again by the sweep' '
	again &&
	flipped=$(jq -r .digest "$STORE/warm/$ID.json") &&
	chmod u+w "$STORE/artifact/$flipped.raw" &&
	printf X | dd of="$STORE/artifact/$flipped.raw" bs=1 seek=600000 conv=notrunc 2>/dev/null &&
	test_expect_code 1 scrub &&
	test_grep "event=artifact-refused digest=$(echo $flipped | cut -c 1-12)" scrub.log &&
	test -e "$STORE/artifact/$flipped.refused" &&
	hornero sweep >out &&
	test_grep "its artifact in the store was changed" out &&
	wait_until "test -e $STORE/artifact/$flipped.json" 60 &&
	right &&
	wait_until "hornero sweep | grep -q \"^0 queued\"" 30
'

# Red where is_done() says no: it would read all of them again.
test_expect_success 'it is taken up where it was killed' '
	push_text two &&
	text=two &&
	push_text three &&
	text=three &&
	again &&
	node_set failpoint scrub-stepped &&
	total=$(($(ls "$STORE"/artifact/*.json | wc -l) + 1)) &&
	n=0 &&
	while test_expect_code 137 scrub
	do
		n=$((n + 1)) &&
		test $n -le 20 || return 1
	done
	test $n -eq $total &&
	node_set failpoint scrub-found &&
	flip "$BASE" &&
	again &&
	test_expect_code 137 scrub &&
	node_set failpoint &&
	test_expect_code 1 scrub &&
	cached_is changed &&
	hornero sweep >out &&
	wait_until right 60
'

passed () {
	wait_until "test \$(date +%s) -ge $(($(date +%s) + $1))" 20
}

# Red without is_busy() in agent/upkeep/scrub/main.c pace().
test_expect_success 'it stands still while something is built' '
	hornero wait $ID --timeout 300 &&
	push_make "while ! test -e ../cache/go; do :; done" "head -c 1048576 /dev/zero >\$@" &&
	job_reaches running &&
	again &&
	{ hornero-scrub -c "$HORNERO_CONF" 2>scrub.log & scrubber=$!; } &&
	passed 3 &&
	kill -0 $scrubber &&
	jq -e ".at == \"\"" "$STORE/scrub.json" &&
	gate_open &&
	wait $scrubber &&
	test_grep "event=scrubbed" scrub.log &&
	hornero wait $ID --timeout 300 &&
	text=
'

# Red where hornero-scrub ends within a file, or goes_on() in agent/hornerod/upkeep.c says no: the
# file would be begun for ever.
test_expect_success 'a file that takes longer than upkeep_timeout is read to its end' '
	push_make "head -c 12582912 /dev/zero >\$@" &&
	hornero wait "$job" --timeout 300 &&
	node_stop &&
	again &&
	node_set scrub_rate 1 &&
	node_set upkeep_timeout 8s &&
	node_set scrub_interval 2s &&
	node_start &&
	wait_until "test \$(json_in $STORE/scrub.json .finished_ms) -gt 1" 400 &&
	test_must_fail grep "event=hangs program=hornero-scrub" "$LOG" &&
	node_stop &&
	node_set scrub_rate 0 &&
	node_set upkeep_timeout 1h &&
	node_set scrub_interval 168h &&
	node_start &&
	text=one &&
	push_text one
'

# Red without end_with_wish() in agent/hornerod/sweeping.c on_scrub_end().
test_expect_success 'hornerod scrubs by itself, and what it finds is put right' '
	node_stop &&
	again &&
	flip "$BASE" &&
	node_set scrub_interval 2s &&
	node_start &&
	wait_until right 60 &&
	test_grep "event=cache-changed image=$ID" "$LOG" &&
	hornerod_says event=scrubbed &&
	node_stop &&
	node_set scrub_interval 0 &&
	node_start
'

# release_file: the name of the newest push's release in the cache
release_file () {
	file=$(node_warm_path "$(release_id $ID $digest)") &&
	test -e "$file"
}

# hurt FILE: another byte
hurt () {
	chmod u+w "$1" &&
	printf Z | dd of="$1" bs=1 seek=700000 conv=notrunc 2>/dev/null
}

whole () {
	test "$(sha256sum <"$file" | cut -d " " -f 1)" = "$digest"
}

# The job that is held: the sweep that follows a find of changed bytes may have superseded ours.
held () {
	hornero queue --all --json >queue &&
	json_sql queue "SELECT value ->> 'job' FROM f, json_each(j)
		WHERE value ->> 'state' = 'held' LIMIT 1"
}

# Red without is_release_only in agent/publish/publish.c publish(): the second; without
# changed_stands() in placing.c compare(), too: the first.
test_expect_success 'release-only: changed bytes of a release are found and put right' '
	stand_on "$BASE" &&
	hornero image set $ID in_use=release-only &&
	was=$(ino "$BASE") &&
	push_text alone &&
	release_file &&
	whole &&
	hurt "$file" &&
	test_expect_code 1 hornero cache --verify >out &&
	wait_until whole 60 &&
	wait_until "hornero wait $ID --timeout 1" 30 &&
	hurt "$file" &&
	rebuild_force &&
	hornero wait "$job" --timeout 300 &&
	whole &&
	test "$(ino "$BASE")" = "$was" &&
	hornero show "$job" --json | jq -e "any(.events[]; .event == \"changed\")" &&
	hornero cache --verify
'

# Red without is_in_use() in agent/publish/placing.c judge_changed(), or placed_load() in
# publication_end.c take_unreleased().
test_expect_success 'not while an instance stands on the release: held until it is gone' '
	stand_on "$file" vm2 &&
	hurt "$file" &&
	rebuild_force &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	! whole &&
	test_grep "was published by hornero and changed since, and an instance stands on it" err &&
	rm -r "$NODE/instances/vm2" &&
	wait_until "hornero retry \"\$(held)\"; whole" 60 &&
	wait_until "hornero wait $ID --timeout 1" 30
'

# Red without release.changed_ino in agent/publish/publish.c publish().
test_expect_success 'releases: always: both names are one file, and both are right again' '
	rm -r "$NODE/instances/vm" &&
	hornero image set $ID in_use= releases=always &&
	text=both &&
	push_text both &&
	release_file &&
	test "$(ino "$BASE")" = "$(ino "$file")" &&
	flip "$BASE" &&
	rebuild_force &&
	hornero wait "$job" --timeout 300 &&
	right &&
	whole &&
	test "$(ino "$BASE")" = "$(ino "$file")" &&
	hornero image set $ID releases= &&
	wait_until "hornero wait $ID --timeout 1" 30
'

test_expect_success 'it stops' 'node_stop'
test_done
