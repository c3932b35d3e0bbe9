"""cached.py: boots of one server and more whose images are cached already; Figure 6.

The images are those that Nova itself cached, or those that hornero put there. Which of the two
comes first alternates.
"""
from load import quiet


def measure(images, results, number):
    most = len(images.services)
    for count in range(1, most + 1):
        flows = [('nova', images.novas), ('hornero', images.hornero())]
        if (count + number) % 2:
            flows.reverse()
        for flow, chosen in flows:
            before = quiet()
            boot, said, sent = images.boot(chosen[:count])
            results.add('cached', round=number, flow=flow, servers=count, boot_s=boot, said_s=said,
                        glance_out_bytes=sent, **before)
    print(f'   round {number}: 1 to {most} servers', flush=True)
