#!/bin/sh
test_description='the store: what was changed in it is named, moved out of use, never published, and built again'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

ARTIFACT=$NODE/instances/hornero/artifact

# push_text TEXT: a build that leaves TEXT; the digest of its artifact. Sets digest.
push_text () {
	push_make "head -c 1048576 /dev/zero >\$@" \
		"printf $1 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	hornero wait "$job" --timeout 60 &&
	digest=$(hornero show "$job" --json | jq -r .digest)
}

warm_text () {
	tr -d '\0' <"$(node_warm_path "$HELLO_UUID")"
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

test_expect_success 'one that was changed is named and moved out of use, exit 1' '
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

test_expect_success 'one whose manifest knows the change is found by its bytes' '
	flip "$ARTIFACT/$two.raw" &&
	sed -i \
		"s/\"ctime_ns\": [0-9]*/\"ctime_ns\": $(stat -c %.9Z "$ARTIFACT/$two.raw" | tr -d .)/" "$ARTIFACT/$two.json" &&
	test_expect_code 1 hornero gc --verify --json >out &&
	test "$(jq -r ".[0].digest" out)" = "$two" &&
	jq -r ".[0].reason" out >reason &&
	test_grep "holds other bytes" reason &&
	test -e "$ARTIFACT/$two.refused"
'

test_expect_success 'their content is built again' '
	push_text one &&
	test "$(hornero show $job --json | jq .reused)" = false &&
	test "$digest" = "$one" &&
	test "$(warm_text)" = one
'

test_expect_success 'a changed artifact is refused by a push of known content: its log says so, and it is built' '
	push_text two &&
	flip "$ARTIFACT/$one.raw" &&
	push_text one &&
	test "$(hornero show $job --json | jq .reused)" = false &&
	test "$digest" = "$one" &&
	test "$(warm_text)" = one &&
	hornero log "$job" >out &&
	test_grep "artifact .* is not the file that was stored: its time of change differs" out
'

test_expect_success 'and by the sweep, when its file is gone from the cache' '
	flip "$ARTIFACT/$one.raw" &&
	rm "$(node_warm_path "$HELLO_UUID")" &&
	hornero sweep &&
	wait_until "test -e $(node_warm_path "$HELLO_UUID")" 60 &&
	test "$(warm_text)" = one &&
	hornero gc --verify >out
'

test_expect_success 'one that changes while its publication waits is built again' '
	qemu-img create -q -f qcow2 -F raw -b "$(node_warm_path "$HELLO_UUID")" disk 1M &&
	mkdir "$NODE/instances/vm" &&
	cp disk "$NODE/instances/vm/disk" &&
	push_make "head -c 1048576 /dev/zero >\$@" \
		"printf three | dd of=\$@ conv=notrunc 2>/dev/null" &&
	test_expect_code 75 hornero wait "$job" --timeout 60 &&
	digest=$(hornero show "$job" --json | jq -r .digest) &&
	flip "$ARTIFACT/$digest.raw" &&
	rm -r "$NODE/instances/vm" &&
	wait_until "hornero wait $job --timeout 1" 60 &&
	test "$(warm_text)" = three &&
	test "$(hornero show "$job" --json | jq ".attempts | length")" -eq 2 &&
	test_grep "artifact-refused job=$job" "$NODE/hornerod.log"
'

# somebody holds the store's lock until "release" is written to; sets holder
hold_store () {
	rm -f held &&
	{ python3 -c "import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_SH); open(\"held\", \"w\"); sys.stdin.read()" "$ARTIFACT" <"$TRASH/release" & holder=$!
} &&
	exec 8>"$TRASH/release" &&
	wait_until "test -e held" 20
}

# verify_waits: a verification has read, and waits for the lock
verify_waits () {
	{ hornero gc --verify >out 2>&1 8>&- & verify=$!; } &&
	wait_until \
		"for fd in /proc/$verify/fd/*; do test \"\$(readlink \$fd)\" = \"$ARTIFACT\" && echo; done | wc -l | grep -qx 2" 20
}

mkfifo "$TRASH/release"
# Red without look() in store/verify.c refuse().
test_expect_success 'one that is let go, or built again, while it is read is not refused' '
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
		test_expect_code 78 setpriv --reuid 64999 --regid 64999 --clear-groups -- hornero \
			gc --verify >out 2>err &&
		test_grep "cannot move artifact" err &&
		test -e "$ARTIFACT/$digest.raw"
	fi &&
	test_expect_code 64 hornero gc --verify --dry-run
'

test_expect_success 'it stops' 'node_stop'
test_done
