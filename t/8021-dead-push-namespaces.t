#!/bin/sh
# As t/8020, across PID namespaces: a push in one container, what clears in another or on the
# machine itself.
test_description='dead pushes and PID namespaces: files of hidden, living processes stay'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/deadpush.sh"
test_requires strace strace
test "$(id -u)" -eq 0 || test_skip_all 'needs root, to make PID namespaces'
test "$(stat -L -c %i /proc/self/ns/pid)" = 4026531836 ||
	test_skip_all 'not in the first PID namespace, from which all are seen'

# inside COMMAND…: as git's user in a PID namespace of its own
inside () {
	unshare $clock --pid --fork --kill-child --mount-proc \
		setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID --no-new-privs "$@"
}
clock=''
n=0

outside () {
	as_git "$@"
}

# stop WHERE SYSCALLS REFSPEC…: a push in there stops as it enters the first of these. Sets stopped
# and pusher_pid.
stop () {
	while test -e stopped.strace && receiver # of a test that failed
	do
		kill -KILL $stopped
	done
	where=$1 calls=$2 &&
	shift 2 &&
	n=$((n + 1)) &&
	hooks_commit file "stop $n" &&
	{
		$where git -C work push --receive-pack="$(stopping $calls)" "$REPO" "$@" \
			>stopped.out 2>&1 &
	} &&
	pusher_pid=$! &&
	test_cleanup "kill $pusher_pid 2>/dev/null; :" &&
	wait_until receiver 20 &&
	test_cleanup "kill -KILL $stopped 2>/dev/null; :"
}

end () {
	kill -KILL $stopped &&
	{ wait $pusher_pid; :; }
}

# clear WHERE: a push of another commit to main, which locks stop, and what the gc timer runs
clear () {
	n=$((n + 1)) &&
	hooks_commit file "clear $n" &&
	{
		$1 git -C work push "$REPO" +main >push.out 2>&1
		cat push.out
		$1 "$test_root/libexec/hornero-hook" --clear "$REPO"
	}
}

# stays WHERE: all that is there before
stays () {
	locks >before &&
	test -s before &&
	clear "$1" &&
	locks >left &&
	test_cmp before left
}

aged () {
	for file in $(locks)
	do
		as_git touch -d "$1" "$REPO/$file" || return 1
	done
}

test_expect_success 'a node, a repository and its image' '
	hooks_node &&
	hooks_repo one &&
	hooks_image $U1 one &&
	hooks_work &&
	hooks_push main
'

# Red without: look_elsewhere in lib/proc.c.
test_expect_success 'the locks of a push stopped in another PID namespace stay until it is dead' '
	stop inside $renames +main &&
	locks >out &&
	test_grep "\.lock" out &&
	stays outside &&
	end &&
	clear outside &&
	none
'

# Red without: holders_of_quarantine.
test_expect_success 'so does what it receives' '
	stop inside mkdir,mkdirat main:refs/heads/a &&
	locks >out &&
	test_grep tmp_objdir out &&
	stays outside &&
	end &&
	clear outside &&
	none
'

# Red without: PROC_HIDDEN, which is then PROC_DEAD, in look_elsewhere.
test_expect_success 'from inside, old locks of a push outside stay; the machine removes dead ones' '
	stop outside $renames +main &&
	locks >out &&
	test_grep "\.lock" out &&
	aged "1 hour ago" &&
	stays inside &&
	end &&
	stays inside &&
	clear outside &&
	none
'

# Red without: may_be_hidden.
test_expect_success 'so does what a push outside receives' '
	stop outside mkdir,mkdirat main:refs/heads/b &&
	locks >out &&
	test_grep tmp_objdir out &&
	aged "1 hour ago" &&
	stays inside &&
	end &&
	clear outside &&
	none
'

# Red without: as for the push outside.
test_expect_success 'two namespaces that do not see each other' '
	stop inside $renames +main &&
	locks >out &&
	test_grep "\.lock" out &&
	aged "1 hour ago" &&
	stays inside &&
	end &&
	clear outside &&
	none
'

# Red without: may_be_hidden.
test_expect_success 'a git command outside keeps its young locks; ten minutes end that' '
	hold_prepared as_git git -C "$REPO" &&
	stays inside &&
	release_prepared &&
	clear outside &&
	none &&
	plant refs/heads/main.lock HEAD.lock &&
	aged "11 minutes ago" &&
	clear inside &&
	none
'

# Red without: is_explained, or relics_remove in relics_bury.
test_expect_success 'a push that died in a container blocks nobody there' '
	hooks_commit file died &&
	cat >script <<-END &&
	! git -C work push --receive-pack="$(dying $renames 1)" "$REPO" +main:refs/heads/c &&
	find "$REPO" -name "*.lock" >found-inside &&
	grep "\.lock" found-inside &&
	git -C work push "$REPO" +main:refs/heads/d &&
	git -C work push "$REPO" +main:refs/heads/c
	END
	: >found-inside &&
	chmod 666 found-inside &&
	inside sh script &&
	none &&
	test "$(hooks_ref refs/heads/c)" = "$(hooks_head)"
'

# Red without: proc_age_s in underway_each.
if unshare --time --boottime 100000 true
then
	test_expect_success 'a hidden mark counts as dead after a day of the boot clock' '
		boot=$(cut -c 1-8 /proc/sys/kernel/random/boot_id) &&
		mark=hornero.push.f.1.1.$boot &&
		plant $mark refs/heads/main.lock &&
		aged "2 days ago" &&
		if test "$(cut -d . -f 1 /proc/uptime)" -lt 80000
		then
			stays inside
		fi &&
		clock="--time --boottime 100000" &&
		clear inside &&
		none &&
		test ! -e "$REPO/$mark"
	'
fi

test_done
