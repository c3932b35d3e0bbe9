"""resources.py: CPU and memory of the node while nothing is built, while one line of each service
is built, and while all services are built from nothing at once; Figures 7 to 9.
"""
import os
import threading
import time

import paper
from load import ticks

INTERVAL_S = 0.5
IDLE_S = 10
# On cgroup v2, hornerod itself is in a group, which has that of all builds.
V1_CPU = '/sys/fs/cgroup/cpuacct/{top}/cpuacct.usage'
V1_MEMORY = '/sys/fs/cgroup/memory/{top}/memory.usage_in_bytes'
V2_CPU = '/sys/fs/cgroup/{top}/{top}/cpu.stat'
V2_MEMORY = '/sys/fs/cgroup/{top}/{top}/memory.current'


def used_mb():
    with open('/proc/meminfo') as file:
        sizes = {line.split(':')[0]: int(line.split()[1]) for line in file}
    return (sizes['MemTotal'] - sizes['MemAvailable']) / 1000


def builds(top):
    """CPU seconds and megabytes of all builds together."""
    if os.path.exists(V1_CPU.format(top=top)):
        with open(V1_CPU.format(top=top)) as file:
            seconds = int(file.read()) / 1e9
        memory = V1_MEMORY
    else:
        with open(V2_CPU.format(top=top)) as file:
            seconds = int(file.readline().split()[1]) / 1e6
        memory = V2_MEMORY
    with open(memory.format(top=top)) as file:
        return seconds, int(file.read()) / 1e6


class Sampler:
    """With Sampler(…): a row of resources.csv at each interval."""

    def __init__(self, results, part, top):
        self.results = results
        self.part = part
        self.top = top
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()

    def sample(self):
        """At each interval, and at the end."""
        start = time.monotonic()
        busy, every = ticks()
        ended = False
        while not ended:
            ended = self.end.wait(INTERVAL_S)
            busy_after, every_after = ticks()
            seconds, megabytes = builds(self.top)
            self.results.add(
                'resources', part=self.part, time_s=time.monotonic() - start,
                cpu_percent=100 * (busy_after - busy) / max(1, every_after - every),
                memory_mb=used_mb(), builds_cpu_s=seconds, builds_mb=megabytes)
            busy, every = busy_after, every_after


def measure(images, results, top):
    images.node.limit(paper.QUOTA_PERCENT)
    with Sampler(results, 'idle', top):
        time.sleep(IDLE_S)
    for service in images.services:
        service.change('for the samples of resources')
    with Sampler(results, 'differential', top):
        images.push()
    with Sampler(results, 'full', top):
        images.node.rebuild(images.services)
    print('   sampled', flush=True)
