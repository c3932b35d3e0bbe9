#!/bin/sh
# A killed builder may be anybody's doing, or its own; and wait ends by itself only where somebody must act. What else wait goes on
# for: t/6620-floors.t, t/8200-disk-full.t; what else ends it: t/5405-third-time.t, t/5456-pause.t, t/6160-foreign.t, t/6200-defer.t.
test_description='a build that kills its own parent is the pusher'\''s; wait exits 75 only when somebody must act'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

CACHE=$NODE/unikernels/2b7e1516-28ae-4d2a-abf7-158809cf4f3c/cache

# Red with a return of 75 for JOB_QUEUED with an attempt behind it in cli/outcome.c.
test_expect_success 'a builder that was killed once is nobody'\''s, and wait waits for the next attempt' '
	node_init "workers: 1" && node_start && node_hello_repo && hornero image set "$HELLO_UUID" builder=make &&
	push_make "test -e ../cache/again || { touch ../cache/again; kill -9 \$\$PPID; sleep 10; }; head -c 1048576 /dev/zero >\$@" &&
	hornero wait $job --timeout 60 && hornero show $job --json >out &&
	jq -e "(.attempts | length) == 2 and .attempts[0].cause == \"killed\" and .attempts[0].class == \"nobody\"" out
'

if group_possible
then
	# Red without the call of blame_killed() in agent/attempt_end.c: held, exit 75.
	test_expect_success 'a build that kills its own parent is the pusher'\''s at the third attempt' '
		push_make "kill -9 \$\$PPID; sleep 10" && test_expect_code 1 hornero wait $job --timeout 90 2>err &&
		test_grep "failed: its builder was killed by signal 9 in each of 3 attempts, and not for want of memory: a command of the build kills its own parent" err &&
		hornero show $job --json >out && jq -e "[.attempts[].class] == [\"nobody\", \"nobody\", \"pusher\"]" out && jq -e ".state == \"failed\"" out
	'
else
	test_skip 'a build that kills its own parent' 'without a group nobody knows whether it was killed for want of memory'
fi

test_expect_success 'the node stops' '
	node_stop
'

test_done
