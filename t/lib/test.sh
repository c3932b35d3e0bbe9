# test.sh: git's test words over TAP, for POSIX sh.
#
#     test_description='what this file shows'
#     . "${HORNERO_SRC:-.}/t/lib/test.sh"
#     test_expect_success 'title' '
#             command &&
#             test_must_fail other
#     '
#     test_done
#
# Each file has a scratch directory of its own, $TRASH, in which every script
# starts; it goes away at the end, however the end comes. If the kernel does
# not undo what a script starts, test_cleanup does, written right behind it.
# Scripts run in this shell: their variables stay.
#
# $HORNERO_SRC and $HORNERO_BUILD are the source and the build directory, both
# absolute; the built programs come first in PATH, then Debian's: another
# python3 has none of its modules. HORNERO_TEST_VERBOSE=1 shows the output of
# scripts that succeed, too.

HORNERO_SRC=$(cd "${HORNERO_SRC:-.}" && pwd) || exit 1
HORNERO_BUILD=$(cd "${HORNERO_BUILD:-$HORNERO_SRC}" && pwd) || exit 1
PATH=$HORNERO_BUILD:/usr/bin:$PATH

# The same world for everybody.
LC_ALL=C
TZ=UTC
GIT_CONFIG_NOSYSTEM=1
GIT_AUTHOR_NAME='A. Pusher' GIT_AUTHOR_EMAIL=pusher@example.org GIT_AUTHOR_DATE='1700000000 +0000'
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL \
	GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat
export HORNERO_SRC HORNERO_BUILD PATH LC_ALL TZ GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT GIT_PAGER
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL \
	GIT_COMMITTER_DATE
unset HORNERO_CONF GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY JOURNAL_STREAM \
	NOTIFY_SOCKET LANGUAGE
umask 022

test_count=0
test_failed=0
test_finished=no
test_cleanups=''
test_nap=$(printf '0.%02d' $((5 * ${HORNERO_TEST_SLOW:-1})))
test_long_nap=$((2 * ${HORNERO_TEST_SLOW:-1}))
test_long_nap=$((test_long_nap / 10)).$((test_long_nap % 10))

# Searchable by everyone: builds and some peers run as other users.
test_root=$(mktemp -d "${TMPDIR:-/tmp}/hornero-t.XXXXXX") || exit 1
chmod 0755 "$test_root"
test_out=$test_root/output
TRASH=$test_root/trash
HOME=$TRASH
# A file of its own: as root, `git config --global` would replace /dev/null, the machine's, by a
# plain file. Without it each commit starts another git, which finds nothing to tidy.
GIT_CONFIG_GLOBAL=$test_root/gitconfig
printf '[maintenance]\n\tauto = false\n' >"$GIT_CONFIG_GLOBAL" || exit 1
export TRASH HOME GIT_CONFIG_GLOBAL
trap 'test__exit $?' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE # prove was killed
trap 'exit 143' TERM
mkdir "$TRASH" && cd "$TRASH" || exit 1

# hornerod and the hooks write to the queue at any time: a test waits for them, as they do.
sqlite3 () {
	command sqlite3 -cmd '.timeout 30000' "$@"
}

test__diagnose () {
	sed 's/^/# /'
}

test__exit () {
	test__code=$1
	trap '' HUP INT PIPE TERM
	trap - EXIT
	cd "$TRASH" 2>/dev/null || cd /
	test__bad=''
	eval "$test_cleanups" >"$test_out.cleanup" 2>&1 </dev/null
	test -z "$test__bad" || {
		echo '# a test_cleanup failed:'
		test__diagnose <"$test_out.cleanup"
		test__code=1
	}
	cd /
	chmod -R u+rwX "$test_root" 2>/dev/null
	rm -rf "$test_root" || test__code=1
	if test "$test_finished" = no && test "$test__code" -lt 128
	then
		echo "Bail out! $0 ended before test_done (exit $test__code)"
		test__code=1
	fi
	exit "$test__code"
}

# test_cleanup 'COMMAND': run it at the end, the newest first. All run; one that fails fails the
# file.
test_cleanup () {
	test_cleanups="{ $1
} || test__bad=yes
$test_cleanups"
}

# test_expect_success TITLE SCRIPT: SCRIPT `-` is read from standard input.
test_expect_success () {
	test_count=$((test_count + 1))
	test__title=$1
	test__script=$2
	test "$test__script" != - || test__script=$(cat)
	test__run "$test__script" >"$test_out" 2>&1 </dev/null
	test__status=$?
	cd "$TRASH" || exit 1
	if test $test__status -eq 0
	then
		test -z "$HORNERO_TEST_VERBOSE" || test__diagnose <"$test_out"
		echo "ok $test_count - $test__title"
	else
		test_failed=$((test_failed + 1))
		echo "not ok $test_count - $test__title"
		echo "# exit status $test__status of:"
		printf '%s\n' "$test__script" | test__diagnose
		echo "# its output:"
		test__diagnose <"$test_out"
		test_more 2>&1 | test__diagnose
	fi
}

# Prints more that helps to understand a failed test; node.sh prints the agent's log.
test_more () {
	:
}

test__run () {
	eval "$1"
}

# test_skip TITLE REASON: a test that cannot be had here.
test_skip () {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# test_skip_all REASON…: before the first test.
test_skip_all () {
	test_finished=yes
	echo "1..0 # SKIP $*"
	exit 0
}

# test_requires PROGRAM PACKAGE: skip the file where PROGRAM is not installed.
test_requires () {
	(unset -f "$1"; command -v "$1") >/dev/null || test_skip_all "$1 is not here (Debian: $2)"
}

# A command that must say no, by itself: death by a signal or a missing command is no answer.
test_must_fail () {
	"$@"
	test__code=$?
	if test $test__code -eq 0
	then
		echo >&2 "test_must_fail: succeeded: $*"
		return 1
	elif test $test__code -ge 126
	then
		echo >&2 "test_must_fail: exit $test__code (a signal, or not found): $*"
		return 1
	fi
	return 0
}

# test_expect_code CODE COMMAND…
test_expect_code () {
	test__want=$1
	shift
	"$@"
	test__code=$?
	test "$test__code" -eq "$test__want" &&
	return 0
	echo >&2 "test_expect_code: wanted $test__want, got $test__code: $*"
	return 1
}

# test_cmp EXPECTED ACTUAL
test_cmp () {
	diff -u "$@"
}

# test_grep [!] PATTERN FILE: as grep -E, and shows the file where the answer disappoints.
test_grep () {
	if test "$1" = '!'
	then
		shift
		grep -E -e "$1" "$2" || return 0
		echo >&2 "test_grep: '$1' should not be in $2"
		return 1
	fi
	grep -E -q -e "$1" "$2" &&
	return 0
	echo >&2 "test_grep: '$1' is not in $2:"
	cat >&2 "$2"
	return 1
}

# Seconds since the start of the machine: sets test__now without a process.
test__uptime () {
	read -r test__now test__idle </proc/uptime &&
	test__now=${test__now%.*}
}

# wait_until 'CONDITION' SECONDS: the only way to wait. Quiet; says so when time is over. It looks
# often for a second, then seldom: looking takes processors from what it waits for.
# No test is about seconds: 5 and more, a guess of what a quiet machine needs, count as 120.
# HORNERO_TEST_SLOW=N, for an emulated machine, has it wait N times as long, and look N times as
# seldom.
wait_until () {
	test__limit=$2
	test "$2" -lt 5 || test "$2" -ge 120 || test__limit=120
	test__uptime
	test__end=$((test__now + test__limit * ${HORNERO_TEST_SLOW:-1}))
	test__looks=0
	until eval "$1" >/dev/null 2>&1
	do
		test__uptime
		if test "$test__now" -gt "$test__end"
		then
			echo >&2 "wait_until: not true within $test__limit s: $1"
			return 1
		fi
		if test $((test__looks += 1)) -lt 20
		then
			sleep "$test_nap"
		else
			sleep "$test_long_nap"
		fi
	done
}

test_done () {
	test_finished=yes
	echo "1..$test_count"
	test $test_failed -eq 0 || echo "# $test_failed of $test_count failed"
	test $test_failed -eq 0
	exit
}
