#!/bin/sh
test_description='lines of the log reach the journal with fields'
. "${HORNERO_SRC:-.}/t/lib/test.sh"
. "$HORNERO_SRC/t/lib/node.sh"
. "$HORNERO_SRC/t/lib/hooks.sh"
. "$HORNERO_SRC/t/lib/door.sh"
test_requires ssh-keygen openssh-client
test "$(id -u)" -eq 0 || test_skip_all 'only root may have a journal of its own'
unshare -m true 2>/dev/null || test_skip_all 'no mount namespaces here'

# journalled COMMAND…: until it has sent an event; its datagrams are in ./datagrams. Its standard
# error is the journal's stream.
journalled () {
	cat >journal.py <<-\END &&
	import os, socket, subprocess, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind("/run/systemd/journal/socket")
	os.chmod("/run/systemd/journal/socket", 0o666)
	s.settimeout(60)
	with open("stream", "w") as stream, open("datagrams", "wb") as out:
	    st = os.fstat(stream.fileno())
	    p = subprocess.Popen(sys.argv[1:], stderr=stream, stdout=subprocess.DEVNULL,
	                         env=dict(os.environ,
	                                  JOURNAL_STREAM="%d:%d" % (st.st_dev, st.st_ino)))
	    text = b""
	    while b"HORNERO_EVENT=" not in text:
	        text = s.recv(65536)
	        out.write(text + b"\n")
	    p.terminate()
	    p.wait()
	END
	unshare -m sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&
		chmod 0755 /run && exec python3 "$0" "$@"' "$TRASH/journal.py" "$@"
}

# Red without journal_open() in log_open().
test_expect_success 'a line of hornero-door, which filters system calls' '
	door_node &&
	journalled setpriv --reuid $GIT_UID --regid $GIT_UID --groups $QUEUE_GID \
		"$test_root/libexec/hornero-door" -c "$NODE/hornero.yaml" ||
	{ cat stream; return 1; } &&
	cat datagrams stream &&
	test_grep "^PRIORITY=6$" datagrams &&
	test_grep "^SYSLOG_IDENTIFIER=hornero-door$" datagrams &&
	test_grep "^MESSAGE=event=listening " datagrams &&
	test_grep "^HORNERO_EVENT=listening$" datagrams &&
	test ! -s stream
'

test_done
