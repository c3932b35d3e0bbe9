"""openstack.py: brings up the OpenStack of Debian 12 on loopback, without systemd.

Keystone, Glance, Placement, and Nova with libvirt and emulated QEMU, on MariaDB and RabbitMQ. There
is no Neutron: servers have no network, and a stand-in gives Nova empty lists. Passwords are known,
as the network namespace has nothing but loopback.
"""
import os
import shutil
import socket
import subprocess
import sys
import threading

from cloud import COMPUTE, IDENTITY, IMAGE, NETWORK, PLACEMENT, Cloud, answers
from daemons import Daemons, Failed, config_file, identity

RABBIT = 'rabbit://guest:guest@127.0.0.1:5672/'
NOVA_CONF = '/etc/nova/nova.conf'
COMPUTE_CONF = '/etc/nova/nova-compute-only.conf'
DATABASES = ['keystone', 'glance', 'placement', 'nova', 'nova_api', 'nova_cell0', 'heat']


def port(url):
    return int(url.split(':')[2].split('/')[0])


def listens(number):
    with socket.socket() as s:
        return s.connect_ex(('127.0.0.1', number)) == 0


def admin(**more):
    return {'auth_type': 'password', 'auth_url': IDENTITY, 'username': 'admin', 'password': 'admin',
            'project_name': 'admin', 'user_domain_id': 'default', 'project_domain_id': 'default',
            **more}


class OpenStack:
    def __init__(self, state, heat):
        self.state = state
        self.heat = heat
        self.socket = f'{state}/run/mysql.sock'
        self.daemons = Daemons(f'{state}/log')
        self.cloud = None

    def database(self, name):
        return (f'mysql+pymysql://os:os@localhost/{name}'
                f'?unix_socket={self.socket}&charset=utf8')

    def sql(self, text):
        return subprocess.run(
            ['mariadb', '--no-defaults', f'--socket={self.socket}', '-u', 'root', '-N'],
            input=text, text=True, capture_output=True, check=False).stdout

    def directory(self, name, user, mode=0o755):
        path = f'{self.state}/{name}'
        os.makedirs(path, exist_ok=True)
        shutil.chown(path, user, identity(user)['group'])
        os.chmod(path, mode)
        return path

    def up(self):
        self.configure()
        self.databases()
        self.libvirt()
        self.schemas()
        self.identity()
        self.services()
        self.ready()

    # ------------------------------------------------------------------ configuration

    def configure(self):
        for name in ['run', 'log', 'etc']:
            os.makedirs(f'{self.state}/{name}', exist_ok=True)
        self.directory('glance', 'glance')
        self.directory('fernet', 'keystone', 0o700)
        self.directory('credential', 'keystone', 0o700)
        config_file('/etc/keystone/keystone.conf', 'keystone', {
            'DEFAULT': {'use_stderr': 'true'},
            'database': {'connection': self.database('keystone'), 'max_pool_size': 2},
            'token': {'provider': 'fernet', 'expiration': 86400},
            'fernet_tokens': {'key_repository': f'{self.state}/fernet'},
            'credential': {'key_repository': f'{self.state}/credential'},
            'identity': {'password_hash_rounds': 4},
        })
        config_file('/etc/glance/glance-api.conf', 'glance', {
            'DEFAULT': {'bind_host': '127.0.0.1', 'bind_port': port(IMAGE), 'workers': 1,
                        'use_stderr': 'true'},
            'database': {'connection': self.database('glance')},
            'paste_deploy': {'flavor': 'keystone'},
            'glance_store': {'stores': 'file', 'default_store': 'file',
                             'filesystem_store_datadir': f'{self.state}/glance'},
            'oslo_concurrency': {'lock_path': self.directory('glance/lock', 'glance')},
            'keystone_authtoken': admin(www_authenticate_uri=IDENTITY),
        })
        config_file('/etc/placement/placement.conf', 'placement', {
            'DEFAULT': {'use_stderr': 'true'},
            'placement_database': {'connection': self.database('placement')},
            'api': {'auth_strategy': 'keystone'},
            'keystone_authtoken': admin(www_authenticate_uri=IDENTITY),
        })
        nova = self.nova()
        config_file(NOVA_CONF, 'nova', nova)
        # nova-compute may not reach a database.
        for name in ['database', 'api_database']:
            del nova[name]
        config_file(COMPUTE_CONF, 'nova', nova)
        if self.heat:
            self.heat.configure(self.database('heat'), RABBIT, admin())
        config_file(f'{self.state}/etc/libvirtd.conf', 'root', {})
        with open(f'{self.state}/etc/libvirtd.conf', 'w') as file:
            file.write('listen_tls = 0\nlisten_tcp = 0\nunix_sock_group = "libvirt"\n'
                       'unix_sock_rw_perms = "0770"\nauth_unix_ro = "none"\n'
                       'auth_unix_rw = "none"\nlog_outputs = "2:stderr"\n')
        # There is no systemd, no machined and no AppArmor in this root.
        with open('/etc/libvirt/qemu.conf', 'w') as file:
            file.write('cgroup_controllers = [ ]\nnamespaces = [ ]\nsecurity_driver = "none"\n'
                       'user = "libvirt-qemu"\ngroup = "kvm"\ndynamic_ownership = 1\n')
        for path in ['/var/lib/nova/instances', '/var/lib/nova/lock']:
            os.makedirs(path, exist_ok=True)
            shutil.chown(path, 'nova', 'nova')
        if os.path.exists('/var/lib/nova/compute_id'):
            os.unlink('/var/lib/nova/compute_id')

    def nova(self):
        return {
            'DEFAULT': {
                'use_stderr': 'true', 'my_ip': '127.0.0.1', 'host': 'node',
                'transport_url': RABBIT, 'state_path': '/var/lib/nova',
                'instances_path': '/var/lib/nova/instances', 'enabled_apis': 'osapi_compute',
                'compute_driver': 'libvirt.LibvirtDriver', 'report_interval': 2,
                'heal_instance_info_cache_interval': -1, 'cpu_allocation_ratio': 16,
                'ram_allocation_ratio': 2, 'disk_allocation_ratio': 10,
                'reserved_host_memory_mb': 0, 'vif_plugging_is_fatal': 'false',
                'vif_plugging_timeout': 0, 'force_raw_images': 'true', 'use_cow_images': 'true'},
            'api': {'auth_strategy': 'keystone'},
            'database': {'connection': self.database('nova')},
            'api_database': {'connection': self.database('nova_api')},
            'keystone_authtoken': admin(www_authenticate_uri=IDENTITY),
            'service_user': {'send_service_user_token': 'false'},
            'conductor': {'workers': 1},
            'scheduler': {'workers': 1},
            'compute': {'consecutive_build_service_disable_threshold': 0},
            'filter_scheduler': {'enabled_filters': 'ComputeFilter,ImagePropertiesFilter',
                                 'track_instance_changes': 'false',
                                 'build_failure_weight_multiplier': 0},
            'glance': {'num_retries': 0, 'endpoint_override': IMAGE},
            'placement': admin(region_name='RegionOne'),
            'neutron': admin(region_name='RegionOne', endpoint_override=NETWORK, http_retries=0),
            # Longer than any evaluation: Nova must not remove what the next round measures.
            'image_cache': {'manager_interval': 86400},
            'libvirt': {'virt_type': 'qemu', 'cpu_mode': 'none', 'images_type': 'qcow2',
                        'inject_partition': -2},
            'vnc': {'enabled': 'false'},
            'spice': {'enabled': 'false'},
            'oslo_concurrency': {'lock_path': '/var/lib/nova/lock'},
        }

    # ------------------------------------------------------------------ below OpenStack

    def databases(self):
        data = self.directory('mysql', 'mysql', 0o750)
        self.directory('run', 'mysql')
        self.daemons.run('mariadb-install', 'root', 'mariadb-install-db', '--no-defaults',
                         '--user=mysql', f'--datadir={data}', '--skip-test-db',
                         '--auth-root-authentication-method=socket')
        self.daemons.start('mariadb', 'mysql', [
            '/usr/sbin/mariadbd', '--no-defaults', f'--datadir={data}', f'--socket={self.socket}',
            f'--pid-file={self.state}/run/mariadb.pid', '--skip-networking',
            '--innodb-buffer-pool-size=192M', '--innodb-flush-log-at-trx-commit=0',
            '--max-connections=400', '--performance-schema=OFF',
            '--character-set-server=utf8mb3', '--collation-server=utf8mb3_general_ci'])
        rabbit = self.directory('rabbit', 'rabbitmq')
        with open(f'{self.state}/etc/rabbitmq.conf', 'w') as file:
            file.write('listeners.tcp.1 = 127.0.0.1:5672\nlog.console = true\nlog.file = false\n'
                       'log.console.level = warning\nvm_memory_high_watermark.absolute = 1GB\n'
                       'disk_free_limit.absolute = 50MB\n')
        self.daemons.start('epmd', 'rabbitmq', ['/usr/bin/epmd', '-address', '127.0.0.1'])
        self.daemons.start(
            'rabbitmq', 'rabbitmq', ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
            RABBITMQ_NODENAME='evaluate@localhost', RABBITMQ_MNESIA_BASE=rabbit,
            RABBITMQ_LOG_BASE=rabbit, RABBITMQ_CONFIG_FILE=f'{self.state}/etc/rabbitmq.conf',
            RABBITMQ_ENABLED_PLUGINS_FILE=f'{self.state}/etc/enabled_plugins',
            RABBITMQ_DIST_PORT='25672', ERL_EPMD_ADDRESS='127.0.0.1',
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}')
        self.daemons.wait('mariadb', 'MariaDB', lambda: self.sql('select 1'))
        self.sql(''.join(f"CREATE DATABASE {name}; GRANT ALL ON {name}.* TO 'os'@'localhost'"
                         " IDENTIFIED BY 'os';" for name in DATABASES))

    def libvirt(self):
        os.makedirs('/run/libvirt', exist_ok=True)
        self.daemons.start('virtlogd', 'root', ['/usr/sbin/virtlogd'])
        self.daemons.start('libvirtd', 'root',
                           ['/usr/sbin/libvirtd', '-f', f'{self.state}/etc/libvirtd.conf'])

    def schemas(self):
        """Two lanes at once, since each is mostly the start of a Python program after another."""
        lanes = [[
            ('keystone', 'keystone-manage', 'fernet_setup', '--keystone-user', 'keystone',
             '--keystone-group', 'keystone'),
            ('keystone', 'keystone-manage', 'credential_setup', '--keystone-user', 'keystone',
             '--keystone-group', 'keystone'),
            ('keystone', 'keystone-manage', 'db_sync'),
            ('keystone', 'keystone-manage', 'bootstrap', '--bootstrap-password', 'admin',
             '--bootstrap-region-id', 'RegionOne', '--bootstrap-public-url', IDENTITY,
             '--bootstrap-internal-url', IDENTITY),
            ('placement', 'placement-manage', 'db', 'sync'),
            ('glance', 'glance-manage', 'db_sync'),
        ], [
            ('nova', 'nova-manage', 'api_db', 'sync'),
            ('nova', 'nova-manage', 'cell_v2', 'map_cell0', '--database_connection',
             self.database('nova_cell0')),
            ('nova', 'nova-manage', 'cell_v2', 'create_cell', '--name', 'cell1'),
            ('nova', 'nova-manage', 'db', 'sync'),
        ]]
        if self.heat:
            lanes[1].append(('heat', 'heat-manage', 'db_sync'))
        failures = []

        def lane(number, commands):
            try:
                for user, *argv in commands:
                    self.daemons.run(f'schemas-{number}', user, *argv)
            except Failed as failed:
                failures.append(failed)
        threads = [threading.Thread(target=lane, args=item) for item in enumerate(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    # ------------------------------------------------------------------ its services

    def wsgi(self, name, user, url, script, processes):
        self.daemons.start(name, user, [
            '/usr/bin/uwsgi_python3', '--procname-prefix', f'{name} ', '--master',
            '--die-on-term', '--no-orphans', '--enable-threads', '--lazy-apps', '--thunder-lock',
            '--buffer-size', '65535', '--http-socket', f'127.0.0.1:{port(url)}',
            '--wsgi-file', script, '--processes', str(processes), '--threads', '1',
            '--listen', '100', '--add-header', 'Connection: close'])

    def identity(self):
        self.wsgi('keystone', 'keystone', IDENTITY, '/usr/bin/keystone-wsgi-public', 2)
        self.daemons.wait('keystone', 'Keystone', lambda: answers(IDENTITY))
        self.cloud = Cloud()
        services = [('image', 'glance', IMAGE), ('placement', 'placement', PLACEMENT),
                    ('compute', 'nova', COMPUTE)]
        for kind, name, url in services:
            self.cloud.catalog(kind, name, url)

    def services(self):
        self.wsgi('placement', 'placement', PLACEMENT, '/usr/bin/placement-api', 1)
        self.daemons.start('glance', 'glance', [
            '/usr/bin/glance-api', '--config-file', '/etc/glance/glance-api.conf'])
        here = os.path.dirname(os.path.abspath(__file__))
        self.daemons.start('neutron-standin', 'nova',
                           [sys.executable, '-B', f'{here}/neutron-standin.py', str(port(NETWORK))])
        # Nova's daemons ask Placement and RabbitMQ when they start, and end if none answers.
        self.daemons.wait('placement', 'Placement', lambda: answers(PLACEMENT))
        self.daemons.wait('rabbitmq', 'RabbitMQ', lambda: listens(5672))
        for name in ['nova-conductor', 'nova-scheduler']:
            self.daemons.start(name, 'nova', [f'/usr/bin/{name}', '--config-file', NOVA_CONF])
        self.wsgi('nova-api', 'nova', COMPUTE, '/usr/bin/nova-api-wsgi', 2)
        self.daemons.wait('glance', 'Glance', lambda: answers(IMAGE))
        self.daemons.wait('libvirtd', 'libvirt', self.libvirt_answers, 300)
        self.daemons.start('nova-compute', 'nova',
                           ['/usr/bin/nova-compute', '--config-file', COMPUTE_CONF])

    @staticmethod
    def libvirt_answers():
        return subprocess.run(['virsh', '-c', 'qemu:///system', 'version'], check=False,
                              capture_output=True, timeout=200).returncode == 0

    def ready(self):
        self.daemons.wait('nova-api', "Nova's API", lambda: answers(COMPUTE))
        self.daemons.wait('nova-compute', "nova-compute's record", lambda: self.sql(
            'select host from nova.compute_nodes where deleted = 0'))
        # nova-scheduler itself looks for new hosts only once in minutes.
        self.daemons.run('discover', 'nova', 'nova-manage', 'cell_v2', 'discover_hosts')
        self.daemons.wait('nova-compute', 'a compute node that takes servers',
                          self.cloud.takes_servers, 300)
        if self.heat:
            self.heat.start(self.daemons, self.cloud)
