"""A stand-in for Nova's Compute API, for glance-standin.py.

DIR has servers.json, which a test writes: {ID: {"host", "image", "status", "metadata"}} and, for
what a rebuild does, "after" (the status it ends with; ACTIVE), "then" (the console; "ready"),
"looks" (how many times it still shows REBUILD; 1), "gives_up" (Nova takes its image back) and
"vanishes" (it is deleted just before).
rebuilds has a line for each accepted one: ID IMAGE, and how many servers are in REBUILD then.
actions has the body of each action.
"""
import hashlib
import json
import os
import re

PROJECT = '11111111111111111111111111111111'
PAGE = 2


def load(root):
    try:
        with open(os.path.join(root, 'servers.json')) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def save(root, servers):
    path = os.path.join(root, 'servers.json')
    with open(path + '.new', 'w') as f:
        json.dump(servers, f, indent=1)
    os.rename(path + '.new', path)


def note(root, name, line):
    with open(os.path.join(root, name), 'a') as f:
        f.write(line + '\n')


def shown(i, s):
    host = hashlib.sha224((PROJECT + s['host']).encode()).hexdigest()
    return {'id': i, 'status': s['status'], 'metadata': s.get('metadata', {}),
            'image': {'id': s['image'], 'links': []} if s['image'] else '',
            'tenant_id': PROJECT, 'hostId': host}


def go_on(s):
    """A server in REBUILD after one more look at it."""
    if s['status'] != 'REBUILD':
        return
    s['left'] = s.get('left', s.get('looks', 1)) - 1
    if s['left'] >= 0:
        return
    del s['left']
    s['status'] = s.get('after', 'ACTIVE')
    s['console'] = s.get('then', 'ready')
    if s.get('gives_up'):
        s['image'] = s['was']


def rebuild(root, servers, i, image):
    s = servers[i]
    if s.get('vanishes'):
        del servers[i]
        return 404, None
    if s['status'] not in ('ACTIVE', 'SHUTOFF', 'ERROR'):
        return 409, None
    s.update(status='REBUILD', was=s['image'], image=image)
    note(root, 'rebuilds', '%s %s %d' % (
        i, image, sum(x['status'] == 'REBUILD' for x in servers.values())))
    return 202, {'server': shown(i, s)}


def act(root, servers, i, body):
    note(root, 'actions', json.dumps(body))
    s = servers[i]
    if 'rebuild' in body:
        return rebuild(root, servers, i, body['rebuild']['imageRef'])
    if 'os-getConsoleOutput' in body:
        return 200, {'output': s.get('console', '')}
    if 'os-start' in body and s['status'] == 'SHUTOFF':
        s.update(status='ACTIVE', console='ready')
        return 202, None
    return 409, None


def answer(root, method, where, query, data):
    """Returns status and body."""
    servers = load(root)
    m = re.fullmatch(r'/v2\.1/servers/([0-9a-f-]{36}|detail)(/action)?', where)
    if not m or (m[1] != 'detail' and m[1] not in servers):
        return 404, None
    if m[1] == 'detail':
        rest = [i for i in sorted(servers) if i > query.get('marker', '')]
        body = {'servers': [shown(i, servers[i]) for i in rest[:PAGE]]}
        if len(rest) > PAGE:
            body['servers_links'] = [{'rel': 'next', 'href': 'unused'}]
        return 200, body
    if m[2] and method == 'POST':
        status, body = act(root, servers, m[1], json.loads(data))
    else:
        go_on(servers[m[1]])
        status, body = 200, {'server': shown(m[1], servers[m[1]])}
    save(root, servers)
    return status, body
