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

# the same numbers on every architecture
_MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 429, 430, 431, 432
_SET_STRING, _CREATE = 1, 6
_FROM_DESCRIPTOR = 4
_CLOEXEC = 1
AT_FDCWD = -100
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


def file_system(kind: str, options: dict[str, str], attributes: int) -> int:
    """A mounted file system that is nowhere yet: the descriptor of its root."""
    context = syscall(_FSOPEN, kind.encode(), _CLOEXEC, what=f"fsopen {kind}")
    try:
        for name, value in options.items():
            syscall(_FSCONFIG, context, _SET_STRING, name.encode(), value.encode(), 0, what=f"fsconfig {name}")
        syscall(_FSCONFIG, context, _CREATE, None, None, 0, what=f"fsconfig {kind}")
        return syscall(_FSMOUNT, context, _CLOEXEC, attributes, what=f"fsmount {kind}")
    finally:
        os.close(context)


def put_mount(descriptor: int, target: str) -> None:
    """Where a file system that is nowhere yet shall be seen."""
    syscall(_MOVE_MOUNT, descriptor, b"", AT_FDCWD, target.encode(), _FROM_DESCRIPTOR, what=f"move_mount {target}")


def drop_capabilities() -> None:
    """Empty every set; the bounding set does not matter once no_new_privs stands."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    checked(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def die_with_parent(parent: int | None = None) -> None:
    """SIGKILL when the parent ends; at once when it is already another one."""
    prctl(PR_SET_PDEATHSIG, 9)
    if parent is not None and os.getppid() != parent:
        os._exit(121)
