#!/bin/sh
test_description='gc: checkouts of removed images go, of others as budget and floor demand'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires jq jq

WORK=$NODE/unikernels
one=11111111-1111-4111-8111-111111111111
two=22222222-2222-4222-8222-222222222222
three=33333333-3333-4333-8333-333333333333
pushes=0

# push NAME UUID [RECIPE]: a build that leaves 3 MiB in its cache. Sets job.
push () {
	HELLO_UUID=$2 HELLO_WORK=$TRASH/work-$1 pushes=$((pushes + 1))
	push_make ": $pushes" "${3:-:}" "yes $1 | head -c 3145728 >../cache/x" "truncate -s 64K \$@"
}

# has UUID…: these have a checkout and a cache, the others have nothing.
has () {
	for uuid in $one $two $three
	do
		case " $* " in
		*" $uuid "*)
			test -s "$WORK/$uuid/cache/x" &&
			test -e "$WORK/$uuid/src/Makefile" &&
			test -e "$WORK/$uuid/tree"
			;;
		*)
			test -z "$(ls -A "$WORK/$uuid" 2>/dev/null)"
			;;
		esac ||
		{ ls -AR "$WORK"; return 1; }
	done
}

test_expect_success 'three images with caches, and no limit: nothing goes' '
	if test "$(id -u)" -eq 0
	then
		mkdir -p "$WORK" &&
		mount -t tmpfs -o size=48m,mode=0755 hornero-small "$WORK" &&
		test_cleanup "umount \"$WORK\""
	fi &&
	node_init &&
	node_start &&
	node_hello_repo one $one &&
	node_hello_repo two $two &&
	node_hello_repo three $three &&
	for pair in "one $one" "two $two" "three $three"
	do
		push $pair &&
		hornero wait "$job" --timeout 60 || return 1
	done &&
	hornero gc >out &&
	test_grep "^0 removed" out &&
	has $one $two $three
'

test_expect_success 'over the budget the one built longest ago goes; --dry-run removes nothing' '
	touch -d "2 days ago" "$WORK/$two" &&
	touch -d "1 day ago" "$WORK/$three" &&
	node_set work_budget 8M &&
	hornero gc --dry-run --json >out &&
	jq -c ".[0] | [.what, .name, .removed, .size_bytes >= 3145728]" out >row &&
	echo "[\"checkout\",\"$two\",false,true]" >want &&
	test_cmp want row &&
	jq -r ".[0].reason" out >reason &&
	test_grep "work_budget is 8.0 MiB; the next build checks it out again, last used 20" \
		reason &&
	test "$(jq length out)" -eq 1 &&
	has $one $two $three &&
	hornero gc >out &&
	test_grep "^removed checkout $two, 3.0 MiB" out &&
	test_grep "^1 removed" out &&
	has $one $three
'

test_expect_success 'it is built again from the repository' '
	push two $two &&
	hornero wait "$job" --timeout 300 &&
	node_set work_budget 0 &&
	hornero gc >out &&
	has $one $two $three
'

test_expect_success 'a build that runs keeps its own, whatever the budget' '
	push one $one "$gate" &&
	gate_reached &&
	node_set work_budget 1 &&
	test_expect_code 1 hornero gc >out &&
	test_grep "^checkouts: .*only checkouts of running builds are left" out &&
	has $one &&
	gate_open &&
	hornero wait "$job" --timeout 300 &&
	hornero gc >out &&
	has
'

# Red with an error in place of step_around() in agent/build/main.c.
test_expect_success 'a build that comes while its checkout is being removed gets a new one' '
	node_set work_budget 0 &&
	push three $three &&
	hornero wait "$job" --timeout 300 &&
	node_set work_budget 1 &&
	node_set failpoint collect-checkout-cleared:stop &&
	{ hornero gc >gc.out 2>&1 & gc=$!; } &&
	test_cleanup "kill -KILL $gc 2>/dev/null || :" &&
	wait_until "grep -q ^State:.T /proc/$gc/status" 20 &&
	node_set failpoint &&
	push three $three &&
	hornero wait $job --timeout 300 &&
	log_says $job "building in a new checkout" &&
	test -d "$WORK/$three/cache" &&
	kill -CONT $gc &&
	wait $gc &&
	node_set work_budget 0 &&
	has $three &&
	hornero gc >out &&
	test_grep "removed checkout left.33333333" out &&
	test -z "$(find "$WORK" -name "left.*")" &&
	has $three
'

test_expect_success 'a removed image leaves nothing; other directories stay' '
	mkdir "$WORK/notes" &&
	hornero image remove $three &&
	hornero gc --dry-run >out &&
	test_grep "^would remove checkout $three.*its image is not registered" out &&
	test -d "$WORK/$three/cache" &&
	hornero gc >out &&
	test_grep "^removed checkout $three" out &&
	test ! -e "$WORK/$three" &&
	test -d "$WORK/notes" &&
	rmdir "$WORK/notes"
'

if test "$(id -u)" -eq 0
then
	test_expect_success 'below its floor nothing is built until idle checkouts have gone' '
		node_stop &&
		node_set store_floor 12M &&
		node_start &&
		push one $one "head -c 6M /dev/zero >../cache/y" &&
		hornero wait "$job" --timeout 300 &&
		has $one &&
		head -c $(($(df --output=avail -B 1M "$WORK" | tail -n 1) - 10))M /dev/zero \
			>"$WORK/somebody-else" &&
		push two $two &&
		wait_until "hornero wait $job --timeout 10" 60 &&
		has $two &&
		test_grep "event=collected what=checkout name=$one .*below store_floor" \
			"$NODE/hornerod.log"
	'

	test_expect_success 'if that is not enough, why says so, and the job gives its own' '
		{ head -c 20M /dev/zero >"$WORK/somebody-else-too" || :; } &&
		push two $two &&
		disk="disk: .* free on $WORK" &&
		test_grep "nothing is built before there is room: $disk, the floor is" push.out &&
		wait_until "job_field waiting_for | grep -q store_floor" 30 &&
		wait_until has 60 &&
		why_says "$job" "$disk" &&
		rm "$WORK/somebody-else" "$WORK/somebody-else-too" &&
		wait_until "hornero wait $job --timeout 10" 60
	'
fi

test_expect_success 'the node stops' '
	node_stop
'
test_done
