"""What is let in, what a program may say of itself, and who has to wait."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from learnflow.contracts.errors import TooMany, Unavailable
from learnflow.services.code_execution.inside.limits import tasks_of
from learnflow.services.code_execution.live import LiveRun
from learnflow.services.code_execution.outcome import Program
from learnflow.services.code_execution.plan import _largest_mapping, free_uids
from learnflow.services.code_execution.reported import ErrorDetail, Step
from learnflow.services.code_execution.schemas import ExecuteRequest
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.slots import PerStudent, Slots, Turns


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "x" * 10_001},
        {"code": "a\0b"},
        {"code": "\ud800"},
        {"stdin": "a\0b"},
        {"timeout_s": 0},
        {"timeout_s": 5.01},
        {"timeout_s": float("nan")},
        {"files": {"../x": ""}},
        {"files": {"/etc/x": ""}},
        {"files": {".x": ""}},
        {"files": {"a//b": ""}},
        {"files": {"main.py": ""}},
        {"files": {"main.py/x": ""}},
        {"files": {"a": "", "a/b": ""}},
        {"files": {"a\n": ""}},
        {"files": {f"f{n}": "" for n in range(11)}},
        {"files": {"a": "x" * 100_000, "b": "x" * 100_000, "c": "x"}},
        {"execution_id": "x"},
    ],
    ids=str,
)
def test_malformed_requests_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExecuteRequest.model_validate({"code": "x", **wrong})


def test_ten_thousand_characters_and_small_files_are_taken() -> None:
    request = ExecuteRequest.model_validate({"code": "x" * 10_000, "files": {"a/b.txt": "ü"}, "more": 1})
    assert request.timeout_s == 5


def test_what_a_program_says_of_itself_is_cleaned_and_cut() -> None:
    error = ErrorDetail.model_validate(
        {"type": "E" * 1000, "message": "\ud800\0", "line": 3, "locals": {"a": "b" * 999}}
    )
    assert (len(error.type), error.message, len(error.locals["a"])) == (100, "?\u2400", 200)


@pytest.mark.parametrize("line", [-1, 10**9, "x", float("nan")])
def test_lines_that_cannot_be_are_refused(line: object) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"line": line})


class Zygote:
    """Stands in for the one that would end a run."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def end(self, number: int, reason: str) -> None:
        self.ended.append(reason)

    def parked(self, live: LiveRun) -> None:
        """Nobody asked for one that waits."""


def begin(job: int) -> None:
    """As the child says it, when it knows its program and before it closes what it was told by."""
    os.read(job, 1 << 16)
    os.write(job, b'[1,{"base_bytes": 1}]')


async def read(
    *writes: tuple[str, bytes], stop: bool = False, status: int | None = 0, begins: bool = True
) -> tuple[LiveRun, list[str]]:
    """A run whose pipes were written to and whose processes are gone; and how one tried to end it."""
    zygote = Zygote()
    live = LiveRun(zygote, 1, 10)
    theirs = live.open()
    live.tell(Program("x"))
    pipes = dict(zip(("stdout", "stderr", "channel", "job"), theirs, strict=True))
    if begins:
        begin(pipes["job"])
    for target, data in writes:
        os.write(pipes[target], data)
    for descriptor in theirs:
        os.close(descriptor)
    if stop:
        live.stop()
        live.stop()
    live.on_ended(status, 1, 0.0, None, -1)
    await live.finished
    return live, zygote.ended


async def test_output_past_the_limit_ends_the_run_and_keeps_what_was_said() -> None:
    live, ended = await read(("stdout", b"0123456789abc"))
    assert (live.seen.stdout, live.seen.ending, ended) == (b"0123456789", "output_limit", ["output_limit"])


async def test_output_of_exactly_the_limit_is_kept_whole() -> None:
    live, ended = await read(("stderr", b"0123456789"))
    assert (live.seen.stderr, live.seen.ending, ended) == (b"0123456789", None, [])


async def test_a_last_word_that_is_read_before_the_output_does_not_make_it_fit() -> None:
    zygote = Zygote()
    live = LiveRun(zygote, 1, 10)
    theirs = live.open()
    live.tell(Program("x"))
    begin(theirs[3])
    os.write(theirs[0], b"0123456789abc")
    live._on_channel(b'{"done": {"code": 0, "peak_bytes": 1, "cpu_s": 0.1, "left_files": false}}\n')
    for _ in range(3):
        await asyncio.sleep(0)
    assert not live.finished.done()
    for descriptor in theirs:
        os.close(descriptor)
    live.on_ended(0, 1, 0.0, None, -1)
    assert (live.seen.stdout, live.seen.ending, zygote.ended) == (b"0123456789", "output_limit", ["output_limit"])


async def test_a_failure_of_ours_is_believed_before_the_program_alone() -> None:
    failure = b'{"failed": {"layer": "x", "reason": "y"}}\n'
    live, _ = await read(("channel", failure))
    assert (live.seen.ready, live.seen.failed) == ({"base_bytes": 1}, None)
    live, _ = await read(("channel", failure), begins=False)
    assert (live.seen.ready, live.seen.failed) == (None, {"layer": "x", "reason": "y"})


async def test_nobody_can_say_on_the_channel_that_the_program_has_begun() -> None:
    live, _ = await read(
        ("channel", b'{"ready": {}}\n{"done": {"code": 0, "peak_bytes": 1, "cpu_s": 0.1}}\n'), begins=False
    )
    assert (live.seen.ready, (live.seen.done or {})["cpu_s"]) == (None, 0.0)


@pytest.mark.parametrize(
    "last",
    [
        b"7",
        b"{}",
        b'{"code": -9, "peak_bytes": 1, "cpu_s": 0.1}',
        b'{"code": 0, "peak_bytes": -1, "cpu_s": 0.1}',
        b'{"code": 0, "peak_bytes": 1, "cpu_s": NaN}',
        b'{"code": true, "peak_bytes": 1, "cpu_s": 0.1}',
    ],
)
async def test_a_last_word_that_is_none_leaves_it_to_the_kernel(last: bytes) -> None:
    live, _ = await read(("channel", b'{"done": ' + last + b"}\n"), status=3 << 8)
    assert (live.seen.done or {})["code"] == 3


async def test_the_first_last_word_counts() -> None:
    word = b'{"done": {"code": %d, "peak_bytes": 1, "cpu_s": 0.1}}\n'
    live, _ = await read(("channel", word % 4 + word % 5))
    assert (live.seen.done or {})["code"] == 4


async def test_a_run_that_never_was_is_our_failure() -> None:
    live, _ = await read(status=None)
    assert live.seen.failed == {"layer": "zygote", "reason": "it brought nothing forth"}


@pytest.mark.parametrize(
    "noise", [b"\n", b"[]\n", b"{}\n", b'{"error": 7}\n', b'{"step": {"line": "x"}}\n', b"[" * 5000 + b"\n"]
)
async def test_noise_on_the_channel_is_passed_over(noise: bytes) -> None:
    live, _ = await read(("channel", b'{"ready": {}}\n' + noise + b'{"error": {"type": "E", "message": "m"}}\n'))
    assert live.seen.error == ErrorDetail(type="E", message="m")
    assert live.seen.steps == []


async def test_the_first_error_counts() -> None:
    message = b'{"error": {"type": "%s", "message": ""}}\n'
    live, _ = await read(("channel", b'{"ready": {}}\n' + message % b"A" + message % b"B"))
    assert live.seen.error is not None
    assert live.seen.error.type == "A"


async def test_a_stop_is_asked_for_once() -> None:
    live, ended = await read(stop=True)
    assert (ended, live.seen.ending) == (["stopped"], "stopped")


async def test_a_third_run_of_a_student_is_too_many_until_one_ends() -> None:
    students, one, other = PerStudent(2), uuid4(), uuid4()
    with students.one_more(one), students.one_more(other):
        with students.one_more(one), pytest.raises(TooMany), students.one_more(one):
            pass
        with students.one_more(one):
            pass


async def test_places_are_given_back_and_a_full_queue_says_so() -> None:
    slots = Slots("test", 2, 1)
    first, _ = await slots.take(), await slots.take()
    waiting = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await slots.take()
    assert not waiting.done()
    first()
    await waiting


async def test_turns_are_taken_in_order_and_a_long_one_is_given_up() -> None:
    turns, order = Turns(1, 0.01), []

    async def take(number: int) -> None:
        end = await turns.take()
        order.append(number)
        if number:
            end()
            end()  # once is enough

    await asyncio.gather(*(take(number) for number in range(4)))
    assert order == [0, 1, 2, 3]
    assert not turns._places.locked()


async def test_one_who_gives_up_waiting_leaves_the_queue() -> None:
    slots = Slots("test", 1, 1)
    free = await slots.take()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await slots.take()
    free()
    await slots.take()


def test_user_ids_are_high_and_free() -> None:
    assert free_uids() > 1000
    assert _largest_mapping("0 1000 1\n1 100000 65536\n") == (1, 65536)


def test_settings_come_from_arguments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNFLOW_CODE_EXECUTION_LIVE_RUNS", "3")
    assert Settings().live_runs == 3
    assert Settings(live_runs=5).live_runs == 5
    assert Settings.model_config["env_file"] is None


def test_threads_of_a_user_are_counted() -> None:
    proc = os.open("/proc", os.O_PATH)
    assert tasks_of(proc, os.getuid()) >= 1
    assert tasks_of(proc, 4_000_000_000) == 0
    os.close(proc)


async def test_what_no_run_of_ours_would_say_ends_the_run() -> None:
    for flood in (b"x" * 1_100_000, b'{"error": 1}\n' * 2_000):
        zygote = Zygote()
        live = LiveRun(zygote, 1, 10)
        theirs = live.open()
        live.tell(Program("x"))
        live._on_channel(flood)
        live._on_channel(flood)
        for descriptor in theirs:
            os.close(descriptor)
        live.on_ended(-9, 1, 0.0, None, -1)
        assert (live.seen.ending, zygote.ended) == ("output_limit", ["output_limit"])


async def test_a_run_that_nobody_waits_for_any_more_is_closed_when_it_has_ended() -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    live = LiveRun(Zygote(), 1, 10)
    theirs = live.open()
    live.tell(Program("x"))
    live.finished.cancel()
    for descriptor in theirs:
        os.close(descriptor)
    live.on_ended(0, 1, 0.0, None, -1)
    await asyncio.sleep(0)
    assert sorted(Path("/proc/self/fd").iterdir()) == before
