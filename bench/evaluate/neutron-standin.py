"""neutron-standin.py PORT: answers every listing of Neutron's API with an empty list.

Servers of an evaluation have no network, but Nova asks for their ports whenever it shows or deletes
one. This is a stand-in, not Neutron: it refuses everything else.
"""
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        found = re.match(r'/v2\.0/([a-z-]+)(?:\.json)?(?:\?|$)', self.path)
        if found:
            self.answer(200, {found.group(1).replace('-', '_'): []})
        else:
            self.refuse()

    def refuse(self):
        self.answer(404, {'NeutronError': {'type': 'NotFound', 'message': self.path,
                                           'detail': ''}})

    do_POST = do_PUT = do_DELETE = refuse


ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
