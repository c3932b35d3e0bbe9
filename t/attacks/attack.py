# Code that the attacks share. Each directory here is a repository that tries to break out of its
# build: a program `attack`, and in `expect` the class and the cause that its attempt must end with,
# followed by a pattern of the reason. An attack that must have no effect tries, and leaves a good
# disk if it was refused (class none); a success ends the build with WON. A program `prepare` makes
# files that are too large for this repository, before the push. The test writes `targets`: NAME
# VALUE a line, the objects of the node that an attack may want.
import ctypes, errno, os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NAME = "hornero.raw"


def won(what):
    print("WON:", what, flush=True)
    sys.exit(42)


def disk(name=NAME):
    with open(name, "wb") as f:
        f.write(b"harmless")
        f.truncate(1 << 20)


def targets(*names):
    with open("targets") as f:
        pairs = [line.split() for line in f]
    return [value for name, value in pairs if name in names]


def refused(what, function, *args):
    """function(*args) must fail by an OSError; returns its number."""
    try:
        result = function(*args)
    except OSError as e:
        return e.errno
    won("%s: %r" % (what, result))


def syscall(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in args])
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def syscall_is(name, expected, number, *args):
    got = refused(name, syscall, number, *args)
    if got != expected:
        won("%s reached the kernel: %s instead of %s" %
            (name, errno.errorcode.get(got), errno.errorcode[expected]))
