#!/bin/sh
test_description='from a push to a guest that names the pushed tree, and again, and back'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires qemu-system-x86_64 qemu-system-x86
test_requires jq jq

push_and_wait () {
	git -C "$HELLO_WORK" push origin main >push.out 2>&1 &&
	cat push.out &&
	push_job &&
	hornero wait --timeout 300 "$job"
}

guest_says () {
	boot_guest "$(node_warm_path "$HELLO_UUID")" >said &&
	cat said &&
	grep -F -x "$1, tree $(git -C "$HELLO_WORK" rev-parse 'HEAD^{tree}')" said
}

test_expect_success 'a node, a repository, an image' '
	node_init &&
	node_start &&
	node_hello_repo
'

test_expect_success 'the first push becomes warm under the name that Nova computes' '
	push_and_wait &&
	test -f "$(node_warm_path $HELLO_UUID)" &&
	test "$(stat -c %a "$(node_warm_path $HELLO_UUID)")" = 644
'

test_expect_success 'its guest names the pushed tree' '
	guest_says "hello from hornero"
'

test_expect_success 'a push that waits shows the build, and returns when it is warm' '
	git -C "$HELLO_WORK" commit -q --amend -m "hello again" &&
	git -C "$HELLO_WORK" push -f -o wait -o rebuild origin main >push.log 2>&1 &&
	cat push.log &&
	job=$(node_job push.log) &&
	test_grep "^remote: .*hornero.raw" push.log &&
	test_grep "^remote: hornero: job $job is published: image $HELLO_UUID is warm at" \
		push.log &&
	job_state_is published
'

test_expect_success 'a change of one line runs, and the log shows that only that was built' '
	first=$(sha256sum <"$(node_warm_path $HELLO_UUID)") &&
	echo "good evening" >"$HELLO_WORK/greeting" &&
	git -C "$HELLO_WORK" commit -q -a -m "another greeting" &&
	push_and_wait &&
	hornero log "$job" >log &&
	test_grep words.o log &&
	test_grep ! "hello\.c" log &&
	guest_says "good evening"
'

test_expect_success 'a revert is the first artifact again, with no build' '
	git -C "$HELLO_WORK" revert --no-edit HEAD &&
	push_and_wait &&
	hornero show --json "$job" >shown &&
	test_grep "\"reused\": *true" shown &&
	test "$first" = "$(sha256sum <"$(node_warm_path $HELLO_UUID)")" &&
	guest_says "hello from hornero"
'

test_expect_success 'hornerod ends by itself and leaves no group and no half file' '
	node_stop &&
	node_cgroups_gone &&
	find "$NODE/instances" -name "*.tmp" -o -name "*.part" >leftover &&
	test_cmp /dev/null leftover
'

test_done
