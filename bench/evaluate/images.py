"""images.py: the services' images in Glance, in Nova's cache, and as servers that boot."""
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from cloud import INSTANCES, GlanceBytes, console
from daemons import Failed, wait_until


def cached_file(image):
    """Where Nova's libvirt driver looks for an image."""
    return f'{INSTANCES}/_base/{hashlib.sha1(image.encode()).hexdigest()}'


class Images:
    def __init__(self, openstack, node, services):
        self.cloud = openstack.cloud
        self.openstack = openstack
        self.heat = openstack.heat
        self.node = node
        self.services = services
        self.novas = []   # images that Nova itself cached, one for each service
        self.trees = {}   # what the guest of an image says

    def hornero(self):
        """The images that hornero keeps warm, one for each service."""
        return [service.image for service in self.services]

    def built(self, service, image):
        """The image has the service's present tree from now on."""
        self.trees[image] = service.tree()

    def count(self):
        return GlanceBytes(self.openstack.daemons.log('glance'),
                           f'{self.openstack.state}/glance')

    def prepare(self):
        """The images as operators have them before the first change: each service is built,
        uploaded once under the UUID that it keeps, and warm by hornero. Others with the same bytes
        are cached by Nova's own first boot."""
        self.cloud.flavor()
        for service in self.services:
            path = service.make()
            self.cloud.upload(service.name, path, service.image)
            self.novas.append(self.cloud.upload(f'{service.name}-nova', path))
            self.built(service, self.novas[-1])
            self.node.add(service)
        self.push()
        self.boot(self.novas)

    def push(self):
        """Pushes all services, until they are warm; see Node.push."""
        result = self.node.push(self.services)
        for service in self.services:
            self.built(service, service.image)
        return result

    def boot(self, images):
        """Boots all at once. Returns the seconds until all are active and until each guest said
        which tree it is, and the bytes that Glance sent; then deletes the servers."""
        moved = self.count()
        start = time.monotonic()
        if self.heat:
            servers, stack = self.heat.boot(images)
        else:
            servers = self.request(images)
        active = time.monotonic() - start
        trees = dict(zip(servers, (self.trees[image] for image in images)))
        try:
            wait_until(lambda: all(tree in console(server) for server, tree in trees.items()),
                       600, 'the tree that each guest was built from')
        except Failed as failed:
            says = [console(server) for server in servers]
            raise Failed(f'{failed}; they say: {says}') from None
        said = time.monotonic() - start
        if self.heat:
            self.heat.delete(stack)
            self.cloud.wait_gone(servers)
        else:
            self.cloud.delete(servers)
        return active, said, moved.sent()

    def request(self, images):
        """A server of each image, by Nova's API, until all are active."""
        with ThreadPoolExecutor(len(images)) as pool:
            servers = list(pool.map(lambda image: self.cloud.boot(image[:8], image), images))
        self.cloud.wait_active(servers)
        return servers
