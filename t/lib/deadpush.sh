# deadpush.sh: pushes that die, or stop, in the middle. After test.sh, node.sh and hooks.sh; needs
# strace:
#
#     die_at SYSCALLS REFSPEC…       a push killed as it enters the first of these, as $renames:
#                                    behind its locks
#     stop_at SYSCALLS REFSPEC…      the same, stopped. Sets stopped, its PID, and pusher_pid
#     locks, none                    what it left in REPO; nothing is left
#     plant FILE…                    as a dead process leaves it
#     hold_prepared GIT…             a transaction of this git waits, until release_prepared

# die_at SYSCALLS REFSPEC…: the push's receive-pack is killed as it enters the first of these on a
# name in the repository.
die_at () {
	calls=$1 &&
	shift &&
	hooks_commit file "die $calls $*" &&
	! hooks_push --receive-pack="$(dying $calls 1)" "$@"
}

# dying SYSCALLS N: a receive-pack that is killed at the Nth of these.
dying () {
	echo "strace -qq -o /dev/null -e trace=$1 -e inject=$1:signal=KILL:when=$2 git-receive-pack"
}

# stop_at SYSCALLS REFSPEC…: it stops there, behind its locks. Sets stopped, its PID; the pusher
# waits for it.
stop_at () {
	calls=$1 &&
	shift &&
	hooks_commit file "stop $calls $*" &&
	{
		as_git git -C work push --receive-pack="$(stopping $calls)" "$REPO" "$@" \
			>stopped.out 2>&1 &
	} &&
	pusher_pid=$! &&
	test_cleanup "kill $pusher_pid 2>/dev/null; wait $pusher_pid; :" &&
	wait_until "locks | grep -q HEAD.lock" 20 &&
	wait_until receiver 20 &&
	test_cleanup "kill -KILL $stopped 2>/dev/null; :"
}

# stopping SYSCALLS: a receive-pack that stops at the first of these; stopped.strace says when.
stopping () {
	: >stopped.strace &&
	chmod 666 stopped.strace &&
	echo "strace -qq -o $TRASH/stopped.strace -e trace=$1" \
		"-e inject=$1:signal=STOP:when=1 git-receive-pack"
}

# Finds the stopped process whose working directory is the repository: strace itself stops a process
# for a moment, too.
receiver () {
	grep -q "^--- stopped by SIGSTOP" stopped.strace &&
	for stopped in $(pgrep -f "^git.receive-pack")
	do
		test "$(readlink "/proc/$stopped/cwd")" = "$REPO" &&
		grep -q "^State:.[tT]" "/proc/$stopped/status" &&
		return
	done
	return 1
}

renames=rename,renameat,renameat2

locks () {
	(cd "$REPO" && find . -name "*.lock" -o -name packed-refs.new -o -name "tmp_objdir-*") |
		sed "s|^\./||" | sort
}

# plant FILE…: as a dead process leaves it
plant () {
	(cd "$REPO" && for file in "$@"
	do
		as_git mkdir -p "$(dirname "$file")" &&
		as_git touch "$file" || exit 1
	done)
}

# hold_prepared COMMAND…: git update-ref --stdin that waits in the middle of its transaction on
# refs/heads/main, behind its lock, until release_prepared.
hold_prepared () {
	rm -f say &&
	mkfifo say &&
	chmod 666 say &&
	{ "$@" update-ref --stdin <say >said 2>&1 & } &&
	holder=$! &&
	test_cleanup "kill $holder 2>/dev/null; :" &&
	exec 9>say &&
	printf "start\nupdate refs/heads/main %s\nprepare\n" "$(hooks_head)" >&9 &&
	wait_until "locks | grep -q refs/heads/main.lock" 10
}

release_prepared () {
	exec 9>&-
	wait $holder
	:
}

none () {
	locks >left &&
	test_cmp /dev/null left
}
