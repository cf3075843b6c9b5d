"""Namespaces and a root of its own, in which nothing of the host is but the interpreter's files."""

# ruff: noqa: PTH102, PTH103, PTH116, PTH120, PTH123, PTH211, S108 - pathlib costs every run its import; these are paths of the private root
from __future__ import annotations

import ctypes
import os
import struct

from learnflow.services.code_execution.inside import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NEWUSER, _NEWNS, _NEWPID, _NEWNET, _NEWIPC, _NEWUTS = (
    0x10000000,
    0x00020000,
    0x20000000,
    0x40000000,
    0x08000000,
    0x04000000,
)
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000
_DETACH = 2

SCRATCH = "/box"
INNER_ID = 1000
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
KINDS = ("user", "mnt", "pid_for_children", "net", "ipc", "uts")


def enter(*, user: bool) -> None:
    """Leave the host's namespaces; the next child is the first process of the new pid namespace."""
    outer_uid, outer_gid = os.getuid(), os.getgid()
    flags = _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS | (_NEWUSER if user else 0)
    try:
        kernel.checked(kernel.libc.unshare(flags), "unshare")
        if user:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{INNER_ID} {outer_uid} 1")
            _write("/proc/self/gid_map", f"{INNER_ID} {outer_gid} 1")
        kernel.checked(kernel.libc.sethostname(b"sandbox", 7), "sethostname")
    except OSError as error:
        raise kernel.LayerFailed("namespaces", error.strerror or str(error)) from error


def inodes() -> dict[str, int]:
    """Which namespaces this process, and its next child, is in: the kernel's word for it."""
    return {kind: os.stat(f"/proc/self/ns/{kind}").st_ino for kind in KINDS}


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def build_root(view: dict[str, Any], owner: int, limits: dict[str, int]) -> None:
    """Make the private root and go there; `view` names what of the host is seen, read-only, at its own path."""
    try:
        _build(view, owner, limits)
    except OSError as error:
        raise kernel.LayerFailed("namespaces", error.strerror or str(error)) from error


def _build(view: dict[str, Any], owner: int, limits: dict[str, int]) -> None:
    root = view["mount_point"]
    kernel.mount("none", "/", "", _REC | _PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", _NOSUID, "size=1m,mode=755")
    for link, target in view["links"].items():
        _parent_of(root + link)
        os.symlink(target, root + link)
    for folder in view["folders"]:
        _bind_folder(root, folder)
    for file in view["files"]:
        _bind_file(root, file)
    for folder in view["hidden"]:
        kernel.mount("tmpfs", root + folder, "tmpfs", _NOSUID, "size=4k,mode=755")
    for device in DEVICES:
        _touch(root + device)
    os.mkdir(root + SCRATCH)
    os.symlink(f"{SCRATCH}/.tmp", root + "/tmp")
    os.symlink(f"{SCRATCH}/.shm", root + "/dev/shm")
    _make_read_only(root)
    for device in DEVICES:
        kernel.mount(device, root + device, "", _BIND)
    options = f"size={limits['scratch_bytes']},nr_inodes={limits['scratch_files']},mode=700,uid={owner},gid={owner}"
    kernel.mount("tmpfs", root + SCRATCH, "tmpfs", _NOSUID | _NODEV | _NOEXEC, options)
    _pivot(root)


def _parent_of(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)


def _touch(path: str) -> None:
    _parent_of(path)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def _bind_folder(root: str, path: str) -> None:
    os.makedirs(root + path, exist_ok=True)
    kernel.mount(path, root + path, "", _BIND | _REC)


def _bind_file(root: str, path: str) -> None:
    _touch(root + path)
    kernel.mount(path, root + path, "", _BIND)


def _make_read_only(root: str) -> None:
    attributes = struct.pack("=QQQQ", _RDONLY | _NOSUID | _NODEV, 0, 0, 0)
    kernel.syscall(_MOUNT_SETATTR, _AT_FDCWD, root.encode(), _AT_RECURSIVE, attributes, 32, what="mount_setattr")


def _pivot(root: str) -> None:
    os.chdir(root)
    kernel.checked(kernel.libc.pivot_root(b".", b"."), "pivot_root")
    kernel.checked(kernel.libc.umount2(b".", ctypes.c_int(_DETACH)), "umount2")
    os.chdir(SCRATCH)
