#!/bin/sh
test_description='pre-receive: what a clone would have and this node has not is refused or named, in one line of the push'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"

pointer='version https://git-lfs.github.com/spec/v1
oid sha256:0000000000000000000000000000000000000000000000000000000000000007
size 12345'

# refused PATTERN: the last push was, wholly, and said this.
refused () {
	test_grep "^remote: hornero: push refused: refs/heads/main: $1" push.out && test_grep "nothing of this push was taken" push.out &&
	test "$(hooks_ref refs/heads/main)" = "$good" && test -z "$(find "$REPO/objects" -name "tmp_objdir*")"
}

undo () {
	as_git git -C work reset -q --hard "$good" && as_git git -C work clean -qfdx
}

# policy WORD: on_missing of the node.
policy () {
	sed -i '/^on_missing:/d' "$NODE/hornero.yaml" && echo "on_missing: $1" >>"$NODE/hornero.yaml"
}

packed () {
	as_git sh -c 'cd work && mkdir -p many && for i in $(seq 150); do echo "$1 $i" >many/$i; done && git add -A' packed "$1"
}

test_expect_success 'a node, an image of the whole tree and one of a subdirectory of another branch' '
	hooks_node && hooks_repo one && hooks_image $U1 one && hooks_image $U2 one --subdir sub --ref refs/heads/side &&
	hooks_work && hooks_push main && good=$(hooks_head)
'

# Red without: missing_check in check; miss_pointer in read_attributes.
test_expect_success 'a Git LFS pointer refuses a small push and a large one, and names the file' '
	hooks_commit .gitattributes "*.bin filter=lfs diff=lfs merge=lfs -text" && hooks_push main && good=$(hooks_head) &&
	! grep LFS push.out && hooks_commit plain.bin "no pointer" && hooks_push main && good=$(hooks_head) &&
	hooks_commit "a big.bin" "$pointer" && test_must_fail hooks_push main &&
	refused "a big.bin is a Git LFS pointer, and the file itself is not on this node; commit the file .git lfs migrate export." &&
	packed first && as_git git -C work commit -q -m many && test_must_fail hooks_push main && refused "a big.bin is a Git LFS" && undo
'

test_expect_success 'with warn it is taken and named once, with refuse as by default' '
	policy warn && hooks_commit x.bin "$pointer" && hooks_commit y.bin "$pointer" && hooks_push main && good=$(hooks_head) &&
	test_grep "^remote: hornero: x.bin is a Git LFS pointer: the build sees the pointer" push.out &&
	test "$(grep -c "LFS" push.out)" -eq 1 && policy refuse && hooks_commit z "z" && test_must_fail hooks_push main &&
	refused "x.bin is a Git LFS" && policy refuse-lfs && undo && as_git git -C work rm -q x.bin y.bin &&
	as_git git -C work commit -q -m gone && hooks_push main && good=$(hooks_head)
'

test_expect_success 'a pointer without the attribute is what a clone has, too; outside of the image it is nothing to it' '
	hooks_commit pointer.txt "$pointer" && hooks_push main && good=$(hooks_head) && ! grep LFS push.out &&
	hooks_commit sub/file "x" && hooks_commit out.bin "$pointer" && hooks_push HEAD:refs/heads/side && ! grep LFS push.out &&
	hooks_commit sub/in.bin "$pointer" && test_must_fail hooks_push HEAD:refs/heads/side &&
	test_grep "refs/heads/side: sub/in.bin is a Git LFS pointer" push.out && undo
'

# Red without: miss_filter and miss_module, and their tests of l->refuse.
test_expect_success 'another filter and a submodule are named, or refused' '
	hooks_commit .gitattributes "file filter=crypt" && hooks_push main && good=$(hooks_head) &&
	test_grep "^remote: hornero: file has filter=crypt in .gitattributes: the build sees it as committed" push.out &&
	policy refuse && hooks_commit n 1 && test_must_fail hooks_push main && refused "file has filter=crypt" && undo &&
	policy refuse-lfs && hooks_commit .gitattributes "file text" && hooks_commit .gitmodules "[submodule \"vendor\"]" &&
	as_git git -C work update-index --add --cacheinfo 160000,$good,vendor && as_git git -C work commit -q -m module &&
	hooks_push main && good=$(hooks_head) && test_grep "^remote: hornero: vendor is a submodule and stays empty" push.out &&
	policy refuse && as_git git -C work commit -q --allow-empty -m again && test_must_fail hooks_push main && refused "vendor is a submodule"
'

test_done
