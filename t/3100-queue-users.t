#!/bin/sh
test_description='the queue with several users, any umask, many writers, and kill -9'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

# A copy that every user may execute, wherever the build directory is.
cp "$HORNERO_BUILD/t/tools/queue-tool" "$test_root/queue-tool" &&
chmod 0755 "$test_root/queue-tool" || exit 1
PATH=$test_root:$PATH
C=1111111111111111111111111111111111111111
group=64990
root=no
test "$(id -u)" -ne 0 || root=yes

# as N UMASK COMMAND…: user N of this test, of no group but its own and the queue's.
as () {
	as__n=$1 as__mask=$2
	shift 2
	(
		umask "$as__mask" &&
		exec setpriv --reuid "6499$as__n" --regid "6499$as__n" --groups $group \
			--no-new-privs "$@"
	)
}

# Processes in the background end with this file, also if a test in between fails.
background=''
test_cleanup 'test -z "$background" || kill -KILL $background'

# image N M: a UUID of its own.
image () {
	printf '%08x-0000-4000-8000-%012x\n' "$1" "$2"
}

new_queue () {
	rm -rf queue &&
	mkdir queue &&
	{ test $root = no || chgrp $group queue; } &&
	chmod 2770 queue
}

# files_fit: mode and group of all that lies there.
files_fit () {
	for f in queue/queue.db queue/queue.db-wal queue/queue.db-shm queue/last-job
	do
		test "$(stat -c '%a %g' $f)" = "660 $group" || { ls -ln queue; return 1; }
	done
}

# Each user first, second and third, each with its umask.
for order in '1 2 3' '2 3 1' '3 1 2'
do
	if test $root = no
	then
		test_skip "users in the order $order" 'needs root, to be other users'
		continue
	fi
	test_expect_success "users in the order $order write side by side" '
		new_queue &&
		set -- $order &&
		as $1 077 queue-tool queue enqueue $(image 1 1) $C &&
		files_fit &&
		as $2 022 queue-tool -m write queue enqueue $(image 2 1) $C &&
		as $3 0777 queue-tool -m write queue enqueue $(image 3 1) $C &&
		as $1 077 queue-tool -m read queue list &&
		files_fit &&
		test "$(as $2 077 queue-tool queue claim)" = "1 $(image 1 1) 1" &&
		test "$(as $3 022 queue-tool -m read queue list | wc -l)" = 3 &&
		test "$(as $1 022 queue-tool queue check)" = ok
	'

	# The log of a user that went away is made anew by the next one; and the one of root, who
	# belongs to nobody.
	test_expect_success "users in the order $order: log made by each in turn" '
		set -- $order &&
		for n in $1 $2 $3
		do
			rm -f queue/queue.db-wal queue/queue.db-shm &&
			as $n 077 queue-tool -m write queue enqueue $(image $n 2) $C &&
			files_fit || return 1
		done &&
		rm -f queue/queue.db-wal queue/queue.db-shm &&
		(umask 077 && queue-tool -m read queue list) &&
		for n in $1 $2 $3
		do
			as $n 022 queue-tool -m write queue enqueue $(image $n 3) $C || return 1
		done &&
		files_fit
	'

	test_expect_success "users in the order $order: a database deleted under an open one" '
		set -- $order &&
		last=$(as $1 077 queue-tool -m read queue sql "SELECT max(id) FROM jobs") &&
		rm -f hold.in hold.out &&
		mkfifo hold.in &&
		exec 7<>hold.in &&
		{ as $2 077 queue-tool -m write queue hold <hold.in 7>&- >hold.out & } &&
		background=$! &&
		wait_until "grep -q open hold.out" 10 &&
		rm queue/queue.db &&
		next=$(as $3 077 queue-tool queue enqueue $(image 9 1) $C) &&
		test "$next" -gt "$last" &&
		kill $background &&
		{ wait $background; background=; exec 7>&-; } &&
		as $1 077 queue-tool -m write queue enqueue $(image 9 2) $C &&
		test "$(as $2 077 queue-tool -m read queue list | wc -l)" = 2 &&
		files_fit &&
		test "$(as $1 022 queue-tool queue check)" = ok
	'
done

if test $root = yes
then
	test_expect_success 'a user outside the group hears why the queue is closed' '
		test_expect_code 78 setpriv --reuid 64995 --regid 64995 --clear-groups \
			queue-tool -m read queue list 2>err &&
		test_grep "members of .* group" err &&
		chmod 2775 queue &&
		test_expect_code 78 setpriv --reuid 64995 --regid 64995 --clear-groups \
			queue-tool -m read queue list 2>err &&
		test_grep "become a member of group $group" err &&
		chmod 2770 queue
	'
fi

test_expect_success '50 writers at once: all succeed, with numbers of their own' '
	new_queue &&
	queue-tool queue list &&
	for i in $(seq 50)
	do
		queue-tool -m write -w 120000 queue enqueue $(image $i 1) $C >>numbers 2>>errors &
	done &&
	wait &&
	test_cmp /dev/null errors &&
	test "$(sort -n numbers | uniq | wc -l)" = 50 &&
	test "$(queue-tool -m read queue list | grep -c queued)" = 50 &&
	test "$(queue-tool queue check)" = ok
'

test_expect_success '20 creators at once make one database' '
	new_queue &&
	rm -f numbers errors &&
	for i in $(seq 20)
	do
		queue-tool -w 120000 queue enqueue $(image $i 1) $C >>numbers 2>>errors &
	done &&
	wait &&
	test_grep ! queue-tool errors &&
	test "$(grep -c queue-made errors)" = 1 &&
	test "$(sort -n numbers | uniq | wc -l)" = 20 &&
	test "$(queue-tool -m read queue list | wc -l)" = 20
'

test_expect_success 'kill -9 at any moment loses no job whose number was printed' '
	new_queue &&
	queue-tool queue list &&
	: >acknowledged &&
	for round in $(seq 25)
	do
		rm -f stream.out
		queue-tool queue stream $(printf %08x $round) >stream.out 2>/dev/null &
		background=$!
		wait_until "test \$(wc -l <stream.out) -gt $round" 20 &&
		kill -KILL $background
		wait $background
		background=
		grep "^[0-9]*$" stream.out >>acknowledged
	done &&
	test "$(wc -l <acknowledged)" -gt 300 &&
	queue-tool queue sql "SELECT id FROM jobs" | sort >there &&
	sort acknowledged >wanted &&
	test -z "$(uniq -d wanted)" &&
	test -z "$(comm -23 wanted there)" &&
	test "$(queue-tool queue check)" = ok
'

test_expect_success 'killed before its commit: no job; after it: a job' '
	new_queue &&
	queue-tool queue list &&
	test_expect_code 137 queue-tool -f enqueue-before-commit queue enqueue $(image 1 1) $C \
		2>err &&
	test -z "$(queue-tool -m read queue list)" &&
	test_expect_code 137 queue-tool -f enqueue-after-commit queue enqueue $(image 1 1) $C >out \
		2>err &&
	test ! -s out &&
	test "$(queue-tool -m read queue list | wc -l)" = 1 &&
	test "$(queue-tool queue check)" = ok
'

test_expect_success 'a stopped writer with the ticket delays others by their own limit only' '
	new_queue &&
	queue-tool queue list &&
	{
		queue-tool -f enqueue-before-commit:stop queue enqueue $(image 1 1) $C \
			>stopped.out 2>&1 &
	} &&
	background=$! &&
	wait_until "grep -q \"^State:.*stopped\" /proc/$background/status" 10 &&
	test_expect_code 75 queue-tool -m write -w 200 queue enqueue $(image 2 1) $C 2>err &&
	test_grep "is busy: another process has been writing for 200 ms" err &&
	queue-tool -m read queue list &&
	kill -CONT $background &&
	wait $background &&
	background= &&
	queue-tool -m write queue enqueue $(image 2 1) $C &&
	test "$(queue-tool -m read queue list | wc -l)" = 2
'

if command -v strace >/dev/null && strace -o probe true 2>/dev/null
then
	# The log is synced between its last write and the number on standard output. (No leak check
	# under ptrace.)
	test_expect_success 'the commit is on disk before its number is printed' '
		new_queue &&
		queue-tool queue list &&
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 strace -o trace -y -e \
			trace=write,pwrite64,fsync,fdatasync \
			queue-tool -m write queue enqueue $(image 1 1) $C >out &&
		sed -n "/queue.db-wal>/p; /^write(1</p" trace | tail -n 2 >last &&
		sed -n 1p last >one &&
		test_grep "^f(data)?sync\\(.*queue.db-wal>\\) += 0" one &&
		sed -n 2p last >two &&
		test_grep "^write\\(1<" two
	'

	test_expect_success 'a block of numbers is on disk before the first of them is written' '
		sed -n "/last-job/p; /queue>/p; /queue.db-wal>/p" trace >order &&
		sed -n 1p order >one &&
		test_grep "^write\\(.*last-job.*100" one &&
		sed -n 2p order >two &&
		test_grep "^fsync\\(.*last-job" two &&
		sed -n 3p order >three &&
		test_grep "^fsync\\(.*/queue>\\) += 0" three &&
		sed -n 4p order >four &&
		test_grep "^pwrite64\\(.*queue.db-wal>" four
	'
else
	test_skip 'the commit is on disk before its number is printed' 'needs strace'
	test_skip 'a block of numbers is on disk before the first of them is written' 'needs strace'
fi

# full: a queue on a file system with room for little else; in a mount namespace of its own.
if test $root = yes && unshare -m true 2>/dev/null
then
	test_expect_success 'a full disk: a change fails as a whole, and works once there is room' '
		mkdir -p small &&
		cat >full.sh <<-\EOT &&
		mount -t tmpfs -o size=1m,mode=2770 tmpfs small || exit 77
		queue-tool small list || exit 1
		queue-tool small enqueue 00000000-0000-4000-8000-000000000001 $1 || exit 1
		dd if=/dev/zero of=small/fill bs=4k 2>/dev/null
		queue-tool -m write small stream 00000002 >stream.out 2>err
		test $? -eq 75 || { cat err; exit 1; }
		cat err
		grep -q "make room" err || grep -q "No space" err || exit 1
		test "$(queue-tool -m read small check)" = ok || exit 1
		rm small/fill
		queue-tool -m write small enqueue 00000000-0000-4000-8000-000000000002 $1 || exit 1
		test "$(queue-tool -m read small list | wc -l)" = $(($(wc -l <stream.out) + 2))
		EOT
		unshare -m sh full.sh $C
	'
else
	test_skip 'a full disk: a change fails as a whole, and works once there is room' \
		'needs root and mounts'
fi

test_done
