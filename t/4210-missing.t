#!/bin/sh
test_description='pre-receive refuses or names what a clone would have and this node has not'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"

pointer='version https://git-lfs.github.com/spec/v1
oid sha256:0000000000000000000000000000000000000000000000000000000000000007
size 12345'

# refused PATTERN: the last push was, wholly, and said this.
refused () {
	test_grep "^remote: hornero: push refused: refs/heads/main: $1" push.out &&
	test_grep "nothing of this push was taken" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$good" &&
	test -z "$(find "$REPO/objects" -name "tmp_objdir*")"
}

# policy WORD: on_missing of the node.
policy () {
	node_set on_missing "$1"
}

# module PATH: a submodule there, staged.
module () {
	as_git git -C work update-index --add --cacheinfo 160000,$good,$1
}

# filtered FILE: the last push named it, for its filter.
filtered () {
	test_grep "^remote: hornero: $1 has filter=crypt in .gitattributes" push.out &&
	test_grep "in .gitattributes: the build sees it as committed" push.out
}

test_expect_success 'a node, an image of the whole tree, one of a subdirectory elsewhere' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_image $U2 one --subdir sub --ref refs/heads/side &&
	hooks_work &&
	hooks_push main &&
	good=$(hooks_head)
'

# Red without: missing_check in check; miss_pointer in read_attributes.
test_expect_success 'a Git LFS pointer refuses a small push and a large one, and names the file' '
	hooks_commit .gitattributes "*.bin filter=lfs diff=lfs merge=lfs -text" &&
	hooks_push main &&
	good=$(hooks_head) &&
	! grep LFS push.out &&
	hooks_commit plain.bin "no pointer" &&
	hooks_push main &&
	good=$(hooks_head) &&
	hooks_commit "a big.bin" "$pointer" &&
	test_must_fail hooks_push main &&
	refused "a big.bin is a Git LFS pointer, and the file itself is not on this node" &&
	test_grep "this node .of .*eol, .*; commit the file .git lfs migrate export." push.out &&
	hooks_packed first &&
	as_git git -C work commit -q -m many &&
	test_must_fail hooks_push main &&
	refused "a big.bin is a Git LFS" &&
	hooks_undo
'

test_expect_success 'with warn it is taken and named once, with refuse as by default' '
	policy warn &&
	hooks_commit x.bin "$pointer" &&
	hooks_commit y.bin "$pointer" &&
	hooks_push main &&
	good=$(hooks_head) &&
	test_grep "^remote: hornero: x.bin is a Git LFS pointer: the build sees the pointer" \
		push.out &&
	test "$(grep -c "LFS" push.out)" -eq 1 &&
	policy refuse &&
	hooks_commit z "z" &&
	test_must_fail hooks_push main &&
	refused "x.bin is a Git LFS" &&
	policy refuse-lfs &&
	hooks_undo &&
	as_git git -C work rm -q x.bin y.bin &&
	as_git git -C work commit -q -m gone &&
	hooks_push main &&
	good=$(hooks_head)
'

test_expect_success 'a pointer passes without the attribute, and outside of the image' '
	hooks_commit pointer.txt "$pointer" &&
	hooks_push main &&
	good=$(hooks_head) &&
	! grep LFS push.out &&
	hooks_commit sub/file "x" &&
	hooks_commit out.bin "$pointer" &&
	hooks_push HEAD:refs/heads/side &&
	! grep LFS push.out &&
	hooks_commit sub/in.bin "$pointer" &&
	test_must_fail hooks_push HEAD:refs/heads/side &&
	test_grep "refs/heads/side: sub/in.bin is a Git LFS pointer" push.out &&
	hooks_undo
'

# Red without: miss_filter and miss_module, and their tests of l->refuse.
test_expect_success 'another filter and a submodule are named, or refused' '
	hooks_commit .gitattributes "file filter=crypt" &&
	hooks_push main &&
	good=$(hooks_head) &&
	filtered file &&
	policy refuse &&
	hooks_commit n 1 &&
	test_must_fail hooks_push main &&
	refused "file has filter=crypt" &&
	hooks_undo &&
	policy refuse-lfs &&
	hooks_commit .gitattributes "file text" &&
	hooks_commit .gitmodules "[submodule \"vendor\"]" &&
	module vendor &&
	as_git git -C work commit -q -m module &&
	hooks_push main &&
	good=$(hooks_head) &&
	test_grep "^remote: hornero: vendor is a submodule and stays empty" push.out &&
	policy refuse &&
	as_git git -C work commit -q --allow-empty -m again &&
	test_must_fail hooks_push main &&
	refused "vendor is a submodule"
'

# reset_to_good: and the node's policy is the default.
reset_to_good () {
	policy refuse-lfs &&
	hooks_commit .gitattributes "file text" &&
	as_git git -C work rm -q -r --cached --ignore-unmatch vendor .gitmodules &&
	as_git git -C work commit -q --allow-empty -m clean &&
	as_git git -C work clean -qfdx &&
	hooks_push main &&
	good=$(hooks_head)
}

# Red without: changed_look in may_miss; look_at_file in read_listing (the packed one).
test_expect_success 'attributes in any directory refuse small and large pushes of a pointer' '
	reset_to_good &&
	hooks_commit a/b/.gitattributes "*.bin filter=lfs" &&
	hooks_push main &&
	good=$(hooks_head) &&
	! grep LFS push.out &&
	hooks_commit a/b/c/big.bin "$pointer" &&
	test_must_fail hooks_push main &&
	refused "a/b/c/big.bin is a Git LFS pointer" &&
	hooks_packed first &&
	as_git git -C work commit -q -m many &&
	test_must_fail hooks_push main &&
	refused "a/b/c/big.bin is a Git LFS" &&
	hooks_undo &&
	hooks_commit a/b/.gitattributes "c/big.bin filter=crypt" &&
	hooks_commit a/b/c/big.bin "not one" &&
	hooks_push main &&
	good=$(hooks_head) &&
	filtered a/b/c/big.bin &&
	as_git git -C "$REPO" gc -q &&
	hooks_commit a/b/.gitattributes "*.bin filter=lfs" &&
	hooks_commit a/b/c/big.bin "$pointer" &&
	test_must_fail hooks_push main &&
	refused "a/b/c/big.bin is a Git LFS pointer" &&
	hooks_undo
'

# Red without: the test of the tip in changed_look (a push of an old commit brings no object);
# CHANGED_MANY in may_miss.
test_expect_success 'refused: content that another branch brought, a change of 300 directories' '
	hooks_commit d/e/.gitattributes "*.bin filter=lfs" &&
	hooks_commit d/e/x.bin "$pointer" &&
	hooks_push HEAD:refs/heads/other &&
	test_must_fail hooks_push main &&
	refused "d/e/x.bin is a Git LFS pointer" &&
	hooks_undo &&
	hooks_in_work "
		for i in \$(seq 300)
		do
			mkdir -p w/\$i
			echo \$i >w/\$i/f
		done
	" &&
	hooks_commit_all wide &&
	hooks_push main &&
	good=$(hooks_head) &&
	! grep LFS push.out &&
	hooks_in_work "
		for i in \$(seq 300)
		do
			echo new >w/\$i/f
		done
		mkdir -p w/zz
		echo \"*.bin filter=lfs\" >w/zz/.gitattributes
	" &&
	hooks_commit w/zz/x.bin "$pointer" &&
	test_must_fail hooks_push main &&
	refused "w/zz/x.bin is a Git LFS pointer" &&
	hooks_undo
'

# Red without: is_tree in enter, or the mode of a submodule in compare.
test_expect_success 'a submodule without .gitmodules, or without an entry there, in any directory' '
	as_git mkdir -p work/lib/deep/vendor &&
	module lib/deep/vendor &&
	as_git git -C work commit -q -m module &&
	hooks_push main &&
	good=$(hooks_head) &&
	test_grep "^remote: hornero: lib/deep/vendor is a submodule and stays empty" push.out &&
	hooks_commit n 2 &&
	hooks_push main &&
	good=$(hooks_head) &&
	! grep submodule push.out &&
	policy refuse &&
	module lib/deep/vendor &&
	as_git git -C work commit -q -m moved &&
	test_must_fail hooks_push main &&
	refused "lib/deep/vendor is a submodule" &&
	hooks_undo &&
	hooks_commit .gitmodules "[submodule \"other\"]" &&
	test_must_fail hooks_push main &&
	refused "lib/deep/vendor is a submodule" &&
	hooks_undo &&
	as_git git -C work rm -q --cached lib/deep/vendor &&
	as_git git -C work commit -q -m gone &&
	hooks_push main &&
	good=$(hooks_head)
'

# Red without: l->skipped in miss_pointer; pushopt_skips in check_all; was_checked.
test_expect_success 'a pointer is named where nothing is built (-o skip, -o image=), else refused' '
	policy refuse-lfs &&
	hooks_commit a/.gitattributes "*.bin filter=lfs" &&
	hooks_commit a/s.bin "$pointer" &&
	test_must_fail hooks_push main &&
	hooks_push -o skip main &&
	test_grep "^remote: hornero: a/s.bin is a Git LFS pointer: " push.out &&
	test_grep "pointer: a build of this commit will be refused" push.out &&
	test_grep "is not built from" push.out &&
	hooks_image $U3 one &&
	hooks_commit a/t "t" &&
	test_must_fail hooks_push -o image=$U3 main &&
	test_grep "push refused: refs/heads/main: a/s.bin is a Git LFS pointer" push.out &&
	hooks_push -o skip main &&
	test "$(grep -c "LFS pointer" push.out)" -eq 1 &&
	as_git git -C work rm -q a/s.bin &&
	as_git git -C work commit -q -m gone &&
	hooks_push main
'

# Of the old tip it opens the commit and the trees of ., q and q/r.
# Red without: the comparison of ids in compare.
test_expect_success 'a small push starts nothing, and reads the changed directories alone' '
	hooks_repo two &&
	hooks_image 44444444-4444-4444-8444-444444444444 two &&
	rm -rf work &&
	hooks_work &&
	hooks_commit q/r/one 1 &&
	hooks_commit other/two 2 &&
	hooks_push main &&
	hooks_commit q/r/one 2 &&
	: >trace &&
	chmod 0666 trace &&
	as_git env ASAN_OPTIONS=detect_leaks=0 \
		strace -f -qq -e signal=none -o trace -e trace=execve,openat \
		git -C work push -q "$REPO" main >push.out 2>&1 &&
	test_grep ! "execve\(.*\"(cat-file|ls-tree|read-tree|check-attr)\"" trace &&
	sed -n "s/^\([0-9]*\) .*execve(\"[^\"]*pre-receive\".*/\1/p" trace >pid &&
	test -s pid &&
	grep "^$(head -n 1 pid) .*objects/../" trace >opens &&
	test $(wc -l <opens) -eq 4
'

test_done
