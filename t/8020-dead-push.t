#!/bin/sh
# Leftovers of a killed push block nobody; files that a living process holds are never touched.
test_description='dead pushes: the next push, the gc timer and the sweep remove what they left'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/deadpush.sh"
test_requires strace strace
test_requires jq jq

test_expect_success 'a node, a repository and its image' '
	hooks_node &&
	cp "$HORNERO_BUILD/hornero-sweep" "$test_root/libexec/" &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_work &&
	hooks_push main
'

# A git process that root's CLI, as the user hornero, may not examine.
busy_elsewhere () {
	mkdir -m 0777 elsewhere &&
	as_git git init -q elsewhere/bare &&
	mkfifo commands || return 1
	as_git git -C elsewhere/bare update-ref --stdin <commands &
	busy_pid=$!
	exec 8>commands
	test_cleanup "exec 8>&-; wait $busy_pid; :"
}

# Red without: relics_remove in pre_receive; is_explained in works_here() of state/holders.c.
test_expect_success 'killed between lock and rename: why and doctor say so; the next push works' '
	busy_elsewhere &&
	die_at $renames main &&
	locks >left &&
	test_grep "(HEAD|refs/heads/main).lock" left &&
	died="by a process that died; the next push to one removes it" &&
	why_says $U1 "(HEAD|refs/heads/main).lock was left at .* $died" &&
	{ hornero doctor >out; :; } &&
	test_grep "one.git: refs/heads/main.lock was left at" out &&
	hooks_commit file next &&
	hooks_push main &&
	test_grep "removed [0-9]+ leftover files? of a dead push" push.out &&
	none &&
	test "$(hooks_ref refs/heads/main)" = "$(hooks_head)"
'

test_expect_success 'killed while it deletes a ref' '
	hooks_push main:refs/heads/gone &&
	as_git git -C "$REPO" pack-refs --all &&
	die_at $renames :refs/heads/gone &&
	locks >left &&
	test_grep packed-refs left &&
	hooks_push :refs/heads/gone &&
	none
'

# Red without: packed-refs.new in is_lock, or any of the directories that relics_each names.
test_expect_success 'every file that may be left in the way of a push' '
	plant HEAD.lock packed-refs.lock packed-refs.new config.lock shallow.lock \
		refs/heads/main.lock refs/heads/next/deep/er.lock &&
	hooks_commit file all &&
	hooks_push main main:refs/heads/next &&
	none
'

test_expect_success 'a lock of another ref is left to a push to that one' '
	plant refs/heads/other.lock &&
	hooks_commit file other &&
	hooks_push main &&
	locks >left &&
	echo refs/heads/other.lock >want &&
	test_cmp want left &&
	hooks_push main:refs/heads/other &&
	none
'

# Red without: look_at_quarantine.
test_expect_success 'killed while it receives: the quarantine goes with the next push' '
	hooks_commit file slow &&
	! hooks_push --receive-pack="$(dying mkdir,mkdirat 2)" main &&
	locks >left &&
	test_grep tmp_objdir left &&
	plant objects/tmp_objdir-incoming-abcdef/aa/bb &&
	hooks_commit file after &&
	hooks_push main &&
	none
'

# Red without: holders_of_quarantine.
test_expect_success 'the quarantine of a push that is stopped in the middle stays' '
	hooks_commit file quarantined &&
	{
		as_git git -C work push --receive-pack="$(stopping mkdir,mkdirat)" "$REPO" \
			main:refs/heads/q >stopped.out 2>&1 &
	} &&
	pusher_pid=$! &&
	test_cleanup "kill $pusher_pid 2>/dev/null; :" &&
	wait_until receiver 20 &&
	receiver &&
	test_cleanup "kill -KILL $stopped 2>/dev/null; :" &&
	locks >before &&
	test_grep tmp_objdir before &&
	hooks_push main &&
	as_git "$test_root/libexec/hornero-hook" --clear "$REPO" &&
	locks >left &&
	test_cmp before left &&
	kill -CONT $stopped &&
	wait $pusher_pid &&
	none
'

for how in gc sweep
do
	test_expect_success "the $how removes them" '
		plant HEAD.lock packed-refs.lock refs/heads/a/b.lock refs/tags/v.lock \
			objects/info/commit-graph.lock objects/pack/multi-pack-index.lock \
			objects/tmp_objdir-incoming-abcdef/aa/bb &&
		case $how in
		gc) as_git sh "$HORNERO_BUILD/etc/gc-repositories" --clear "$HORNERO_CONF" ;;
		sweep) as_git hornero-sweep -c "$HORNERO_CONF" --quiet || : ;;
		esac &&
		none
	'
done

# Red without: works_here in state/holders.c.
test_expect_success 'a push that is stopped keeps its locks: no push, gc or sweep takes them' '
	stop_at $renames main &&
	locks >before &&
	hooks_commit file other &&
	{ hooks_push main:refs/heads/beside; :; } &&
	test_must_fail hooks_push main &&
	as_git "$test_root/libexec/hornero-hook" --clear "$REPO" &&
	locks >left &&
	test_cmp before left &&
	needs="process $stopped, which is stopped, may still need it" &&
	why_says $U1 "(HEAD|refs/heads/main).lock was last changed at .*$needs" &&
	kill -CONT $stopped &&
	{ wait $pusher_pid; :; } &&
	none &&
	hooks_commit file later &&
	hooks_push -f main
'

test_expect_success 'once it is killed, its locks go' '
	stop_at $renames main &&
	kill -KILL $stopped &&
	{ wait $pusher_pid; :; } &&
	locks >left &&
	test_grep HEAD.lock left &&
	hooks_commit file later2 &&
	hooks_push -f main &&
	none
'

# Red without: works_here in state/holders.c.
for how in "-C $NODE/git/one.git" "--git-dir=$NODE/git/one.git"
do
	test_expect_success "git $how update-ref keeps its locks in its transaction" '
		hold_prepared as_git git $how &&
		hooks_commit file "held $how" &&
		test_must_fail hooks_push main &&
		locks >left &&
		test_grep "(HEAD|refs/heads/main).lock" left &&
		why_says $U1 "lock was last changed at .*process [0-9]* may still need it" 10 &&
		release_prepared &&
		none &&
		hooks_push main
	'
done

# Red without: has_open.
test_expect_success 'a program that is not git and has the lock open keeps it' '
	cat >hold.pl <<-\END &&
	use Fcntl;
	sysopen(F, shift, O_CREAT|O_EXCL|O_WRONLY) or die;
	$| = 1;
	print $$;
	sleep 1000;
	END
	{ as_git perl hold.pl "$REPO/refs/heads/main.lock" >perl.pid & } &&
	wait_until "test -s perl.pid" 10 &&
	holder=$(cat perl.pid) &&
	test_cleanup "kill $holder 2>/dev/null; :" &&
	hooks_commit file perl &&
	test_must_fail hooks_push main &&
	kill $holder &&
	wait_until "! kill -0 $holder" 10 &&
	hooks_push main &&
	none
'

test_expect_success 'another process of the same number is not the one that died' '
	start=$(awk "{ print \$22 }" "/proc/$$/stat") &&
	boot=$(cut -c 1-8 /proc/sys/kernel/random/boot_id) &&
	ns=$(printf "%x" "$(stat -L -c %i /proc/self/ns/pid)") &&
	plant "hornero.push.$ns.$$.$((start + 1)).$boot" refs/heads/main.lock &&
	hooks_commit file number &&
	hooks_push main &&
	none &&
	plant "hornero.push.$ns.$$.$start.00000000" refs/heads/main.lock &&
	hooks_commit file boot &&
	hooks_push main &&
	none &&
	plant "hornero.push.$ns.$$.$start.$boot" refs/heads/main.lock &&
	hooks_commit file same &&
	test_must_fail hooks_push main &&
	rm "$REPO/hornero.push.$ns.$$.$start.$boot" &&
	hooks_push main &&
	none &&
	test -z "$(ls "$REPO" | grep "hornero\.push")"
'

test_done
