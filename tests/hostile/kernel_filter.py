"""A kernel that refuses, or that lies: system calls answered with an error or a pretended success before they are made.

Under it the service runs as on a machine without a layer, whatever its own settings say. Standard library alone: the
keeper of the service, which installs it, is a plain script.
"""

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

PRETEND = 0
"""As the answer: 0, the word for success, without having done anything."""

NUMBERS = {  # on x86-64 and on aarch64
    "capset": (126, 91),
    "clone": (56, 220),
    "clone3": (435, 435),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "mount_setattr": (442, 442),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "seccomp": (317, 277),
    "setns": (308, 268),
    "setpgid": (109, 154),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "unshare": (272, 97),
}
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_LOAD, _IS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _ANSWER = 0x7FFF0000, 0x00050000
_ALL_BITS = 0xFFFFFFFF
Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """One system call and its answer, where argument `argument` is `value`, or has one of the bits `bits`.

    `given` names an argument (a pointer) that must not be null.
    """

    call: str
    answer: int = errno.EPERM
    argument: int = 0
    value: int | None = None
    bits: int | None = None
    given: int | None = None

    def as_list(self) -> list[int | str | None]:
        return [self.call, self.answer, self.argument, self.value, self.bits, self.given]


def _program(rules: list[Rule], machine: str) -> list[Instruction]:
    column, architecture = _MACHINES[machine]
    code = [(_LOAD, 0, 0, 4), (_IS, 1, 0, architecture), (_RETURN, 0, 0, _ALLOW)]
    for rule in rules:
        body = _body(rule)
        code += [(_LOAD, 0, 0, 0), (_IS, 0, len(body), NUMBERS[rule.call][column]), *body]
    return [*code, (_RETURN, 0, 0, _ALLOW)]


def _body(rule: Rule) -> list[Instruction]:
    body = [(_RETURN, 0, 0, _ANSWER | rule.answer)]
    if rule.given is not None:
        low, high = (16 + 8 * rule.given, 20 + 8 * rule.given)
        body = [
            (_LOAD, 0, 0, low),
            (_HAS, 2, 0, _ALL_BITS),
            (_LOAD, 0, 0, high),
            (_HAS, 0, len(body), _ALL_BITS),
            *body,
        ]
    if rule.bits is not None:
        body = [(_LOAD, 0, 0, 16 + 8 * rule.argument), (_HAS, 0, len(body), rule.bits), *body]
    if rule.value is not None:
        body = [(_LOAD, 0, 0, 16 + 8 * rule.argument), (_IS, 0, len(body), rule.value), *body]
    return body


def install(rules: list[Rule]) -> None:
    """For this process and all that come from it, for ever."""
    if not rules:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0:
        libc.prctl(38, 1, 0, 0, 0)
    code = b"".join(struct.pack("=HBBI", *line) for line in _program(rules, os.uname().machine))
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer)))
    if libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter was not taken")
