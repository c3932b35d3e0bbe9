# mirror.py: the outside of t/5540-fetch.t. Serves HTTP on port 80 and answers every question for
# a name with its own address. GET /WORD gives "got WORD."; a line of LOG for each. /wait begins an
# answer that never ends; /both answers when two have asked for it.
#
#     mirror.py ADDRESS LOG
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler

address, log = sys.argv[1:]
both = threading.Barrier(2, timeout=300)


class Http(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(log, "a") as out:
            out.write(self.path[1:] + "\n")
        if self.path == "/both":
            both.wait()
        self.send_response(200)
        self.end_headers()
        if self.path == "/wait":
            self.wfile.write(b"half")
            self.wfile.flush()
            threading.Event().wait()
        self.wfile.write(b"got " + self.path[1:].encode() + b".")

    def log_message(self, *args):
        pass


class Dns(socketserver.BaseRequestHandler):
    def handle(self):
        question, socket = self.request
        end = question.index(b"\0", 12) + 5
        is_a = question[end - 4:end - 2] == b"\0\1"
        answer = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
        answer += question[12:end]
        if is_a:
            answer += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
            answer += bytes(int(part) for part in address.split("."))
        socket.sendto(answer, self.client_address)


# http.server's own class asks for the node's name before it listens.
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


# Not one of this address alone: it may come later than we do.
dns = socketserver.UDPServer(("0.0.0.0", 53), Dns)
threading.Thread(target=dns.serve_forever, daemon=True).start()
http = Server(("0.0.0.0", 80), Http)
print("ready", flush=True)
http.serve_forever()
