#!/bin/sh
test_description='programs tell systemd that they serve, and that they live, behind their filters'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"

# watched N COMMAND…: it says that it serves; then N times that it lives, while nothing happens; a
# period of 0.3 s.
watched () {
	rm -f notify
	timeout 120 python3 "$TRASH/watch.py" "$TRASH/notify" "$@"
}

test_expect_success 'a node' '
	cat >watch.py <<-\END &&
	import os, socket, subprocess, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	os.chmod(sys.argv[1], 0o666)
	p = subprocess.Popen(sys.argv[3:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1],
	                                            WATCHDOG_USEC="300000"))
	wanted = [b"READY=1"] + int(sys.argv[2]) * [b"WATCHDOG=1"]
	while wanted:
	    text = s.recv(4096)
	    print(text)
	    if text != wanted.pop(0):
	        sys.exit("not that")
	sys.exit("it ended") if p.poll() is not None else p.terminate()
	p.wait()
	END
	door_node "serve_listen: 127.0.0.1:0" &&
	chmod 0755 "$TRASH" &&
	cp "$HORNERO_BUILD"/hornero-* "$test_root/libexec/" &&
	chmod -R a+rX "$test_root/libexec"
'

for program in hornero-door hornero-serve hornero-mirror
do
	# Red without systemd_ms() in its loop.
	test_expect_success "$program" '
		set -- "$test_root/libexec/$program" -c "$NODE/hornero.yaml" &&
		test "$(id -u)" -ne 0 ||
		set -- setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID "$@" &&
		watched 3 "$@"
	'
done

test_expect_success 'hornero-notify, which has no watchdog' '
	watched 0 "$test_root/libexec/hornero-notify" -c "$NODE/hornero.yaml"
'

test_done
