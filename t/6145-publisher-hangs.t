#!/bin/sh
# A process that hangs in the kernel does not even die of SIGKILL. A frozen one of cgroup v1 stands
# in for it: the first publisher answers, then freezes itself.
test_description='a publisher that hangs blocks no other, unless it has Nova'\''s lock'
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

test_expect_success 'one hangs: hornerod tries to kill it, and builds and publishes other images' '
	: >freeze &&
	hello_push 1 &&
	hung=$job &&
	why_says $hung "about to hang" 20 &&
	hornerod_says event=publisher-killed 20 &&
	test -n "$(hung)" &&
	git -C "$TRASH/work-other" push -q origin main 2>push.out &&
	hornero wait $other --timeout 120
'

# Red without the call of publication_give_up() in agent/hornerod/stuck.c (t/6146 has one that hangs
# with a file in the cache).
test_expect_success 'another one publishes its image meanwhile; doctor names the process' '
	hornero wait $hung --timeout 300 &&
	test -n "$(hung)" &&
	process="hornero-publish (process $(hung)) of job $hung" &&
	what="does not die of SIGKILL: another one publishes the image" &&
	wait_until "hornero doctor | grep -F -e \"$process $what\"" 10
'

test_expect_success 'a reload takes it over, and the image is published again' '
	kill -HUP $node_pid &&
	hornerod_says event=reloaded 20 &&
	pgrep -P $node_pid >children &&
	hung >who &&
	grep -x -f who children &&
	hello_push 2 &&
	hornero wait $job --timeout 300 &&
	test -n "$(hung)"
'

# Red without stuck_written in agent/hornerod/handover.c: words of the old process stay for ever.
test_expect_success 'when the kernel releases it, it is reaped' '
	thaw &&
	wait_until "! pgrep -P $node_pid" 20 &&
	wait_until "test ! -e $NODE/state/run/stuck" 20
'

# Under that lock it may still change the cache: if the next publisher broke the lock, older bytes
# could replace its own.
test_expect_success 'one that holds Nova'\''s lock: the next one waits for it, then publishes' '
	mkdir $ice &&
	warm=$(node_warm_path "$HELLO_UUID") &&
	lock=$NODE/instances/locks/nova-${warm##*/} &&
	test -e "$lock" &&
	echo "$lock" >freeze &&
	hello_push 3 &&
	why_says $HELLO_UUID "process .* does not die of SIGKILL" &&
	why_says $job "Nova.s lock" 20 &&
	job_state_is built &&
	thaw &&
	hornero wait $job --timeout 300
'

test_expect_success 'a stop does not wait for one for ever' '
	mkdir $ice &&
	: >freeze &&
	hello_push 4 &&
	wait_until "test -n \"\$(hung)\" && grep -q FROZEN $ice/freezer.state" 20 &&
	node_stop &&
	test_grep "event=publisher-(hangs|killed)" "$NODE/hornerod.log" &&
	thaw
'

test_done
