"""services.py: the ten services of the paper's Table II, as small unikernels of the same size.

Each is the example `hello` with twelve generated C files, which a full build compiles, and with an
application as large as the paper's image: bytes that no filesystem can leave out or share. A change
of one line in `greeting` builds the kernel again and puts the image together again.
"""
import os
import shutil
import subprocess
import uuid

# Name and megabytes of the image, from Table II.
TABLE = [('activemq', 151), ('zookeeper', 140), ('spark', 368), ('cassandra', 118),
         ('haproxy', 29), ('memcached', 29), ('redis', 31), ('solr', 133), ('tomcat', 111),
         ('mysql', 36)]

# --scale: how many services, and the part of their bytes.
SCALES = {'full': (10, 1), 'medium': (10, 4), 'small': (3, 16)}
MODULES = 12
FUNCTIONS = 30

MAKEFILE = '''\
# {name}: a kernel that greets, and {bytes} bytes of an application.
hornero.raw: kernel.raw application
	cat kernel.raw application >$@

modules = $(patsubst %.c,%.o,$(wildcard module*.c))
application: $(modules)
	cat $(modules) >$@
	openssl enc -aes-128-ctr -K {key} -iv 0 </dev/zero 2>/dev/null | head -c {bytes} >>$@
	truncate -s {bytes} $@

module%.o: module%.c
	gcc -O2 -c $< -o $@

include hello.mk
'''


class Service:
    def __init__(self, name, megabytes):
        self.name = name
        self.bytes = megabytes * 1000 * 1000 // 4096 * 4096
        self.image = str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{name}.hornero'))
        self.work = None

    def write(self, example, work):
        """Its first commit, in the new directory `work`."""
        self.work = work
        shutil.copytree(example, work)
        with open(f'{work}/Makefile') as file:
            hello = file.read().replace('hornero.raw', 'kernel.raw')
        with open(f'{work}/hello.mk', 'w') as file:
            file.write(hello)
        key = uuid.uuid5(uuid.NAMESPACE_DNS, self.name).hex
        with open(f'{work}/Makefile', 'w') as file:
            file.write(MAKEFILE.format(name=self.name, key=key, bytes=self.bytes - (1 << 20)))
        with open(f'{work}/.gitignore', 'w') as file:
            file.write('*.o\n*.raw\n*.elf\napplication\ntree\n')
        with open(f'{work}/.hornero.yaml', 'w') as file:
            file.write('builder: make\n')
        for number in range(MODULES):
            with open(f'{work}/module{number}.c', 'w') as file:
                file.write(''.join(
                    f'int {self.name}_{number}_{n}(int a, int b) {{ int s = 0; '
                    f'for (int i = a; i < b; i++) s += (i * {n}) ^ (s >> 3); return s; }}\n'
                    for n in range(FUNCTIONS)))
        self.git('init', '-q', '-b', 'main')
        self.change('as in the paper')

    def git(self, *words):
        return subprocess.run(['git', '-C', self.work, *words], check=True, capture_output=True,
                              text=True).stdout.strip()

    def change(self, text):
        """A commit that changes one line."""
        with open(f'{self.work}/greeting', 'w') as file:
            file.write(f'{self.name}: {text}\n')
        self.git('add', '-A')
        self.git('commit', '-q', '-m', text)

    def tree(self):
        return self.git('rev-parse', 'HEAD^{tree}')

    def make(self):
        """Builds it outside of hornero; returns the image."""
        subprocess.run(['make', '-s', '-C', self.work], check=True, capture_output=True,
                       env={**os.environ, 'HORNERO_TREE': self.tree()})
        return f'{self.work}/hornero.raw'


def services(scale):
    count, part = SCALES[scale]
    # Small scales take the smallest ones, in the table's order.
    names = sorted(TABLE, key=lambda row: row[1])[:count] if count < len(TABLE) else TABLE
    return [Service(name, max(2, megabytes // part)) for name, megabytes in names]
