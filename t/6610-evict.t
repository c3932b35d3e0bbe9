#!/bin/sh
test_description='gc in Nova'\''s cache: unused files go, under Nova'\''s lock'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/cache.sh"
. "$HORNERO_SRC/t/lib/nova.sh"
. "$HORNERO_SRC/t/lib/evict.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test_requires qemu-img qemu-utils

# image NAME UUID: warm with 1 MiB. Sets HELLO_UUID and so on.
image () {
	node_hello_repo "$1" "$2" &&
	push_make "yes $1 | head -c 1048576 >\$@" &&
	hornero wait "$job" --timeout 300
}

# come_back: the removed image, registered and warm. Its sweep may have queued a job, too, which
# would publish once more.
come_back () {
	hornero image add $removed removed &&
	hornero rebuild $removed &&
	hornero wait $removed --timeout 300 &&
	wait_until "hornero queue --all --json | jq -e \"all(.[]; .ended_ms != null)\"" 60
}

removed=11111111-2222-4333-8444-555555555555
never=22222222-2222-4333-8444-555555555555
always=33333333-2222-4333-8444-555555555555

test_expect_success 'three images: one is removed, one wishes to be warm never, one always' '
	node_init "sweep_interval: 10h" &&
	node_start &&
	image removed $removed &&
	image never $never &&
	image always $always &&
	removed_base=$(node_warm_path $removed) &&
	never_base=$(node_warm_path $never) &&
	always_base=$(node_warm_path $always) &&
	hornero image remove $removed &&
	hornero image set $never keep_warm=never &&
	gc >out &&
	test_grep "^removed checkout $removed" out &&
	test_grep "^1 removed" out &&
	test -e "$removed_base" &&
	test -e "$never_base"
'

test_expect_success '--dry-run says what would leave the cache, and removes nothing' '
	node_set cache_budget 2500K &&
	gc --dry-run --json >out &&
	jq -r ".[] | [.what, .name, .removed] | @tsv" out >row &&
	cat out &&
	printf "base\t%s\tfalse\n" $removed >want &&
	test_cmp want row &&
	test -e "$removed_base" &&
	jq -r ".[0].reason" out >reason &&
	test_grep "cache_budget is 2.4 MiB; no image keeps it warm and no instance stands on it" \
		reason
'

test_expect_success 'a base that an instance stands on stays; the next one goes' '
	nova_boot "$removed_base" vm &&
	touch -d "1 hour ago" "$removed_base" &&
	touch "$NODE/instances/_base/.hornero-left" && # by a publisher that was killed
	gc >out &&
	test ! -e "$NODE/instances/_base/.hornero-left" &&
	test_grep "^base $removed stays: instance vm stands" out &&
	test_grep "^removed base $never, 1.0 MiB" out &&
	test -e "$removed_base" &&
	test ! -e "$never_base" &&
	test -e "$always_base" &&
	what="hornero collected it: the files that hornero published take " &&
	because let-go $never "no longer kept warm.*$what.*cache_budget is 2.4 MiB" &&
	same_words $never &&
	node_freeze &&
	hornero image set $never keep_warm=always &&
	because collected $never "$what.*cache_budget is 2.4 MiB" &&
	hornero image set $never keep_warm=never &&
	node_thaw
'

test_expect_success 'a budget of one byte takes neither used nor wished files, and gc says so' '
	node_set cache_budget 1 &&
	test_expect_code 1 gc >out &&
	test_grep "^cache: .*MiB more should go, but every other file" out &&
	test -e "$removed_base" &&
	test -e "$always_base"
'

# Red without the comparison of names in agent/publish/evict.c add_name(). A writer of records has
# not the rights of Nova.
test_expect_success 'a record of no image that says another name is its own takes nothing away' '
	ghost=44444444-2222-4333-8444-555555555555 &&
	record=$NODE/instances/hornero/warm &&
	sed "s/$always/$ghost/" "$record/$always.json" >"$record/$ghost.json" &&
	test_expect_code 1 gc >out &&
	cat out &&
	test_grep "stays: it is no longer the file that hornero published" out &&
	test -e "$always_base" &&
	rm "$record/$ghost.json"
'

test_expect_success 'Nova'\''s cache manager agrees, and boots what stays' '
	nova age "$NODE/instances" &&
	test_grep "^aged" nova.log &&
	nova_boot "$always_base" other &&
	test "$(ls "$NODE/instances/_base" | wc -l)" -eq 2
'

# Red without the second is_free() in agent/publish/evict.c take_out(), or without the first lock in
# take_locks(); t/6615 has the other locks.
test_expect_success 'an instance that comes while Nova has the lock keeps its base' '
	rm -r "$NODE/instances/vm" &&
	gc_while_locked "$removed_base" &&
	test_grep "^base $removed stays: instance new stands" out
'

for point in evict-locked evict-unlinked
do
	test_expect_success "the publisher dies at $point: the next one finishes" '
		rm -rf "$NODE/instances/new" &&
		if test ! -e "$removed_base"
		then
			come_back &&
			hornero image remove $removed
		fi &&
		node_set failpoint $point &&
		test_expect_code 75 gc >out 2>err &&
		node_set failpoint &&
		test_expect_code 1 gc >out &&
		test ! -e "$removed_base" &&
		test -e "$always_base"
	'
done

test_expect_success 'an image that comes back is published again' '
	come_back &&
	test -e "$removed_base"
'

test_expect_success 'it stops' node_stop
test_done
