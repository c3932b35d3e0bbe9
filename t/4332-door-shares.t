#!/bin/sh
# Clients that are let in while many want to log in: shares of a key, clients that do nothing, and
# clients from an address where others do wrong.
test_description='hornero-door: the share of a key, idle connections, neighbours'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

test_requires ssh openssh-client
test_requires ssh-keygen openssh-client
python3 -c 'import cryptography' 2>/dev/null || test_skip_all 'python3-cryptography is not here'

# logged PATTERN: the door's log has it within 20 s.
logged () {
	wait_until "grep -q -e '$1' door.log" 20
}

slow=yes
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null || slow=""

# slowly CALL:DELAY COMMAND…: while the door and its connections are so slow in that system call.
slowly () {
	strace -f -qq -o trace -e trace=${1%%:*} -e inject="$1" -p $door_pid 2>/dev/null &
	tracer=$!
	shift
	wait_until "grep -q \"^TracerPid:.*[1-9]\" /proc/$door_pid/status" 20 &&
	"$@"
	slowly__code=$?
	kill $tracer
	wait $tracer
	return $slowly__code
}

# slow_client: asks for the queue 3 s after it has connected. Red where the door closes by then what
# it refuses (REFUSAL_KEEP_MS).
slow_client () {
	strace -f -qq -o /dev/null -e trace=connect -e inject=connect:delay_exit=3000000 \
		"$TRASH/door-ssh" -p "$DOOR_PORT" door queue
}

# served N: that many connections are left. A client hears of its end before the door does.
served () {
	test "$(pgrep -c -P "$door_pid")" = "$1"
}

test_expect_success 'a node with a few places' '
	door_node "door_connections: 3" &&
	hooks_repo one &&
	door_key bob "read=\"one\"" &&
	door_start &&
	door_ssh queue >out &&
	wait_until "served 0" 20
'

test_expect_success 'an idle client makes room for a new one; one that works does not' '
	door_idler 127.0.0.81 &&
	idler=$door_client &&
	door_worker 127.0.0.82 &&
	door_worker 127.0.0.83 &&
	door_ssh queue >out &&
	wait_until "! kill -0 $idler" 20 &&
	test_grep "event=pushed-out peer=127.0.0.81" door.log &&
	wait_until "served 2" 20 &&
	door_worker 127.0.0.84 &&
	test_expect_code 255 door_ssh queue 2>words &&
	logged "event=refused peer=127.0.0.1:[0-9]* why=full" &&
	why="hornero-door: not now \(all connections are taken\); again in 1 s" &&
	test_grep "^Received disconnect from 127.0.0.1 port [0-9]*:12: $why" words &&
	{
		test -z "$slow" || {
			slow_client 2>words
			test_grep "^Received disconnect .*$why" words
		}
	} &&
	door_clients_end &&
	wait_until "door_ssh queue" 20
'

# refused_by_share: a client of alice is, and reads why.
refused_by_share () {
	test_expect_code 255 door_ssh queue 2>words &&
	test_grep "Received disconnect .*this key has all the connections" words
}

# Red without: on_channel() that opens a channel for a connection which is told why it ends
# (door/request.c), and on_exec() that takes a command on it, where the door is slow. OpenSSH exits
# silently where its only channel is refused, and before it has read why where the command is.
test_expect_success 'a key has its share: one more pushes out an idle client, or is refused' '
	door_stop &&
	hooks_conf "door_connections: 20" &&
	hooks_conf "door_connections_per_key: 2" &&
	door_start &&
	door_idler 127.0.0.81 &&
	idler=$door_client &&
	door_worker 127.0.0.82 &&
	door_worker 127.0.0.83 &&
	wait_until "! kill -0 $idler" 20 &&
	test_grep "event=pushed-out peer=127.0.0.81:[0-9]* key=alice by=127.0.0.83" door.log &&
	refused_by_share &&
	{ test -z "$slow" || slowly sendto:delay_exit=200000 refused_by_share; } &&
	why=".hornero-door: this key has all" &&
	logged "event=left peer=127.0.0.1:[0-9]* key=alice why=$why" &&
	python3 "$HORNERO_SRC/t/tools/hostile-ssh.py" "$DOOR_PORT" "$TRASH/alice" channel_at_once &&
	door_as bob &&
	door_ssh queue >out &&
	door_as alice &&
	door_clients_end &&
	for i in 1 2 3 4 5 6
	do
		wait_until "served 0" 20 &&
		door_ssh queue >out || return 1
	done
'

# The login itself may take a while: the door measures that by the configuration of its start, each
# connection the rest by the one of now.
test_expect_success 'a client that asks for nothing goes after the time that there is to log in' '
	door_stop &&
	hooks_conf "door_login_timeout: 600" &&
	door_start &&
	hooks_conf "door_login_timeout: 2" &&
	door_idler 127.0.0.84 &&
	wait_until "! kill -0 $door_client" 20 &&
	logged "event=left peer=127.0.0.84:[0-9]* key=alice why=.idle" &&
	door_clients="" &&
	door_stop &&
	hooks_conf "door_login_timeout: 1h" &&
	door_start
'

test_expect_success 'forty refused at once by git hear why, and their sockets are closed' '
	door_stop &&
	hooks_conf "door_connections: 1" &&
	door_start &&
	door_worker 127.0.0.90 &&
	for i in $(seq 40)
	do
		git ls-remote door:one >refs.$i 2>&1 &
		pids="$pids $!"
	done
	wait $pids
	test $(cat refs.* | grep -c "^Received disconnect .*hornero-door: not now") -ge 30 &&
	door_clients_end &&
	wait_until "test \$(ls -l /proc/$door_pid/fd | grep -c socket:) -le 3" 20 &&
	door_stop &&
	hooks_conf "door_connections: 20" &&
	door_start
'

# linger ADDRESS [TEXT]: says it from there, and waits to be sent away.
linger () {
	python3 -c "
import socket, sys
s = socket.create_connection((\"127.0.0.1\", int(sys.argv[2])), 60, (sys.argv[1], 0))
s.sendall(sys.argv[3].encode())
while s.recv(4096): pass" "$1" "$DOOR_PORT" "$2" 2>linger.err
}

test_expect_success 'a slow client is sent away; that counts against one that spoke no SSH alone' '
	door_stop &&
	hooks_conf "door_login_timeout: 1" &&
	door_start &&
	person="SSH-2.0-person
" &&
	for i in 1 2 3 4 5 6
	do
		linger 127.0.0.88 "$person" &
		waiting="$waiting $!"
	done
	wait $waiting
	linger 127.0.0.88 "$person" &&
	test "$(grep -c "event=login-timeout peer=127.0.0.88:" door.log)" = 7 &&
	refused="event=refused.peer=127.0.0.89:.*why=penalty" &&
	wait_until "linger 127.0.0.89; grep $refused door.log" 30 &&
	test_must_fail grep "event=connection-died" door.log
'

four_linger () {
	waiting=""
	for i in 1 2 3 4
	do
		linger 127.0.0.91 "$person" &
		waiting="$waiting $!"
	done
	wait $waiting
	test "$(grep -c DELAYED trace)" -ge 4
}

# The process of a connection stands still before it hears the signal that ends it, then before it
# reads what the client said. Red without: the signal in judge() (one such end shuts out); the order
# in greeting_exchange() (four do).
if test -n "$slow"
then
	test_expect_success 'a client is not shut out because the node is slow' '
		door_stop &&
		hooks_conf "door_login_timeout: 1" &&
		door_start &&
		slowly execve:delay_exit=1500000:when=1 four_linger &&
		slowly sendto:delay_enter=1500000:when=1 four_linger &&
		linger 127.0.0.91 "$person" &&
		test "$(grep -c "event=login-timeout peer=127.0.0.91:" door.log)" = 9 &&
		test_must_fail grep "event=refused.peer=127.0.0.91:" door.log &&
		test_must_fail grep "event=connection-died" door.log
	'
fi

test_expect_success 'where the file of keys is gone nobody has done anything wrong' '
	door_stop &&
	hooks_conf "door_login_timeout: 1h" &&
	door_start &&
	mv "$NODE/keys" away &&
	for i in 1 2 3 4 5 6
	do
		test_expect_code 255 door_ssh -b 127.0.0.85 queue 2>words &&
		test_grep "Permission denied" words || return 1
	done &&
	mv away "$NODE/keys" &&
	door_ssh -b 127.0.0.85 queue >out
'

# With strangers at the same address: keys that nobody knows.
strangers () {
	door_as stranger
	for i in 1 2 3 4 5 6 7 8 9 10
	do
		door_ssh -b "$1" queue 2>words
	done
	door_as alice
}

test_expect_success 'strangers shut their address out, for a moment where a known key comes from' '
	ssh-keygen -q -t ed25519 -N "" -f stranger &&
	door_ssh -b 127.0.0.86 queue >out &&
	strangers 127.0.0.86 &&
	strangers 127.0.0.87 &&
	long="([0-9]{5}|[2-9][0-9]{3}|1[1-9])" &&
	test_grep ! "event=refused peer=127.0.0.86:.*wait_ms=$long" door.log &&
	wait_until "door_ssh -b 127.0.0.86 queue" 5
'

test_expect_success 'a key is changed or taken away over open connections, too' '
	door_as bob &&
	DOOR_SSH_OPTIONS="-o ControlPath=$TRASH/control" &&
	export DOOR_SSH_OPTIONS &&
	door_ssh -M -o ControlPersist=60 queue >out &&
	test_expect_code 65 door_ssh "git-receive-pack one" 2>words </dev/null &&
	cp "$NODE/keys" kept &&
	sed -i "/name=.bob/s/read=/write=/" "$NODE/keys" &&
	{ door_ssh "git-receive-pack one" >out </dev/null; :; } &&
	test_grep "report-status" out &&
	sed -i "/name=.bob/d" "$NODE/keys" &&
	test_expect_code 65 door_ssh queue 2>words &&
	test_grep "the key bob may no longer log in" words &&
	logged "event=left peer=.* key=bob why=.hornero-door: this key may no longer log in" &&
	wait_until "! test -e control" 20 &&
	test_expect_code 255 door_ssh queue 2>words &&
	test_grep "Permission denied" words
	code=$?
	unset DOOR_SSH_OPTIONS
	cp kept "$NODE/keys"
	door_as alice
	test $code = 0
'

test_done
