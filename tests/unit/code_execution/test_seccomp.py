"""The seccomp filter, run in a small interpreter of its own language: both machines are judged on either."""

import re
from pathlib import Path

import pytest

from learnflow.services.code_execution.inside.seccomp import (
    ABSENT,
    ALLOW,
    KILL,
    MACHINES,
    PRETEND,
    REFUSE,
    program,
)
from learnflow.services.code_execution.inside.steps import CALLS
from learnflow.services.code_execution.inside.syscalls import ALLOWED

CLONE_THREAD, NEW_USER = 0x00010000, 0x10000000


def special(column: int) -> set[int]:
    """Calls whose arguments decide."""
    names = ("fcntl", "ioctl", "prctl", "prlimit64", "socketpair", "clone", "clone3")
    flushes = ("fsync", "fdatasync", "sync_file_range", "fadvise64")
    return {ALLOWED[name][column] for name in (*names, *flushes)}


HEADERS = (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm-generic/unistd.h"))


def answer(
    machine: str, call: str | int, *arguments: int, may_fork: bool = True, pid: int = 7, architecture: int = 0
) -> int:
    """What the kernel would answer to this call."""
    number = call if isinstance(call, int) else ALLOWED[call][MACHINES[machine][0]]
    data = {0: number, 4: architecture or MACHINES[machine][1]}
    data |= {16 + 8 * index: value & 0xFFFFFFFF for index, value in enumerate((*arguments, 0, 0, 0))}
    code, at, accumulator = program(machine, may_fork=may_fork, pid=pid), 0, 0
    while True:
        operation, when_true, when_false, value = code[at]
        at += 1
        if operation == 0x06:
            return value
        if operation == 0x20:
            accumulator = data[value]
        elif operation == 0x54:
            accumulator &= value
        elif operation == 0x05:
            at += value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
            at += when_true if holds else when_false


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_plain_calls_pass(machine: str) -> None:
    assert {answer(machine, call) for call in ("read", "mmap", "futex", "openat", "exit_group")} == {ALLOW}


def test_a_call_that_is_not_listed_is_refused(machine: str) -> None:
    assert answer(machine, 999) == REFUSE
    assert not {"socket", "connect", "execve", "ptrace", "mount", "bpf", "keyctl", "unshare"} & ALLOWED.keys()


def test_another_architecture_or_abi_kills(machine: str) -> None:
    assert answer(machine, "read", architecture=0x40000003) == KILL
    assert answer("x86_64", 0x40000000) == KILL


def test_clone_makes_threads_and_children_but_no_namespaces(machine: str) -> None:
    assert answer(machine, "clone", CLONE_THREAD) == ALLOW
    assert answer(machine, "clone", 17) == ALLOW
    assert answer(machine, "clone", NEW_USER | 17) == REFUSE
    assert answer(machine, "clone3") == ABSENT


def test_nothing_makes_the_hosts_disk_write_or_its_cache_forget(machine: str) -> None:
    """A file of the standard library may be read by all: its flush is a flush of the host's disk."""
    calls = ("fsync", "fdatasync", "sync_file_range", "fadvise64")
    assert {answer(machine, call) for call in calls} == {PRETEND}


def test_without_a_pid_namespace_there_are_threads_but_no_children(machine: str) -> None:
    assert answer(machine, "clone", CLONE_THREAD, may_fork=False) == ALLOW
    assert answer(machine, "clone", 17, may_fork=False) == REFUSE
    assert answer("x86_64", "fork", may_fork=False) == REFUSE


def test_without_a_pid_namespace_a_program_signals_itself_alone(machine: str) -> None:
    assert answer(machine, "kill", 7, 9, may_fork=False) == ALLOW
    assert answer(machine, "kill", 8, 9, may_fork=False) == REFUSE
    assert answer(machine, "kill", -1, 9, may_fork=False) == REFUSE
    assert answer(machine, "kill", 0, 9, may_fork=False) == REFUSE


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("socketpair", (1, 1 | 0o2000000), ALLOW),
        ("socketpair", (1, 2), REFUSE),
        ("socketpair", (2, 1), REFUSE),
        ("fcntl", (3, 6), ALLOW),
        ("fcntl", (3, 1024), REFUSE),
        ("fcntl", (3, 1031), REFUSE),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), REFUSE),
        ("prctl", (15,), ALLOW),
        ("prctl", (38,), REFUSE),
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (1,), REFUSE),
    ],
)
def test_arguments_decide(machine: str, call: str, arguments: tuple[int, ...], expected: int) -> None:
    assert answer(machine, call, *arguments) == expected


def test_the_filter_fits_into_what_the_kernel_takes(machine: str) -> None:
    code = program(machine, may_fork=False, pid=7)
    assert len(code) < 4096
    assert all(0 <= jump <= 255 for _, when_true, when_false, _ in code for jump in (when_true, when_false))


def test_the_filter_is_a_balanced_tree(machine: str) -> None:
    """The kernel walks it for every call there is when it is installed: a list would cost more than the fork."""
    assert len(program(machine, may_fork=True, pid=0)) < 300


def test_every_call_of_the_table_is_answered_as_in_a_list(machine: str) -> None:
    column = MACHINES[machine][0]
    listed = {numbers[column] for numbers in ALLOWED.values()}
    for number in range(600):
        assert (answer(machine, number) == REFUSE) == (number not in listed) or number in special(column)


def test_the_numbers_are_those_of_the_kernels_headers() -> None:
    if not all(header.exists() for header in HEADERS):
        pytest.skip("the kernel's headers are not installed (Debian: linux-libc-dev)")
    intel = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", HEADERS[0].read_text())}
    generic = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[1].read_text())
    arm = {name: int(number) for name, number in generic} | {"newfstatat": 79}
    for name, (on_intel, on_arm) in (*ALLOWED.items(), *CALLS.items()):
        assert intel[name] == on_intel
        assert arm.get(name, -1) == on_arm or name in {"stat", "lstat"}
