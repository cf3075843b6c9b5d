"""What a program left in its folder, read when every process of it is gone: regular files alone, up to a cap."""

from __future__ import annotations

import os
import stat
import struct
from base64 import b64encode
from collections.abc import Iterator, Mapping

from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.reported import OutputFile

MAX_FILES = 20
MAX_TEXT_BYTES = 65_536
MAX_BINARY_BYTES = 262_144
MAX_ALL_BYTES = 524_288
_MAX_DEPTH = 4
_MAX_ENTRIES = 2_000
_OPENAT2 = 437
_NO_OTHER_DEVICE, _NO_MAGIC, _NO_LINKS, _BENEATH = 1, 2, 4, 8
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MARKS_OF_BINARY = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff")


class Collector:
    """Reads the small regular files beneath a folder; links and hidden names are passed over."""

    def __init__(self, root: int, given: Mapping[str, str]) -> None:
        self._root = root
        self._given = given
        self._room = MAX_ALL_BYTES
        self._entries_left = _MAX_ENTRIES

    def collect(self) -> list[OutputFile]:
        found: list[OutputFile] = []
        for name in self._names("", 0):
            if len(found) == MAX_FILES or self._room <= 0:
                break
            file = self._read(name)
            if file is not None:
                found.append(file)
        return found

    def _names(self, folder: str, depth: int) -> Iterator[str]:
        """Names of regular files; a program may take its own rights away, what cannot be read is not shown."""
        try:
            descriptor = _open_beneath(self._root, folder or ".", _FLAGS | os.O_DIRECTORY)
        except OSError:
            return
        try:
            with os.scandir(descriptor) as entries:
                listed = [
                    (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                    for entry, _ in zip(entries, range(self._entries_left), strict=False)
                ]
        except OSError:
            return
        finally:
            os.close(descriptor)
        self._entries_left -= len(listed)
        for name, is_folder, is_file in sorted(listed):
            if is_file and not name.startswith("."):
                yield folder + name
            elif is_folder and depth < _MAX_DEPTH and not name.startswith(".") and name != "__pycache__":
                yield from self._names(f"{folder}{name}/", depth + 1)

    def _read(self, name: str) -> OutputFile | None:
        try:
            descriptor = _open_beneath(self._root, name, _FLAGS)
        except OSError:
            return None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return None
            data = os.read(descriptor, min(MAX_BINARY_BYTES, self._room))
        finally:
            os.close(descriptor)
        return self._shown(name, data, found.st_size)

    def _shown(self, name: str, data: bytes, size: int) -> OutputFile | None:
        text = None
        if b"\0" not in data and not data.startswith(_MARKS_OF_BINARY):
            data = data[:MAX_TEXT_BYTES]
            text = data.decode("utf-8", "replace")
        if name == "main.py" or (text is not None and self._given.get(name) == text):
            return None
        self._room -= len(data)
        encoded = b64encode(data).decode() if text is None else None
        shown = name.encode("utf-8", "replace").decode()
        return OutputFile(name=shown, size=size, text=text, base64=encoded, truncated=size > len(data))


def _open_beneath(root: int, path: str, flags: int) -> int:
    """openat2: the kernel itself follows no link and stays beneath."""
    how = struct.pack("=QQQ", flags, 0, _NO_OTHER_DEVICE | _NO_MAGIC | _NO_LINKS | _BENEATH)
    return kernel.syscall(_OPENAT2, root, os.fsencode(path), how, len(how), what=f"openat2 {path}")
