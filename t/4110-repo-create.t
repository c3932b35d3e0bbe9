#!/bin/sh
test_description='hornero repo create: whole or absent, right owners, hooks that no push alters'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
test_requires sqlite3 sqlite3

# config_is KEY VALUE
config_is () {
	value=$(as_git git -C "$REPO" config --get "$1") &&
	test "$value" = "$2" &&
	return 0
	echo "$1 is $value, not $2"
	return 1
}

# head_is REF: HEAD of the repository names it.
head_is () {
	test "$(as_git git -C "$REPO" symbolic-ref HEAD)" = "$1"
}

# ours: what no push may alter, with its times.
ours () {
	find "$REPO/hooks" "$REPO/config" "$REPO/hornero.yaml" -printf "%p %i %l %T@ %C@\n" | sort
}

# modes PATTERN…: "MODE OWNER GROUP" of everything that find finds, each once.
modes () {
	(cd "$REPO" && find . "$@" -printf '%m %U %G\n') | sort -u
}

if test "$(id -u)" -eq 0
then
	git_is="$GIT_UID $QUEUE_GID" ours_is="0 $QUEUE_GID"
else
	git_is="$(id -u) $(id -g)" ours_is=$git_is
fi

test_expect_success 'the last line is the path' '
	hooks_node "push_size_limit: 12345678" &&
	hooks_repo plain &&
	test "$REPO" = "$NODE/git/plain.git"
'

test_expect_success 'its settings' '
	config_is core.bare true &&
	config_is core.fsync committed,reference &&
	config_is core.fsyncMethod batch &&
	config_is core.sharedRepository 0640 &&
	config_is core.hooksPath hooks &&
	config_is core.alternateRefsCommand true &&
	config_is receive.autogc false &&
	config_is receive.fsckObjects true &&
	config_is receive.maxInputSize 12345678 &&
	config_is gc.auto 0 &&
	head_is refs/heads/main
'

test_expect_success 'hooks and configuration are links to ours' '
	test "$(readlink "$REPO/hooks/pre-receive")" = "$test_root/libexec/hornero-hook" &&
	test "$(readlink "$REPO/hooks/post-receive")" = "$test_root/libexec/hornero-hook" &&
	test "$(readlink "$REPO/hornero.yaml")" = "$NODE/hornero.yaml"
'

for mask in 022 077 0777
do
	test_expect_success "owners and modes under umask $mask" '
		(umask $mask && hornero repo create "masked/$mask" >/dev/null) &&
		REPO=$NODE/git/masked/$mask.git &&
		echo "2750 $git_is" >expect &&
		modes -type d ! -path "./hooks" >found &&
		test_cmp expect found &&
		echo "640 $git_is" >expect &&
		modes -type f ! -name config >found &&
		test_cmp expect found &&
		echo "644 $ours_is" >expect &&
		modes -name config >found &&
		test_cmp expect found &&
		echo "755 $ours_is" >expect &&
		modes -path ./hooks >found &&
		test_cmp expect found &&
		test "$(stat -c %a "$NODE/git/masked")" = 755
	'

	# git itself makes nothing under a umask that takes its owner's rights away.
	test $mask != 0777 || continue
	test_expect_success "a push under umask $mask leaves what the queue's group can read" '
		hooks_image $(printf "44444444-4444-4444-8444-%012d" $((1$mask))) masked/$mask &&
		{ test -d work || hooks_work; } &&
		(umask $mask && hooks_push main main:refs/heads/deep/er) &&
		test_grep "queued for" push.out &&
		echo "2750 $git_is" >expect &&
		modes -type d ! -path "./hooks" >found &&
		test_cmp expect found &&
		modes ! -type l ! -perm -0440 >found &&
		test_cmp /dev/null found
	'
done

test_expect_success 'git'\''s user cannot write hooks or configuration' '
	test "$(id -u)" -ne 0 || {
		test_must_fail as_git sh -c "echo >>$REPO/config" &&
		test_must_fail as_git sh -c "echo >>$REPO/hooks/x" &&
		test_must_fail as_git ln -sf /bin/true "$REPO/hooks/post-receive" &&
		test_must_fail as_git sh -c "echo >>$REPO/hornero.yaml"
	}
'

# git receive-pack takes refs and objects only, whatever their names say.
test_expect_success 'no push alters hooks, configuration or the link to ours' '
	ours >before &&
	hooks_commit hooks/post-receive "#!/bin/sh" &&
	hooks_commit hornero.yaml "state_dir: /" &&
	hooks_commit config "[core] hooksPath = /tmp" &&
	for name in refs/heads/hooks/post-receive refs/hooks/post-receive refs/heads/config
	do
		hooks_push main:$name || return 1
	done &&
	test_must_fail hooks_push main:refs/hornero.yaml &&
	ours >after &&
	test_cmp before after
'

test_expect_success 'a ~/.gitconfig of git'\''s user cannot turn the hooks off' '
	printf "[core]\n\thooksPath = /nonexistent\n[receive]\n\tfsckObjects = false\n" \
		>gitconfig &&
	chmod 0644 gitconfig &&
	REPO=$NODE/git/masked/077.git &&
	hooks_commit file hookspath &&
	GIT_CONFIG_GLOBAL=$TRASH/gitconfig hooks_push main &&
	test_grep "queued for" push.out
'

test_expect_success 'an existing repository is left alone' '
	hornero repo create plain >words &&
	test_grep "^unchanged: " words &&
	mkdir -p "$NODE/git/foreign.git" &&
	test_expect_code 64 hornero repo create foreign 2>words &&
	test_grep "exists already: $NODE/git/foreign.git" words &&
	rmdir "$NODE/git/foreign.git"
'

test_expect_success 'names that are none' '
	for name in ../up /etc .hidden -f a/../b a//b a/ "a b" x.git x.lock "" \
		"$(printf %0201d 0)" "a
b"
	do
		test_expect_code 64 hornero repo create -- "$name" 2>words ||
		{ echo "name: $name"; return 1; }
	done &&
	find "$NODE/git" -mindepth 1 -maxdepth 1 | sed "s,.*/,," | sort >found &&
	printf "%s\n" masked plain.git >expect &&
	test_cmp expect found
'

test_expect_success 'leftovers of a crash go with the next creation' '
	mkdir -p "$NODE/git/.new-1/hooks" &&
	hornero repo create second >/dev/null &&
	test ! -e "$NODE/git/.new-1"
'

test_expect_success 'twenty at once under one name: one is made, and it is whole' '
	for i in $(seq 20)
	do
		{
			hornero repo create race >race.$i 2>&1
			echo $? >race.code.$i
		} &
	done
	wait
	test "$(cat race.code.* | grep -c "^0\$")" = 20 &&
	test "$(grep -l "^unchanged: " race.[0-9] race.[0-9][0-9] | wc -l)" = 19 &&
	test -x "$NODE/git/race.git/hooks/post-receive" &&
	test -z "$(ls -A "$NODE/git" | grep "^.new-")"
'

test_expect_success 'without git, or without our hook, nothing is made and the reason is said' '
	mv "$test_root/libexec/hornero-hook" hook &&
	test_expect_code 78 hornero repo create unhooked 2>words &&
	test_grep "$test_root/libexec/hornero-hook" words &&
	mv hook "$test_root/libexec/hornero-hook" &&
	test ! -e "$NODE/git/unhooked.git" &&
	test -z "$(ls -A "$NODE/git" | grep "^.new-")"
'

test_expect_success 'a first branch of another name is, and stays, what a clone checks out' '
	hooks_repo trunk &&
	hooks_push main:refs/heads/trunk &&
	test_grep "HEAD of trunk named a branch that is not there" push.out &&
	head_is refs/heads/trunk &&
	test "$(stat -c %a "$REPO/HEAD")" = 640 &&
	hooks_push main:refs/heads/other &&
	test_must_fail grep HEAD push.out &&
	head_is refs/heads/trunk
'

test_expect_success 'of two new branches none is guessed' '
	hooks_repo two &&
	hooks_push main:refs/heads/a main:refs/heads/b &&
	test_must_fail grep HEAD push.out &&
	head_is refs/heads/main
'

# Red without: head_leave in pre_receive.
test_expect_success 'a first odd branch can be deleted once HEAD can go to a followed one' '
	hooks_repo odd &&
	hooks_push main:refs/heads/typo &&
	head_is refs/heads/typo &&
	test_must_fail hooks_push :refs/heads/typo &&
	hooks_image $U3 odd &&
	hooks_push main &&
	hooks_push :refs/heads/typo &&
	test_grep "HEAD of odd named a branch that this push deletes" push.out &&
	head_is refs/heads/main &&
	test_must_fail hooks_ref refs/heads/typo &&
	test "$(stat -c %a "$REPO/HEAD")" = 640
'

U4=44444444-4444-4444-8444-444444444444
U5=55555555-4444-4444-8444-444444444444
U6=66666666-4444-4444-8444-444444444444
U7=77777777-4444-4444-8444-444444444444

# Red without: githead_has in head_leave.
test_expect_success 'HEAD does not leave for an absent branch, and git refuses the deletion' '
	hooks_repo odd2 &&
	hooks_push main:refs/heads/typo &&
	hooks_image $U4 odd2 &&
	test_must_fail hooks_push :refs/heads/typo &&
	test_must_fail grep "HEAD of" push.out &&
	head_is refs/heads/typo &&
	hooks_push main &&
	as_git git -C "$REPO" pack-refs --all &&
	hooks_push :refs/heads/typo &&
	head_is refs/heads/main &&
	as_git git clone -q "$REPO" work/odd2 &&
	test -e work/odd2/file &&
	as_git rm -rf work/odd2
'

# Red without: the loop in head_settle.
test_expect_success 'where HEAD names nothing, a push points it to the branch of an image' '
	hooks_repo three &&
	hooks_image $U5 three --ref refs/heads/c &&
	hooks_push main:refs/heads/b main:refs/heads/c &&
	test_grep "HEAD of three named a branch that is not there" push.out &&
	head_is refs/heads/c
'

# Red without: settle_head in image_add.
test_expect_success 'image add does the same for earlier pushes' '
	hooks_repo four &&
	hooks_push main:refs/heads/a main:refs/heads/b &&
	owner=$(stat -c "%U %G %a" "$REPO/HEAD") &&
	as_git "$test_root/libexec/hornero" image add $U6 four --ref refs/heads/c >out &&
	test_must_fail grep HEAD out &&
	hornero image remove $U6 &&
	as_git "$test_root/libexec/hornero" image add $U6 four --ref refs/heads/b >out &&
	test_grep "HEAD of four named a branch that is not there; it names refs/heads/b" out &&
	head_is refs/heads/b &&
	test "$(stat -c "%U %G %a" "$REPO/HEAD")" = "$owner" &&
	as_git git clone -q "$REPO" work/four &&
	test -e work/four/file &&
	as_git rm -rf work/four
'

# A link in the place of the repository, or of its HEAD, leads image add nowhere.
test_expect_success 'image add writes HEAD through no link' '
	hooks_repo five &&
	hooks_push main:refs/heads/a main:refs/heads/b &&
	echo "ref: refs/heads/none" >victim &&
	cp victim want &&
	as_git rm "$REPO/HEAD" &&
	as_git ln -s "$TRASH/victim" "$REPO/HEAD" &&
	as_git "$test_root/libexec/hornero" image add $U7 five --ref refs/heads/b >out &&
	test_must_fail grep "HEAD of" out &&
	test_cmp want victim
'

test_done
