"""The kernel by ctypes: calls that raise OSError, and the few constants that are used here."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

_CAPABILITY_VERSION_3 = 0x20080522


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
    padded = [ctypes.c_ulong(value) for value in (*args, 0, 0, 0, 0)[:4]]
    checked(libc.prctl(option, *padded), f"prctl({option})")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    data = options.encode() or None
    result = libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data)
    checked(result, f"mount {target}")


def drop_capabilities() -> None:
    """Empty every set; a failing drop from the bounding set does not matter once no_new_privs stands."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def die_with_parent(parent: int | None = None) -> None:
    """SIGKILL when the parent ends; at once when it is already another one."""
    prctl(PR_SET_PDEATHSIG, 9)
    if parent is not None and os.getppid() != parent:
        os._exit(121)
