#!/bin/sh
# A release is one more name in Nova's cache, mostly of the very file that the image's own name has.
test_description='gc in Nova'\''s cache: older releases go, and a file goes under all its names'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/nova.sh"
. "$HORNERO_SRC/t/lib/evict.sh"
test_requires jq jq
test_requires qemu-img qemu-utils
test_requires strace strace
CACHE=$NODE/instances/_base

# release TEXT: pushed and warm. Sets id and path, its UUID and its file in the cache.
release () {
	push_make "yes $1 | head -c 1048576 >\$@" &&
	hornero wait "$job" --timeout 300 &&
	id=$(image_field release) &&
	path=$(node_warm_path "$id") &&
	test -e "$path"
}

# times_listed: how often gc reads the records of the image's releases.
times_listed () {
	# LeakSanitizer and strace do not go together.
	ASAN_OPTIONS=detect_leaks=0 as_hornero strace -f -s 256 -e trace=openat \
		"$HORNERO_BUILD/hornero" gc --dry-run 2>&1 >/dev/null |
		grep -c "/release/$HELLO_UUID\", "
}

# Reads more often for each release with current_is() in agent/upkeep/collect/collect_bases.c.
test_expect_success 'three releases: four names, three files, and a budget for them takes none' '
	node_init "sweep_interval: 10h" "cache_budget: 3500K" &&
	node_start &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" releases=always &&
	release one &&
	one=$id one_path=$path &&
	release two &&
	two=$id two_path=$path &&
	listed=$(times_listed) &&
	test "$listed" -gt 0 &&
	release three &&
	three=$id three_path=$path &&
	stable=$(node_warm_path "$HELLO_UUID") &&
	test "$three_path" -ef "$stable" &&
	test "$(ls "$CACHE" | wc -l)" -eq 4 &&
	gc >out &&
	test_grep "^0 removed" out &&
	test "$(times_listed)" -eq "$listed"
'

test_expect_success '--dry-run names the oldest one, and removes nothing' '
	node_set cache_budget 2500K &&
	gc --dry-run --json >out &&
	jq -r ".[] | [.what, .name, .removed] | @tsv" out >row &&
	cat out &&
	printf "release\t%s\tfalse\n" $one >want &&
	test_cmp want row &&
	test -e "$one_path"
'

# Red without the second name in agent/publish/evict.c find_names(), or without list_releases() in
# agent/upkeep/collect/collect_bases.c.
test_expect_success 'a release that an instance stands on stays; the next goes, and counts once' '
	nova_boot "$one_path" vm &&
	touch -d "1 hour ago" "$one_path" &&
	gc >out &&
	cat out &&
	test_grep "^release $one stays: instance vm stands" out &&
	test_grep "^removed release $two, 1.0 MiB" out &&
	test -e "$one_path" &&
	test ! -e "$two_path" &&
	test "$three_path" -ef "$stable"
'

test_expect_success 'hornero-keep forgets what went, and neither it nor a sweep brings it back' '
	as_hornero "$HORNERO_BUILD/hornero-keep" -c "$HORNERO_CONF" 2>keep.log &&
	cat "$NODE/hornerod.log" >>keep.log && # that of hornerod may have come first
	test_grep "event=release-forgotten .*release=$two" keep.log &&
	hornero sweep >out &&
	test_grep "^0 queued" out &&
	test ! -e "$two_path"
'

test_expect_success 'the current release and one in use stay, whatever the budget' '
	node_set cache_budget 1 &&
	test_expect_code 1 gc >out &&
	cat out &&
	test_grep "^cache: .*MiB more should go, but every other file" out &&
	test -e "$one_path" &&
	test "$three_path" -ef "$stable" &&
	nova age "$NODE/instances" &&
	test_grep "^aged" nova.log &&
	nova_boot "$three_path" other &&
	qemu-img info -U "$NODE/instances/vm/disk" | grep -q "$one_path" &&
	test -e "$one_path" &&
	rm -r "$NODE/instances/other"
'

# Red without img->pinned in agent/common/current.c.
test_expect_success 'an older release that its image is pinned to stays' '
	rm -r "$NODE/instances/vm" &&
	node_stop &&
	hornero image set "$HELLO_UUID" pinned=$one &&
	test_expect_code 1 gc >out &&
	cat out &&
	test_grep "^0 removed" out &&
	test -e "$one_path" &&
	hornero image set "$HELLO_UUID" pinned=
'

# Red without the loop in agent/publish/evict.c is_free().
test_expect_success 'keep_warm: never: an instance of the release keeps the own name, too' '
	hornero image set "$HELLO_UUID" keep_warm=never &&
	nova_boot "$three_path" vm &&
	test_expect_code 1 gc >out &&
	cat out &&
	test_grep "^removed release $one, 1.0 MiB" out &&
	test ! -e "$one_path" &&
	test_grep "^base $HELLO_UUID stays: instance vm stands" out &&
	test "$three_path" -ef "$stable"
'

# Red with one lock in agent/publish/evict.c take_locks(): the release is the second name.
test_expect_success 'Nova has the lock of the release: an instance that comes keeps both names' '
	rm -r "$NODE/instances/vm" &&
	gc_while_locked "$three_path" &&
	test_grep "^base $HELLO_UUID stays: instance new stands" out &&
	test "$three_path" -ef "$stable"
'

test_expect_success 'a name that no record knows: none goes, since none would free anything' '
	rm -r "$NODE/instances/new" &&
	ln "$stable" "$CACHE/unknown" &&
	test_expect_code 1 gc >out &&
	test_grep "stays: it has another hard link, which no record lists" out &&
	test "$three_path" -ef "$stable" &&
	rm "$CACHE/unknown"
'

test_expect_success 'the publisher dies between the two names: the next one takes the other' '
	node_set failpoint evict-unlinked &&
	test_expect_code 75 gc >out 2>err &&
	node_set failpoint &&
	test ! -e "$stable" &&
	test -e "$three_path" &&
	test_expect_code 0 gc >out &&
	cat out &&
	test ! -e "$three_path" &&
	test_grep "^removed release $three, 1.0 MiB" out &&
	test -z "$(ls "$CACHE")"
'

test_expect_success 'wished again it comes back under both names' '
	node_set cache_budget &&
	hornero image set "$HELLO_UUID" keep_warm=always &&
	node_start &&
	wait_until "test -e \"$three_path\"" 60 &&
	hornero wait "$HELLO_UUID" --timeout 300 &&
	test "$three_path" -ef "$stable" &&
	test ! -e "$one_path"
'

test_expect_success 'it stops' node_stop
test_done
