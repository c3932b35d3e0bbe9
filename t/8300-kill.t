#!/bin/sh
# Random cancels and random deaths of the agent while short attempts run: in the end nothing of them
# is left. The long test makes 10,000 attempts, an emulated guest as many as HORNERO_TEST_ATTEMPTS,
# of fewer images if they are few.
# HORNERO_TEST_SEED, printed, does the same again, as far as two processors can.
test_description='kill leaves nothing: no process, no group, no mount, no file'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires sqlite3 sqlite3

attempts=150
test -z "$HORNERO_TEST_LONG" || attempts=10000
attempts=${HORNERO_TEST_ATTEMPTS:-$attempts}
seed=${HORNERO_TEST_SEED:-$(date +%s)}
echo "# HORNERO_TEST_SEED=$seed"
images=12
test "$attempts" -ge 100 || images=6
rounds=0
# A length of sleep that nobody else on this machine sleeps.
long=$((200000 + $$))

# random N: r is one of 0 … N - 1
random () {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	r=$((seed / 65536 % $1))
}

# Builds of different lengths, which leave daemons, a growing file and a mapping.
repository () {
	repo=$(command hornero repo create many | tail -n 1) &&
	node_work work "$repo" &&
	for i in $(seq $images)
	do
		mkdir work/$i &&
		hornero image add 00000000-0000-4000-8000-$(printf %012d $i) many --subdir $i \
			--builder make &&
		{
			printf "hornero.raw:\n"
			printf "\t%s\n" "setsid sleep $long &" "(trap \"\" TERM; sleep $long) &" \
				"sleep 0.0$i; head -c ${i}0000 /dev/zero >x; truncate -s 1M \$@"
		} >work/$i/Makefile || return 1
	done &&
	git -C work add . &&
	git -C work commit -q -m many &&
	git -C work push -q origin main 2>push.out
}

count () {
	made=$(find "$NODE/state/log" -name '*.log' | wc -l)
}

# job_ids WHERE: their numbers. The CLI tells that as well, but is asked thousands of times here.
job_ids () {
	sqlite3 -readonly -cmd '.timeout 10000' "$NODE/state/queue/queue.db" \
		"SELECT id FROM jobs WHERE $1"
}

# Few enough are under way or may begin now.
room () {
	job_ids "state = 'running' OR (state = 'queued' AND not_before_ms < $(date +%s%3N))" \
		>under-way &&
	test "$(wc -l <under-way)" -le "$1"
}

# idle: no job is open, not even one that waits for its next attempt.
idle () {
	test -z "$(job_ids "state IN ('queued', 'running', 'built')")"
}

# cancel_some: of the open jobs the first, and each third one
cancel_some () {
	r=0
	for job in $(job_ids "state IN ('running', 'queued')")
	do
		test $r -ne 0 || hornero cancel "$job" || test $? -le 75 || return 1
		random 3
	done
}

one_round () {
	hornero rebuild --all --force >/dev/null &&
	random 4 &&
	wait_until "room $((r + images - 4))" 120 &&
	cancel_some &&
	random 10 &&
	case $rounds in
	0 | 1) r=$rounds ;; # each of them once, however few there are
	esac &&
	rounds=$((rounds + 1)) &&
	case $r in
	0) node_crash && node_start ;;
	1) node_stop && node__no_process && node_start ;;
	esac
}

test_expect_success 'a node' '
	node_init "workers: 3" &&
	node_start &&
	repository
'

# some_of_each: of the ends of an attempt, after a crash and a stop at least
some_of_each () {
	test "$rounds" -ge 2 &&
	hornero queue --all --json >all.json &&
	jq -e "
		any(.[]; .state == \"cancelled\") and
		any(.[]; .state == \"published\") and
		any(.[]; .attempt > 1)" all.json >/dev/null
}

# Few attempts may fit into one round, and may all have ended before somebody cancels one.
more () {
	test "$made" -lt "$attempts" ||
	{ test "$rounds" -lt 20 && ! some_of_each; }
}

test_expect_success "$attempts attempts, cancelled and left alone at random" '
	count &&
	while more
	do
		one_round >round.out 2>&1 ||
		{ cat round.out; return 1; }
		count
	done &&
	wait_until idle 120
'

test_expect_success 'some were cancelled, some stopped, some crashed, some were published' '
	some_of_each
'

# hornerod removes a wish to cancel a job that has ended in its next turn.
no_file () {
	find "$NODE/instances/hornero/stage" "$NODE/state/run/cancel" -mindepth 1 >left &&
	test ! -s left
}

# node_cgroups_gone: no group of an attempt, and nobody in any.
test_expect_success 'while the agent runs no process, no group and no file of an attempt is left' '
	wait_until node_cgroups_gone 10 &&
	! pgrep -f "sleep $long" &&
	{ wait_until no_file 30 || test_cmp /dev/null left; }
'

# A start clears what the death of an agent left in the middle of a write.
test_expect_success 'nor when it has stopped: not a process, group, mount or file' '
	node_kill9 &&
	node_start &&
	node_stop &&
	test -z "$(node_cgroups)" &&
	wait_until "! pgrep -f $NODE" 10 &&
	! grep -F "$TRASH" /proc/mounts &&
	{
		find "$NODE" -name "*.tmp"
		find "$NODE/state/run" -type f ! -name agent.lock ! -name "done.*"
		find "$NODE/state/log" -type f ! -name "*.log" ! -name "*.verdict" \
			! -name "*.times"
		find "$NODE/unikernels" -mindepth 2 -maxdepth 2 ! -name src ! -name cache ! -name \
			tree ! -name source
		find "$NODE/instances/_base" -type f | grep -vE "/[0-9a-f]{40}$"
	} >left; test_cmp /dev/null left
'

test_expect_success 'the queue is sound, and the node builds what is pushed' '
	test "$(sqlite3 "$NODE/state/queue/queue.db" "PRAGMA integrity_check")" = ok &&
	node_start &&
	echo "# another" >>work/1/Makefile &&
	git -C work commit -q -a -m another &&
	git -C work push -q origin main 2>push.out &&
	hornero wait 00000000-0000-4000-8000-000000000001 --timeout 300 &&
	node_stop
'

test_done
