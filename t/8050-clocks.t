#!/bin/sh
# The wall clock jumps by hours, either way, while hornerod runs and while it does not. Back-offs,
# what is kept warm and ages go on as if nothing had happened. The machine's clock is left alone:
# t/tools/clock-shim is preloaded.
#
# Red without: db_now_ms in settle (agent/hornerod/attempt_end.c) or in agent_turn (a back-off of
# seconds takes 8 hours, or none), job_present in db/listing.c (ages of 8 h), steady_present_ms in
# kept_load (an image is let go), look_at_clock in agent/hornerod/healing.c.
test_description='a wall clock that jumps'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

HORNERO_TEST_CLOCK=$TRASH/clock.offset
LD_PRELOAD=$HORNERO_BUILD/t/tools/clock-shim
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export HORNERO_TEST_CLOCK ASAN_OPTIONS
jump () {
	echo $(($(cat "$HORNERO_TEST_CLOCK") + $1)) >"$HORNERO_TEST_CLOCK.new" &&
	mv "$HORNERO_TEST_CLOCK.new" "$HORNERO_TEST_CLOCK"
}
echo 0 >"$HORNERO_TEST_CLOCK"
hours=28800

hornero () {
	LD_PRELOAD=$LD_PRELOAD command hornero "$@"
}

# A build that somebody kills in its first attempt: nobody's fault, so it waits for its next one.
push_killed () {
	push_make "test -e ../cache/$1 || { touch ../cache/$1; kill -9 \$\$PPID; }" \
		'head -c 1048576 /dev/zero >$@' &&
	test -n "$job"
}

test_expect_success 'the shim moves the wall clock, and nothing else' '
	real=$(date +%s) &&
	jump $hours &&
	moved=$(LD_PRELOAD=$LD_PRELOAD date +%s) &&
	jump -$hours &&
	test $((moved - real)) -ge $hours &&
	test $((moved - real)) -lt $((hours + 60))
'

test_expect_success 'a node, and an image that is kept warm for an hour' '
	node_init &&
	export LD_PRELOAD &&
	node_hello_repo &&
	hornero image set "$HELLO_UUID" keep_warm=1h &&
	node_start &&
	node_swept &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	hornero wait "$HELLO_UUID" --timeout 300
'

for by in $hours -$hours
do
	test_expect_success "by $by s: ages stay what they are, and say why they may surprise" '
		jump $by &&
		hornero queue --all >out &&
		cat out &&
		! grep -E "[0-9] (h|days)" out &&
		test_grep "clock was changed" out &&
		hornero why "$HELLO_UUID" >out &&
		! grep -E "[0-9] (h|days)" out &&
		test_grep "ago .clock was changed.|just now .clock was changed." out &&
		hornero show 1 >out &&
		! grep -E "[0-9] (h|days)" out &&
		now=$(LD_PRELOAD=$LD_PRELOAD date +%s) &&
		created=$(job_field created_ms 1) &&
		test $((now - created / 1000)) -ge 0 &&
		test $((now - created / 1000)) -lt 600
	'

	test_expect_success "by $by s: a file kept warm for an hour stays warm and in the cache" '
		hornero-keep -c "$HORNERO_CONF" &&
		hornero sweep >out &&
		test_grep "$HELLO_UUID  warm" out &&
		test -e "$(node_warm_path "$HELLO_UUID")" &&
		hornero why "$HELLO_UUID" >out &&
		test_grep "is warm at" out &&
		rm "$(node_warm_path "$HELLO_UUID")" &&
		{ hornero-keep -c "$HORNERO_CONF" || test $? = 1; } &&
		hornero sweep >out &&
		! grep "let go" out &&
		wait_until "test -e $(node_warm_path "$HELLO_UUID")" 30
	'

	test_expect_success "by $by s: hornerod notes it" '
		test_grep "event=clock-changed by_s=-*(2879[0-9]|2880[0-9])" "$NODE/hornerod.log"
	'

	test_expect_success "by $by s, during a back-off: it takes seconds, not hours" '
		push_killed "while$by" &&
		wait_until "test \$(job_field attempts[0].ended_ms) != null" 30 &&
		jump $by &&
		hornero why $job >out &&
		: "on a busy machine it may have begun" &&
		test_grep "gets its next attempt in ([0-9]+ s|a moment)|attempt 2|published" out &&
		! grep " h" out &&
		hornero wait $job --timeout 300 &&
		test "$(job_attempts)" = 2
	'

	test_expect_success "by $by s, during a back-off, while hornerod does not run: the same" '
		push_killed "off$by" &&
		wait_until "test \$(job_field attempts[0].ended_ms) != null" 30 &&
		node_stop &&
		jump $by &&
		node_start &&
		hornero wait $job --timeout 300 &&
		test "$(job_attempts)" = 2
	'

	test_expect_success "by $by s: a wait with a limit is as long as before" '
		{ hornero wait 999999 --timeout 0 2>err; test $? -ne 0; } &&
		hornero pause "$HELLO_UUID" &&
		push_killed "wait$by" &&
		jump $by &&
		test_expect_code 75 hornero wait $job --timeout 0.2 2>err &&
		hornero resume "$HELLO_UUID" &&
		hornero wait $job --timeout 300
	'
done

test_expect_success 'durations stay as they were' '
	hornero queue --all --json | jq -e "
		map(select(.ended_ms != null) | .ended_ms - .created_ms) |
		all(. >= 0 and . < 600000)"
'

test_expect_success 'an invalid clock file is as good as none' '
	node_stop &&
	echo nonsense >"$NODE/state/queue/clock" &&
	node_start &&
	push_make "head -c 1048576 /dev/zero >\$@; echo x >>\$@; truncate -s 1M \$@" &&
	hornero wait $job --timeout 300 &&
	test_grep "hornero-clock 1" "$NODE/state/queue/clock"
'

test_done
