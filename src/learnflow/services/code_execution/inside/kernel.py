"""The kernel by ctypes: calls that raise OSError, and the few constants that are used here."""

import ctypes
import os

libc = ctypes.PyDLL(None, use_errno=True)
"""Called without letting go of the interpreter's lock: the zygote has one thread, and a fork is to be quick."""
libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

NEWUSER, NEWNS, NEWPID, NEWNET, NEWIPC, NEWUTS = (
    0x10000000,
    0x00020000,
    0x20000000,
    0x40000000,
    0x08000000,
    0x04000000,
)

AT_FDCWD = -100


class LayerFailed(Exception):
    """A layer of the isolation could not be applied; the run is given up before the student's code starts."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


def checked(result: int, what: str) -> int:
    """The result of a call; OSError with the call's name when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *args: int | bytes | None, what: str) -> int:
    """A raw system call; ints are passed as longs."""
    return checked(libc.syscall(number, *(ctypes.c_long(a) if isinstance(a, int) else a for a in args)), what)


def prctl(option: int, *args: int) -> None:
    checked(libc.prctl(option, *map(ctypes.c_ulong, (*args, 0, 0, 0, 0)[:4])), f"prctl({option})")


def fork() -> int:
    """libc's fork: without the handlers of Python's, which take longer than everything else together."""
    return checked(libc.fork(), "fork")


def unshare(flags: int) -> None:
    checked(libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    checked(libc.setns(descriptor, kind), "setns")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    data = options.encode() or None
    result = libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data)
    checked(result, f"mount {target}")
