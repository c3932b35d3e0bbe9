"""A stand-in for the Placement API, for glance-standin.py.

DIR has placement.json: {"traits": […], "providers": {UUID: {"name", "generation", "traits"}}}, and
race, which a test writes: how many times another program changes the provider just before.
"""
import json
import os
import re


def load(root):
    with open(os.path.join(root, 'placement.json')) as f:
        return json.load(f)


def save(root, state):
    path = os.path.join(root, 'placement.json')
    with open(path + '.new', 'w') as f:
        json.dump(state, f, indent=1)
    os.rename(path + '.new', path)


def race(root, provider):
    path = os.path.join(root, 'race')
    left = int(open(path).read() or 0) if os.path.exists(path) else 0
    if left > 0:
        provider['generation'] += 1
        with open(path, 'w') as f:
            f.write(str(left - 1))


def shown(provider):
    return {'traits': provider['traits'], 'resource_provider_generation': provider['generation']}


def put(root, state, provider, body):
    race(root, provider)
    if set(body) != {'traits', 'resource_provider_generation'}:
        return 400, None
    if body['resource_provider_generation'] != provider['generation']:
        return 409, None
    if set(body['traits']) - set(state['traits']):
        return 400, None
    provider['traits'] = body['traits']
    provider['generation'] += 1
    return 200, shown(provider)


def answer(root, method, where, query, data, version):
    """Returns status and body."""
    state = load(root)
    if version != 'placement 1.6':
        return 404, None
    if where == '/placement/resource_providers':
        return 200, {'resource_providers': [
            {'uuid': i, 'name': p['name']} for i, p in state['providers'].items()
            if p['name'] == query.get('name')]}
    m = re.fullmatch(r'/placement/traits/(CUSTOM_[A-Z0-9_]+)', where)
    if m and method == 'PUT':
        known = m[1] in state['traits']
        state['traits'] = sorted(set(state['traits']) | {m[1]})
        save(root, state)
        return (204 if known else 201), None
    m = re.fullmatch(r'/placement/resource_providers/([0-9a-f-]{36})/traits', where)
    if not m or m[1] not in state['providers']:
        return 404, None
    if method == 'GET':
        return 200, shown(state['providers'][m[1]])
    done = put(root, state, state['providers'][m[1]], json.loads(data))
    save(root, state)
    return done
