#!/bin/sh
# A push is accepted and its hook cannot write the row: hornerod is told where to look, and builds
# within seconds. Sweeps are an hour apart here.
test_description='a lost nudge: hornerod looks at the refs itself'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires strace strace
test_requires flock util-linux
test_requires jq jq

test "$(id -u)" -ne 0 || node_users

queue=$NODE/state/queue
n=0

# change: a new commit in the work clone whose artifact holds its number
change () {
	n=$((n + 1)) &&
	printf 'hornero.raw:\n\tprintf "content %d" >$@\n\ttruncate -s 1M $@\n' $n \
		>"$HELLO_WORK/Makefile" &&
	git -C "$HELLO_WORK" commit -q -a -m $n
}

push () {
	git -C "$HELLO_WORK" push origin "$@" main >push.out 2>&1 || { cat push.out; return 1; }
	cat push.out
}

# push_hurt INJECTION [ARG…]: every file of the queue that the hook opens is hurt so.
push_hurt () {
	injection=$1 &&
	shift &&
	calls=openat,pwrite64,fallocate,ftruncate,fdatasync,mmap &&
	strace="strace -f -qq -o /dev/null -e trace=$calls -e inject=$injection" &&
	for file in queue.db queue.db-wal queue.db-shm
	do
		strace="$strace -P $queue/$file"
	done &&
	strace="env ASAN_OPTIONS=detect_leaks=0 $strace -P $queue" &&
	push --receive-pack="$strace git-receive-pack" "$@"
}

is_built () {
	warm_text_is "content $n"
}

told () {
	test_grep "this push was not queued: .*; hornerod looks at this push itself now" push.out
}

# hold_queue: its lock is ours until let_go
hold_queue () {
	rm -f held release &&
	mkfifo held release &&
	chmod 666 held release &&
	{ flock "$queue" sh -c "echo >held; read line <release" & } &&
	holder=$! &&
	test_cleanup "kill $holder 2>/dev/null; :" &&
	read line <held
}

let_go () {
	echo >release &&
	wait $holder
}

test_expect_success 'a node whose sweeps are an hour apart, and a first push' '
	node_init "sweep_interval: 1h" &&
	node_start &&
	node_hello_repo &&
	change &&
	push &&
	wait_until is_built 30
'

# Red without: bell_look in leave(), as up to no. 9, or both calls of looking_start.
test_expect_success 'the queue is busy: built as soon as it is free' '
	hold_queue &&
	change &&
	push &&
	told &&
	let_go &&
	wait_until is_built 30 &&
	test_grep "event=looking repo=hello" "$NODE/hornerod.log"
'

for error in EIO ENOSPC ENOMEM EMFILE EROFS
do
	test_expect_success "the queue answers $error" '
		change &&
		push_hurt openat:error=$error &&
		told &&
		wait_until is_built 30
	'
done

test_expect_success 'the disk is full in the middle of the row' '
	change &&
	push_hurt pwrite64:error=ENOSPC &&
	told &&
	wait_until is_built 30
'

test_expect_success 'there is no memory for the shared memory of the queue' '
	change &&
	push_hurt mmap:error=ENOMEM &&
	told &&
	wait_until is_built 30
'

# looks: how often hornerod has looked at a repository.
looks () {
	grep -c event=looking "$NODE/hornerod.log"
}

# Red without: the retry in on_end of agent/hornerod/looking.c.
test_expect_success 'the sweep cannot write either: it is tried until it can' '
	strace -V >/dev/null &&
	hold_queue &&
	change &&
	push &&
	told &&
	before=$(looks) &&
	wait_until "test \$(looks) -gt $before" 30 &&
	let_go &&
	wait_until is_built 30
'

none_queued () {
	hornero queue --all --json | jq -e 'all(.[]; .state != "queued")'
}

# Red without: skip_stands in agent/upkeep/sweep/main.c, or cancel_skipped.
test_expect_success 'skip holds: the job that waits for an older commit is cancelled by the look' '
	hornero pause "$HELLO_UUID" &&
	change &&
	push &&
	last=$((n - 1)) &&
	hold_queue &&
	change &&
	push -o skip &&
	told &&
	let_go &&
	wait_until none_queued 10 &&
	hornero resume "$HELLO_UUID" &&
	hornero sweep &&
	n=$last &&
	is_built &&
	test_expect_code 75 hornero wait "$HELLO_UUID" --timeout 5 2>err &&
	test_grep "pushed with -o skip" err &&
	n=$((last + 2))
'

# hook_waits: the post-receive of our repository has waited for a second.
hook_waits () {
	for hook in $(pgrep -x post-receive)
	do
		test "$(readlink "/proc/$hook/cwd")" = "$HELLO_REPO" &&
		test "$(ps -o etimes= -p "$hook")" -ge 1 && return
	done
	return 1
}

# Red without need_rows() in hooks/moves.c.
test_expect_success 'a push with such options waits longer for the queue' '
	hold_queue &&
	change &&
	{ push -o rebuild >waited & } &&
	pusher=$! &&
	test_cleanup "kill $pusher 2>/dev/null; :" &&
	wait_until hook_waits 30 &&
	let_go &&
	wait $pusher &&
	test_grep "hornero: job [0-9]* (is )?queued" push.out &&
	test_grep ! "lost" push.out &&
	wait_until is_built 30
'

# Red without: say_lost_options, or the line of the option in it.
test_expect_success 'options that only a row would have held are named' '
	hold_queue &&
	change &&
	push -o rebuild -o clean -o priority=-1 -o wait &&
	told &&
	let_go &&
	test_grep "o rebuild is lost; run: hornero rebuild $HELLO_UUID" push.out &&
	test_grep "o clean is lost; run: hornero rebuild --clean $HELLO_UUID" push.out &&
	hornero rebuild --clean "$HELLO_UUID" &&
	test_grep "o wait is lost; run: hornero wait $HELLO_UUID" push.out &&
	test_grep "o priority=-1 is lost for hello" push.out &&
	wait_until is_built 30
'

# Red without: the file of bell_look, or bell_was_missed in the turn.
test_expect_success 'hornerod stops, its socket is full: it looks at all once it goes on' '
	change &&
	kill -STOP $node_pid &&
	test_cleanup "kill -CONT $node_pid 2>/dev/null; :" &&
	for i in $(seq 40)
	do
		hornero resume || return 1
	done &&
	hold_queue &&
	push &&
	let_go &&
	test_grep "this push was not queued: .*; the next sweep will pick this push up" push.out &&
	kill -CONT $node_pid &&
	wait_until is_built 30 &&
	test ! -e "$NODE/state/run/look"
'

# Red without: underway_bury in pre_receive, or underway_note.
for point in post-receive-start post-receive-inserted
do
	test_expect_success "the hook is killed at $point: the next push finds its push" '
		node_set failpoint $point &&
		change &&
		push &&
		test_grep "failpoint point=$point" push.out &&
		node_set failpoint &&
		test -n "$(ls "$HELLO_REPO" | grep "^hornero\.push")" &&
		git -C "$HELLO_WORK" push -q origin HEAD~1:refs/heads/$point &&
		wait_until is_built 30 &&
		test -z "$(ls "$HELLO_REPO" | grep "^hornero\.push")"
	'
done

test_expect_success 'names that nobody may have are not looked at' '
	before=$(looks) &&
	python3 - "$NODE/state/run/doorbell" <<-\END &&
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	for name in b"../../etc", b"--conf=x", b"a\nb", b"a" * 300, b"\xff":
	    s.sendto(b"look " + name, sys.argv[1])
	END
	change &&
	push &&
	wait_until is_built 30 &&
	: "a busy queue may have made it look at this push" &&
	test "$(looks)" -eq $((before + $(grep -c "looks at this push itself" push.out)))
'

test_done
