#!/usr/bin/env python3
"""A stand-in for Keystone, Glance, Nova and Placement: one server that fails on request.

    glance-standin.py DIR [ADDRESS [CERTIFICATE]]

With a certificate and its key in one file it speaks TLS, and the port is in tls-port.
DIR has: port (written once it listens), images.json (its records), requests (one line for each
request: METHOD PATH STATUS), data/ID (uploaded bytes), and what a test writes: faults, lines of
"[once ]METHOD PATH-REGEX STATUS [HEADER: VALUE]" that are answered so, and options, words:
old-locations (PATCH), new-locations (POST), filters (of their URLs), imports, failing-imports,
no-nova. If DIR has
placement-url or nova-url, those of others, the catalogue has them.
"""
import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
import nova_standin  # noqa: E402
import placement_standin  # noqa: E402

ROOT = sys.argv[1]
ADDRESS = sys.argv[2] if len(sys.argv) > 2 else '127.0.0.1'
PROJECT = '11111111111111111111111111111111'


def path(*names):
    return os.path.join(ROOT, *names)


def read(name):
    try:
        with open(path(name)) as f:
            return f.read()
    except FileNotFoundError:
        return ''


def save(images):
    with open(path('images.json.new'), 'w') as f:
        json.dump(images, f, indent=1)
    os.rename(path('images.json.new'), path('images.json'))


def has(option):
    return option in read('options').split()


def fault(method, where):
    lines = read('faults').splitlines()
    for i, line in enumerate(lines):
        m = re.match(r'(once )?(\S+) (\S+) (\d+) ?(.*)$', line)
        if m and m[2] == method and re.fullmatch(m[3], where):
            if m[1]:
                with open(path('faults'), 'w') as f:
                    f.write(''.join(x + '\n' for x in lines[:i] + lines[i + 1:]))
            return int(m[4]), m[5]
    return None


class Stand(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def say(self, status, body=None, header=''):
        with open(path('requests'), 'a') as f:
            f.write('%s %s %d\n' % (self.command, self.path, status))
        data = b'' if body is None else json.dumps(body).encode()
        if status >= 400 and body is None:
            data = b'<html><body><h1>%d</h1>the stand-in\n says <b>no</b></body></html>' % status
        self.send_response(status)
        if header:
            name, value = header.split(': ', 1)
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def serve(self):
        data = self.body()
        broken = fault(self.command, self.path)
        if broken and broken[0] == 0:  # hangs up without an answer
            self.close_connection = True
            return
        if broken:
            return self.say(broken[0], None, broken[1])
        if self.path == '/v3/auth/tokens':
            return self.log_in(json.loads(data))
        token = re.fullmatch(r'token-(\d+)', self.headers.get('X-Auth-Token') or '')
        if not token or int(token[1]) > int(read('logins') or 0):
            return self.say(401)
        images = json.loads(read('images.json') or '{}')
        where, _, query = self.path.partition('?')
        if where.startswith('/v2.1/'):
            return self.say(*nova_standin.answer(ROOT, self.command, where,
                                                 dict(urllib.parse.parse_qsl(query)), data))
        if where.startswith('/placement/'):
            return self.say(*placement_standin.answer(
                ROOT, self.command, where, dict(urllib.parse.parse_qsl(query)), data,
                self.headers.get('OpenStack-API-Version')))
        m = re.match(r'/v2/images(?:/([0-9a-f-]{36})(/.*)?)?$', where)
        if not m:
            return self.say(404)
        if not m[1] and self.command == 'GET':
            return self.list(images, dict(urllib.parse.parse_qsl(query)))
        if not m[1]:
            return self.create(images, json.loads(data))
        if m[1] not in images or images[m[1]]['status'] == 'deleted':
            return self.say(404)
        self.image(images, images[m[1]], m[2] or '', data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def log_in(self, body):
        i = body['auth']['identity']
        good = {'methods': ['application_credential'],
                'application_credential': {'id': 'cred', 'secret': 's3cret'}}
        if i != good:
            return self.say(401)
        n = int(read('logins') or 0) + 1
        with open(path('logins'), 'w') as f:
            f.write(str(n))
        scheme = 'https' if isinstance(self.connection, ssl.SSLSocket) else 'http'
        url = '%s://%s:%d' % (scheme, ADDRESS, self.server.server_port)
        catalog = [{'type': 'image', 'endpoints': [
            {'interface': 'public', 'region_id': 'RegionOne', 'url': url + '/'}]}]
        catalog.append({'type': 'placement', 'endpoints': [
            {'interface': 'public', 'region_id': 'RegionOne',
             'url': read('placement-url').strip() or url + '/placement/'}]})
        if not has('no-nova'):
            catalog.append({'type': 'compute', 'endpoints': [
                {'interface': 'public', 'region_id': 'RegionOne',
                 'url': (read('nova-url').strip() or url) + '/v2.1'}]})
        self.say(201, {'token': {'project': {'id': PROJECT}, 'catalog': catalog}},
                 'X-Subject-Token: token-%d' % n)

    def list(self, images, query):
        """By properties; if no order is named, two a page."""
        wanted = {k: v for k, v in query.items()
                  if k not in ('limit', 'marker', 'sort_key', 'sort_dir')}
        found = [i for i in images.values() if all(i.get(k) == v for k, v in wanted.items())]
        if 'sort_key' in query:
            return self.say(200, {'images': found[::-1][:int(query['limit'])]})
        rest = sorted((i for i in found if i['id'] > query.get('marker', '')),
                      key=lambda i: i['id'])
        body = {'images': rest[:2]}
        if len(rest) > 2:
            body['next'] = '/v2/images?marker=' + rest[1]['id']
        self.say(200, body)

    def send(self, name):
        with open(path('data', name), 'rb') as f:
            data = f.read()
        self.send_response(200)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        with open(path('requests'), 'a') as f:
            f.write('%s %s 200\n' % (self.command, self.path))

    def create(self, images, record):
        if record['id'] in images:
            return self.say(409)
        record.setdefault('owner', PROJECT)
        record.setdefault('tags', [])
        record.update(status='queued', os_hash_algo=None, os_hash_value=None, size=None)
        images[record['id']] = record
        save(images)
        self.say(201, record)

    def fill(self, images, image, data):
        with open(path('data', image['id']), 'wb') as f:
            f.write(data)
        image.update(status='active', size=len(data), os_hash_algo='sha512',
                     os_hash_value=hashlib.sha512(data).hexdigest())
        save(images)

    def locate(self, images, image, value):
        if image['status'] != 'queued':
            return self.say(409)
        with urllib.request.urlopen(value['url']) as f:
            size = len(f.read())
        image.update(status='active', size=size, location=value['url'], os_hash_algo='sha512',
                     os_hash_value=value['validation_data']['os_hash_value'])
        save(images)
        self.say(200, image)

    def change(self, images, image, changes):
        for c in changes:
            if c['op'] == 'remove' and c['path'][1:] not in image:
                return self.say(409)
            if c['op'] == 'remove':
                del image[c['path'][1:]]
            else:
                image[c['path'][1:]] = c['value']
        save(images)
        self.say(200, image)

    def tag(self, images, image, tag):
        tags = image['tags']
        if self.command == 'DELETE' and tag not in tags:
            return self.say(404)
        image['tags'] = [x for x in tags if x != tag] + [tag] * (self.command == 'PUT')
        save(images)
        self.say(204)

    def image(self, images, image, what, data):
        if (self.command, what) == ('GET', ''):
            return self.say(200, image)
        if (self.command, what) == ('GET', '/file'):
            return self.send(image['id']) if image['status'] == 'active' else self.say(403)
        if (self.command, what) == ('PATCH', '') and b'/locations/' not in data:
            return self.change(images, image, json.loads(data))
        if self.command in ('PATCH', 'POST') and what in ('', '/locations') and has('filters'):
            return self.say(400, {'message': 'Invalid location \n\n\n'})
        if (self.command, what) == ('PATCH', ''):
            if not has('old-locations'):
                return self.say(403)
            return self.locate(images, image, json.loads(data)[0]['value'])
        if (self.command, what) == ('POST', '/locations') and has('new-locations'):
            return self.locate(images, image, json.loads(data))
        if (self.command, what) == ('POST', '/import'):
            if has('failing-imports'):
                image['os_glance_failed_import'] = 'file'
                save(images)
                return self.say(202)
            if not has('imports'):
                return self.say(400)
            with urllib.request.urlopen(json.loads(data)['method']['uri']) as f:
                self.fill(images, image, f.read())
            return self.say(202)
        if (self.command, what) == ('PUT', '/file'):
            if image['status'] != 'queued':
                return self.say(409)
            self.fill(images, image, data)
            return self.say(204)
        if what.startswith('/tags/') and self.command in ('PUT', 'DELETE'):
            return self.tag(images, image, what[len('/tags/'):])
        if self.command == 'POST' and what in ('/actions/deactivate', '/actions/reactivate'):
            image['status'] = 'deactivated' if what.endswith('deactivate') else 'active'
            save(images)
            return self.say(204)
        self.say(404)


os.makedirs(path('data'), exist_ok=True)
server = http.server.ThreadingHTTPServer((ADDRESS, 0), Stand)
name = 'port'
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    name = 'tls-port'
with open(path('port.new'), 'w') as f:
    f.write(str(server.server_port))
os.rename(path('port.new'), path(name))
server.serve_forever()
