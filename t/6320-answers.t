#!/bin/sh
# The builds that answer for a tree. A clean build answers for every image, one with leftovers only
# for its own, whatever is pushed, forced, rolled back or bound anew. The builder has no clean_when:
# the clean build after a changed Makefile must not hide faults here.
test_description='answers: no repository decides the bytes of another'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

VICTIM=11111111-1111-4111-8111-111111111111
STRANGER=22222222-2222-4222-8222-222222222222
THIRD=33333333-3333-4333-8333-333333333333
STORE=$NODE/instances/hornero

# begins_with WORD UUID: the first line of the warm file
begins_with () {
	test "$(warm_text "$2" | head -n 1)" = "$1"
}

# push REPOSITORY COMMIT [OPTION…]: waits until it is warm; $job
push () {
	bare=$1 commit=$2 last=${job:-0} &&
	shift 2 &&
	git -C work push -q "$@" "$bare" "+$commit:refs/heads/main" 2>push.out ||
	{ cat push.out; return 1; }
	job=$(node_job push.out)
	test -n "$job" || wait_until found_by_hornerod 30 || { cat push.out; return 1; }
	push_again && job_ends published
}

# found_by_hornerod: a push that could not be queued has a job all the same. Sets job.
found_by_hornerod () {
	repo=${bare##*/} &&
	hornero queue --all --json >queue.json &&
	job=$(json_sql queue.json "SELECT max(value ->> 'job') FROM f, json_each(j)
		WHERE value ->> 'commit' = '$commit' AND value ->> 'repo' = '${repo%.git}'
			AND value ->> 'job' > $last") &&
	test -n "$job"
}

# built_is HOW UUID: clean or incremental
built_is () {
	test "$(image_field built "$2")" = "$1"
}

# tree MAKEFILE: a commit whose tree is this one and a seed; prints it
tree () {
	printf "$1" >work/Makefile &&
	git -C work add Makefile seed &&
	git -C work commit -q --allow-empty -m "$1" &&
	git -C work rev-parse HEAD
}

disk='cp $< hornero.raw; truncate -s 1M hornero.raw\n'
honest="hornero.raw: hello.o\n\t$disk"'hello.o: seed\n\t(echo HONEST; cat seed) >hello.o\n'
# Leaves an object that is newer than whatever comes, and an artifact.
foreign='hornero.raw:\n\techo FOREIGN >hello.o\n\ttouch -d "+1 day" hello.o\n'
foreign=$foreign'\tcp hello.o hornero.raw\n\ttruncate -s 1M hornero.raw\n.PHONY: hornero.raw\n'

test_expect_success 'a node with two repositories of two owners, and a tree that both push' '
	node_init &&
	node_start &&
	victim=$(hornero repo create victim | tail -n 1) &&
	stranger=$(hornero repo create stranger | tail -n 1) &&
	hornero image add $VICTIM victim --builder make &&
	hornero image add $STRANGER stranger --builder make &&
	mkdir work &&
	git init -q -b main work &&
	echo seed >work/seed &&
	good=$(tree "$honest") &&
	poison=$(tree "$foreign") &&
	same=$(tree "$honest")
'

# Red without: load_clean() and load_own() being two in store/answer.c.
test_expect_success 'a poisoned checkout of the same tree: the other image gets its own bytes' '
	push "$stranger" $poison &&
	begins_with FOREIGN $STRANGER &&
	push "$stranger" $same -o rebuild &&
	push "$victim" $good &&
	begins_with HONEST $VICTIM &&
	built_is clean $VICTIM
'

test_expect_success 'nor does any later push, forced build or sweep of the stranger reach it' '
	push "$stranger" $poison -o rebuild &&
	push "$stranger" $same &&
	again=$(tree "$honest") &&
	push "$stranger" $again -o rebuild &&
	other=$(tree "$honest# other\n") &&
	push "$victim" $other &&
	push "$victim" $same &&
	begins_with HONEST $VICTIM &&
	rm "$(node_warm_path $VICTIM)" &&
	hornero sweep >/dev/null &&
	hornero wait $VICTIM --timeout 300 &&
	begins_with HONEST $VICTIM
'

# Red without: load_own() in store/answer.c find().
test_expect_success 'an incremental build says so, and answers to its own image' '
	two=$(tree "$honest# two\n") &&
	push "$stranger" $two &&
	hornero show "$job" --json >shown &&
	test "$(jq -r .built shown)" = incremental &&
	built_is incremental $STRANGER &&
	key=$(jq -r .key shown) &&
	test "$(jq -r .digest "$STORE/own/$STRANGER/$key")" = "$(jq -r .digest shown)" &&
	test ! -e "$STORE/clean/$key" &&
	push "$stranger" $good &&
	push "$stranger" $two &&
	test "$(job_field reused)" = true &&
	built_is incremental $STRANGER &&
	hornero image show $STRANGER | grep -x "built: *incremental"
'

# Red where build_answer() in agent/build/build_store.c says clean of all (so are 2 to 4).
test_expect_success 'another image does not get it, and a clean build answers for both' '
	push "$victim" $two &&
	test "$(job_field reused)" = false &&
	push "$victim" $good &&
	push "$victim" $two -o clean &&
	hornero image add $THIRD stranger --builder make &&
	hornero wait $THIRD --timeout 300 &&
	job=$(image_field newest_job $THIRD) &&
	test "$(job_field reused)" = true &&
	built_is clean $THIRD &&
	hornero image remove $THIRD
'

# Red without: b->clean in agent/build/build_checkout.c look_up().
test_expect_success 'a forced build of a tree with a clean answer starts from nothing' '
	push "$victim" $good &&
	hornero rebuild -f $VICTIM >out &&
	job=$(grep -o "[0-9][0-9]*" out | head -n 1) &&
	hornero wait $VICTIM --timeout 300 &&
	begins_with HONEST $VICTIM &&
	built_is clean $VICTIM
'

# Red without: the word "source" of the work directory (workdir_is_of), as the next one. The tree
# has no clean answer yet.
test_expect_success 'an image that takes the UUID of a removed one starts from nothing' '
	push "$stranger" $poison &&
	hornero image remove $STRANGER &&
	test ! -e "$STORE/own/$STRANGER" &&
	test -e "$NODE/unikernels/$STRANGER/src/hello.o" &&
	seven=$(tree "$honest# seven\n") &&
	push "$victim" $seven &&
	built_is incremental $VICTIM &&
	hornero image add $STRANGER victim --builder make &&
	hornero wait $STRANGER --timeout 300 &&
	built_is clean $STRANGER &&
	begins_with HONEST $STRANGER &&
	test_must_fail hornero rollback $STRANGER 2>err &&
	! grep FOREIGN err &&
	test "$(hornero image show $STRANGER --json | jq ".releases | length")" = 1
'

test_expect_success 'so does one whose file names another repository or ref' '
	hornero image remove $STRANGER &&
	hornero image add $STRANGER stranger --builder make &&
	hornero rebuild -f $STRANGER >/dev/null &&
	hornero wait $STRANGER --timeout 300 &&
	begins_with FOREIGN $STRANGER &&
	git -C work push -q "$stranger" $two:refs/heads/dev &&
	hornero image set $STRANGER ref=refs/heads/dev >/dev/null &&
	hornero wait $STRANGER --timeout 300 &&
	begins_with HONEST $STRANGER &&
	built_is clean $STRANGER
'

test_expect_success 'keys of an earlier hornero answer for no image' '
	mkdir -p "$STORE/key" &&
	three=$(tree "$honest# three\n") &&
	push "$victim" $three &&
	cp "$STORE"/clean/* "$STORE/key/" &&
	rm -r "$STORE/clean" "$STORE/own" &&
	hornero init >/dev/null &&
	again=$(tree "$honest") &&
	push "$victim" $again &&
	test "$(job_field reused)" = false
'

test_done
