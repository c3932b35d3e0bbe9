#!/usr/bin/env python3
"""The real Placement (Debian's python3-placement) with SQLite, on a loopback port; each token is an
administrator's.

    real-placement.py DIR        DIR/placement-port has its port once it listens
"""
import os
import sys
from wsgiref import simple_server

ROOT = sys.argv[1]
os.environ['OS_PLACEMENT_CONFIG_DIR'] = ROOT
with open(os.path.join(ROOT, 'placement.conf'), 'w') as f:
    f.write('[api]\nauth_strategy = noauth2\n[placement_database]\n'
            'connection = sqlite:///%s/placement.db\nsync_on_startup = True\n' % ROOT)

from placement import wsgi  # noqa: E402

placement = wsgi.init_application()


def app(environ, start):
    environ['HTTP_X_AUTH_TOKEN'] = 'admin'
    with open(os.path.join(ROOT, 'placement-requests'), 'a') as f:
        f.write('%s %s\n' % (environ['REQUEST_METHOD'], environ['PATH_INFO']))
    return placement(environ, start)


server = simple_server.make_server('127.0.0.1', 0, app)
with open(os.path.join(ROOT, 'placement-port.new'), 'w') as f:
    f.write(str(server.server_port))
os.rename(os.path.join(ROOT, 'placement-port.new'), os.path.join(ROOT, 'placement-port'))
server.serve_forever()
