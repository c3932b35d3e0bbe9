#!/bin/sh
test_description='a push through the door is checked for missing content, as one by path is'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
test_requires ssh-keygen openssh-client

# Red without memfd_create in door/limit.c: the push is accepted, "cannot check … for missing
# files: cannot keep the list of the pushed files".
test_expect_success 'a pointer of Git LFS is refused' '
	door_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	door_start &&
	git init -q -b main clone &&
	echo "*.bin filter=lfs" >clone/.gitattributes &&
	printf "version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 1\n" 0 \
		>clone/big.bin &&
	git -C clone add -A &&
	git -C clone -c filter.lfs.clean=cat commit -q -m lfs &&
	test_must_fail git -C clone push -q door:one main 2>push.out &&
	test_grep "push refused: refs/heads/main: .*big.bin" push.out
'

test_done
