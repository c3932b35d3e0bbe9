"""cloud.py: the requests that an evaluation sends to Keystone, Glance and Nova."""
import json
import os
import re
import time
import urllib.error
import urllib.request

from daemons import Failed, wait_until

IDENTITY = 'http://127.0.0.1:5000/v3'
IMAGE = 'http://127.0.0.1:9292'
PLACEMENT = 'http://127.0.0.1:8778'
COMPUTE = 'http://127.0.0.1:8774/v2.1'
NETWORK = 'http://127.0.0.1:9696'
ORCHESTRATION = 'http://127.0.0.1:8004/v1'
INSTANCES = '/var/lib/nova/instances'
FLAVOR = 'unikernel'


def answers(url):
    """Whether an HTTP server answers there, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Cloud:
    def __init__(self):
        self.token = None
        user = {'name': 'admin', 'domain': {'id': 'default'}, 'password': 'admin'}
        scope = {'project': {'name': 'admin', 'domain': {'id': 'default'}}}
        headers, body = self.call('POST', f'{IDENTITY}/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': user}}, 'scope': scope}})
        self.token = headers['X-Subject-Token']
        self.project = body['token']['project']['id']

    def request(self, method, url, data=None, **headers):
        """Returns the headers and the body. Raises urllib.error.HTTPError."""
        request = urllib.request.Request(url, data, method=method, headers={
            # 2.81 made Nova cache images ahead of time.
            'OpenStack-API-Version': 'placement 1.36' if url.startswith(PLACEMENT)
                                     else 'compute 2.90',
            **{name.replace('_', '-'): value for name, value in headers.items()}})
        if self.token:
            request.add_header('X-Auth-Token', self.token)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return answer.headers, answer.read()

    def call(self, method, url, body=None):
        """The same with JSON. An error that HTTP reports ends the evaluation."""
        data = json.dumps(body).encode() if body is not None else None
        try:
            headers, text = self.request(method, url, data, Content_Type='application/json')
        except urllib.error.HTTPError as error:
            raise Failed(f'{method} {url}: {error.code} {error.read(2000)}') from None
        return headers, json.loads(text) if text else None

    def get(self, url):
        return self.call('GET', url)[1]

    def catalog(self, kind, name, url):
        service = self.call('POST', f'{IDENTITY}/services', {
            'service': {'type': kind, 'name': name}})[1]['service']['id']
        for interface in ['public', 'internal']:
            self.call('POST', f'{IDENTITY}/endpoints', {'endpoint': {
                'service_id': service, 'interface': interface, 'url': url,
                'region_id': 'RegionOne'}})

    def takes_servers(self):
        """Whether nova-compute is up, and Placement would give its host to a server."""
        try:
            hosts = self.get(f'{COMPUTE}/os-hypervisors')['hypervisors']
            candidates = self.get(f'{PLACEMENT}/allocation_candidates'
                                  '?resources=VCPU:1,MEMORY_MB:64,DISK_GB:1')
            services = self.get(f'{COMPUTE}/os-services')['services']
        except Failed:
            return False
        return (any(host['state'] == 'up' for host in hosts)
                and bool(candidates['allocation_requests'])
                and all(service['state'] == 'up' for service in services))

    # ------------------------------------------------------------------ images

    def upload(self, name, path, image=None):
        """A new active image with the bytes of that file; returns its UUID."""
        body = {'name': name, 'disk_format': 'raw', 'container_format': 'bare'}
        if image:
            body['id'] = image
        image = self.call('POST', f'{IMAGE}/v2/images', body)[1]['id']
        with open(path, 'rb') as file:
            self.request('PUT', f'{IMAGE}/v2/images/{image}/file', file,
                         Content_Type='application/octet-stream',
                         Content_Length=str(os.path.getsize(path)))
        return image

    def forget(self, images):
        for image in images:
            self.call('DELETE', f'{IMAGE}/v2/images/{image}')

    def cache(self, images):
        """Has Nova cache these images on its host ahead of time. Nova works on after this."""
        aggregates = self.get(f'{COMPUTE}/os-aggregates')['aggregates']
        if not aggregates:
            aggregate = self.call('POST', f'{COMPUTE}/os-aggregates', {
                'aggregate': {'name': 'evaluate'}})[1]['aggregate']
            self.call('POST', f'{COMPUTE}/os-aggregates/{aggregate["id"]}/action', {
                'add_host': {'host': 'node'}})
            aggregates = [aggregate]
        # Not in one request: Nova compares the list with that of a Python set, and so refuses
        # "Duplicate images" where that has another order.
        for image in images:
            self.call('POST', f'{COMPUTE}/os-aggregates/{aggregates[0]["id"]}/images', {
                'cache': [{'id': image}]})

    # ------------------------------------------------------------------ servers

    def flavor(self):
        self.call('POST', f'{COMPUTE}/flavors', {'flavor': {
            'id': FLAVOR, 'name': FLAVOR, 'ram': 64, 'vcpus': 1, 'disk': 1}})

    def boot(self, name, image):
        return self.call('POST', f'{COMPUTE}/servers', {'server': {
            'name': name, 'imageRef': image, 'flavorRef': FLAVOR,
            'networks': 'none'}})[1]['server']['id']

    def wait_active(self, servers):
        end = time.monotonic() + 1800
        while True:
            states = {server['id']: server for server in
                      self.get(f'{COMPUTE}/servers/detail')['servers']}
            for server in servers:
                if states[server]['status'] == 'ERROR':
                    raise Failed(f'the server {states[server]["name"]} did not boot: '
                                 f'{states[server].get("fault")}')
            if all(states[server]['status'] == 'ACTIVE' for server in servers):
                return
            if time.monotonic() > end:
                raise Failed('the servers are not active after 30 minutes')
            time.sleep(0.2)

    def delete(self, servers):
        for server in servers:
            self.call('DELETE', f'{COMPUTE}/servers/{server}')
        self.wait_gone(servers)

    def wait_gone(self, servers):
        wait_until(lambda: not {server['id'] for server in
                                self.get(f'{COMPUTE}/servers')['servers']} & set(servers)
                   and not any(os.path.exists(f'{INSTANCES}/{server}') for server in servers),
                   600, 'the end of the servers')


def console(server):
    """What the guest wrote to its serial port so far."""
    try:
        with open(f'{INSTANCES}/{server}/console.log', errors='replace') as file:
            return file.read()
    except FileNotFoundError:
        return ''


class GlanceBytes:
    """Bytes of images that Glance took and sent, from the making of this object on: by the files
    of its store, and by its own log, which counts headers, too."""

    def __init__(self, log, store):
        self.log = log
        self.store = store
        self.log_start = os.path.getsize(log)
        self.store_start = self.stored()

    def stored(self):
        with os.scandir(self.store) as entries:
            return sum(entry.stat().st_size for entry in entries if entry.is_file())

    def taken(self):
        return self.stored() - self.store_start

    def sent(self):
        with open(self.log, errors='replace') as file:
            file.seek(self.log_start)
            return sum(int(size) for size in re.findall(
                r'"GET /v2/images/[0-9a-fA-F-]+/file HTTP/1\.[01]" 200 (\d+)', file.read()))
