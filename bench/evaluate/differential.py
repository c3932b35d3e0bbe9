"""differential.py: one line changed in each service, then all reprovisioned; Figures 3 to 5.

The flows alternate in each round:

    default      compiled here, uploaded to Glance as new images, booted cold
    precache     the same, but Nova's own API caches the images before they are booted
    hornero-12   pushed to hornero with 12 % of the node's CPU, booted warm
    hornero-100  the same with all of it
    warm         nothing changed and nothing moved: images that Nova cached itself
"""
import os
import time
from concurrent.futures import ThreadPoolExecutor

from daemons import wait_until
from images import cached_file
from load import quiet

FLOWS = ['default', 'precache', 'hornero-12', 'hornero-100', 'warm']


class Differential:
    def __init__(self, images, results):
        self.images = images
        self.results = results

    def round(self, number):
        # Each flow comes first in some round.
        turn = number % len(FLOWS)
        for flow in FLOWS[turn:] + FLOWS[:turn]:
            row = {'round': number, 'flow': flow, **quiet()}
            if flow != 'warm':
                for service in self.images.services:
                    service.change(f'round {number}, {flow}')
            moved = self.images.count()
            row.update(self.flow(flow), glance_out_bytes=moved.sent())
            self.results.add('differential', **row)
            print(f'   round {number}, {flow}: {row["total_s"]:.1f} s', flush=True)

    def flow(self, flow):
        if flow == 'warm':
            return self.booted(self.images.novas, 0)
        if flow.startswith('hornero-'):
            return self.pushed(int(flow.removeprefix('hornero-')))
        return self.uploaded(flow == 'precache')

    def booted(self, images, before, **row):
        """Adds the boot to what was done in `before` seconds."""
        active, said, _ = self.images.boot(images)
        return {'glance_in_bytes': 0, 'git_bytes': 0, **row, 'boot_s': active,
                'said_s': before + said, 'total_s': before + active}

    def pushed(self, percent):
        self.images.node.limit(percent)
        moved = self.images.count()
        git, returned, warm = self.images.push()
        return self.booted(self.images.hornero(), warm, push_s=returned, warm_s=warm,
                           git_bytes=git, glance_in_bytes=moved.taken())

    def uploaded(self, precache):
        services, cloud = self.images.services, self.images.cloud
        moved = self.images.count()
        start = time.monotonic()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            paths = list(pool.map(lambda service: service.make(), services))
        compiled = time.monotonic() - start
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            images = list(pool.map(lambda item: cloud.upload(item[0].name, item[1]),
                                   zip(services, paths)))
        uploaded = time.monotonic() - start
        row = {'compile_s': compiled, 'upload_s': uploaded - compiled,
               'glance_in_bytes': moved.taken()}
        if precache:
            cloud.cache(images)
            wait_until(lambda: all(os.path.exists(cached_file(image)) for image in images), 1800,
                       "the images in Nova's cache")
            row['cache_s'] = time.monotonic() - start - uploaded
        before = time.monotonic() - start
        for service, image in zip(services, images):
            self.images.built(service, image)
        row = self.booted(images, before, **row)
        cloud.forget(images)
        for image in images:
            os.unlink(cached_file(image))
        return row
