"""System calls in a row, made by a few instructions of our own.

After a fork each page that is written to must be copied, and Python writes to whatever it looks at: what shuts a child
in would copy two hundred, which takes longer than all its system calls. So they are written down once, by the zygote.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from learnflow.services.code_execution.inside import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Slot = ctypes.c_long
"""A number that is known later: set from outside, or the answer of an earlier call."""

# for each call, until its number is negative: load number and arguments, the first one by its address; make the call;
# keep the answer; a negative one ends it. What is returned is where it stopped, 0 for the end
_PROGRAMS = {
    "x86_64": bytes.fromhex(
        "53 4889fb 488b03 4885c0 782f 488b7b08 488b3f 488b7310 488b5318 4c8b5320 4c8b4328 4c8b4b30 0f05"
        "488b4b38 488901 4885c0 7808 4883c340 ebc9 31db 4889d8 5b c3"
    ),
    "aarch64": bytes.fromhex(
        "e90300aa 280140f9 6801f8b7 208540a9 000040f9 228d41a9 249542a9 010000d4"
        "2a1d40f9 400100f9 8000f8b7 29010191 f5ffff17 090080d2 e00309aa c0035fd6"
    ),
}
CALLS = {  # on x86-64 and on aarch64
    "capset": (126, 91),
    "chdir": (80, 49),
    "close": (3, 57),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "landlock_restrict_self": (446, 446),
    "mkdirat": (258, 34),
    "move_mount": (429, 429),
    "openat": (257, 56),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "rt_sigprocmask": (14, 135),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "setuid": (105, 146),
    "unshare": (272, 97),
    "write": (1, 64),
}
_COLUMNS = {"x86_64": 0, "aarch64": 1}
_WORDS, _ARGUMENTS = 8, 6
_CLOEXEC, _SET_STRING, _CREATE = 1, 1, 6
_PAGES: list[mmap.mmap] = []


def executable(programs: dict[str, bytes]) -> int:
    """Where this machine's program lies, for good."""
    machine = os.uname().machine
    if machine not in programs:
        raise kernel.LayerFailed("namespaces", f"no instructions for {machine}")
    page = mmap.mmap(-1, mmap.PAGESIZE)
    page.write(programs[machine])
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    read_execute = mmap.PROT_READ | mmap.PROT_EXEC
    length = ctypes.c_size_t(mmap.PAGESIZE)
    kernel.checked(kernel.libc.mprotect(ctypes.c_void_p(start), length, read_execute), "mprotect")
    _PAGES.append(page)
    return start


class Steps:
    """Made once, in the zygote, and run in it or in its children."""

    def __init__(self) -> None:
        self._column = _COLUMNS[os.uname().machine]
        self._words: list[int] = []
        self._names: list[tuple[str, str]] = []
        self._answers: list[Slot] = []
        self._kept: list[Any] = []  # what is pointed to
        self._table: Any = None
        self._run = ctypes.PYFUNCTYPE(ctypes.c_long, ctypes.c_void_p)(executable(_PROGRAMS))

    def add(self, layer: str, call: str, *arguments: Any, into: Slot | None = None) -> None:
        """One more call. Arguments are numbers, bytes or what ctypes makes; the first may be a Slot. `into` takes the
        answer; `layer` is what fails with it."""
        first, *others = (*(self._word(value) for value in arguments), *[0] * (_ARGUMENTS - len(arguments)))
        slot = arguments[0] if isinstance(arguments[0], Slot) else Slot(first)
        answer = Slot() if into is None else into
        self._kept += [slot, arguments]
        self._answers.append(answer)
        self._names.append((layer, call))
        self._words += [CALLS[call][self._column], ctypes.addressof(slot), *others, ctypes.addressof(answer)]

    def write(self, layer: str, folder: int, path: Any, text: bytes) -> None:
        """Put a few bytes into a file that exists."""
        file = Slot()
        self.add(layer, "openat", folder, path, os.O_WRONLY | os.O_CLOEXEC, into=file)
        self.add(layer, "write", file, text, len(text))
        self.add(layer, "close", file)

    def file_system(self, kind: str, options: dict[str, Any], attributes: int, context: Slot, root: Slot) -> None:
        """A mounted file system that is nowhere yet: `root` becomes its descriptor. `context` is to be closed."""
        layer = "namespaces"
        self.add(layer, "fsopen", kind.encode(), _CLOEXEC, into=context)
        for name, value in options.items():
            self.add(layer, "fsconfig", context, _SET_STRING, name.encode(), value, 0)
        self.add(layer, "fsconfig", context, _CREATE, 0, 0, 0)
        self.add(layer, "fsmount", context, _CLOEXEC, attributes, into=root)

    def done(self) -> None:
        """That was all."""
        words = [*self._words, -1]
        self._table = (ctypes.c_long * len(words))(*words)

    def run(self) -> None:
        """All of them; LayerFailed at the first one that fails."""
        stopped_at = self._run(ctypes.addressof(self._table))
        if stopped_at:
            index = (stopped_at - ctypes.addressof(self._table)) // (_WORDS * ctypes.sizeof(ctypes.c_long))
            layer, call = self._names[index]
            raise kernel.LayerFailed(layer, f"{call}: {os.strerror(-self._answers[index].value)}")

    def _word(self, value: Any) -> int:
        if isinstance(value, int):
            return value
        if isinstance(value, Slot):
            return 0  # looked up by its address
        if isinstance(value, bytes):
            value = ctypes.create_string_buffer(value)
        self._kept.append(value)
        return ctypes.addressof(value)
