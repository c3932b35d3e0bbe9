#!/bin/sh
# Long: runs ./evaluate with the real OpenStack, in the root HORNERO_EVALUATE_ROOT.
test_description='./evaluate: rows, plots and page; nothing is left where it ends or is interrupted'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

test -n "$HORNERO_TEST_LONG" || test_skip_all 'long; HORNERO_TEST_LONG=1 runs it'
test -n "$HORNERO_EVALUATE_ROOT" || test_skip_all \
	'HORNERO_EVALUATE_ROOT=DIR names the root that ./evaluate --root made, or may make'
test "$(id -u)" -eq 0 || test_skip_all 'not root'
test_requires jq jq

# evaluate_start OUTPUT [OPTION…]: in a process group of its own, as a terminal starts it. Its words
# are in OUTPUT.out.
evaluate_start () {
	TMPDIR=$TRASH/scratch setsid env --default-signal=INT "$HORNERO_SRC/evaluate" --yes \
		--scale small --rounds 1 --root "$HORNERO_EVALUATE_ROOT" --output "$@" \
		>"$1.out" 2>&1 </dev/null &
	evaluate_pid=$!
	test_cleanup "kill -TERM $evaluate_pid 2>/dev/null && wait $evaluate_pid; :"
}

# In its namespaces, each process has mounts of its directory.
evaluate_processes () {
	grep -l -F "$TRASH/scratch/hornero-evaluate." /proc/[0-9]*/mountinfo 2>/dev/null
}

evaluate_left_nothing () {
	ls -A scratch >left &&
	evaluate_processes >>left
	find /sys/fs/cgroup -type d -name "hornero-evaluate-$evaluate_pid" >>left 2>/dev/null
	grep -F "$TRASH/scratch" /proc/mounts >>left
	test_cmp /dev/null left
}

# rows NAME FLOW COLUMN: the fields of the rows of a flow.
rows () {
	awk -F, -v flow="$2" -v column="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) place[$i] = i; next }
		$place["flow"] == flow || $place["part"] == flow { print $place[column] }
	' "results/$1.csv"
}

test_expect_success 'it runs to its end, without a terminal' '
	mkdir scratch &&
	evaluate_start results &&
	{ wait $evaluate_pid; status=$?; cat results.out; test $status -eq 0; }
'

test_expect_success 'nothing is left of it' '
	evaluate_left_nothing
'

test_expect_success 'each flow has its row; only the usual ones moved images through Glance' '
	for flow in default precache hornero-12 hornero-100 warm
	do
		test "$(rows differential $flow round)" = 1 || return 1
	done &&
	jq ".services | add" results/facts.json >bytes &&
	for column in glance_in_bytes glance_out_bytes
	do
		test "$(rows differential default $column)" -ge "$(cat bytes)" &&
		test "$(rows differential precache $column)" -ge "$(cat bytes)" &&
		test "$(rows differential hornero-12 $column)" -eq 0 &&
		test "$(rows differential hornero-100 $column)" -eq 0 &&
		test "$(rows differential warm $column)" -eq 0 || return 1
	done &&
	test "$(rows differential hornero-100 git_bytes)" -gt 0 &&
	test_grep "Bytes through Glance .*: 0 \(goal: 0\) met" results.out
'

test_expect_success 'one to three servers were booted from caches, without Glance' '
	printf "%s\n" 1 2 3 >want &&
	for flow in nova hornero
	do
		rows cached $flow servers >have &&
		test_cmp want have &&
		test "$(rows cached $flow glance_out_bytes | sort -u)" = 0 || return 1
	done
'

test_expect_success 'full builds were sampled, and used CPU' '
	test "$(rows resources idle time_s | wc -l)" -ge 2 &&
	test "$(rows resources differential time_s | wc -l)" -ge 1 &&
	test "$(rows resources full time_s | wc -l)" -ge 2 &&
	test_grep "under a quota of 12 %: [0-9.]+ %" results.out
'

test_expect_success 'the page is well-formed' '
	python3 -c "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])" \
		results/index.html &&
	test "$(grep -o "<svg" results/index.html | wc -l)" -eq 11
'

if command -v chromium >/dev/null
then
	test_expect_success 'Chromium shows the page' '
		timeout 120 chromium --headless --no-sandbox --disable-gpu --window-size=1400,4000 \
			--user-data-dir="$TRASH/chromium" --screenshot="$TRASH/page.png" \
			"file://$TRASH/results/index.html" >chromium.out 2>&1 &&
		test "$(wc -c <page.png)" -gt 20000 || { cat chromium.out; return 1; }
	'
else
	test_skip 'Chromium shows the page' 'chromium is not installed'
fi

test_expect_success 'Heat boots the servers as a stack; only one figure is measured' '
	evaluate_start stack --figure 4 --via heat &&
	{ wait $evaluate_pid; status=$?; cat stack.out; test $status -eq 0; } &&
	test "$(wc -l <stack/differential.csv)" -eq 6 &&
	test ! -e stack/cached.csv &&
	test_grep "Heat boots all servers as one stack" stack/index.html
'

test_expect_success 'interrupted while OpenStack starts: says so, ends, and leaves nothing' '
	evaluate_start interrupted &&
	wait_until "grep -q \"^== OpenStack (\" interrupted.out || ! kill -0 $evaluate_pid" 400 &&
	test -n "$(evaluate_processes)" &&
	kill -INT -$evaluate_pid &&
	{ wait $evaluate_pid; test $? -eq 130; } &&
	test_grep "Interrupted; nothing is left" interrupted.out &&
	evaluate_left_nothing
'

# Red without --pdeathsig in evaluate.
test_expect_success 'killed: its daemons and guests die with it, and nothing is left either' '
	evaluate_start killed &&
	wait_until "grep -q \"^== OpenStack (\" killed.out || ! kill -0 $evaluate_pid" 400 &&
	test -n "$(evaluate_processes)" &&
	kill -KILL $evaluate_pid &&
	{ wait $evaluate_pid || :; } &&
	wait_until "evaluate_left_nothing" 120
'

test_done
