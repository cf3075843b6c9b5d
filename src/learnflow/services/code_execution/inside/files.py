"""The scratch folder: given files in before the run, regular files out after every process is dead."""

# ruff: noqa: PTH102, PTH103, PTH120, PTH123 - pathlib costs every run its import
import os
import stat

MAX_FILES = 20
MAX_FILE_BYTES = 65_536
MAX_ALL_BYTES = 262_144
_MAX_DEPTH = 4
_MAX_ENTRIES = 2_000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def put(scratch: str, files: dict[str, str]) -> None:
    """Write the given files; their names were checked by the service."""
    for folder in (".tmp", ".shm"):
        os.mkdir(f"{scratch}/{folder}", 0o700)
    for name, text in files.items():
        path = f"{scratch}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="") as file:
            file.write(text)


class Collector:
    """Reads the small regular files that a program left, links and hidden names passed over."""

    def __init__(self, given: dict[str, str]) -> None:
        self._given = given
        self._room = MAX_ALL_BYTES
        self._entries_left = _MAX_ENTRIES
        self.found: list[dict[str, object]] = []

    def collect(self, scratch: str) -> list[dict[str, object]]:
        try:
            folder = os.open(scratch, _FOLDER)
        except OSError:
            return []
        self._walk(folder, "", 0)
        return self.found

    def _walk(self, folder: int, prefix: str, depth: int) -> None:
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry, _ in zip(entries, range(self._entries_left), strict=False)]
            self._entries_left -= len(names)
            for name in sorted(names):
                self._look_at(folder, name, prefix, depth)
        finally:
            os.close(folder)

    def _look_at(self, folder: int, name: str, prefix: str, depth: int) -> None:
        if name.startswith(".") or len(self.found) >= MAX_FILES:
            return
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode) and depth < _MAX_DEPTH and name != "__pycache__":
                self._walk(os.open(name, _FOLDER, dir_fd=folder), f"{prefix}{name}/", depth + 1)
            elif stat.S_ISREG(mode):
                self._read(os.open(name, _FILE, dir_fd=folder), prefix + name)
        except OSError:  # the program may take its own rights away; such a file is simply not shown
            return

    def _read(self, descriptor: int, name: str) -> None:
        try:
            size = os.fstat(descriptor).st_size
            data = os.read(descriptor, min(MAX_FILE_BYTES, self._room))
        finally:
            os.close(descriptor)
        text = None if b"\0" in data else data.decode("utf-8", "replace")
        if name == "main.py" or (name in self._given and self._given[name] == text):
            return
        self._room -= len(data)
        shown = name.encode("utf-8", "replace").decode()
        self.found.append({"name": shown, "size": size, "text": text, "truncated": size > len(data)})
