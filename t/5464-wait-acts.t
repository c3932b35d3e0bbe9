#!/bin/sh
# A builder may be killed by others or by itself; and wait gives up only if somebody must act. Other
# reasons to wait on: t/6620-floors.t, t/8200-disk-full.t; other reasons to give up:
# t/5405-third-time.t, t/5456-pause.t, t/6160-foreign.t, t/6200-defer.t.
test_description='builds that are killed; wait exits 75 only when somebody must act'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq
test_requires strace strace

# Red with a return of 75 for JOB_QUEUED with an attempt behind it in cli/outcome.c.
test_expect_success 'a builder was killed once: wait waits for the next attempt' '
	node_init "workers: 1" &&
	node_make_repo &&
	node_start &&
	node_swept &&
	die="touch ../cache/again; kill -9 \$\$PPID; sleep 10" &&
	push_make "test -e ../cache/again || { $die; }" "head -c 1048576 /dev/zero >\$@" &&
	job_ends published &&
	hornero show $job --json >out &&
	jq -e "[.attempts[].class] == [\"nobody\", \"none\"]" out &&
	jq -e ".attempts[0].cause == \"killed\"" out
'

if group_possible
then
	# Red without the call of blame_killed() in agent/hornerod/attempt_end.c: held, exit 75.
	test_expect_success 'a build that kills its own parent fails at the third attempt' '
		push_make "kill -9 \$\$PPID; sleep 10" &&
		test_expect_code 1 hornero wait $job --timeout 300 2>err &&
		killed="its builder was killed by signal 9 in each of 3 attempts" &&
		itself="a command of the build kills its own parent" &&
		test_grep "failed: $killed, and not for want of memory: $itself" err &&
		hornero show $job --json >out &&
		jq -e "[.attempts[].class] == [\"nobody\", \"nobody\", \"pusher\"]" out &&
		jq -e ".state == \"failed\"" out
	'
else
	test_skip 'a build that kills its own parent' \
		'without a group nobody knows whether it was killed for want of memory'
fi

# Red with is_brief for all that hornerod says.
test_expect_success 'a drained node: somebody must resume it' '
	hornero drain --timeout 120 &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	test_expect_code 75 hornero wait $job --timeout 120 2>err &&
	test_grep "an operator drains the node; .hornero resume. ends that" err &&
	test_expect_code 75 hornero wait $HELLO_UUID --timeout 120 2>err &&
	hornero resume &&
	hornero wait $job --timeout 300
'

# Red without drain_is_on() in state/standstill.c standstill_read().
test_expect_success 'resume ends the drain at once, even where hornerod has not looked yet' '
	hornero drain --timeout 120 &&
	push_make "head -c 1048576 /dev/zero >\$@; : again" &&
	kill -STOP $node_pid &&
	hornero resume &&
	test_expect_code 75 hornero wait $job --timeout 1 2>err &&
	kill -CONT $node_pid &&
	test_grep "job $job is still queued" err &&
	! grep "drains the node" err &&
	hornero wait $job --timeout 300
'

# Red with a cli_ref_is() in cli/ref.c that is always true: the wait ends at the first commit.
test_expect_success 'wait for an image ends at the commit that its branch has by then' '
	slow_push first &&
	gate_reached &&
	{ hornero wait $HELLO_UUID --timeout 300 >said & waiting=$!; } &&
	wait_until "ls -l /proc/$waiting/fd | grep inotify" 20 &&
	hello_push second &&
	gate_open &&
	wait $waiting &&
	test_grep "is warm at $(git -C "$HELLO_WORK" rev-parse HEAD | cut -c 1-12)" said
'

# SQLite writes before others may see it, and then tells nobody. Red without the nap_ms of a change
# in cli/watch.c.
test_expect_success 'wait looks again a few milliseconds after each change' '
	slow_push watched &&
	gate_reached &&
	# LeakSanitizer and strace do not go together.
	{
		ASAN_OPTIONS=detect_leaks=0 strace -o calls -e trace=poll \
			hornero wait $job --timeout 300 &
		waiting=$!
	} &&
	wait_until "grep -q 1000 calls" 20 &&
	gate_open &&
	wait $waiting &&
	grep "1 (.*revents=" calls &&
	awk "/^poll/ && changed && !/, 3, 5\)/ { print; late = 1 }
		/^poll/ { changed = /1 \(.*revents=/ }
		END { exit late }" calls
'

# Red where sleep_on() in cli/wait.c opens the watch at once.
test_expect_success 'a short wait opens no inotify, which takes the kernel long to close' '
	slow_push short &&
	gate_reached &&
	ASAN_OPTIONS=detect_leaks=0 test_expect_code 75 \
		strace -o calls -e trace=inotify_init1 hornero wait $job --timeout 1 &&
	test_grep ! inotify calls &&
	gate_open &&
	hornero wait $job --timeout 300
'

# The kernel lists its locks after a grace period. Red without bell_note_agent() in hornerod, and
# without flock() in process_with_flock().
test_expect_success 'wait and why do without the list of all locks, which takes 10 ms' '
	slow_push locks &&
	gate_reached &&
	: >calls &&
	for command in "wait $job --timeout 0" "why $job" "wait $HELLO_UUID --timeout 0"
	do
		ASAN_OPTIONS=detect_leaks=0 strace -A -o calls -e trace=openat hornero $command || :
	done &&
	gate_open &&
	hornero wait $job --timeout 300 &&
	test_grep queue.db calls &&
	test_grep ! /proc/locks calls
'

# Red without `seen` of explain_image() in cli/wait.c: then once more for the last line.
test_expect_success 'a wait for a warm image starts git once' '
	ASAN_OPTIONS=detect_leaks=0 strace -f -o calls -e trace=execve \
		hornero wait $HELLO_UUID &&
	test "$(sed -n "s/ .*\"rev-parse\".*//p" calls | sort -u | wc -l)" -eq 1
'

# Red without is_agent_down() in cli/wait.c: it waits until its time is over, and says another
# thing.
test_expect_success 'hornerod does not run: somebody must start it, unless it comes back soon' '
	slow_push slow &&
	gate_reached &&
	job_state_is running &&
	node_stop &&
	test_expect_code 75 hornero wait $job --timeout 100 2>err &&
	test_grep "job $job is still queued, and hornerod does not run" err &&
	test_grep "job $job waits because hornerod does not run: .systemctl start hornerod" err &&
	test_expect_code 75 hornero wait $HELLO_UUID --timeout 100 2>err &&
	test_grep "hornerod does not run: .systemctl start hornerod" err &&
	{ hornero wait $job --timeout 300 & waiting=$!; } &&
	node_start &&
	gate_open &&
	wait $waiting &&
	node_stop
'

test_done
