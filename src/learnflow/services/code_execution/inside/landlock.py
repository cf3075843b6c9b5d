"""Landlock: of all files only the interpreter's may be read, and only the scratch may be written."""

# ruff: noqa: PTH112 - pathlib is not loaded here
import os
import struct

from learnflow.services.code_execution.inside import kernel

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same on every architecture
_VERSION = 1
_PATH_BENEATH = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_FIFO, _MAKE_SYM = 1 << 7, 1 << 8, 1 << 10, 1 << 12
_REFER = 1 << 13

READ = READ_FILE | READ_DIR
READ_WRITE = (
    READ | WRITE_FILE | TRUNCATE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM | _REFER
)
DEVICE = READ_FILE | WRITE_FILE
_ON_FILES = READ_FILE | WRITE_FILE | TRUNCATE


def version() -> int:
    """The kernel's version of it; LayerFailed when there is none."""
    try:
        return kernel.syscall(_CREATE, 0, 0, _VERSION, what="landlock_create_ruleset")
    except OSError as error:
        raise kernel.LayerFailed("landlock", error.strerror or str(error)) from error


def handled(abi: int) -> int:
    """All rights on files that this version of Landlock knows."""
    bits = 13 if abi < 2 else 14 if abi < 3 else 15 if abi < 5 else 16
    return (1 << bits) - 1


def ruleset(rules: dict[str, int]) -> int:
    """Path -> rights beneath it, everything else refused: the descriptor of such rules."""
    abi = version()
    try:
        descriptor = _create(abi)
        for path, rights in rules.items():
            _allow(descriptor, path, rights & handled(abi))
    except OSError as error:
        raise kernel.LayerFailed("landlock", error.strerror or str(error)) from error
    return descriptor


def restrict(descriptor: int) -> None:
    """From now on the rules hold for this process and all that come from it."""
    try:
        kernel.syscall(_RESTRICT, descriptor, 0, what="landlock_restrict_self")
    except OSError as error:
        raise kernel.LayerFailed("landlock", error.strerror or str(error)) from error


def _create(abi: int) -> int:
    network = 0b11 if abi >= 4 else 0  # bind and connect
    scoped = 0b11 if abi >= 6 else 0  # abstract sockets and signals stay inside
    attributes = struct.pack("=QQQ", handled(abi), network, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    return kernel.syscall(_CREATE, attributes, size, 0, what="landlock_create_ruleset")


def _allow(descriptor: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        rights &= _ON_FILES
    rule = struct.pack("=Qi", rights, target)
    kernel.syscall(_ADD_RULE, descriptor, _PATH_BENEATH, rule, 0, what=f"landlock_add_rule {path}")
    os.close(target)
