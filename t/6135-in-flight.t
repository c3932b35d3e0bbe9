#!/bin/sh
# Where hornerod is no root its builds are the same user to the kernel, which counts descriptors in
# flight per user and refuses a sender that finds more of them than it may have open. hornerod hands
# each artifact to the publisher as a descriptor. Red without: the limits of stage.c (the build
# parks as many as hornerod may have), or raise_limit of agent/hornerod/main.c.
test_description='a build that holds all the descriptors in flight that it can stops no publication'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
test_requires python3 python3

test "$(id -u)" -ne 0 || { test_requires systemd-socket-activate systemd; node_users; }
parked=6c2f1f0a-3a53-4a0e-9a5e-1d2c9c0d7b11

# park: commits a build that takes all it gets, in one process after the other, and then waits for
# its end
park () {
	cat >"$1/park.py" <<-'END'
	import array, os, resource, signal, socket
	hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
	resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
	fd, keep, n = os.open("/dev/null", os.O_RDONLY), [], 0
	try:
	    while n < 200000:
	        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
	        keep += pair
	        files = array.array("i", [fd] * 250)
	        for _ in range(8):
	            pair[0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
	            n += 250
	except OSError as e:
	    print(e)
	print(n, "parked", flush=True)
	signal.pause()
	END
	printf 'hornero.raw:\n\tpython3 park.py\n' >"$1/Makefile"
}

# publish TEXT: the other image is built and warm with it.
publish () {
	printf 'hornero.raw:\n\techo %s >$@; truncate -s 1M $@\n' "$1" >"$hello/Makefile" &&
	git -C "$hello" commit -q -a -m "$1" &&
	git -C "$hello" push -q origin main &&
	hornero wait "$uuid" --timeout 300 &&
	warm_text_is "$1" "$uuid"
}

test_expect_success 'a node, whose hornerod has the soft limit that a login has' '
	node_init "workers: 2" "silence_timeout: 600" &&
	ulimit -S -n 1024 &&
	node_start &&
	node_hello_repo hello &&
	uuid=$HELLO_UUID &&
	node_hello_repo parking $parked &&
	work=$HELLO_WORK &&
	hello=$TRASH/work-hello
'

test_expect_success 'while one build holds all it gets, two others are published' '
	park "$work" &&
	git -C "$work" add park.py Makefile &&
	git -C "$work" commit -q -m park &&
	git -C "$work" push -q origin main 2>push.out &&
	push_job &&
	log_says $job parked &&
	publish 1 &&
	publish 2 &&
	log_says $job "Too many references" &&
	hornero cancel $job &&
	node_stop
'

test_done
