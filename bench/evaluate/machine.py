"""machine.py: what the page says about the machine and the programs that were measured."""
import os
import subprocess
import time

PACKAGES = ['nova-compute', 'glance-api', 'keystone', 'libvirt-daemon', 'qemu-system-x86']


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def facts():
    with open('/proc/cpuinfo') as file:
        models = [line.split(':')[1].strip() for line in file if line.startswith('model name')]
    with open('/proc/meminfo') as file:
        memory = int(file.readline().split()[1])
    versions = output('dpkg-query', '-W', '-f', '${Package} ${Version}\n', *PACKAGES)
    return {
        'date': time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime()),
        'cpus': os.cpu_count(), 'cpu': models[0] if models else os.uname().machine,
        'memory_mb': memory // 1000, 'kernel': os.uname().release,
        'filesystem': output('stat', '-f', '-c', '%T', '/var/lib/nova/instances').strip(),
        'versions': dict(line.split() for line in versions.splitlines())}
