#!/bin/sh
# On a filesystem with reflinks a publication copies no byte, and the store's and the cache's files
# stay two.
test_description='publication by reflink'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test "$(id -u)" -eq 0 || test_skip_all 'mounting needs root'
test_requires mkfs.xfs xfsprogs

test_expect_success 'store and cache on XFS' '
	mkdir -p "$NODE/instances" &&
	truncate -s 1G xfs.img &&
	mkfs.xfs -q -m reflink=1 xfs.img &&
	mount -o loop xfs.img "$NODE/instances" &&
	test_cleanup "umount \"$NODE/instances\"" &&
	mkdir "$NODE/instances/_base" &&
	node_init &&
	node_start &&
	node_hello_repo
'

test_expect_success 'a push is published by reflink' '
	git -C "$HELLO_WORK" push -q origin main 2>/dev/null &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test_grep "way=reflink" "$NODE/hornerod.log" &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	digest=$(hornero cache --json | jq -r ".[0].digest") &&
	cmp "$warm" "$NODE/instances/hornero/artifact/$digest.raw" &&
	test "$(stat -c %i "$warm")" != \
		"$(stat -c %i "$NODE/instances/hornero/artifact/$digest.raw")"
'

test_expect_success 'a write to the one does not show in the other' '
	printf spoiled | dd of="$warm" conv=notrunc 2>/dev/null &&
	test "$(sha256sum <"$NODE/instances/hornero/artifact/$digest.raw" | cut -d " " -f 1)" = \
		"$digest"
'

test_expect_success 'it stops' 'node_stop'

test_done
