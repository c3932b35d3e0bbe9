#!/usr/bin/python3
"""nova-peer: the real Nova on the other side of the cache (Debian's python3-nova).

    nova-peer.py name UUID                      the base's file name, by Nova's own function
    nova-peer.py hold INSTANCES NAME            take Nova's lock on NAME, print "held PID", keep
                                                it until that process is killed
    nova-peer.py take INSTANCES NAME            print "taking PID", take it once, print "taken"
    nova-peer.py boot INSTANCES NAME INSTANCE TYPE [GIB]
                                                make INSTANCE's disk from the warm base NAME
                                                by the image backend TYPE (qcow2, flat), with
                                                a fetch function that raises; the flavor's
                                                root disk has GIB (default: 64 MiB, which no
                                                flavor has)
    nova-peer.py cold INSTANCES NAME INSTANCE TYPE IMAGE GLANCE TOKEN
                                                the same with Nova's own fetch function: IMAGE
                                                comes from the Glance at that URL
    nova-peer.py age INSTANCES                  run one pass of the image cache manager, with
                                                no instance alive
    nova-peer.py serve SOCKET                   do what nova-ask.py asks, each time in a process
                                                of its own, until killed: Nova's modules take
                                                seconds of processor time to load
"""
import os
import signal
import socket
import sys
import traceback
from unittest import mock

from nova import conf
from nova import objects
from nova import utils
from nova.privsep import sys_admin_pctxt
from nova.virt.libvirt import imagebackend
from nova.virt.libvirt import imagecache

CONF = conf.CONF


def configure(instances):
    CONF(['--config-file', '/dev/null'], project='nova', version='test', default_config_files=[])
    CONF.set_override('instances_path', instances)
    CONF.set_override('lock_path', instances + '/locks', group='oslo_concurrency')
    # No helper process of Nova's for root's work: everything runs as the calling user.
    sys_admin_pctxt.set_client_mode(False)


def hold(instances, name, then):
    @utils.synchronized(name, external=True, lock_path=instances + '/locks')
    def locked():
        then()
    locked()


def fetch(target, **kwargs):
    raise SystemExit('Nova would fetch %s: it is not warm' % target)


def disk_of(instances, instance, kind):
    backend = {'qcow2': imagebackend.Qcow2, 'flat': imagebackend.Flat}[kind]
    os.makedirs('%s/%s' % (instances, instance), exist_ok=True)
    return backend(path='%s/%s/disk' % (instances, instance))


def boot(instances, name, instance, kind, gib=None):
    disk = disk_of(instances, instance, kind)
    size = int(gib) << 30 if gib else 64 << 20
    disk.cache(fetch_func=fetch, filename=name, size=size, image_id='unused')
    print('booted', disk.path)


def cold(instances, name, instance, kind, image, glance, token):
    from nova import context
    from nova.virt.libvirt import utils as libvirt_utils
    CONF.set_override('api_servers', [glance], group='glance')
    operator = context.RequestContext('nova', 'nova', is_admin=True, auth_token=token)
    disk = disk_of(instances, instance, kind)
    disk.cache(fetch_func=libvirt_utils.fetch_image, context=operator, filename=name,
               size=1 << 30, image_id=image)
    print('booted', disk.path)


def age():
    # The only query to Nova's database: which block devices have no instances? None.
    bdms = objects.BlockDeviceMappingList
    with mock.patch.object(bdms, 'bdms_by_instance_uuid', return_value={}):
        imagecache.ImageCacheManager().update(None, [])
    print('aged')


def act(word, args):
    objects.register_all()
    if word == 'name':
        print(imagecache.get_cache_fname(args[0]))
        return
    configure(args[0])
    if word == 'hold':
        hold(args[0], args[1],
             lambda: (print('held', os.getpid(), flush=True), signal.pause()))
    elif word == 'take':
        print('taking', os.getpid(), flush=True)
        hold(args[0], args[1], lambda: print('taken', flush=True))
    elif word == 'boot':
        boot(*args)
    elif word == 'cold':
        cold(*args)
    elif word == 'age':
        age()
    else:
        sys.exit('nova-peer: what is %s?' % word)


def answer(asker):
    """Acts with the asker's output and directory, and sends the exit status."""
    question, fds, _, _ = socket.recv_fds(asker, 65536, 2)
    for number, fd in enumerate(fds, 1):
        os.dup2(fd, number)
        os.close(fd)
    cwd, word, *args = question.decode().split('\0')
    os.chdir(cwd)
    status = 1
    try:
        act(word, args)
        status = 0
    except SystemExit as end:
        print(end, file=sys.stderr)
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    asker.send(bytes([status]))


def serve(path):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        while True:
            asker, _ = door.accept()
            if os.fork() == 0:
                try:
                    door.close()
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    answer(asker)
                finally:
                    os._exit(0)
            asker.close()


if sys.argv[1] == 'serve':
    serve(sys.argv[2])
else:
    act(sys.argv[1], sys.argv[2:])
