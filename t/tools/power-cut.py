#!/usr/bin/python3
"""power-cut.py BASE LOG DISK BYTE SEED: writes the disk that a power cut leaves.

QEMU's driver blklogwrites has kept in LOG each write and flush that the disk BASE got. The power
fails when LOG has BYTE bytes. What was flushed is on the disk; of what came later each page of
4 KiB is there or not, by chance: a disk keeps it in a volatile cache, and writes in any order.
Prints the writes that were durable, kept and lost.
"""
import os
import random
import struct
import subprocess
import sys

MAGIC = 0x6a736677736872
SECTOR = 512
PAGE = 4096
FLUSH, FUA, DISCARD = 1, 2, 4


def entries(log, end):
    """(flags, place on the disk, place in the log, length) of each whole entry before END."""
    magic, version, _, sector = struct.unpack("<QQQI", log[:28])
    if magic != MAGIC or version != 1 or sector != SECTOR:
        sys.exit("power-cut.py: this is no log of blklogwrites")
    at = SECTOR
    while at + SECTOR <= end:
        place, count, flags, _ = struct.unpack("<QQQQ", log[at:at + 32])
        data = at + SECTOR
        size = 0 if flags & DISCARD else count * SECTOR
        if (flags, count) == (0, 0) or data + size > end:
            return
        yield flags, place * SECTOR, data, count * SECTOR
        at = data + size


def main():
    base, log_path, disk_path = sys.argv[1:4]
    end = int(sys.argv[4])
    chance = random.Random(int(sys.argv[5]))
    with open(log_path, "rb") as file:
        log = file.read(end)
    whole = list(entries(log, len(log)))
    durable = max((i for i, entry in enumerate(whole) if entry[0] & FLUSH), default=-1)
    # All, none, or some of the cache: a cut is rarely in the middle.
    keep = chance.choice((0.0, 0.5, 0.5, 0.9, 1.0))
    subprocess.run(["cp", "--sparse=always", base, disk_path], check=True)
    count = {"durable": 0, "kept": 0, "lost": 0}
    with open(disk_path, "r+b") as disk:
        for i, (flags, place, data, size) in enumerate(whole):
            for step in range(0, size, PAGE):
                part = min(PAGE, size - step)
                if i <= durable or flags & FUA:
                    fate = "durable"
                else:
                    fate = "kept" if chance.random() < keep else "lost"
                count[fate] += 1
                if fate != "lost":
                    what = bytes(part) if flags & DISCARD else log[data + step:data + step + part]
                    os.pwrite(disk.fileno(), what, place + step)
    print(" ".join(f"{fate} {pages}" for fate, pages in count.items()))


main()
