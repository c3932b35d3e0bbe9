#!/usr/bin/env python3
"""The real Nova of Debian's python3-nova on a loopback port: API, conductor, scheduler and a
compute service with Nova's fake hypervisor, in one process, by the fixtures of Nova's own
functional tests. Its Placement is the real one, too (python3-placement); its Glance is Nova's
fixture.

    real-nova.py DIR             DIR/nova-url has the URL once it listens

POST /image/ID makes an image, POST /server/IMAGE/VALUE boots one of the host "compute" with
hornero_rebuild=VALUE in its metadata and answers with its id. All other requests go to Nova if they
have a token of glance-standin.py, as an ordinary member of a project.
"""
import os
import sys
import types
import unittest

import eventlet
eventlet.monkey_patch()

import fixtures  # noqa: E402
from oslo_config import cfg  # noqa: E402
from oslo_config import fixture as config_fixture  # noqa: E402
from placement import conf as placement_conf  # noqa: E402
from placement import db_api, deploy  # noqa: E402
from placement.db.sqlalchemy import migration  # noqa: E402
from wsgi_intercept import interceptor  # noqa: E402

ROOT = sys.argv[1]
PASTE = '''[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/v2.1: v21
[pipeline:v21]
pipeline = req_id faultwrap context app
[filter:req_id]
paste.filter_factory = nova.api.compute_req_id:ComputeReqIdMiddleware.factory
[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory
[filter:context]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
[app:app]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
'''


class PlacementFixture(fixtures.Fixture):
    """What nova.tests.functional.fixtures expects of Placement's own tests, which Debian leaves
    out: an endpoint and a token."""
    token = 'admin'
    endpoint = 'http://placement-of-nova/placement'

    def setUp(self):
        super().setUp()
        conf = self.useFixture(config_fixture.Config(cfg.ConfigOpts())).conf
        placement_conf.register_opts(conf)
        conf.set_override('auth_strategy', 'noauth2', group='api')
        conf.set_override('connection', 'sqlite:///%s/nova-placement.db' % ROOT,
                          group='placement_database')
        conf([], default_config_files=[])
        db_api.configure(conf)
        migration.upgrade('head')
        app = deploy.loadapp(conf)
        intercept = interceptor.RequestsInterceptor(lambda: app, url=self.endpoint)
        intercept.install_intercept()
        self.addCleanup(intercept.uninstall_intercept)


def stand_in_for_tests():
    """Nova's fixtures import Placement's at their start."""
    for name in ('placement.tests', 'placement.tests.functional',
                 'placement.tests.functional.fixtures',
                 'placement.tests.functional.fixtures.placement'):
        sys.modules[name] = types.ModuleType(name)
    fixture = sys.modules['placement.tests.functional.fixtures.placement']
    fixture.PlacementFixture = PlacementFixture
    sys.modules['placement.tests.functional.fixtures'].placement = fixture


stand_in_for_tests()

from nova.tests import fixtures as nova_fixtures  # noqa: E402
from nova.tests.functional import integrated_helpers  # noqa: E402


class Asynchronous(fixtures.Fixture):
    """Without it, the API answers a rebuild after it has ended."""

    def __init__(self, test):
        super().__init__()


nova_fixtures.CastAsCallFixture = Asynchronous


class Live(integrated_helpers._IntegratedTestBase):
    def _setup_services(self):
        with open(os.path.join(ROOT, 'api-paste.ini'), 'w') as f:
            f.write(PASTE)
        self.flags(group='wsgi', api_paste_config=f.name)
        super()._setup_services()

    def image(self, i):
        same = self.glance.image1
        self.glance.create(None, dict(same, id=i, name='release', container_format='bare',
                                      size=1048576, properties={}))
        return ''

    def server(self, image, value):
        self.api.microversion = '2.37'
        body = self._build_server(image_uuid=image, networks='none')
        body['metadata'] = {'hornero_rebuild': value}
        made = self.api.post_server({'server': body})
        return self._wait_for_state_change(made, 'ACTIVE')['id']

    def control(self, parts, start):
        made = self.image(*parts[2:]) if parts[1] == 'image' else self.server(*parts[2:])
        start('201 Created', [])
        return [made.encode()]

    def app(self, env, start):
        parts = env['PATH_INFO'].split('/')
        if parts[1] in ('image', 'server'):
            return self.control(parts, start)
        if not env.get('HTTP_X_AUTH_TOKEN', '').startswith('token-'):
            start('401 Unauthorized', [])
            return [b'']
        with open(os.path.join(ROOT, 'nova-requests'), 'a') as f:
            f.write('%s %s\n' % (env['REQUEST_METHOD'], env['PATH_INFO']))
        env.update(HTTP_X_AUTH_USER='fake', HTTP_X_ROLES='reader,member',
                   HTTP_X_AUTH_PROJECT_ID=self.api_fixture.project_id)
        return self.api_fixture.app()(env, start)

    def test_live(self):
        sock = eventlet.listen(('127.0.0.1', 0))
        with open(os.path.join(ROOT, 'nova-url.new'), 'w') as f:
            f.write('http://127.0.0.1:%d' % sock.getsockname()[1])
        os.rename(f.name, os.path.join(ROOT, 'nova-url'))
        eventlet.wsgi.server(sock, self.app)


import eventlet.wsgi  # noqa: E402
unittest.main(argv=['real-nova', 'Live.test_live'])
