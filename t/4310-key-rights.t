#!/bin/sh
test_description='the refs and repositories a key may push to, checked before anything changes'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3
test_requires ssh-keygen openssh-client

# key_push NAME ARG…: as hooks_push, by whoever came in with that key.
key_push () {
	HORNERO_KEY=$1
	export HORNERO_KEY
	shift
	hooks_push "$@"
	key__code=$?
	unset HORNERO_KEY
	return $key__code
}

# refused_to NAME REF: the last push was, with these words, and REF is not there.
refused_to () {
	test_grep "^remote: hornero: push refused: $2: the key $1 may not write it in team/one" \
		push.out &&
	test_must_fail hooks_ref "$2"
}

test_expect_success 'a node with keys, two repositories and an image' '
	hooks_node "keys_file: $TRASH/keys" &&
	hooks_repo other &&
	OTHER=$REPO &&
	hooks_repo team/one &&
	hooks_image $U1 team/one --name "The One" &&
	hooks_work &&
	for name in writer branches reader creator admin
	do
		ssh-keygen -q -t ed25519 -N "" -f id-$name || return 1
	done &&
	hornero key add writer id-writer.pub --write "team/*" &&
	hornero key add branches id-branches.pub --write "team/one:refs/heads/b/* other" &&
	hornero key add reader id-reader.pub --read "*" &&
	hornero key add creator id-creator.pub --create "team/o*" &&
	hornero key add admin id-admin.pub --admin "*"
'

test_expect_success 'a key that may not write at all' '
	test_must_fail key_push reader main &&
	refused_to reader refs/heads/main
'

test_expect_success 'a key that may write some refs: those, and with another one none of them' '
	test_must_fail key_push branches main &&
	refused_to branches refs/heads/main &&
	test_grep "what branches may write: team/one:refs/heads/b/\* other" push.out &&
	test_must_fail key_push branches main main:refs/heads/b/x &&
	refused_to branches refs/heads/main &&
	test_must_fail hooks_ref refs/heads/b/x &&
	key_push branches main:refs/heads/b/x main:refs/heads/b/y/z &&
	hooks_ref refs/heads/b/y/z
'

test_expect_success 'a symbolic ref is no way to another ref, not for a key and not for the node' '
	hooks_commit file alias &&
	hooks_ref refs/heads/b/y/z >want &&
	as_git git -C "$REPO" symbolic-ref refs/heads/b/alias refs/heads/b/y/z &&
	for who in "key_push branches" "key_push admin" hooks_push
	do
		for what in "+main:refs/heads/b/alias" ":refs/heads/b/alias"
		do
			test_must_fail $who "$what" &&
			test_grep "refused: refs/heads/b/alias leads to refs/heads/b/y/z: push" \
				push.out || return 1
		done || return 1
	done &&
	hooks_ref refs/heads/b/y/z >got &&
	test_cmp want got &&
	as_git git -C "$REPO" symbolic-ref --delete refs/heads/b/alias &&
	as_git ln -s y/z "$REPO/refs/heads/b/alias" &&
	test_must_fail key_push branches +main:refs/heads/b/alias &&
	test_grep "push refused: refs/heads/b/alias leads to y/z: push" push.out &&
	rm "$REPO/refs/heads/b/alias"
'

test_expect_success 'deleting is writing' '
	key_push writer main:refs/heads/kept &&
	test_must_fail key_push branches :refs/heads/kept &&
	hooks_ref refs/heads/kept &&
	key_push branches :refs/heads/b/x &&
	test_must_fail hooks_ref refs/heads/b/x
'

test_expect_success 'the key counts as the pusher, in the row, in the events and for people' '
	key_push writer main &&
	job=$(node_job push.out) &&
	hooks_sql "SELECT pushed_by,
		(SELECT group_concat(who) FROM events WHERE job = jobs.id)
		FROM jobs WHERE id = $job" &&
	echo "writer|writer" >expect &&
	test_cmp expect rows &&
	test_grep "follow it with: hornero log -f $job *\$" push.out &&
	hornero show $job >shown &&
	test_grep "^pushed by: *writer" shown
'

test_expect_success 'create and admin include write' '
	hooks_commit file two &&
	key_push creator main &&
	hooks_commit file three &&
	key_push admin main
'

test_expect_success 'to go before others needs admin, to go behind them does not' '
	hooks_commit file hurry &&
	test_must_fail key_push writer -o priority=1 main &&
	test_grep "needs the right admin of team/one" push.out &&
	key_push writer -o priority=-1 main &&
	hooks_commit file more &&
	key_push admin -o priority=1 main
'

test_expect_success 'a broken image file, of any repository, is shown to admins of everything' '
	echo "secret: [" >"$NODE/state/images.d/$U3.yaml" &&
	key_push writer main:refs/heads/nothing &&
	test_grep "no image is built from refs/heads/nothing" push.out &&
	ask="ask somebody whose key has admin to run" &&
	test_grep "to have one built, $ask: hornero image add UUID team/one" push.out &&
	test_must_fail grep "$U3\|secret\|broken" push.out &&
	key_push admin main:refs/heads/nothing-2 &&
	test_grep "the image file of $U3 is broken" push.out &&
	hooks_push main:refs/heads/nothing-3 &&
	test_grep "the image file of $U3 is broken" push.out &&
	rm "$NODE/state/images.d/$U3.yaml"
'

test_expect_success 'another repository is another matter' '
	REPO=$OTHER &&
	test_must_fail key_push writer main &&
	test_grep "may not write it in other" push.out &&
	key_push branches main
	code=$?
	REPO=$NODE/git/team/one.git
	test $code = 0
'

test_expect_success 'a file of keys that changes is in force with the next push' '
	hooks_commit file four &&
	hornero key remove writer &&
	test_must_fail key_push writer main &&
	test_grep "push refused: no key is named writer any more" push.out &&
	hornero key add writer id-writer.pub --write "team/one" &&
	key_push writer main
'

test_expect_success 'a broken line is nobody, and the others go on' '
	hooks_commit file five &&
	sed -i "s/name=\"writer\",/&pty,/" keys &&
	test_must_fail key_push writer main &&
	test_grep "no key is named writer" push.out &&
	key_push admin main
'

test_expect_success 'with a key, what cannot be looked at is refused' '
	hooks_commit file six &&
	chmod 0666 keys &&
	test_must_fail key_push admin main &&
	test_grep "push refused: .*chmod go-w" push.out &&
	chmod 0644 keys &&
	mv "$REPO/hornero.yaml" aside &&
	test_must_fail key_push admin main &&
	test_grep "push refused: cannot find the configuration" push.out &&
	mv aside "$REPO/hornero.yaml" &&
	test_must_fail key_push "-c" main &&
	test_grep "push refused: HORNERO_KEY" push.out &&
	mv keys aside &&
	test_must_fail key_push admin main &&
	test_grep "no key is named admin" push.out &&
	mv aside keys &&
	key_push admin main
'

test_expect_success 'without a key nothing asks for one' '
	hooks_commit file seven &&
	mv keys aside &&
	hooks_push main &&
	mv aside keys
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'nobody but the owner of the repository can speak for a key' '
		hooks_commit file eight &&
		printf "[safe]\n\tdirectory = *\n" >everywhere &&
		GIT_CONFIG_GLOBAL=$TRASH/everywhere HORNERO_KEY=admin git -C work push "$REPO" \
			main >push.out 2>&1
		code=$?
		cat push.out
		test $code != 0 &&
		test_grep "push refused: HORNERO_KEY is set, but only the owner" push.out
	'
fi

test_done
