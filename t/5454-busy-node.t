#!/bin/sh
# Other work of the usual priority keeps every processor busy, as on a full compute node. Builds get
# little then, and their clocks count only what they could run. Red without: lib/fairtime.c in
# stage.c (1, 2, 4); yielding.c (always cpu.idle: 4); STAGE_STARVED (5).
test_description='a full node is nobody'\''s fault'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"
. "$HORNERO_SRC/t/lib/why.sh"
test_requires jq jq
test_requires python3 python3
groups_requires

# Of processor time, not of the wall's.
cat >burn.py <<'END'
import sys, time
open("../cache/begun", "w").close()
end = time.process_time() + float(sys.argv[1])
while time.process_time() < end:
    pass
END
cat >fork.sh <<'END'
: >../cache/begun
n=0
until test $n = "$1"
do
	/bin/true
	n=$((n + 1))
done
END

# Builds have the first processor, and what keeps it busy stays there: other tests run on the rest.
dedicated=''
test "$(nproc --all)" -eq 1 || dedicated="cpu_dedicated_set: 1-$(($(nproc --all) - 1))"

begun () {
	wait_until "test -e $NODE/unikernels/$HELLO_UUID/cache/begun" 120 &&
	rm "$NODE/unikernels/$HELLO_UUID/cache/begun" &&
	test__uptime &&
	begun_s=$test__now
}
# lasts SECONDS: since it began.
lasts () {
	wait_until "test__uptime; test \$((test__now - begun_s)) -gt $1" 120
}
# blames CLASS CAUSE: of the last attempt
blames () {
	test "$(attempt_field class)/$(attempt_field cause)" = "$1/$2"
}
disk='head -c 1048576 /dev/zero >$@'
quota=$(awk -v cpus="$(nproc)" 'BEGIN { print cpus / 10 }')
work=$(awk -v quota="$quota" 'BEGIN { print 7 * (quota < 1 ? quota : 1) }')

test_expect_success 'time for which the quota stops a build does not count' '
	node_init "compile_core_limit: 10" "build_timeout: 5" "silence_timeout: 5" \
		${dedicated:+"$dedicated"} &&
	node_make_repo &&
	node_start &&
	node_swept &&
	cp burn.py fork.sh "$HELLO_WORK" &&
	git -C "$HELLO_WORK" add -A &&
	push_make "python3 burn.py $work" "$disk" &&
	hornero wait "$job" --timeout 120 &&
	why_says "$HELLO_UUID" "is warm"
'

test_expect_success 'nor that of a script, whose processes live for a moment' '
	push_make "sh fork.sh 2000" "$disk" &&
	hornero wait "$job" --timeout 120
'

test_expect_success 'a build that only sleeps ends by the clock on the wall, by its own fault' '
	node_set build_timeout 20 &&
	node_reload &&
	push_make "sleep 1000" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	blames pusher silence &&
	node_set build_timeout 5 &&
	node_set silence_timeout 100 &&
	node_reload &&
	push_make "sleep 1001" &&
	test_expect_code 1 hornero wait "$job" --timeout 300 &&
	blames pusher timeout &&
	node_set silence_timeout 5 &&
	node_reload
'

# Builds compete with about the weight of two such loops: four would leave them their whole quota.
# The loops may end when the build has outlived its build_timeout beside them.
test_expect_success 'beside busy processors it ends well; why, top and its log say what it gets' '
	busy_loops 16 taskset -c 0 &&
	rm -f "$NODE/unikernels/$HELLO_UUID/cache/begun" &&
	push_make "python3 burn.py 3" "$disk" &&
	begun &&
	gets="gets [0-9.]* % of a processor: the node is busy" &&
	because no-processor "$HELLO_UUID" "$gets" &&
	wait_until "hornero top | grep -q \"$gets\"" 60 &&
	log_says $job "^hornero: $gets" 60 &&
	lasts 7 &&
	busy_end &&
	hornero wait "$job" --timeout 200 &&
	test "$(attempt_field build_ms)" -gt 5000 ||
	{ hornero show "$job"; hornero log "$job"; false; }
'

# At 1 % a build ends by its own second before 50 of the wall's are over, or after: the machine
# decides. So an operator narrows the group of all builds.
test_expect_success 'a build that gets next to nothing ends by nobody'\''s fault, and is retried' '
	node_stop &&
	node_set build_timeout 1 &&
	node_set compile_core_limit 1 &&
	node_start &&
	group_narrow &&
	push_make "python3 burn.py 1000" &&
	wait_until "blames nobody starved" 300 &&
	job_state_is queued &&
	starved="the node is busy: .* got too little processor time for 50 s" &&
	why_says "$job" "gets its next attempt .*$starved" &&
	hornero cancel "$job"
'

test_expect_success 'nothing is left' '
	node_stop &&
	test -z "$(node_cgroups)"
'

test_done
