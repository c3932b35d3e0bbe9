"""daemons.py: starts the daemons of an evaluation, and waits for them.

Nothing here ends a daemon for good: all of them die with the PID namespace of the evaluation.
"""
import grp
import os
import pwd
import subprocess
import time


class Failed(Exception):
    """Ends the evaluation; its text is for the user."""


def wait_until(ready, seconds, what, still=lambda: True):
    """Asks `ready` again and again. `still` says whether that can come true at all."""
    end = time.monotonic() + seconds
    while not ready():
        if not still():
            raise Failed(f'{what}: its process ended')
        if time.monotonic() > end:
            raise Failed(f'{what}: not after {seconds} s')
        time.sleep(0.2)


def identity(user):
    """The arguments of subprocess for that user, with all its groups."""
    entry = pwd.getpwnam(user)
    return {'user': entry.pw_uid, 'group': entry.pw_gid,
            'extra_groups': os.getgrouplist(user, entry.pw_gid)}


def environment(user, extra):
    entry = pwd.getpwnam(user)
    return {'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8', 'HOME': entry.pw_dir, 'USER': user,
            'LOGNAME': user, 'no_proxy': '127.0.0.1,localhost', **extra}


class Daemons:
    def __init__(self, logs):
        self.logs = logs
        self.processes = {}

    def log(self, name):
        return f'{self.logs}/{name}.log'

    def start(self, name, user, argv, **extra):
        """`extra` is added to its environment."""
        with open(self.log(name), 'ab') as log:
            self.processes[name] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                env=environment(user, extra), start_new_session=True, **identity(user))
        return self.processes[name]

    def wait(self, name, what, ready, seconds=180):
        process = self.processes[name]
        try:
            wait_until(ready, seconds, what, lambda: process.poll() is None)
        except Failed as failed:
            raise Failed(f'{failed}; the end of its log:\n{self.tail(name)}') from None

    def tail(self, name):
        with open(self.log(name), errors='replace') as log:
            return ''.join(log.readlines()[-20:])

    def run(self, name, user, *argv, **extra):
        """A command that ends; its output goes to the log of that name."""
        with open(self.log(name), 'ab') as log:
            code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                                  env=environment(user, extra), **identity(user)).returncode
        if code:
            raise Failed(f'{" ".join(argv)}: exit status {code}; the end of its log:\n'
                         f'{self.tail(name)}')


def config_file(path, group, sections):
    """An INI file that only root and that group may read."""
    lines = []
    for name, settings in sections.items():
        lines += [f'[{name}]', *(f'{key} = {value}' for key, value in settings.items()), '']
    with open(path, 'w', opener=lambda p, flags: os.open(p, flags, 0o640)) as file:
        file.write('\n'.join(lines))
    os.chmod(path, 0o640)
    os.chown(path, 0, grp.getgrnam(group).gr_gid)
