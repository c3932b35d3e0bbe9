#!/bin/sh
# As t/8020, through the door: what dead pushes left goes with the next push, what a living one
# holds stays.
test_description='dead pushes and hornero-door: locks, quarantines, marks, and HEAD'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/deadpush.sh"
test_requires ssh openssh-client
test_requires strace strace

# commit TEXT: one more in the work clone
commit () {
	echo "$1" >work/file &&
	git -C work add -A &&
	git -C work commit -q -m "$1"
}

push () {
	git -C work push door:one "$@" >push.out 2>&1
	push__code=$?
	cat push.out
	return $push__code
}

# held_push REFSPEC: a push that waits for a line in ./go behind its locks, in git's hook of the
# transaction; nothing of it is stopped. Sets pusher_pid.
held_push () {
	rm -rf go told &&
	mkfifo -m 0666 go &&
	mkdir -m 0777 told &&
	cat >hook <<-END &&
	#!/bin/sh
	test "\$1" != prepared ||
	{ echo >$TRASH/told/held; read line <$TRASH/go; }
	END
	chmod 0755 hook &&
	cp hook "$REPO/hooks/reference-transaction" &&
	chmod 0755 "$REPO/hooks/reference-transaction" &&
	{ git -C work push door:one "$@" >held.out 2>&1 & } &&
	pusher_pid=$! &&
	test_cleanup "kill $pusher_pid 2>/dev/null; :" &&
	wait_until "test -e told/held" 20 &&
	rm "$REPO/hooks/reference-transaction"
}

let_go () {
	timeout 20 sh -c "echo on >go" &&
	wait $pusher_pid
}

test_expect_success 'a node, a door, a repository and its image' '
	door_node &&
	door_start &&
	hooks_repo one &&
	hooks_image $U1 one &&
	git init -q -b main work &&
	commit one &&
	push main
'

# Red without: relics_remove in pre_receive; the last push, which has nothing to say to it, without
# that of clear_repo in door/order.c.
test_expect_success 'a push through the door removes what the dead left' '
	for file in HEAD.lock packed-refs.lock refs/heads/main.lock refs/heads/next/deep.lock
	do
		as_git mkdir -p "$(dirname "$REPO/$file")" &&
		as_git touch "$REPO/$file" || return 1
	done &&
	as_git mkdir -p "$REPO/objects/tmp_objdir-incoming-dead/aa" &&
	commit two &&
	push main main:refs/heads/next &&
	test_grep "removed [0-9]+ leftover files? of a dead push" push.out &&
	none &&
	as_git mkdir -p "$REPO/objects/tmp_objdir-incoming-dead/aa" &&
	push main &&
	test_grep "up-to-date" push.out &&
	none
'

# Red without: try_push, as the push lives and is not stopped.
test_expect_success 'the locks of a push that is only slow stay' '
	commit slow &&
	held_push main &&
	locks >before &&
	test_grep "\.lock" before &&
	commit other &&
	test_must_fail push -f main &&
	as_git "$test_root/libexec/hornero-hook" --clear "$REPO" &&
	locks >left &&
	test_cmp before left &&
	let_go &&
	none &&
	push -f main
'

# Red without: the young ones of doctor, or relic_words.
test_expect_success 'why, wait and doctor name the process once git could be done' '
	commit named &&
	held_push main &&
	for lock in $(locks)
	do
		as_git touch -d "1 minute ago" "$REPO/$lock" || return 1
	done &&
	held="lock was last changed at .*, and process [0-9]+ may still need it" &&
	why_says $U1 "$held; until it is gone pushes to one are refused" &&
	{ hornero doctor >out; :; } &&
	test_grep "$held" out &&
	{ hornero wait $U1 --timeout 0 2>err; :; } &&
	test_grep "$held" err &&
	let_go &&
	none
'

# Red without: underway_bury in clear_repo.
test_expect_success 'a fetch through the door buries the mark of a dead hook' '
	boot=$(cut -c 1-8 /proc/sys/kernel/random/boot_id) &&
	ns=$(printf "%x" "$(stat -L -c %i /proc/self/ns/pid)") &&
	as_git touch "$REPO/hornero.push.$ns.1.1.$boot" &&
	git ls-remote door:one >refs &&
	test_grep refs/heads/main refs &&
	test -z "$(ls "$REPO" | grep "hornero\.push")"
'

# Red without: settle_head in door/order.c.
test_expect_success 'a clone has what its image follows, though HEAD named no branch before' '
	hooks_repo late &&
	git -C work push -q door:late main:refs/heads/a main:refs/heads/b 2>push.out &&
	test "$(as_git git -C "$REPO" symbolic-ref HEAD)" = refs/heads/main &&
	hornero image add $U2 late --ref refs/heads/b >add.out &&
	git clone -q door:late late &&
	test -e late/file &&
	test "$(git -C late symbolic-ref HEAD)" = refs/heads/b
'

# Red without: head_leave in hooks/head.c.
test_expect_success 'a first odd branch is deleted through the door once another is followed' '
	hooks_repo odd &&
	git -C work push -q door:odd main:refs/heads/typo 2>push.out &&
	hooks_image $U3 odd &&
	git -C work push -q door:odd main 2>push.out &&
	git -C work push door:odd :refs/heads/typo 2>push.out &&
	git clone -q door:odd odd &&
	test -e odd/file &&
	test "$(git -C odd symbolic-ref HEAD)" = refs/heads/main
'

test_expect_success 'nothing of this crashed, or met the filter of system calls' '
	test_must_fail grep -E "event=connection-died|Function not implemented" door.log &&
	door_stop
'

test_done
