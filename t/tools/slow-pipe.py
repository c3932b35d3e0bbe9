#!/usr/bin/python3
"""slow-pipe HOST PORT BYTES_A_SECOND: a connection that is slow both ways, as ProxyCommand of ssh.

Its buffers are small, so that the server notices. SIGUSR1 makes it fast.
"""
import os
import select
import signal
import socket
import sys
import time

host, port, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def be_fast(*_):
    global rate
    rate = 1 << 30


signal.signal(signal.SIGUSR1, be_fast)
peer = socket.socket()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
peer.connect((host, port))
ways = {0: peer.fileno(), peer.fileno(): 1}
while ways:
    for source in select.select(list(ways), [], [])[0]:
        data = os.read(source, min(rate // 10, 1 << 20))
        if not data:
            if source:
                sys.exit(0)
            peer.shutdown(socket.SHUT_WR)
            del ways[source]
            continue
        view = memoryview(data)
        while view:
            view = view[os.write(ways[source], view):]
        time.sleep(len(data) / rate)
