#!/usr/bin/python3
"""hostile-http PORT PATH WORD: a client that wishes hornero-serve ill; exits 0 if it ended as it
must.

    crowd N       N connections that say nothing; prints "open", then waits for a line of input
    slow-head     a request, a byte at a time: must be disconnected
    slow-read     asks for a file and reads nothing: must be disconnected before it has all of it
    read-late     asks for a file, prints "asked", reads it after a line of input; prints its
                  SHA-256
    long-line     a request line of 1 MB, a header of 1 MB, 10,000 headers: must be refused
    pipeline      200 requests at once: as many answers
    leave N       N times: asks for a file and leaves
    garbage       what is no HTTP
"""
import hashlib
import os
import socket
import struct
import sys
import time

port, path, word, *args = sys.argv[1:]
get = ('GET %s HTTP/1.1\r\nHost: x\r\n\r\n' % path).encode()


def connect(small=False):
    peer = socket.socket()
    if small:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(60)
    peer.connect(('127.0.0.1', int(port)))
    return peer


def read_all(peer):
    """All bytes until the end, however it comes."""
    n = []
    try:
        while True:
            n.append(peer.recv(1 << 20))
            if not n[-1]:
                break
    except ConnectionError:
        pass
    return b''.join(n)


def is_refused(request):
    peer = connect()
    try:
        peer.sendall(request)
    except ConnectionError:
        pass
    answer = read_all(peer)
    return not answer or answer.startswith(b'HTTP/1.1 4') or answer.startswith(b'HTTP/1.0 4')


def slow_head(peer):
    for byte in get * 1000:
        time.sleep(0.05)
        try:
            peer.sendall(bytes([byte]) if byte not in b'\r\n' else b'x')
        except ConnectionError:
            return True
    return False


if word == 'crowd':
    crowd = [connect() for _ in range(int(args[0]))]
    print('open', flush=True)
    sys.stdin.readline()
elif word == 'slow-head':
    sys.exit(not slow_head(connect()))
elif word == 'slow-read':
    peer = connect(True)
    peer.sendall(get)
    print('asked', flush=True)
    sys.stdin.readline()
    sys.exit(len(read_all(peer)) >= int(args[0]))
elif word == 'read-late':
    peer = connect(True)
    peer.sendall(get.replace(b'Host', b'Connection: close\r\nHost'))
    print('asked', flush=True)
    sys.stdin.readline()
    print(hashlib.sha256(read_all(peer).split(b'\r\n\r\n', 1)[1]).hexdigest())
elif word == 'long-line':
    long = b'a' * (1 << 20)
    bad = [b'GET /' + long + b' HTTP/1.1\r\nHost: x\r\n\r\n',
           get[:-2] + b'X: ' + long + b'\r\n\r\n',
           get[:-2] + b'X: y\r\n' * 10000 + b'\r\n']
    sys.exit(not all(is_refused(one) for one in bad))
elif word == 'pipeline':
    peer = connect()
    one = get.replace(b'GET', b'HEAD')
    peer.sendall(one * 200 + one.replace(b'Host', b'Connection: close\r\nHost'))
    sys.exit(read_all(peer).count(b'HTTP/1.1 200 ') != 201)
elif word == 'leave':
    for _ in range(int(args[0])):
        peer = connect()
        peer.sendall(get)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        peer.close()
elif word == 'garbage':
    bad = [b'\0' * 1000 + b'\r\n\r\n', b'GET\r\n\r\n', b'GET ' + path.encode() + b'\r\n\r\n',
           b'SSH-2.0-x\r\n', os.urandom(10000) + b'\r\n\r\n',
           get[:-2] + b'Content-Length: -1\r\n\r\n',
           get[:-2] + b'Content-Length: 99999999999999999999\r\n\r\n',
           get[:-2] + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n']
    for one in bad:
        peer = connect()
        try:
            peer.sendall(one)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = read_all(peer)
        if answer.startswith(b'HTTP/1.1 2'):
            sys.exit('%r was answered: %r' % (one[:80], answer[:80]))
else:
    sys.exit('hostile-http: what is %s?' % word)
