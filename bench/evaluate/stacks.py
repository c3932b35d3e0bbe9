"""stacks.py: Heat, for ./evaluate --via heat: all servers of a measurement are one stack."""
import time

from cloud import FLAVOR, IDENTITY, NETWORK, ORCHESTRATION, answers
from daemons import Failed, config_file

CONF = '/etc/heat/heat.conf'


class Heat:
    def __init__(self):
        self.cloud = None
        self.stacks = 0

    def configure(self, database, rabbit, admin):
        config_file(CONF, 'heat', {
            'DEFAULT': {'use_stderr': 'true', 'transport_url': rabbit, 'num_engine_workers': 1,
                        'region_name_for_services': 'RegionOne',
                        'auth_encryption_key': 32 * 'k'},
            'heat_api': {'bind_host': '127.0.0.1', 'workers': 1},
            'database': {'connection': database},
            'clients': {'endpoint_type': 'internalURL'},
            'clients_keystone': {'auth_uri': IDENTITY},
            'keystone_authtoken': {**admin, 'www_authenticate_uri': IDENTITY},
            # The user to whom the owner of a stack delegates later work on it.
            'trustee': admin,
        })

    def start(self, daemons, cloud):
        self.cloud = cloud
        # Without a network service, Heat would take this for a cloud with nova-network.
        cloud.catalog('network', 'neutron', NETWORK)
        cloud.catalog('orchestration', 'heat', f'{ORCHESTRATION}/%(tenant_id)s')
        for name in ['heat-engine', 'heat-api']:
            daemons.start(name, 'heat', [f'/usr/bin/{name}', '--config-file', CONF])
        daemons.wait('heat-api', 'Heat', lambda: answers(ORCHESTRATION))
        daemons.wait('heat-engine', "Heat's engine", self.engine_is_up)

    def url(self):
        return f'{ORCHESTRATION}/{self.cloud.project}'

    def engine_is_up(self):
        try:
            services = self.cloud.get(f'{self.url()}/services')['services']
        except Failed:
            return False
        return any(service['status'] == 'up' for service in services)

    def boot(self, images):
        """A stack with a server of each image. Returns the servers once it is complete."""
        self.stacks += 1
        resources = {f'server{number}': {'type': 'OS::Nova::Server', 'properties': {
            'name': image[:8], 'image': image, 'flavor': FLAVOR, 'user_data_format': 'RAW',
            'networks': [{'allocate_network': 'none'}]}}
            for number, image in enumerate(images)}
        stack = self.cloud.call('POST', f'{self.url()}/stacks', {
            'stack_name': f'services{self.stacks}', 'timeout_mins': 60,
            'template': {'heat_template_version': '2018-08-31', 'resources': resources}})
        where = f'{self.url()}/stacks/services{self.stacks}/{stack[1]["stack"]["id"]}'
        while True:
            state = self.cloud.get(where)['stack']
            if state['stack_status'] == 'CREATE_COMPLETE':
                break
            if state['stack_status'] != 'CREATE_IN_PROGRESS':
                raise Failed(f'the stack: {state["stack_status"]} {state["stack_status_reason"]}')
            time.sleep(0.2)
        made = {item['resource_name']: item['physical_resource_id']
                for item in self.cloud.get(f'{where}/resources')['resources']}
        return [made[f'server{number}'] for number in range(len(images))], where

    def delete(self, where):
        self.cloud.call('DELETE', where)
