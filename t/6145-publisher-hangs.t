#!/bin/sh
# A process that hangs in the kernel does not even die of SIGKILL. A frozen one of cgroup v1 stands
# in for it: the first publisher answers, then freezes itself.
test_description='a publisher that hangs in the kernel keeps nobody waiting but for Nova'\''s lock, where it holds that'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

if test "$(id -u)" -ne 0 || test ! -d /sys/fs/cgroup/freezer
then
	test_skip 'a publisher that hangs' \
		'nothing else than a frozen process of cgroup v1, made by root, can be made to hang'
	test_done
fi

ice=/sys/fs/cgroup/freezer/hornero-hangs-$$
other=7c9e6679-7425-40de-944b-e07fc1f90ae7

thaw () {
	test ! -d $ice || { echo THAWED >$ice/freezer.state && wait_until "rmdir $ice" 10; }
}

hung () {
	cat $ice/tasks 2>/dev/null
}

state () {
	hornero show "$1" --json | jq -r .state
}

test_expect_success 'a node whose publishers freeze on demand' '
	mkdir $ice &&
	test_cleanup thaw &&
	mkdir libexec &&
	ln -s "$HORNERO_BUILD"/hornero* libexec/ &&
	rm libexec/hornero-publish &&
	cat >libexec/hornero-publish <<-END &&
	#!/usr/bin/python3
	import fcntl, os, socket, sys
	s = socket.socket(fileno=0)
	if s.recv(256, socket.MSG_PEEK).startswith(b"publish ") and os.path.exists("$TRASH/freeze"):
	    lock = open("$TRASH/freeze").read().strip()
	    os.unlink("$TRASH/freeze")
	    if lock:
	        held = open(lock, "a")
	        fcntl.lockf(held, fcntl.LOCK_EX)
	    open("$ice/tasks", "w").write(str(os.getpid()))
	    s.send(b"error nobody it is about to hang")
	    open("$ice/freezer.state", "w").write("FROZEN")
	os.execv("$HORNERO_BUILD/hornero-publish", sys.argv)
	END
	chmod +x libexec/hornero-publish &&
	node_init "libexec_dir: $TRASH/libexec" &&
	node_start &&
	node_hello_repo other $other &&
	node_hello_repo
'

test_expect_success 'one hangs: hornerod wants to kill it, and builds and publishes what else there is' '
	: >freeze &&
	push_make "head -c 1048576 /dev/zero >\$@" &&
	hung=$job &&
	wait_until "hornero why $hung | grep -q \"about to hang\"" 20 &&
	wait_until "grep -q event=publisher-killed $NODE/hornerod.log" 20 &&
	test -n "$(hung)" &&
	git -C "$TRASH/work-other" push -q origin main 2>push.out &&
	hornero wait $other --timeout 120
'

# Red without the call of publication_give_up() in agent/hornerod/stuck.c (t/6146 has one that hangs
# with a file in the cache).
test_expect_success 'another one publishes its image meanwhile; doctor names the process' '
	hornero wait $hung --timeout 60 &&
	test -n "$(hung)" &&
	wait_until \
		"hornero doctor | grep -q \"hornero-publish (process $(hung)) of job $hung does not die of SIGKILL: another one publishes the image\"" 10
'

test_expect_success 'a reload takes it over, and the image is published again' '
	kill -HUP $node_pid &&
	wait_until "grep -q event=reloaded $NODE/hornerod.log" 20 &&
	pgrep -P $node_pid >children &&
	hung >who &&
	grep -x -f who children &&
	push_make "head -c 1048576 /dev/zero >\$@; printf 2 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	hornero wait $job --timeout 60 &&
	test -n "$(hung)"
'

# Red without stuck_written in agent/hornerod/handover.c: the words of the life before stand for ever.
test_expect_success 'when the kernel releases it, it is reaped' '
	thaw &&
	wait_until "! pgrep -P $node_pid" 20 &&
	wait_until "test ! -e $NODE/state/run/stuck" 20
'

# Under that lock it may still change the cache: if the next publisher broke the lock, older bytes
# could replace its own.
test_expect_success 'one that holds Nova'\''s lock: the next waits for that lock, and publishes then' '
	mkdir $ice &&
	lock=$NODE/instances/locks/nova-$(printf %s "$HELLO_UUID" | sha1sum | cut -d " " -f 1) &&
	test -e "$lock" &&
	echo "$lock" >freeze &&
	push_make "head -c 1048576 /dev/zero >\$@; printf 3 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	wait_until "hornero why $HELLO_UUID | grep -q \"process .* does not die of SIGKILL\"" 30 &&
	wait_until "hornero why $job | grep -q \"Nova.s lock\"" 20 &&
	test "$(state $job)" = built &&
	thaw &&
	hornero wait $job --timeout 60
'

test_expect_success 'a stop does not wait for one for ever' '
	mkdir $ice &&
	: >freeze &&
	push_make "head -c 1048576 /dev/zero >\$@; printf 4 | dd of=\$@ conv=notrunc 2>/dev/null" &&
	wait_until "test -n \"\$(hung)\" && grep -q FROZEN $ice/freezer.state" 20 &&
	node_stop &&
	test_grep "event=publisher-(hangs|killed)" "$NODE/hornerod.log" &&
	thaw
'

test_done
