#!/usr/bin/env python3
"""lying-http ADDRESS DIR: a server of artifacts that lies. Writes its port to DIR/port.

    /right/SIZE    SIZE zeros
    /wrong/SIZE    SIZE bytes that are not zeros
    /short/SIZE    SIZE in its header, half of them, and the end
    /endless/SIZE  zeros, until the client leaves
    /slow/SIZE     a byte a second
    /file          a redirect to file:///etc/passwd
    /loopback      a redirect to 127.0.0.1
    /gone          404
    /silent        accepts, and says nothing

and DIR/asked gets a line for each request, and "left" if the client left first.
"""
import http.server
import os
import sys
import time

ADDRESS, ROOT = sys.argv[1:]


def note(line):
    with open(os.path.join(ROOT, 'asked'), 'a') as f:
        f.write(line + '\n')


class Liar(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def begin(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self):
        word, _, size = self.path[1:].partition('/')
        note(self.path)
        try:
            self.lie(word, int(size or 0))
        except OSError:
            note('left')

    def lie(self, word, size):
        if word in ('file', 'loopback'):
            self.begin(302, ('Location', 'file:///etc/passwd' if word == 'file'
                             else 'http://127.0.0.1:%d/right/1' % self.server.server_port))
        elif word == 'gone':
            self.begin(404)
        elif word == 'silent':
            time.sleep(1000)
        elif word == 'endless':
            self.begin(200)
            while True:
                self.wfile.write(bytes(65536))
        elif word == 'slow':
            self.begin(200, ('Content-Length', str(size)))
            for _ in range(size):
                self.wfile.write(b'\0')
                self.wfile.flush()
                time.sleep(1)
        else:
            self.begin(200, ('Content-Length', str(size)))
            byte = b'x' if word == 'wrong' else b'\0'
            self.wfile.write(byte * (size // 2 if word == 'short' else size))


server = http.server.ThreadingHTTPServer((ADDRESS, 0), Liar)
server.daemon_threads = True
with open(os.path.join(ROOT, 'port.new'), 'w') as f:
    f.write(str(server.server_port))
os.rename(os.path.join(ROOT, 'port.new'), os.path.join(ROOT, 'port'))
server.serve_forever()
