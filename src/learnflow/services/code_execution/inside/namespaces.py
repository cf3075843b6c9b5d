"""Namespaces and a root of its own, in which nothing of the host is but the interpreter's files."""

# ruff: noqa: PTH103, PTH120, PTH211, S108 - pathlib is not loaded here; these are paths of the private root
from __future__ import annotations

import ctypes
import os
import struct

from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.inside.steps import Slot, Steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
_MOUNT_SETATTR, _AT_RECURSIVE = 442, 0x8000
_DETACH = 2

SCRATCH_PARENT = "/sandbox"
"""Landlock passes over the folder that something is mounted on, so the rule for the scratch stands on this one."""
SCRATCH = f"{SCRATCH_PARENT}/home"
INNER_ID = 1000
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
KINDS = ("pid", "mnt", "net", "ipc")


def leave_host(*, user: bool) -> None:
    """New namespaces for the zygote; its next child is the first process of the new pid namespace."""
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS
    outer_uid, outer_gid = os.getuid(), os.getgid()
    try:
        kernel.unshare(flags | (kernel.NEWUSER if user else 0))
        if user:
            for file, text in id_maps(outer_uid, outer_gid):
                _write(f"/proc/self/{file}", text)
        kernel.checked(kernel.libc.sethostname(b"sandbox", 7), "sethostname")
    except OSError as error:
        raise kernel.LayerFailed("namespaces", error.strerror or str(error)) from error


def id_maps(outer_uid: int, outer_gid: int) -> tuple[tuple[str, str], ...]:
    """File and text: one user and one group in the new user namespace, the one who made it."""
    return ("setgroups", "deny"), ("uid_map", f"{INNER_ID} {outer_uid} 1"), ("gid_map", f"{INNER_ID} {outer_gid} 1")


def inodes(proc: int) -> dict[str, int]:
    """Which namespaces this process is in: the kernel's word for it."""
    return {kind: os.stat(f"self/ns/{kind}", dir_fd=proc).st_ino for kind in KINDS}


def own_proc() -> tuple[int, bool]:
    """The process file system as seen from here, and whether its numbers are those of our own namespace."""
    steps, context, root = Steps(), Slot(), Slot()
    steps.file_system("proc", {}, _NOSUID | _NODEV | _NOEXEC, context, root)
    steps.add("namespaces", "close", context)
    steps.done()
    try:
        steps.run()
        return root.value, True
    except kernel.LayerFailed:  # a container may hide parts of its own; what a process says of itself is there even so
        return os.open("/proc", os.O_PATH | os.O_CLOEXEC), False


class Births:
    """What comes before each fork: a small file system in memory, mounted nowhere yet, and a new pid namespace."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._context, self._scratch = Slot(), Slot()
        self._owner = ctypes.create_string_buffer(16)
        options = {
            "size": str(limits["scratch_bytes"]).encode(),
            "nr_inodes": str(limits["scratch_files"]).encode(),
            "mode": b"700",
            "uid": self._owner,
            "gid": self._owner,
        }
        steps = Steps()
        steps.file_system("tmpfs", options, _NOSUID | _NODEV | _NOEXEC, self._context, self._scratch)
        steps.add("namespaces", "unshare", kernel.NEWPID)
        steps.add("namespaces", "close", self._context)
        steps.done()
        self._steps = steps

    def next(self, owner: int) -> int:
        """The root of the file system: the next child is the first process of the new namespace."""
        self._owner.value = str(owner).encode()
        self._context.value = self._scratch.value = -1
        try:
            self._steps.run()
        except kernel.LayerFailed:
            for slot in (self._context, self._scratch):
                if slot.value >= 0:
                    os.close(slot.value)
            raise
        return self._scratch.value


def build_root(view: dict[str, Any]) -> None:
    """Make the private root and go there; `view` names what of the host is seen, read-only, at its own path."""
    try:
        _build(view)
    except OSError as error:
        raise kernel.LayerFailed("namespaces", error.strerror or str(error)) from error


def _build(view: dict[str, Any]) -> None:
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
    os.makedirs(root + SCRATCH)
    os.symlink(f"{SCRATCH}/.tmp", root + "/tmp")
    os.symlink(f"{SCRATCH}/.shm", root + "/dev/shm")
    _make_read_only(root)
    for device in DEVICES:
        kernel.mount(device, root + device, "", _BIND)
    _pivot(root)


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


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
    kernel.syscall(_MOUNT_SETATTR, kernel.AT_FDCWD, root.encode(), _AT_RECURSIVE, attributes, 32, what="mount_setattr")


def _pivot(root: str) -> None:
    os.chdir(root)
    kernel.checked(kernel.libc.pivot_root(b".", b"."), "pivot_root")
    kernel.checked(kernel.libc.umount2(b".", ctypes.c_int(_DETACH)), "umount2")
    os.chdir("/")
