#!/bin/sh
test_description='annotated tags: an image that follows one is built from its commit, everywhere'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires jq jq

# push_packed ARG…: a push whose objects stay in a pack, which the hook cannot read by itself.
push_packed () {
	hooks_push --receive-pack="git -c receive.unpackLimit=1 receive-pack" "$@"
}

# tag MESSAGE NAME [OBJECT]: an annotated tag in the work clone, in place of an older one
tag () {
	as_git git -C work tag -f -a -m "$@" >tag.out 2>&1 || { cat tag.out; return 1; }
}

# row_is COMMIT: one open job, of that commit
row_is () {
	hooks_sql "SELECT \"commit\" FROM jobs WHERE image = \"$U1\" AND state = \"queued\"" &&
	echo "$1" >expect &&
	test_cmp expect rows
}

# As hornero's own user, who may look at what git's may not write.
sweep () {
	hornero sweep --json >swept &&
	jq -r ".[] | \"\(.image) \(.found)\"" swept
}

test_expect_success 'a node, and an image that follows a tag' '
	hooks_node &&
	cp "$HORNERO_BUILD/hornero-sweep" "$test_root/libexec/" &&
	hooks_repo one &&
	hooks_image $U1 one --name Tagged --ref refs/tags/v1 &&
	hooks_work
'

# Red without: peel_commit in moves_find.
for how in hooks_push push_packed
do
	test_expect_success "$how: row and words name the commit; the sweep queues nothing more" '
		hooks_commit file $how &&
		tag v1 v1 &&
		$how -f v1 &&
		test "$(as_git git -C work rev-parse v1)" != "$(hooks_head)" &&
		test "$(hooks_ref refs/tags/v1)" = "$(as_git git -C work rev-parse v1)" &&
		test_grep "queued for Tagged .$(hooks_head | cut -c 1-7).;" push.out &&
		row_is "$(hooks_head)" &&
		before=$(hooks_count) &&
		sweep >found &&
		test_grep "$U1 under way" found &&
		test "$(hooks_count)" = "$before"
	'
done

# Red without: the loop of loose_peel (loose), "^{}" in catfile_peel (packed).
for how in hooks_push push_packed
do
	test_expect_success "$how: a tag of a tag of a commit" '
		hooks_commit file again-$how &&
		tag inner inner &&
		tag v1 v1 inner &&
		$how -f v1 &&
		row_is "$(hooks_head)"
	'
done

test_expect_success 'more tags of tags than the hook follows by itself' '
	hooks_commit file deep &&
	tag inner inner &&
	for i in 1 2 3 4 5 6 7 8 9 10
	do
		as_git git -C work tag -f -a -m $i inner inner >tag.out 2>&1 || return 1
	done &&
	tag v1 v1 inner &&
	hooks_push -f v1 &&
	row_is "$(hooks_head)"
'

# Red without: w->commit in record_skips.
test_expect_success 'skip holds against the sweep' '
	hooks_commit file skipped &&
	tag v1 v1 &&
	hooks_push -f -o skip v1 &&
	test_grep "Tagged is not built from $(hooks_head | cut -c 1-7)" push.out &&
	test "$(cat "$NODE/state/skip/$U1")" = "$(hooks_head)" &&
	before=$(hooks_count) &&
	sweep >found &&
	test_grep "$U1 skipped" found &&
	test "$(hooks_count)" = "$before"
'

# Red without: the refusal in peel_commit.
for how in hooks_push push_packed
do
	test_expect_success "$how: a followed tag of a tree or a blob is refused, any other taken" '
		before=$(hooks_ref refs/tags/v1) &&
		hooks_commit file bad-$how &&
		for what in "HEAD^{tree}" HEAD:file
		do
			tag v1 v1 "$what" &&
			test_must_fail $how -f v1 &&
			test_grep "push refused: refs/tags/v1: it leads to a (tree|blob)" \
				push.out &&
			as_git git -C work tag -f v1 "$what" &&
			test_must_fail $how -f v1 &&
			test_grep "push refused: refs/tags/v1: it leads to a (tree|blob)" push.out \
				|| return 1
		done &&
		test "$(hooks_ref refs/tags/v1)" = "$before" &&
		tag other other-$how "HEAD^{tree}" &&
		$how other-$how
	'
done

test_expect_success 'a wrong .hornero.yaml behind a tag is refused by its line' '
	hooks_commit .hornero.yaml "bilder: make" &&
	tag v1 v1 &&
	test_must_fail hooks_push -f v1 &&
	test_grep "push refused: refs/tags/v1: .hornero.yaml:1:1: " push.out &&
	hooks_commit .hornero.yaml "builder: make"
'

test_expect_success 'a lightweight tag names its commit' '
	hooks_commit file light &&
	as_git git -C work tag -f v1 &&
	hooks_push -f v1 &&
	row_is "$(hooks_head)"
'

test_done
