#!/bin/sh
# The agent's manners: one per node, reload, latest wins, cancel, limits, a clean stop.
test_description='the agent: one per node, latest wins, reload, cancel'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/groups.sh"

# Nobody else on this machine waits for this file.
go=go-$$

# push_waiting TEXT: a build that waits until its cache holds $go, then leaves TEXT
push_waiting () {
	push_make "until test -e ../cache/$go; do sleep 0.05; done" \
		"head -c 1048576 /dev/zero >\$@" \
		"printf '%s' '$1' | dd of=\$@ conv=notrunc 2>/dev/null"
}

descendants () {
	for child in $(pgrep -P "$1")
	do
		echo "$child"
		descendants "$child"
	done
}

# The process of make itself: its end is the builder's, whereas a shell's is a failed recipe.
builder_make () {
	for child in $(descendants "$node_pid")
	do
		test "$(cat "/proc/$child/comm" 2>/dev/null)" = make || continue
		echo "$child"
		return
	done
	return 1
}

cache=$NODE/unikernels/2b7e1516-28ae-4d2a-abf7-158809cf4f3c/cache

test_expect_success 'a node with one worker' '
	node_init "workers: 1" "compile_core_limit: 40" "compile_mem_limit: 500" &&
	node_hello_repo &&
	node_start &&
	node_swept
'

test_expect_success 'a second agent is refused' '
	test_expect_code 75 hornerod --foreground 2>err &&
	test_grep "another hornerod runs" err
'

test_expect_success 'latest wins: one runs, one waits, whoever is replaced names the newer' '
	push_waiting one &&
	wait_until "job_state_is running 1 && test -d $cache" 20 &&
	push_waiting two &&
	job_state_is queued 2 &&
	push_waiting three &&
	test_grep "job 2 superseded by job 3" push.out &&
	job_state_is superseded 2 &&
	test "$(hornero show 2 --json | jq .superseded_by)" = 3 &&
	hornero queue >out &&
	test_grep "3 +queued" out &&
	test_grep "1 +running" out
'

test_expect_success 'the running one finishes, then the newest is built' '
	touch "$cache/$go" &&
	hornero wait 1 --timeout 300 &&
	hornero wait 3 --timeout 300 &&
	test_expect_code 1 hornero wait 2 &&
	warm_text_is three
'

test_expect_success 'a revert is warm without a build, and queue, show and log say so' '
	git -C "$HELLO_WORK" revert --no-edit HEAD >/dev/null &&
	git -C "$HELLO_WORK" revert --no-edit HEAD >/dev/null &&
	git -C "$HELLO_WORK" push -q origin main 2>push.out &&
	push_job &&
	hornero wait $job --timeout 300 &&
	hornero show $job --json | jq -e .reused &&
	hornero queue >out &&
	test_grep "same content, no build" out &&
	hornero log $job >out &&
	test_grep "same content as artifact" out &&
	warm_text_is three
'

test_expect_success 'rebuild --force builds what is known, --clean from nothing' '
	rm -f "$cache/$go" &&
	touch "$cache/kept" &&
	hornero rebuild "$HELLO_UUID" --force &&
	job_reaches running 5 20 &&
	touch "$cache/$go" &&
	hornero wait 5 --timeout 300 &&
	test "$(hornero show 5 --json | jq .reused)" = false &&
	test -e "$cache/kept" &&
	hornero rebuild "$HELLO_UUID" --clean &&
	wait_until "job_state_is running 6 && builder_make && test ! -e $cache/kept" 20 &&
	touch "$cache/$go" &&
	hornero wait 6 --timeout 300
'

test_expect_success 'cancel ends a running build with its whole tree' '
	rm -f "$cache/$go" &&
	push_waiting four &&
	job_reaches running 7 20 &&
	hornero cancel 7 &&
	job_reaches cancelled 7 20 &&
	node_cgroups_gone &&
	! pgrep -u "$NODE_BUILD_UID" -f "cache/$go" &&
	hornero sweep >out &&
	test_grep failed out
'

test_expect_success 'a builder that is killed from outside is built again after a pause' '
	hornero retry 7 &&
	wait_until "job_state_is running 8 && test -d $cache" 20 &&
	wait_until builder_make 20 &&
	kill -9 $(builder_make) &&
	wait_until "test \$(job_field attempts[0].cause 8) = killed" 20 &&
	touch "$cache/$go" &&
	hornero wait 8 --timeout 300 &&
	warm_text_is four &&
	rm "$cache/$go"
'

halted () {
	grep -q ^State:.T "/proc/$node_pid/status"
}

# The sweep of the start has ended: nothing but the pause's own end will wake it.
test_expect_success 'a pause that ends while hornerod looks elsewhere is not forgotten' '
	push_waiting paused &&
	wait_until "job_state_is running 9 && builder_make" 20 &&
	kill -9 $(builder_make) &&
	wait_until "test \$(job_field attempts[0].cause 9) = killed" 20 &&
	node_stop &&
	touch "$cache/$go" &&
	node_set failpoint turn-claimed:stop &&
	node_start &&
	wait_until "halted && grep -q ^State:.Z /proc/\$(pgrep -P $node_pid hornero-sweep)/status" \
		20 &&
	kill -CONT $node_pid &&
	due=$(hornero show 9 --json | jq ".not_before_ms // 0") &&
	wait_until "halted && test \$(date +%s%3N) -ge $due" 20 &&
	wait_until "kill -CONT $node_pid; hornero wait 9 --timeout 0" 20 &&
	node_set failpoint &&
	node_kill9 &&
	node_start &&
	rm "$cache/$go"
'

if group_possible
then
	test_expect_success 'limits hold for all builds together' '
		test "$(group_quota "")/$(group_mega "")" = 40/500 &&
		group_is_last ""
	'

	test_expect_success 'a reload changes them; a broken file changes nothing, with words' '
		node_set compile_core_limit 20 &&
		kill -HUP $node_pid &&
		wait_until "test \$(group_quota \"\") = 20" 10 &&
		node_set workers many &&
		kill -HUP $node_pid &&
		hornerod_says reload-refused 10 &&
		test_grep "hornero.yaml:[0-9]*:[0-9]*:.*workers" "$NODE/hornerod.log" &&
		node_set workers 1
	'
else
	test_skip 'limits hold for all builds together' \
		'limits need root, or a control group that is delegated (cgroup v2)'
	test_skip 'a reload changes them' \
		'limits need root, or a control group that is delegated (cgroup v2)'
fi

# A sweep that looked before the push and writes after its claim queues a newer job: it must be
# over.
test_expect_success 'a stop ends the running build, and the next start goes on with it' '
	wait_until "! pgrep -P $node_pid" 20 &&
	push_waiting five &&
	job_reaches running 10 20 &&
	node_stop &&
	node__no_process &&
	! pgrep -u "$NODE_BUILD_UID" -f "cache/$go" &&
	job_state_is queued 10 &&
	touch "$cache/$go" &&
	node_start &&
	hornero wait 10 --timeout 300 &&
	test "$(hornero show 10 --json | jq ".attempts | length")" = 2 &&
	warm_text_is five
'

# Red without clear_work() in agent/hornerod/leftover.c. The checkout stops before it renames the
# file.
test_expect_success 'a cancelled checkout leaves no temporary file' '
	work=$NODE/unikernels/$HELLO_UUID &&
	node_set failpoint hornero-checkout/treeindex-rename:stop &&
	push_waiting six &&
	wait_until "test -e $work/.tree.tmp" 20 &&
	hornero cancel $job &&
	job_reaches cancelled $job 20 &&
	test ! -e "$work/.tree.tmp" &&
	node_set failpoint
'

# The process of each name is none: its number is above all that the kernel gives.
leftovers () {
	echo "$work/.tree.tmp"
	for dir in fence log run
	do
		echo "$NODE/state/$dir/.record.4194999.tmp"
	done
	for room in artifact changed clean kept own/$HELLO_UUID release/$HELLO_UUID warm
	do
		echo "$NODE/instances/hornero/$room/.record.json.4194999.tmp"
	done
}

# Red without workdir_clear_all_tmp(), without clear_images_staging() in store/store.c, and without
# its look at changed/; without fence_dir or run_dir in leftover.c clear_staging_files().
test_expect_success 'neither does the death of the agent, in any directory' '
	node_crash &&
	for left in $(leftovers)
	do
		mkdir -p "${left%/*}" &&
		touch "$left" || return 1
	done &&
	node_start &&
	for left in $(leftovers)
	do
		test ! -e "$left" || { echo "$left is still there"; return 1; }
	done &&
	node_stop
'

# Red with kill() instead of the pidfd in lib/fs.c.
test_expect_success 'nor that of a process whose parent does not ask for its end; others stay' '
	rm -f ended &&
	{ python3 -c "
import os, time
pid = os.fork()
pid or os._exit(0)
print(pid, flush=True)
time.sleep(300)" >ended & } &&
	parent=$! &&
	test_cleanup "kill $parent; wait $parent; :" &&
	wait_until "grep \"^State:.Z\" /proc/\$(cat ended)/status" 20 &&
	touch "$NODE/state/run/.a.$(cat ended).tmp" "$NODE/state/run/.a.$parent.tmp" &&
	node_start &&
	test ! -e "$NODE/state/run/.a.$(cat ended).tmp" &&
	test -e "$NODE/state/run/.a.$parent.tmp" &&
	rm "$NODE/state/run/.a.$parent.tmp" &&
	node_stop
'

test_done
