#!/bin/sh
# Runs in the guest of t/9032-evaluate-cgroup-v2.t, as root: the node of ./evaluate, without
# OpenStack.
test_description='the node of ./evaluate with cgroup v2 alone'
. "${HORNERO_SRC:-.}/t/lib/test.sh"

cat >node_test.py <<'END'
import os
import sys
sys.path.insert(0, '/hornero/sources/bench/evaluate')
import resources
from daemons import Daemons
from node import Node, hornero
from services import Service

os.environ['HOME'] = os.getcwd()
for name in ['log', 'run']:
    os.makedirs(f'state/{name}')
node = Node(f'{os.getcwd()}/state', Daemons(f'{os.getcwd()}/state/log'), sys.argv[1])
node.up()
service = Service('haproxy', 2)
service.write('/hornero/sources/examples/hello', f'{os.getcwd()}/work')
node.add(service)
node.limit(12)
moved, _, _ = node.push([service])
with open(f'/sys/fs/cgroup/{sys.argv[1]}/{sys.argv[1]}/cpu.max') as file:
    print('moved', moved, 'builds', *resources.builds(sys.argv[1]), 'limit', file.read())
node.rebuild([service])
hornero('image', 'remove', service.image)
END

test_expect_success 'the users of a node' '
	systemd-sysusers &&
	{ getent passwd nova || useradd --system --home-dir /var/lib/nova nova; } &&
	install -d -o nova -g nova /var/lib/nova/instances /var/lib/nova/instances/_base &&
	chmod 0755 .
'

test_expect_success 'a push is built within the limits, from nothing as well' '
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a &&
	python3 -B node_test.py hornero-evaluate-t >out 2>&1 ||
	{ cat out; tail -n 20 state/log/*; return 1; }
	cat out &&
	limit="$((12 * $(nproc) * 1000)) 100000" &&
	test_grep "^moved [1-9][0-9]* builds [0-9.]+ [0-9.]+ limit $limit" out
'

test_done
