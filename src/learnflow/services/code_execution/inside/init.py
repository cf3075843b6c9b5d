"""The first process of a run's pid namespace: it waits to be killed, and what is orphaned ends without a trace.

It shares the zygote's memory, so it costs no page; its whole program is a few instructions that touch none.
"""

import ctypes
import signal

from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.inside.steps import executable

_CLONE_VM = 0x00000100
_STACKS, _STACK_BYTES = 256, 256

# ignore SIGCHLD by rt_sigaction(SIGCHLD, the argument, NULL, 8), so that the kernel reaps; then wait for ever
_PROGRAMS = {
    "x86_64": bytes.fromhex("4889fe bf11000000 31d2 41ba08000000 b80d000000 0f05 b822000000 0f05 ebf7"),
    "aarch64": b"".join(
        word.to_bytes(4, "little")
        for word in (
            *(0xAA0003E1, 0xD2800220, 0xD2800002, 0xD2800103, 0xD28010C8, 0xD4000001),
            *(0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800004, 0xD2800928, 0xD4000001, 0x17FFFFF9),
        )
    ),
}


class Init:
    """Starts first processes; each has a few bytes of a common stack."""

    def __init__(self) -> None:
        self._program = ctypes.c_void_p(executable(_PROGRAMS))
        self._stacks = ctypes.create_string_buffer(_STACKS * _STACK_BYTES)
        self._first_stack = (ctypes.addressof(self._stacks) + 15) & ~15
        self._ignore = ctypes.create_string_buffer((1).to_bytes(8, "little"), 32)  # struct sigaction: SIG_IGN
        self._count = 0

    def start(self) -> int:
        """The process id; it is the first of the namespace that was unshared before."""
        self._count = (self._count + 1) % (_STACKS - 2)
        top = self._first_stack + (self._count + 1) * _STACK_BYTES
        flags = _CLONE_VM | int(signal.SIGCHLD)
        pid = kernel.libc.clone(self._program, ctypes.c_void_p(top), flags, ctypes.byref(self._ignore))
        return kernel.checked(pid, "clone")
