"""Seccomp: an allow-list of system calls, some with their arguments looked at; everything else answers EPERM."""

import ctypes
import errno
import os
import struct

from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.inside.syscalls import ALLOWED

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine -> column of the table and the architecture as the kernel names it."""

ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
ABSENT = 0x00050000 | errno.ENOSYS
PRETEND = 0x00050000
"""Success, with nothing done."""

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_JUMP, _FARTHEST_BRANCH = 0x05, 255
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000
_CLONE_THREAD = 0x00010000
_CLONE_NEW_NAMESPACES = 0x7E020080

_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)  # dup, flags, process locks (sqlite3); no leases, owners, OFD locks, pipe sizes
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, its size, FIONREAD, FIONBIO, cloexec
_PRCTL = (15, 16, 21, 39)  # a thread's name; is seccomp on, are new privileges off
_AF_UNIX, _SOCK_STREAM, _TYPE_MASK = 1, 1, 0xF

Instruction = tuple[int, int, int, int]


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _answer(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _load_argument(index: int) -> Instruction:
    return _load(_ARGUMENTS + 8 * index)


def _one_of(index: int, values: tuple[int, ...], mask: int = 0xFFFFFFFF) -> list[Instruction]:
    code = [_load_argument(index), (_AND, 0, 0, mask)]
    for value in values:
        code += [(_JUMP_EQUAL, 0, 1, value), _answer(ALLOW)]
    return [*code, _answer(REFUSE)]


def _clone(*, may_fork: bool) -> list[Instruction]:
    check = [_load_argument(0), (_JUMP_SET, 0, 1, _CLONE_NEW_NAMESPACES), _answer(REFUSE)]
    if not may_fork:
        check += [(_JUMP_SET, 1, 0, _CLONE_THREAD), _answer(REFUSE)]
    return [*check, _answer(ALLOW)]


def _socketpair() -> list[Instruction]:
    family = [_load_argument(0), (_JUMP_EQUAL, 1, 0, _AF_UNIX), _answer(REFUSE)]
    return family + _one_of(1, (_SOCK_STREAM,), _TYPE_MASK)


def _special(*, may_fork: bool, pid: int) -> dict[str, list[Instruction]]:
    """Calls whose arguments decide. Without a pid namespace a program may neither fork nor signal others."""
    # on a shared file each makes the host's disk, or everybody's cache, work; the scratch is gone after the run
    rules = {name: [_answer(PRETEND)] for name in ("fsync", "fdatasync", "sync_file_range", "fadvise64")}
    rules |= {
        "clone": _clone(may_fork=may_fork),
        "clone3": [_answer(ABSENT)],  # libc falls back to clone, whose flags can be read
        "fcntl": _one_of(1, _FCNTL),
        "ioctl": _one_of(1, _IOCTL),
        "prctl": _one_of(0, _PRCTL),
        "prlimit64": _one_of(0, (0,)),
        "socketpair": _socketpair(),
    }
    if not may_fork:
        for name in ("fork", "vfork", "tkill", "rt_sigqueueinfo"):
            rules[name] = [_answer(REFUSE)]
        for name in ("kill", "tgkill"):
            rules[name] = _one_of(0, (pid,))
    return rules


def _ranges(answers: dict[int, list[Instruction]]) -> list[tuple[int, list[Instruction]]]:
    """From where on which answer holds: neighbours that are answered alike are one."""
    refuse = [_answer(REFUSE)]
    found: list[tuple[int, list[Instruction]]] = [(0, answers.get(0, refuse))]
    for number in range(1, max(answers) + 2):
        answer = answers.get(number, refuse)
        if answer != found[-1][1]:
            found.append((number, answer))
    return found


def _tree(ranges: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """Halves what is left at every step: the kernel tries the whole filter for every call when it is installed."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _tree(ranges[:middle]), _tree(ranges[middle:])
    border = ranges[middle][0]
    if len(below) <= _FARTHEST_BRANCH:
        return [(_JUMP_GREATER_EQUAL, len(below), 0, border), *below, *above]
    return [(_JUMP_GREATER_EQUAL, 0, 1, border), (_JUMP, 0, 0, len(below)), *below, *above]


def program(machine: str, *, may_fork: bool, pid: int) -> list[Instruction]:
    """The filter for a machine."""
    column, architecture = MACHINES[machine]
    code = [_load(_ARCHITECTURE), (_JUMP_EQUAL, 1, 0, architecture), _answer(KILL), _load(_NUMBER)]
    if machine == "x86_64":
        code += [(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), _answer(KILL)]
    special = _special(may_fork=may_fork, pid=pid)
    answers = {
        numbers[column]: special.get(name, [_answer(ALLOW)])
        for name, numbers in ALLOWED.items()
        if numbers[column] >= 0
    }
    return code + _tree(_ranges(answers))


class Filter:
    """A filter as the kernel takes it, made once and installed in many processes."""

    def __init__(self, *, may_fork: bool, pid: int = 0) -> None:
        machine = os.uname().machine
        if machine not in MACHINES:
            raise kernel.LayerFailed("seccomp", f"no table of system calls for {machine}")
        code = b"".join(struct.pack("=HBBI", *line) for line in program(machine, may_fork=may_fork, pid=pid))
        self._code = ctypes.create_string_buffer(code, len(code))
        header = struct.pack("@HP", len(code) // 8, ctypes.addressof(self._code))
        self.header = ctypes.create_string_buffer(header)

    def install(self) -> None:
        """For this process and all that come from it."""
        try:
            kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.addressof(self.header))
        except OSError as error:
            raise kernel.LayerFailed("seccomp", error.strerror or str(error)) from error
