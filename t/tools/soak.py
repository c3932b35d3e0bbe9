#!/usr/bin/python3
"""Runs test files again and again, in random order, to find those that are red by chance.

    make soak SOAK='--minutes 60 --jobs 8 5 61'

Beside busy loops, random processes of the tests nearly stand still for a moment each (SCHED_IDLE),
as on a busy node: what a test expects soon then comes late, and what it expects in some order comes
in another. What a red file printed is kept in OUT/N.log. Exits 1 if one was red. As root: tests
run processes of several users."""
import argparse
import os
import random
import re
import signal
import subprocess
import sys
import time

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("names", nargs="*", help="how the files' names begin; default: all")
parser.add_argument("--minutes", type=float, default=30)
parser.add_argument("--rounds", type=int, help="end when each file ran so often; default: never")
parser.add_argument("--jobs", type=int, default=4 * os.cpu_count())
parser.add_argument("--loops", type=int, default=2 * os.cpu_count(), help="busy loops beside them")
parser.add_argument("--slow", type=float, default=0.1, help="share of processes that stand still")
parser.add_argument("--out", default="soak")
parser.add_argument("--files", required=True, help="all test files, as make knows them")
args = parser.parse_args()

MARK = b"HORNERO_SOAK=%d\0" % os.getpid()
source = os.environ["HORNERO_SRC"]
environment = {**os.environ, "HORNERO_SOAK": str(os.getpid())}
slow = {}  # process -> when it goes on


def chosen():
    names = args.files.split()
    bases = [os.path.basename(n) for n in names]
    return [n for n, base in zip(names, bases)
            if not args.names or any(base.startswith(p) for p in args.names)]


def set_policy(process, policy):
    os.sched_setscheduler(process, policy, os.sched_param(0))


def disturb(now):
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        process = int(entry)
        try:
            with open(f"/proc/{process}/environ", "rb") as f:
                if MARK not in f.read() + b"\0":
                    continue
            idle = os.sched_getscheduler(process) == os.SCHED_IDLE
            if process in slow and slow[process] > now:
                continue
            if idle:  # its time is over, or it has this from its parent
                slow.pop(process, None)
                set_policy(process, os.SCHED_OTHER)
            elif random.random() < args.slow:
                set_policy(process, os.SCHED_IDLE)
                slow[process] = now + random.uniform(0.3, 3)
        except OSError:
            slow.pop(process, None)


def start(name, number):
    log = open(f"{args.out}/{number}.log", "w+", errors="replace")
    script = os.path.join(source, name) if name.endswith(".t") else os.path.abspath(name)
    child = subprocess.Popen([f"{source}/t/lib/run", script], env=environment,
                             stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                             start_new_session=True)
    return child, name, log, time.time()


def ended(run, number):
    child, name, log, begun = run
    log.seek(0)
    failed = re.findall(r"^not ok.*", log.read(), re.M)
    log.close()
    if child.returncode == 0 and not failed:
        os.unlink(f"{args.out}/{number}.log")
        return 0
    print(f"{time.strftime('%H:%M:%S')} red after {time.time() - begun:.0f} s: {name}, "
          f"see {args.out}/{number}.log", *failed[:4], sep="\n  ", flush=True)
    return 1


def soak():
    files, queue, running = chosen(), [], {}
    count = reds = 0
    end = time.time() + args.minutes * 60
    most = args.rounds * len(files) if args.rounds else float("inf")
    if not files:
        sys.exit("no test file has such a name")
    while True:
        now = time.time()
        for number in [n for n, run in running.items() if run[0].poll() is not None]:
            reds += ended(running.pop(number), number)
        while len(running) < args.jobs and now < end and count < most:
            queue = queue or random.sample(files, len(files))
            count += 1
            running[count] = start(queue.pop(), count)
        if not running:
            print(f"{count} runs of {len(files)} files, {reds} red")
            return reds > 0
        disturb(now)
        time.sleep(0.3)


def stop(*unused):
    sys.exit(130)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
os.makedirs(args.out, exist_ok=True)
loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(args.loops)]
try:
    sys.exit(soak())
finally:
    for loop in loops:
        loop.kill()
    for process in slow:
        try:
            set_policy(process, os.SCHED_OTHER)
        except OSError:
            pass
