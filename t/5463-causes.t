#!/bin/sh
# Two causes are told apart: what was never pushed, and what the disk lost; what the tool said, and what the sandbox forbids.
test_description='reasons name the cause'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

attempt () {
	hornero show "$job" --json | jq -r '.attempts[-1].reason'
}

# Red without lastline_take() in agent/stage.c; the hint without lastline_hint().
test_expect_success 'a failed build says the last line of its tool, and that there is no network' '
	node_init "workers: 1" && node_start && node_hello_repo && hornero image set "$HELLO_UUID" builder=make &&
	push_make "@echo first; echo \"curl: (6) Could not resolve host: example.org\"; echo; exit 6" && test_expect_code 1 hornero wait $job --timeout 60 &&
	attempt >reason && test_grep "ended with exit 2; its last line: curl: .6. Could not resolve host: example.org; a build has no network" reason &&
	push_make "@ls /opt/sdk/bin" && test_expect_code 1 hornero wait $job --timeout 60 && attempt >reason &&
	test_grep "cannot access ./opt/sdk/bin.: No such file or directory; of the node a build sees only /usr" reason
'

# Red with ERR_PUSHER for a lost object in agent/checkout.c find_commit(), and with the return of 0 in cli/cli.c cli_ref_commit().
test_expect_success 'a lost commit is the operator'\''s, by name, and never "nothing has been pushed"' '
	hornero pause "$HELLO_UUID" && push_make "head -c 1048576 /dev/zero >\$@" && c=$(git -C "$HELLO_REPO" rev-parse main) &&
	rm -f "$HELLO_REPO/objects/$(echo $c | cut -c1-2)/$(echo $c | cut -c3-)" && hornero resume "$HELLO_UUID" &&
	test_expect_code 75 hornero wait $job --timeout 60 && attempt >reason && test_grep "object is missing or damaged.*refs/heads/main" reason &&
	{ hornero why "$HELLO_UUID" >why 2>&1 || :; } && test_grep "pushed at $(echo $c | cut -c1-12), and an object of that is missing" why &&
	{ hornero wait "$HELLO_UUID" --timeout 5 >wait 2>&1 || :; } && test_grep "missing or damaged" wait &&
	! grep -iE "nothing has been pushed|no longer exists" why wait reason
'

test_expect_success 'a repository that git cannot read is named, too' '
	: >"$HELLO_REPO/HEAD" && { hornero why "$HELLO_UUID" >why 2>&1 || :; } && test_grep "git cannot read the repository .*fsck" why
'

test_expect_success 'the node stops' '
	node_stop
'

test_done
