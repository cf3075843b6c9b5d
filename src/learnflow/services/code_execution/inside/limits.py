"""What a run may use: rlimits, priority, and an identity without rights."""

# ruff: noqa: PTH208 - pathlib is not loaded here
import _thread
import os
import resource

from learnflow.services.code_execution.inside import kernel

MB = 1024 * 1024
_THREAD_STACK_BYTES = 256 * 1024
_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
_LARGE_BYTES = 128 * 1024
NICENESS = 10
_PENDING_SIGNALS = 256
MOST_CPU_S = 6
"""Of the processor's time; who has less on the wall has less of this too."""


def spare_memory() -> None:
    """Small stacks and one arena, so that sixteen threads fit into the address space that is left.

    What is large is always mapped by itself: else, once some was freed, untouched zeros would be written as such.
    """
    _thread.stack_size(_THREAD_STACK_BYTES)
    kernel.libc.mallopt(_M_ARENA_MAX, 1)
    kernel.libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def interpreter_bytes(proc: int) -> int:
    """The address space of this interpreter before the program: the base that the limit is added to."""
    descriptor = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    try:
        return int(os.read(descriptor, 100).split()[0]) * resource.getpagesize()
    finally:
        os.close(descriptor)


def go_first_when_memory_runs_out(proc: int, score: int) -> None:
    try:
        descriptor = os.open("self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
        try:
            os.write(descriptor, str(score).encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise kernel.LayerFailed("rlimits", f"oom_score_adj: {error.strerror}") from error


def tasks_of(proc: int, uid: int) -> int:
    """How many threads a user has on this machine."""
    found = 0
    for name in _entries(".", proc):
        if not name.isdigit():
            continue
        try:
            if os.stat(name, dir_fd=proc).st_uid == uid:
                found += len(_entries(f"{name}/task", proc))
        except OSError:  # it has ended meanwhile
            continue
    return found


def _entries(path: str, folder: int) -> list[str]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.listdir(descriptor)
    finally:
        os.close(descriptor)


def chosen(limits: dict[str, int], base_bytes: int) -> dict[int, tuple[int, int]]:
    """Every rlimit, the hard one such that it cannot be raised again; none above our own."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_SIGPENDING: _PENDING_SIGNALS,  # of timers too, whose memory is the kernel's
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_NOFILE: limits["descriptors"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_STACK: 8 * MB,
        resource.RLIMIT_AS: base_bytes + limits["memory_bytes"],
    }
    rlimits = {name: _allowed(name, value, value) for name, value in wanted.items()}
    return rlimits | {resource.RLIMIT_CPU: _cpu(MOST_CPU_S)}


def apply_cpu(seconds: int) -> None:
    """The processor's, once the program is known and has less time than most."""
    resource.setrlimit(resource.RLIMIT_CPU, _cpu(seconds))


def _cpu(seconds: int) -> tuple[int, int]:
    return _allowed(resource.RLIMIT_CPU, seconds, seconds + 1)


def _allowed(name: int, soft: int, hard: int) -> tuple[int, int]:
    most = resource.getrlimit(name)[1]
    return (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
