#!/bin/sh
# hornero-door and clients that wish it ill: each attack once, then a user; sessions that die in the
# middle of a pack.
test_description='hornero-door: hostile clients, crowds, slow readers, killed sessions'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
python3 -c 'import cryptography' 2>/dev/null || test_skip_all 'python3-cryptography is not here'
hostile=$HORNERO_SRC/t/tools/hostile-ssh.py

libssh=$(pkg-config --modversion libssh)

# attack NAME: its exit code; what it prints is shown where it fails.
attack () {
	LIBSSH=$libssh timeout 120 python3 "$hostile" "$DOOR_PORT" "$TRASH/alice" "$1" \
		>attack.out 2>&1 &&
	return 0
	cat attack.out
	tail -n 20 door.log
	return 1
}

# attack_begin NAME: until it has done what it does, and waits. attack_end: it leaves.
attack_begin () {
	mkfifo leave.$1 &&
	: >attack.out &&
	{
		timeout 300 python3 "$hostile" "$DOOR_PORT" "$TRASH/alice" "$1" <leave.$1 \
			>attack.out 2>&1 &
	} &&
	attacker=$! &&
	test_cleanup "kill $attacker 2>/dev/null; wait $attacker 2>/dev/null; :" &&
	exec 8>leave.$1 &&
	wait_until "grep -q WAITING attack.out || ! kill -0 $attacker" 60 &&
	test_grep WAITING attack.out
}
attack_end () {
	exec 8>&-
	wait $attacker
}

# The processes that serve connections.
serving () {
	cat /proc/$door_pid/task/*/children
}
nobody_served () {
	test -z "$(serving | tr -d ' ')"
}

# still_serves: a user reads a repository.
still_serves () {
	git ls-remote door:one >refs &&
	test_grep refs/heads/main refs
}

# half_push_gone: a push that ended in its middle left no branch and no damage in one.
half_push_gone () {
	test_must_fail as_git git -C "$NODE/git/one.git" rev-parse -q --verify refs/heads/half &&
	as_git git -C "$NODE/git/one.git" fsck --strict 2>words
}

# door_connections STATE-OPTIONS: the connections of the door, as ss shows them.
door_connections () {
	ss -t"$1"H state established "sport = :$DOOR_PORT"
}

# logged PATTERN: the door's log has it.
logged () {
	grep -E -q -e "$1" door.log
}

# Each connection reads the configuration itself. So an idle time that is set behind door_start does
# not shorten the time to log in, which the door measures; on a busy machine a login takes seconds.
# The client that never listens has no channel either, and is slow on a busy machine: the time to
# log in would end it as idle.
test_expect_success 'a node, an image, and a repository of some size' '
	door_node "door_login_timeout: 600" &&
	door_start &&
	hooks_repo one &&
	hooks_image $U1 one &&
	git init -q -b main work &&
	git -C work config core.compression 0 &&
	echo one >work/file &&
	git -C work add -A &&
	git -C work commit -q -m one &&
	git -C work push -q door:one main 2>push.out &&
	hooks_repo big &&
	head -c 24000000 /dev/urandom >work/noise &&
	git -C work add -A &&
	git -C work commit -q -m big &&
	git -C work push -q door:big main 2>push.out
'

for name in $(python3 "$hostile" list)
do
	test_expect_success "$(echo $name | tr _ ' ')" "
		attack $name &&
		still_serves
	"
done

case $libssh in
0.10.*)
	test_expect_success 'a client that has libssh send for ever is cut off by name' '
		cut_off="left peer=127[0-9.:]+ key=alice why=.cut off." &&
		died="connection-died .*why=.it used too much processor time" &&
		test_grep "event=($cut_off|$died)" door.log
	' ;;
esac

left_behind () {
	find "$NODE/git/one.git/objects" -name "tmp_objdir*" >found
}

test_expect_success 'no attack has crashed one of our processes, or left one' '
	test_must_fail grep -E "event=connection-died.*signal=[0-9]*\$|Sanitizer|runtime error:" \
		door.log &&
	wait_until nobody_served 60
'

# much_unread: 100 kB wait for the client to read them.
much_unread () {
	door_connections n | awk '{ exit $2 < 100000 }'
}

test_expect_success 'a client that never reads costs no memory; all that serves it is limited' '
	attack_begin never_reads &&
	pid=$(serving | tr -d " ") &&
	wait_until "test \$(cat /proc/$pid/task/$pid/children | wc -w) = 1" 20 &&
	wait_until much_unread 30 &&
	for one in $pid $(cat /proc/$pid/task/$pid/children)
	do
		test_grep "^Seccomp:.*2" /proc/$one/status &&
		test_grep "^NoNewPrivs:.*1" /proc/$one/status &&
		test_grep "^Max core file size +0 +0" /proc/$one/limits &&
		test_must_fail grep "^Max data size +unlimited" /proc/$one/limits || return 1
	done &&
	awk "/^VmHWM/ { print; exit \$2 > 24000 }" /proc/$pid/status &&
	attack_end &&
	wait_until nobody_served 60 &&
	test_grep "event=done .*upload-pack .big" door.log
'

# slept PID: how often it has waited for something.
slept () {
	sed -n "s/^voluntary_ctxt_switches:[^0-9]*//p" /proc/$1/status
}

test_expect_success 'a client that stops in an exchange of keys is waited for, without polling' '
	attack_begin stops_in_keys &&
	pid=$(serving | tr -d " ") &&
	before=$(slept $pid) &&
	wait_until "test \$(slept $pid) -gt $((before + 3))" 20
	code=$?
	attack_end &&
	wait_until nobody_served 60 &&
	test $code = 0
'

test_expect_success 'a process that keeps the processor for itself is ended, and named' '
	rm leave.never_reads &&
	attack_begin never_reads &&
	kill -PROF $(serving) &&
	attack_end
	wait_until nobody_served 60 &&
	died="event=connection-died peer=127[0-9.:]* signal=27" &&
	wait_until "logged \"$died why=.it used too much processor time\"" 20 &&
	still_serves
'

test_expect_success 'a crowd of 500 that only waits keeps nobody out' '
	attack_begin idle &&
	for i in 1 2 3
	do
		still_serves || { tail door.log; return 1; }
	done &&
	test $(serving | wc -w) -le 64 &&
	attack_end &&
	wait_until nobody_served 60
'

test_expect_success 'a session that is killed in the middle of a pack leaves nothing' '
	attack_begin half_push &&
	pid=$(serving | tr -d " ") &&
	kill -KILL $pid &&
	attack_end
	wait_until nobody_served 60 &&
	half_push_gone &&
	wait_until door_quiet 30
'

test_expect_success 'the next push removes what such sessions left' '
	objects=$NODE/git/one.git/objects &&
	as_git mkdir -p $objects/tmp_objdir-incoming-old/pack $objects/tmp_objdir-incoming-new &&
	git -C work push -q door:one HEAD~1:refs/heads/next 2>push.out &&
	left_behind &&
	test_cmp /dev/null found
'

test_expect_success 'a client that leaves in the middle of a pack leaves nothing; git ends' '
	rm leave.half_push &&
	attack_begin half_push &&
	attack_end &&
	wait_until nobody_served 60 &&
	half_push_gone &&
	left_behind &&
	test_cmp /dev/null found
'

test_expect_success 'a program that a push runs cannot type into a terminal' '
	REPO=$NODE/git/one.git &&
	cp -P "$REPO/hooks/post-receive" kept &&
	cat >hook <<-\END &&
	#!/usr/bin/python3
	import ctypes, os
	c = ctypes.CDLL(None, use_errno=True)
	for request in 0x5412, 0x5412 | 1 << 32, 0x541c, 0x541c | 1 << 32, 0x541b:
	    ctypes.set_errno(0)
	    c.ioctl(0, ctypes.c_ulong(request), b"xxxxxxxx")
	    print("ioctl", os.strerror(ctypes.get_errno()), flush=True)
	END
	chmod 0755 hook &&
	cp --remove-destination hook "$REPO/hooks/post-receive" &&
	git -C work push door:one HEAD~1:refs/heads/typing >push.out 2>&1
	cp -P --remove-destination kept "$REPO/hooks/post-receive" &&
	rm kept &&
	test "$(grep -c "^remote: ioctl Operation not permitted" push.out)" = 4 &&
	test "$(grep -c "^remote: ioctl" push.out)" = 5
'

test_expect_success 'a push that has arrived is finished, though its client is gone' '
	REPO=$NODE/git/one.git &&
	mkfifo -m 0666 go &&
	mkdir -m 0777 told &&
	cp -P "$REPO/hooks/post-receive" kept &&
	cat >hook <<-END &&
	#!/bin/sh
	echo >$TRASH/told/begun
	read line <$TRASH/go
	echo a line
	echo >$TRASH/told/finished
	END
	chmod 0755 hook &&
	cp --remove-destination hook "$REPO/hooks/post-receive" &&
	{ git -C work push -q door:one HEAD~1:refs/heads/late >push.out 2>&1 & } &&
	pusher=$! &&
	wait_until "test -e told/begun" 20 &&
	pkill -P $pusher
	kill $pusher
	wait $pusher
	wait_until "! ss -tnH state established \"dport = :$DOOR_PORT\" | grep -q ." 20 &&
	test ! -e told/finished &&
	echo on >go &&
	wait_until "test -e told/finished" 20 &&
	cp -P --remove-destination kept "$REPO/hooks/post-receive" &&
	as_git git -C "$REPO" rev-parse -q --verify refs/heads/late &&
	wait_until nobody_served 40
'

test_expect_success 'asked to stop it lets a push end, and sleeps meanwhile' '
	rm -r told &&
	mkdir -m 0777 told &&
	REPO=$NODE/git/one.git &&
	{
		with_hook "echo >$TRASH/told/begun; read line <$TRASH/go" \
			git -C work push -q door:one HEAD~1:refs/heads/last >push.out 2>&1 &
	} &&
	pusher=$! &&
	wait_until "test -e told/begun" 20 &&
	pid=$(serving | tr -d " ") &&
	kill $door_pid &&
	wait_until "grep event=stopping door.log" 20 &&
	before=$(slept $pid) &&
	wait_until "test \$(slept $pid) -gt $((before + 3))" 20
	code=$?
	echo on >go &&
	wait $pusher &&
	wait $door_pid &&
	door_pid="" &&
	test $code = 0 &&
	test_grep "event=stopped cut_off=0" door.log &&
	door_start
'

test_expect_success 'a client with unknown keys is shut out, longer each time; others are not' '
	ssh-keygen -q -t ed25519 -N "" -f stranger &&
	door_as stranger &&
	DOOR_SSH_OPTIONS="-b 127.0.0.77" &&
	export DOOR_SSH_OPTIONS &&
	for i in 1 2 3 4
	do
		test_expect_code 255 door_ssh queue 2>words &&
		test_grep "Permission denied" words || return 1
	done &&
	wait_until "! door_ssh queue 2>words && ! grep -q \"Permission denied\" words" 30 &&
	test_grep "event=refused peer=127.0.0.77:[0-9]* why=penalty" door.log &&
	unset DOOR_SSH_OPTIONS &&
	door_as alice &&
	door_ssh queue >out
'

# knock ADDRESS BYTES: says them from there and leaves.
knock () {
	python3 -c "
import socket, sys
s = socket.socket()
s.bind((sys.argv[1], 0))
s.connect((\"127.0.0.1\", int(sys.argv[2])))
s.sendall(sys.argv[3].encode())
s.shutdown(socket.SHUT_WR)
while s.recv(4096): pass" "$1" "$DOOR_PORT" "$2"
}

test_expect_success 'a client of another protocol is shut out; one that only knocks, much later' '
	for i in 1 2 3 4
	do
		knock 127.0.0.78 "GET / HTTP/1.0" &&
		knock 127.0.0.79 "" || return 1
	done &&
	refused="event=refused peer=127.0.0.78:[0-9]* why=penalty" &&
	wait_until "knock 127.0.0.78 x; logged \"$refused\"" 30 &&
	test_must_fail grep "event=refused peer=127.0.0.79" door.log
'

# AddressSanitizer's shadow is larger than any limit.
if ! grep -q __asan_init "$HORNERO_BUILD/hornero-door"
then
	test_expect_success 'a large pack is not unpacked beyond the memory that is allowed' '
		door_stop &&
		hooks_conf "door_memory_limit: 64M" &&
		door_start &&
		git init -q -b main fat &&
		head -c 100000000 /dev/zero >fat/zeroes &&
		git -C fat add -A &&
		git -C fat commit -q -m fat &&
		test_must_fail git -C fat push door:one main:refs/heads/fat >push.out 2>&1 &&
		test_must_fail as_git git -C "$NODE/git/one.git" rev-parse -q --verify \
			refs/heads/fat &&
		git ls-remote door:one >refs &&
		test_grep refs/heads/main refs
	'
fi

test_expect_success 'an address has its share, all together theirs; a client at work stays in' '
	door_stop &&
	hooks_conf "door_connections: 3" &&
	hooks_conf "door_connections_per_address: 2" &&
	door_start &&
	door_worker 127.0.0.81 &&
	door_worker 127.0.0.81 &&
	wait_until "test \$(door_connections no | grep -c \"timer:(keepalive\") = 2" 20 &&
	test_expect_code 255 door_ssh -b 127.0.0.81 queue 2>words &&
	test_grep "event=refused peer=127.0.0.81:[0-9]* why=address-full" door.log &&
	door_ssh queue >out &&
	wait_until "test \$(serving | wc -w) = 2" 20 &&
	door_worker 127.0.0.82 &&
	refused="event=refused peer=127.0.0.1:[0-9]* why=full" &&
	wait_until "! door_ssh queue && logged \"$refused\"" 10 &&
	kill -0 $door_clients &&
	door_clients_end &&
	wait_until nobody_served 20 &&
	door_ssh queue >out
'

test_expect_success 'the time to log in, and to be idle, ends' '
	door_stop &&
	hooks_conf "door_login_timeout: 1" &&
	hooks_conf "door_idle_timeout: 1" &&
	door_start &&
	attack trickle &&
	test_grep "event=login-timeout peer=" door.log &&
	door_stop &&
	hooks_conf "door_login_timeout: 600" &&
	door_start &&
	mkfifo wait &&
	{ door_ssh "git-upload-pack one" <wait >idle.out 2>&1 & } &&
	idler=$! &&
	exec 8>wait &&
	wait_until "grep \"event=left .*why=.idle\" door.log && ! kill -0 $idler" 30 &&
	exec 8>&-
'

test_expect_success 'the door does not wait for a channel without a command, running or stopping' '
	door_stop &&
	hooks_conf "door_login_timeout: 600" &&
	hooks_conf "door_idle_timeout: 1h" &&
	door_start &&
	hooks_conf "door_login_timeout: 3" &&
	attack channel_without_command &&
	hooks_conf "door_login_timeout: 600" &&
	attack_begin channel_without_command &&
	door_stop
	attack_end
	test_grep "event=stopped cut_off=0" door.log
'

test_expect_success 'the idle time ends for clients that are silent, stop reading, stop in a pack' '
	hooks_conf "door_idle_timeout: 3" &&
	door_start &&
	door_idler 127.0.0.83 &&
	wait_until "! kill -0 $door_clients" 20 &&
	door_clients="" &&
	for name in never_reads half_push
	do
		rm leave.$name &&
		attack_begin $name &&
		wait_until nobody_served 60
		code=$?
		attack_end
		test $code = 0 || return 1
	done &&
	test $(grep -c "event=left peer=.* key=alice why=.idle" door.log) = 3 &&
	left_behind &&
	test_cmp /dev/null found
'

# strace shows the files that are read.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null
then
	test_expect_success 'the door reads no user'\''s configuration' '
		door_stop &&
		hooks_conf "door_idle_timeout: 1h" &&
		mkdir home home/.ssh &&
		printf "[core]\n\tbare = maybe\n" >home/.gitconfig &&
		chmod -R a+rX home &&
		{
			HOME=$TRASH/home
			door_start
			code=$?
			HOME=$TRASH
			test $code = 0
		} &&
		{
			strace -f -qq -e trace=openat,open,openat2 -o trace -p $door_pid \
				2>/dev/null &
		} &&
		tracer=$! || return 1
		wait_until "grep -q \"^TracerPid:.*[1-9]\" /proc/$door_pid/status" 20 &&
		git ls-remote door:one >refs
		code=$?
		kill $tracer
		wait $tracer
		test $code = 0 &&
		test_grep "/keys\"" trace &&
		test_must_fail grep -E "/etc/ssh|\.ssh/|/\.gitconfig" trace
	'
fi

test_done
