#!/bin/sh
# As t/8020, on a node as it is installed: the repositories are git's, and hornerod, another user,
# may not write them. Sweeps are an hour apart.
test_description='dead pushes and killed hooks where hornerod may not write the repositories'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
. "$HORNERO_SRC/t/lib/deadpush.sh"
test_requires ssh openssh-client
test_requires systemd-socket-activate systemd
test "$(id -u)" -eq 0 || test_skip_all 'needs root, for users of their own'

n=0

# push ARG…: a new commit by the door, whose artifact holds its number
push () {
	n=$((n + 1)) &&
	printf 'hornero.raw:\n\tprintf "content %d" >$@\n\ttruncate -s 1M $@\n' $n >work/Makefile &&
	git -C work add -A &&
	git -C work commit -q -m $n &&
	git -C work push "$@" door:one main >push.out 2>&1
	push__code=$?
	cat push.out
	return $push__code
}

is_built () {
	warm_text_is "content $n" $U1
}

leave () {
	plant refs/heads/main.lock HEAD.lock objects/tmp_objdir-incoming-dead/aa/bb
}

told_once () {
	died="lock was left at .* by a process that died" &&
	hornero why $U1 >out &&
	test_grep "(HEAD|refs/heads/main).$died; the next push to one removes it" out &&
	{ hornero wait $U1 --timeout 0 2>err; :; } &&
	test_grep "$died" err &&
	{ hornero doctor >out; :; } &&
	test_grep "one.git: refs/heads/main.lock was left at" out &&
	test_grep "as git.s user also: .*/gc-repositories --clear" out
}

# hornero's user may not see where a git process of git's user works, so one of another test's may
# be at work here for a moment.
told () {
	wait_until told_once 30
}

# A push that git takes, and whose post-receive is killed (as by kill -9) before it looked at
# anything.
kill_hook () {
	node_set failpoint post-receive-start &&
	push &&
	node_set failpoint &&
	test_grep "failpoint point=post-receive-start" push.out &&
	test -n "$(ls "$REPO" | grep "^hornero\.push")" &&
	test "$(hooks_ref refs/heads/main)" = "$(git -C work rev-parse HEAD)" &&
	test_must_fail is_built
}

test_expect_success 'a node with a user for each, its door, a repository and its image' '
	door_live "sweep_interval: 1h" &&
	door_key alice "write=\"*\"" &&
	door_as alice &&
	node_start &&
	door_start &&
	REPO=$(command hornero repo create one | tail -n 1) &&
	hooks_image $U1 one &&
	test "$(stat -c %u "$REPO")" = $node_git &&
	git init -q -b main work &&
	cp "$HORNERO_SRC/examples/hello/.hornero.yaml" work/ &&
	push &&
	wait_until is_built 60
'

# Red without: the dead ones in note_first of cli/blocked.c, or in look_at_relic of doctor.
test_expect_success 'a sweep may not remove them: why, wait and doctor say so; a push works' '
	leave &&
	node_as $node_hornero hornero-sweep -c "$HORNERO_CONF" --quiet &&
	locks >left &&
	test_grep refs/heads/main.lock left &&
	node_stop &&
	node_start &&
	locks >left &&
	test_grep refs/heads/main.lock left &&
	told &&
	push &&
	test_grep "removed [0-9]+ leftover files? of a dead push" push.out &&
	none &&
	wait_until is_built 60
'

# Red without: relics_remove in clear() of hooks/main.c.
test_expect_success 'without a push, hornero-clear.service and the gc timer remove them, as git' '
	leave &&
	told &&
	as_git sh "$HORNERO_BUILD/etc/gc-repositories" --clear "$HORNERO_CONF" &&
	none &&
	hornero why $U1 >out &&
	test_must_fail grep "was left at" out
'

# Red without: relics_bury in clear_repo of door/order.c, or bell_look behind it.
test_expect_success 'a fetch through the door finds the push of a killed hook' '
	kill_hook &&
	git -C work fetch -q door:one &&
	test -z "$(ls "$REPO" | grep "^hornero\.push")" &&
	wait_until is_built 60 &&
	test_grep "event=looking repo=one" "$NODE/hornerod.log"
'

# hornero-clear.service must not take what asks for that look. Red with: relics_bury in clear().
test_expect_success 'the gc timer leaves the mark of a killed hook to the next fetch' '
	kill_hook &&
	as_git sh "$HORNERO_BUILD/etc/gc-repositories" --clear "$HORNERO_CONF" &&
	test -n "$(ls "$REPO" | grep "^hornero\.push")" &&
	test_must_fail is_built &&
	git ls-remote door:one >refs &&
	wait_until is_built 60
'

test_expect_success 'nothing of this crashed' '
	test_must_fail grep "event=connection-died" door.log &&
	door_stop &&
	node_stop
'

test_done
