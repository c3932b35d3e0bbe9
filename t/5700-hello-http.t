#!/bin/sh
test_description='examples/hello-http: pushed, booted, and curl sees each change'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/family.sh"
test_requires gcc gcc
test_requires curl curl
test_requires jq jq
test_requires qemu-system-x86_64 qemu-system-x86

scratch=$TRASH
serve () {
	guest_serve "$(node_warm_path "$HELLO_UUID")" &&
	test_cleanup "kill $guest 2>/dev/null; :"
}

# gets TEXT: curl gets that line and the tree of the work clone.
gets () {
	guest_get -m 100 >got &&
	echo "$1, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")" >want &&
	test_cmp want got
}

test_expect_success 'a node, and the example in a repository' '
	node_init &&
	node_start &&
	node_hello_repo &&
	git -C "$HELLO_WORK" rm -q -r . &&
	mkdir -p "$HELLO_WORK" &&
	(cd "$HORNERO_SRC/examples/hello-http" &&
		cp -L .hornero.yaml .gitignore Makefile README *.[chS] *.ld greeting "$HELLO_WORK")
'

# Red without the reply to GET in http.c.
test_expect_success 'pushed, warm, booted: curl gets the greeting' '
	push_built_by make &&
	serve &&
	gets "hello from hornero"
'

test_expect_success 'a request that it does not know ends; the next one is answered' '
	test_must_fail guest_get -d a=b &&
	gets "hello from hornero" &&
	guest_end
'

test_expect_success 'a change of one line, pushed: curl sees it' '
	echo "good evening" >"$HELLO_WORK/greeting" &&
	push_built_by make &&
	serve &&
	gets "good evening" &&
	guest_end
'

test_done
