"""node.py: the compute node's hornero, with its users and its door, as README.md sets it up."""
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from daemons import Failed, identity

CONF = '/etc/hornero/hornero.yaml'
LIBEXEC = '/usr/libexec/hornero'
PUBLISH = '/run/hornero-publish.socket'
CAPABILITIES = '-all,+dac_override,+fowner'
MEMORY_MB = 2000


def hornero(*words):
    result = subprocess.run(['hornero', *words], capture_output=True, text=True, check=False)
    if result.returncode:
        raise Failed(f'hornero {" ".join(words)}: {result.stderr}{result.stdout}')
    return result.stdout


class Node:
    def __init__(self, state, daemons, top):
        self.state = state
        self.daemons = daemons
        self.top = top

    def configure(self, percent):
        with open(f'{CONF}.new', 'w') as file:
            file.write(f'git_user: git\nhornero_user: hornero\nqueue_group: hornero-queue\n'
                       f'publish_socket: {PUBLISH}\ncgroup_top: {self.top}\n'
                       f'compile_core_limit: {percent}\ncompile_mem_limit: {MEMORY_MB}\n'
                       # As many at once as in the paper, and no pauses, which it did not have.
                       'workers: 10\nmemory_pressure_limit: 0\nio_pressure_limit: 0\n'
                       # The next round begins at once.
                       'cache_grace: 0\nconfirm: never\nstore_floor: 0\ncache_floor: 0\n'
                       # Keeps only the current and the previous artifact of an image.
                       'store_budget: 1M\n'
                       'door_listen: 127.0.0.1:2222\ndoor_name: node\n')
        os.rename(f'{CONF}.new', CONF)

    def up(self):
        os.makedirs('/etc/hornero', exist_ok=True)
        self.configure(100)
        hornero('init')
        self.publisher()
        self.hornerod()
        self.door()

    def publisher(self):
        """nova's, with two capabilities, at a socket to which only hornerod may connect."""
        self.daemons.start('publish', 'root', [
            'setpriv', '--reuid=nova', '--regid=nova', '--init-groups',
            f'--inh-caps={CAPABILITIES}', f'--ambient-caps={CAPABILITIES}',
            f'--bounding-set={CAPABILITIES}', '--no-new-privs',
            'systemd-socket-activate', '--accept', '--inetd', '--seqpacket', '-l',
            f'{self.state}/run/publish', f'{LIBEXEC}/hornero-publish', '-c', CONF])
        self.daemons.wait('publish', 'the publisher',
                          lambda: os.path.exists(f'{self.state}/run/publish'))
        os.chown(f'{self.state}/run/publish', identity('hornero')['user'], 0)
        os.chmod(f'{self.state}/run/publish', 0o600)
        if os.path.lexists(PUBLISH):
            os.unlink(PUBLISH)
        os.symlink(f'{self.state}/run/publish', PUBLISH)

    def hornerod(self):
        argv = ['setpriv', '--reuid=hornero', '--regid=hornero', '--init-groups', 'hornerod',
                '--foreground']
        if os.path.exists('/sys/fs/cgroup/cgroup.controllers'):
            argv = ['sh', '-c', f'echo $$ >{self.subtree()}/cgroup.procs && exec "$@"', 'sh',
                    *argv]
        else:
            subprocess.run(['hornerod', '--prepare'], check=True, capture_output=True)
        self.daemons.start('hornerod', 'root', argv)
        self.daemons.wait('hornerod', 'hornerod', lambda: self.said('READY'))

    def subtree(self):
        """Makes a group of cgroup v2 that is hornerod's own, as a unit's with Delegate=."""
        path = f'/sys/fs/cgroup/{self.top}'
        with open('/sys/fs/cgroup/cgroup.subtree_control', 'w') as file:
            file.write('+cpu +memory +pids')
        os.mkdir(path)
        for name in ['', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control']:
            os.chown(f'{path}{name}', identity('hornero')['user'], -1)
        return path

    def said(self, word):
        with open(self.daemons.log('hornerod'), errors='replace') as file:
            return file.read().count(word)

    def limit(self, percent):
        """Sets the CPU that all builds together may use."""
        before = self.said('event=reloaded')
        self.configure(percent)
        self.daemons.processes['hornerod'].send_signal(1)
        self.daemons.wait('hornerod', 'the reload of hornerod',
                          lambda: self.said('event=reloaded') > before)

    def door(self):
        home = os.environ['HOME']
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'pusher',
                        '-f', f'{home}/key'], check=True)
        hornero('key', 'add', 'pusher', f'{home}/key.pub', '--write', '*')
        with open(f'{home}/ssh_config', 'w') as file:
            file.write('Host node\nHostName 127.0.0.1\nPort 2222\nUser git\n'
                       f'IdentityFile {home}/key\nIdentitiesOnly yes\nBatchMode yes\n'
                       f'UserKnownHostsFile {home}/known_hosts\n'
                       'StrictHostKeyChecking accept-new\n')
        # -v: ssh says how many bytes it sent and received.
        os.environ['GIT_SSH_COMMAND'] = f'ssh -v -F {home}/ssh_config'
        self.daemons.start('door', 'git', [f'{LIBEXEC}/hornero-door'])
        self.daemons.wait('door', 'hornero-door', lambda: subprocess.run(
            ['ssh', '-F', f'{home}/ssh_config', 'node', 'queue'], check=False,
            stdin=subprocess.DEVNULL, capture_output=True).returncode == 0)

    def add(self, service):
        hornero('repo', 'create', service.name)
        hornero('image', 'add', service.image, service.name, '--name', service.name)
        service.git('remote', 'add', 'node', f'node:{service.name}')

    def push(self, services):
        """Pushes all at once. Returns the bytes on the wire, and the seconds until all returned
        and until all images were warm."""
        start = time.monotonic()
        with ThreadPoolExecutor(len(services)) as pool:
            moved = sum(pool.map(self.push_one, services))
            pushed = time.monotonic() - start
            list(pool.map(lambda service: hornero('wait', service.image, '--timeout', '3600'),
                          services))
        return moved, pushed, time.monotonic() - start

    @staticmethod
    def push_one(service):
        result = subprocess.run(['git', '-C', service.work, 'push', 'node', 'main'],
                                capture_output=True, text=True, check=False)
        moved = re.search(r'Transferred: sent (\d+), received (\d+) bytes', result.stderr)
        if result.returncode or not moved:
            raise Failed(f'git push of {service.name}: {result.stderr}')
        return int(moved[1]) + int(moved[2])

    def rebuild(self, services):
        """A full build of each, from nothing, all at once. Waits for the jobs: the images are warm
        all the time."""
        jobs = [re.search(r'job (\d+)', hornero('rebuild', service.image, '--clean'))[1]
                for service in services]
        with ThreadPoolExecutor(len(jobs)) as pool:
            list(pool.map(lambda job: hornero('wait', job, '--timeout', '3600'), jobs))
