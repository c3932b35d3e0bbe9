#!/bin/sh
# The messages of the agent to the service manager: ready, alive, reloading, stopping.
test_description='the service protocol'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"

test_expect_success 'a node' 'node_init'

# The manager's end of the socket: starts hornerod, and signals it as each word has arrived.
cat >manager.py <<'END'
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(120)
env = dict(os.environ, NOTIFY_SOCKET=os.path.abspath("notify"), WATCHDOG_USEC="400000")
p = subprocess.Popen(["hornerod", "--foreground"], env=env, stdout=subprocess.DEVNULL)

def until(word, before=None):
    while True:
        words = s.recv(4096).decode().split("\n")
        assert before not in words
        if word in words:
            print(word, flush=True)
            return

try:
    until("READY=1")
    until("WATCHDOG=1")
    p.send_signal(signal.SIGHUP)
    until("RELOADING=1")
    until("WATCHDOG=1", "READY=1")
    until("WATCHDOG=1", "READY=1")
    until("WATCHDOG=1", "READY=1")
    until("READY=1")
    until("WATCHDOG=1")
    p.send_signal(signal.SIGTERM)
    until("STOPPING=1")
    sys.exit(p.wait(120))
finally:
    p.kill()
END

test_expect_success 'ready, alive, alive throughout a reload, alive again, stopping' '
	/usr/bin/python3 manager.py >said &&
	printf "%s\n" READY=1 WATCHDOG=1 RELOADING=1 WATCHDOG=1 WATCHDOG=1 WATCHDOG=1 READY=1 \
		WATCHDOG=1 STOPPING=1 >want &&
	test_cmp want said
'

test_expect_success 'nothing is left' '
	test -z "$(node_cgroups)"
'

test_done
