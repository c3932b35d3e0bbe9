"""load.py: what else the machine does, for the rows of the results."""
import os
import time

# Share of all processors in use, above which a figure is not to be trusted: before anything starts,
# and before a measurement, beside the idle daemons of OpenStack.
BUSY_PERCENT = 10
BUSY_BESIDE_PERCENT = 20
SETTLE_S = 20


def ticks():
    """Busy and all ticks of all processors so far."""
    with open('/proc/stat') as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def busy_percent(seconds):
    busy, every = ticks()
    time.sleep(seconds)
    busy_after, every_after = ticks()
    return 100 * (busy_after - busy) / max(1, every_after - every)


def quiet():
    """Waits a while for the end of what the last measurement left. Returns the load average of a
    minute, and the share in use while the evaluation itself does nothing."""
    end = time.monotonic() + SETTLE_S
    while True:
        busy = busy_percent(2)
        if busy <= BUSY_BESIDE_PERCENT or time.monotonic() > end:
            return {'load': round(os.getloadavg()[0], 2), 'busy_before': round(busy, 1)}
