#!/bin/sh
test_description='the store: a changed artifact is named, moved out of use, and built again'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

ARTIFACT=$NODE/instances/hornero/artifact

# push_text TEXT: hello_pushed, and sets digest to that of the artifact.
push_text () {
	hello_pushed "$1" &&
	digest=$(job_field digest)
}

# is_whole TEXT: the warm file has this text and nothing else.
is_whole () {
	test "$(tr -d '\0' <"$(node_warm_path "$HELLO_UUID")")" = "$1"
}

# flip FILE: another byte, and all that stat shows but the time of change as before.
flip () {
	touch -r "$1" stamp &&
	chmod u+w "$1" &&
	printf X | dd of="$1" bs=1 seek=600 conv=notrunc 2>/dev/null &&
	chmod a-w "$1" &&
	touch -r stamp "$1"
}

test_expect_success 'two artifacts, both whole' '
	node_init &&
	node_start &&
	node_hello_repo &&
	push_text one &&
	one=$digest &&
	push_text two &&
	two=$digest &&
	hornero gc --verify >out &&
	test_grep "^2 whole, 0 refused$" out &&
	hornero gc --verify --json >out &&
	test "$(jq length out)" -eq 0
'

test_expect_success 'a changed artifact is named and moved out of use, exit 1' '
	flip "$ARTIFACT/$one.raw" &&
	test_expect_code 1 hornero gc --verify >out &&
	test_grep "$(echo $one | cut -c 1-12).*time of change differs" out &&
	test_grep "^1 whole, 1 refused" out &&
	test ! -e "$ARTIFACT/$one.raw" &&
	test ! -e "$ARTIFACT/$one.json" &&
	test -e "$ARTIFACT/$one.refused" &&
	test -e "$ARTIFACT/$two.raw" &&
	hornero gc --verify >out &&
	test_grep "^1 whole, 0 refused$" out
'

test_expect_success 'a change that the manifest knows is found by the bytes' '
	flip "$ARTIFACT/$two.raw" &&
	changed=$(stat -c %.9Z "$ARTIFACT/$two.raw" | tr -d .) &&
	sed -i "s/\"ctime_ns\": [0-9]*/\"ctime_ns\": $changed/" "$ARTIFACT/$two.json" &&
	test_expect_code 1 hornero gc --verify --json >out &&
	test "$(jq -r ".[0].digest" out)" = "$two" &&
	jq -r ".[0].reason" out >reason &&
	test_grep "holds other bytes" reason &&
	test -e "$ARTIFACT/$two.refused"
'

test_expect_success 'their content is built again' '
	push_text one &&
	test "$(job_field reused)" = false &&
	test "$digest" = "$one" &&
	is_whole one
'

test_expect_success 'a push of known content refuses a changed artifact, says so, and builds' '
	push_text two &&
	flip "$ARTIFACT/$one.raw" &&
	push_text one &&
	test "$(job_field reused)" = false &&
	test "$digest" = "$one" &&
	is_whole one &&
	log_says "$job" "artifact .* is not the file that was stored: its time of change differs"
'

test_expect_success 'and by the sweep, when its file is gone from the cache' '
	flip "$ARTIFACT/$one.raw" &&
	rm "$(node_warm_path "$HELLO_UUID")" &&
	hornero sweep &&
	wait_until "test -e $(node_warm_path "$HELLO_UUID")" 60 &&
	is_whole one &&
	hornero gc --verify >out
'

test_expect_success 'an artifact that changes while its publication waits is built again' '
	qemu-img create -q -f qcow2 -F raw -b "$(node_warm_path "$HELLO_UUID")" disk 1M &&
	mkdir "$NODE/instances/vm" &&
	cp disk "$NODE/instances/vm/disk" &&
	hello_push three &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	digest=$(job_field digest) &&
	flip "$ARTIFACT/$digest.raw" &&
	rm -r "$NODE/instances/vm" &&
	job_reaches published "$job" 60 &&
	is_whole three &&
	test "$(job_attempts)" -eq 2 &&
	test_grep "artifact-refused job=$job" "$NODE/hornerod.log"
'

# hold_store: another process holds the store's lock until we close descriptor 8. Sets holder.
hold_store () {
	rm -f held &&
	{ flock -s "$ARTIFACT" sh -c ": >held; cat" <"$TRASH/release" & holder=$!; } &&
	exec 8>"$TRASH/release" &&
	wait_until "test -e held" 20
}

# has_read: the verification has opened the store twice, the second time for the lock.
has_read () {
	test "$(find "/proc/$verify/fd" -lname "$ARTIFACT" | wc -l)" -eq 2
}

# verify_waits: a verification has read, and waits for the lock.
verify_waits () {
	{ hornero gc --verify >out 2>&1 8>&- & verify=$!; } &&
	wait_until has_read 20
}

mkfifo "$TRASH/release"
# Red without look() in store/verify.c refuse().
test_expect_success 'an artifact that goes, or is built again, while it is read is not refused' '
	hornero gc --verify >out
	push_text four &&
	four=$digest &&
	push_text five &&
	flip "$ARTIFACT/$four.raw" &&
	hold_store &&
	verify_waits &&
	rm "$ARTIFACT/$four.json" "$ARTIFACT/$four.raw" &&
	exec 8>&- &&
	wait $holder &&
	wait $verify &&
	test_grep " 0 refused" out &&
	test ! -e "$ARTIFACT/$four.refused" &&
	flip "$ARTIFACT/$digest.raw" &&
	hold_store &&
	verify_waits &&
	push_text six &&
	push_text five &&
	exec 8>&- &&
	wait $holder &&
	wait $verify &&
	cat out &&
	test_grep " 0 refused" out &&
	test -e "$ARTIFACT/$digest.raw" &&
	test ! -e "$ARTIFACT/$digest.refused" &&
	hornero gc --verify
'

test_expect_success 'without the right to change the store it says so' '
	flip "$ARTIFACT/$digest.raw" &&
	if test "$(id -u)" -eq 0
	then
		other="setpriv --reuid 64999 --regid 64999 --clear-groups --" &&
		test_expect_code 78 $other hornero gc --verify >out 2>err &&
		test_grep "nothing is changed without a record" err &&
		test_grep ! "gc is done" err &&
		mv "$NODE/state/audit" audit &&
		mkdir -m 0777 "$NODE/state/audit" &&
		test_expect_code 78 $other hornero gc --verify >out 2>err &&
		test_grep "cannot move artifact" err &&
		rm -r "$NODE/state/audit" &&
		mv audit "$NODE/state/audit" &&
		test -e "$ARTIFACT/$digest.raw"
	fi &&
	test_expect_code 64 hornero gc --verify --dry-run
'

test_expect_success 'it stops' 'node_stop'
test_done
