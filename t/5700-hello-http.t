#!/bin/sh
test_description='examples/hello-http: pushed, booted, and curl sees each change'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires gcc gcc
test_requires curl curl
test_requires jq jq
test_requires qemu-system-x86_64 qemu-system-x86

# serve: boots the warm file; the kernel chooses the port, and QEMU's monitor tells it. Sets port.
serve () {
	rm -f monitor serial said &&
	mkfifo monitor &&
	{ timeout 60 qemu-system-x86_64 -accel tcg -m 64 -nodefaults -no-user-config \
		-display none -serial file:serial -monitor stdio \
		-drive "file=$(node_warm_path "$HELLO_UUID"),format=raw,snapshot=on" \
		-nic user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:0-:80 \
		<monitor >said 2>&1 & } &&
	guest=$! &&
	test_cleanup "kill $guest 2>/dev/null; :" &&
	exec 9>monitor &&
	echo 'info usernet' >&9 &&
	wait_until 'grep -q "port 80" serial && grep -q HOST_FORWARD said' 30 &&
	port=$(awk '/HOST_FORWARD/ {print $4; exit}' said)
}

# gets TEXT: curl gets that line and the tree of the work clone.
gets () {
	curl -sS -m 10 "http://127.0.0.1:$port/" >got &&
	echo "$1, tree $(git -C "$HELLO_WORK" rev-parse "HEAD^{tree}")" >want &&
	test_cmp want got
}

stop () {
	exec 9>&- &&
	kill $guest &&
	{ wait $guest || :; }
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
	test_must_fail curl -sS -m 10 -d a=b "http://127.0.0.1:$port/" &&
	gets "hello from hornero" &&
	stop
'

test_expect_success 'a change of one line, pushed: curl sees it' '
	echo "good evening" >"$HELLO_WORK/greeting" &&
	push_built_by make &&
	serve &&
	gets "good evening" &&
	stop
'

test_done
