#!/bin/sh
# One changed byte in a cached file, same inode and size: it must not stay "warm" for ever.
test_description='bytes that were changed in Nova'\''s cache or in the store are found, said, and put right by the rules of in_use'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires qemu-img qemu-utils

ID=2b7e1516-28ae-4d2a-abf7-158809cf4f3c
BASE=$NODE/instances/_base/$(printf %s $ID | sha1sum | cut -d ' ' -f 1)
STORE=$NODE/instances/hornero
LOG=$NODE/hornerod.log

push_text () {
	push_make "head -c 1048576 /dev/zero >\$@" \
		"printf $1 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	hornero wait "$job" --timeout 60 &&
	digest=$(hornero show "$job" --json | jq -r .digest)
}

base_text () {
	tr -d '\0' <"$BASE"
}

# flip FILE: another byte; inode, size and time of change as before
flip () {
	touch -r "$1" stamp &&
	was=$(stat -c %i "$1") &&
	chmod u+w "$1" &&
	printf X | dd of="$1" bs=1 seek=600000 conv=notrunc 2>/dev/null &&
	touch -r stamp "$1" &&
	test "$(base_text)" = "${text}X"
}

right () {
	test "$(base_text)" = "$text"
}

stands () {
	mkdir -p "$NODE/instances/vm" &&
	echo "{\"$NODE/instances/vm/disk\": \"qcow2\"}" >"$NODE/instances/vm/disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$BASE" "$NODE/instances/vm/disk" 64M
}

state () {
	hornero cache --json | jq -r ".[0].state"
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

pages () {
	fincore -n -o PAGES "$BASE" | tr -d ' '
}

# Red without O_DIRECT in lib/digest.c, and with POSIX_FADV_DONTNEED in its place.
if test "$(stat -f -c %T "$TRASH")" != tmpfs && command -v fincore >probe
then
	test_expect_success 'reading it leaves the page cache as it was: nothing comes in, and nothing goes' '
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

# Red without damage_stands() in store/warm.c warm_look().
test_expect_success 'one changed byte: cache --verify names it, exit 1, and the right bytes come back without a build' '
	flip "$BASE" &&
	hornero cache >out &&
	node_stop &&
	test_expect_code 1 hornero cache --verify >out &&
	test_grep "$ID  *changed" out &&
	test_grep "0 whole, 1 changed" out &&
	test "$(state)" = changed &&
	hornero why $ID >out &&
	node_start &&
	wait_until right 60 &&
	test "$(stat -c %i "$BASE")" != "$was" &&
	wait_until "test \"\$(state)\" = warm" 20 &&
	hornero queue --all --json >queue &&
	jq -e ".[0].origin == \"verify\"" queue &&
	job=$(jq ".[0].job" queue) &&
	wait_until "hornero wait $job --timeout 1" 30 &&
	hornero show "$job" --json >shown &&
	jq -e ".reused" shown &&
	jq -e "any(.events[]; .note // .detail // \"\" | test(\"other bytes\"))" shown &&
	test -z "$(ls "$STORE/changed")" &&
	hornero cache --verify
'

# Red without `j->force` in agent/hornerod/publication.c start().
test_expect_success 'rebuild -f compares, says so, and puts the right bytes back' '
	flip "$BASE" &&
	hornero rebuild -f $ID >out &&
	job=$(node_job out) &&
	hornero wait "$job" --timeout 60 &&
	right &&
	test_grep "event=cache-changed job=$job" "$LOG" &&
	hornero show "$job" --json | jq -e "any(.events[]; .event == \"changed\")"
'

# Red without o->rebuild in hooks/pushopt.c, and without keep_same() in agent/publish/publish.c.
test_expect_success 'so does push -o rebuild; where the bytes are right the file stays' '
	flip "$BASE" &&
	git -C "$HELLO_WORK" commit -q --allow-empty -m again &&
	git -C "$HELLO_WORK" push -q -o rebuild origin main 2>push.out &&
	hornero wait $ID --timeout 60 &&
	wait_until right 60 &&
	was=$(stat -c %i "$BASE") &&
	hornero rebuild -f $ID >out &&
	job=$(node_job out) &&
	hornero wait "$job" --timeout 60 &&
	test "$(stat -c %i "$BASE")" = "$was" &&
	test_grep "job=$job .*way=same" "$LOG"
'

# Red without both looks at instances in agent/publish/publish.c: makeway_run() in replace_own(),
# makeway_look() in put_in_place().
test_expect_success 'an instance stands on the changed bytes: in_use defer waits for its end, and why says both' '
	flip "$BASE" &&
	stands &&
	hornero rebuild -f $ID >out &&
	job=$(node_job out) &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	test_grep "instance vm stands on the present bytes" err &&
	test "$(stat -c %i "$BASE")" = "$was" &&
	test "$(state)" = changed &&
	hornero doctor >out
	test_grep "$BASE.*changed" out &&
	rm -r "$NODE/instances/vm" &&
	wait_until right 30 &&
	wait_until "test \"\$(state)\" = warm" 20
'

# Red without the loop of makeway_run() in agent/publish/makeway.c.
test_expect_success 'in_use flatten makes its disk independent of the bytes that it has, and then puts the right ones back' '
	hornero image set $ID in_use=flatten &&
	flip "$BASE" &&
	stands &&
	qemu-img convert -O raw "$NODE/instances/vm/disk" before &&
	hornero rebuild -f $ID >out &&
	job=$(node_job out) &&
	hornero wait "$job" --timeout 60 &&
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

set_conf () {
	sed -i "/^${1%%:*}:/d" "$HORNERO_CONF" &&
	echo "$1" >>"$HORNERO_CONF"
}

# Red without scrubbed_is_due() in agent/upkeep/scrub/main.c.
test_expect_success 'a scrub that is not due, or not wished, reads nothing' '
	scrub &&
	test ! -e "$STORE/scrub.json" &&
	set_conf "scrub_interval: 168h" &&
	scrub &&
	test_grep "event=scrubbed files=" scrub.log &&
	scrub &&
	test_must_fail grep scrubbed scrub.log
'

again () {
	sed -i "s/\"finished_ms\": [0-9]*/\"finished_ms\": 1/" "$STORE/scrub.json"
}

# Red without look_at_cached() in agent/upkeep/scrub/main.c; the store, without look_at_artifact().
test_expect_success 'a scrub finds the changed byte in the cache: exit 1, the image is not warm, and a sweep puts it right' '
	again &&
	flip "$BASE" &&
	test_expect_code 1 scrub &&
	test_grep "event=cache-changed image=$ID" scrub.log &&
	test "$(state)" = changed &&
	hornero why $ID >out &&
	test_grep "were changed" out &&
	hornero sweep >out &&
	test_grep "the bytes of its file in the cache were changed" out &&
	wait_until right 60 &&
	wait_until "test \"\$(state)\" = warm" 20
'

# Red without is_refused in agent/upkeep/sweep/wish.c.
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
	set_conf "failpoint: scrub-stepped" &&
	total=$(($(ls "$STORE"/artifact/*.json | wc -l) + 1)) &&
	n=0 &&
	while test_expect_code 137 scrub
	do
		n=$((n + 1)) &&
		test $n -le 20 || return 1
	done
	test $n -eq $total &&
	set_conf "failpoint: scrub-found" &&
	flip "$BASE" &&
	again &&
	test_expect_code 137 scrub &&
	sed -i /^failpoint:/d "$HORNERO_CONF" &&
	test_expect_code 1 scrub &&
	test "$(state)" = changed &&
	hornero sweep >out &&
	wait_until right 60
'

passed () {
	wait_until "test \$(date +%s) -ge $(($(date +%s) + $1))" 20
}

# Red without is_busy() in agent/upkeep/scrub/main.c pace().
test_expect_success 'it stands still while something is built' '
	hornero wait $ID --timeout 30 &&
	printf \
		"hornero.raw:\n\twhile ! test -e ../cache/go; do :; done\n\thead -c 1048576 /dev/zero >\$@\n" >"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m slow &&
	git -C "$HELLO_WORK" push -q origin main &&
	wait_until "hornero queue --json | jq -e \"any(.[]; .state == \\\"running\\\")\"" 30 &&
	again &&
	{ hornero-scrub -c "$HORNERO_CONF" 2>scrub.log & scrubber=$!; } &&
	passed 3 &&
	kill -0 $scrubber &&
	jq -e ".at == \"\"" "$STORE/scrub.json" &&
	touch "$NODE/unikernels/$ID/cache/go" &&
	wait $scrubber &&
	test_grep "event=scrubbed" scrub.log &&
	hornero wait $ID --timeout 60 &&
	text=
'

# Red where hornero-scrub ends within a file, or goes_on() in agent/hornerod/upkeep.c says no: the
# file would be begun for ever.
test_expect_success 'a file that takes longer than upkeep_timeout is read to its end' '
	push_make "head -c 12582912 /dev/zero >\$@" &&
	hornero wait "$job" --timeout 60 &&
	node_stop &&
	again &&
	set_conf "scrub_rate: 1" &&
	set_conf "upkeep_timeout: 8s" &&
	set_conf "scrub_interval: 2s" &&
	node_start &&
	wait_until "jq -e \".finished_ms > 1\" $STORE/scrub.json" 90 &&
	test_must_fail grep "event=hangs program=hornero-scrub" "$LOG" &&
	node_stop &&
	set_conf "scrub_rate: 0" &&
	set_conf "upkeep_timeout: 1h" &&
	set_conf "scrub_interval: 168h" &&
	node_start &&
	text=one &&
	push_text one
'

# Red without end_with_wish() in agent/hornerod/sweeping.c on_scrub_end().
test_expect_success 'hornerod scrubs by itself, and what it finds is put right' '
	node_stop &&
	again &&
	flip "$BASE" &&
	set_conf "scrub_interval: 2s" &&
	node_start &&
	wait_until right 60 &&
	test_grep "event=cache-changed image=$ID" "$LOG" &&
	wait_until "grep -q event=scrubbed $LOG" 30 &&
	node_stop &&
	set_conf "scrub_interval: 0" &&
	node_start
'

# release_file: the name of the newest push's release in the cache
release_file () {
	release=$(python3 -c "import sys, uuid; print(uuid.uuid5(uuid.UUID(sys.argv[1]), sys.argv[2]))" $ID $digest) &&
	file=$NODE/instances/_base/$(printf %s "$release" | sha1sum | cut -d " " -f 1) &&
	test -e "$file"
}

# hurt FILE: another byte
hurt () {
	chmod u+w "$1" &&
	printf Z | dd of="$1" bs=1 seek=700000 conv=notrunc 2>/dev/null
}

on_release () {
	mkdir -p "$NODE/instances/vm2" &&
	echo "{\"$NODE/instances/vm2/disk\": \"qcow2\"}" >"$NODE/instances/vm2/disk.info" &&
	qemu-img create -q -f qcow2 -F raw -b "$file" "$NODE/instances/vm2/disk" 64M
}

whole () {
	test "$(sha256sum <"$file" | cut -d " " -f 1)" = "$digest"
}

# The job that is held: the sweep that follows a find of changed bytes may have superseded ours.
held () {
	hornero queue --all --json | jq -r "[.[] | select(.state == \"held\")][0].job // empty"
}

again_f () {
	hornero rebuild -f $ID >out &&
	job=$(node_job out)
}

# Red without is_release_only in agent/publish/publish.c publish(): the second; without
# damage_stands() in placing.c compare(), too: the first.
test_expect_success 'release-only: the changed bytes of a release are found, and the right ones put back under its name' '
	stands &&
	hornero image set $ID in_use=release-only &&
	was=$(stat -c %i "$BASE") &&
	push_text alone &&
	release_file &&
	whole &&
	hurt "$file" &&
	test_expect_code 1 hornero cache --verify >out &&
	wait_until whole 60 &&
	wait_until "hornero wait $ID --timeout 1" 30 &&
	hurt "$file" &&
	again_f &&
	hornero wait "$job" --timeout 60 &&
	whole &&
	test "$(stat -c %i "$BASE")" = "$was" &&
	hornero show "$job" --json | jq -e "any(.events[]; .event == \"changed\")" &&
	hornero cache --verify
'

# Red without is_in_use() in agent/publish/placing.c judge_changed(), or placed_load() in
# published.c take_unreleased().
test_expect_success 'not while an instance stands on the release: held, and both names are said; then the right bytes' '
	on_release &&
	hurt "$file" &&
	again_f &&
	test_expect_code 75 hornero wait "$job" --timeout 60 2>err &&
	! whole &&
	test_grep "was published by hornero and changed since, and an instance stands on it" \
		err &&
	rm -r "$NODE/instances/vm2" &&
	wait_until "hornero retry \"\$(held)\"; whole" 60 &&
	wait_until "hornero wait $ID --timeout 1" 30
'

# Red without release.changed_ino in agent/publish/publish.c publish().
test_expect_success 'releases: always: the own name and the release are one file, and both are right again' '
	rm -r "$NODE/instances/vm" &&
	hornero image set $ID in_use= releases=always &&
	text=both &&
	push_text both &&
	release_file &&
	test "$(stat -c %i "$BASE")" = "$(stat -c %i "$file")" &&
	flip "$BASE" &&
	again_f &&
	hornero wait "$job" --timeout 60 &&
	right &&
	whole &&
	test "$(stat -c %i "$BASE")" = "$(stat -c %i "$file")" &&
	hornero image set $ID releases= &&
	wait_until "hornero wait $ID --timeout 1" 30
'

test_expect_success 'it stops' 'node_stop'
test_done
