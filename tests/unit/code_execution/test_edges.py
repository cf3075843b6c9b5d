"""What is let in, what a program may say of itself, and who has to wait."""

import asyncio
import os
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from learnflow.contracts.errors import TooMany, Unavailable
from learnflow.services.code_execution.plan import _largest_mapping, free_uids, tasks_of
from learnflow.services.code_execution.reported import ErrorDetail, Step
from learnflow.services.code_execution.schemas import ExecuteRequest
from learnflow.services.code_execution.settings import Settings
from learnflow.services.code_execution.slots import PerStudent, Slots
from learnflow.services.code_execution.streams import Reader


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


def read(*writes: tuple[str, bytes], stop: bool = False) -> tuple[Reader, list[bool]]:
    """A reader whose pipes were written to and closed; and how it tried to end the run."""
    ended: list[bool] = []
    reader = Reader(ended.append, 1.0, 10)
    pipes = {name: os.pipe() for name in ("stdout", "stderr", "channel", "report")}
    for name, (reading, writing) in pipes.items():
        reader.watch(name, reading)
        for target, data in writes:
            if target == name:
                os.write(writing, data)
        os.close(writing)
    if stop:
        reader.stop()
    reader.read_all()
    reader.close()
    for reading, _ in pipes.values():
        os.close(reading)
    return reader, ended


def test_output_past_the_limit_ends_the_run_and_keeps_what_was_said() -> None:
    reader, ended = read(("stdout", b"0123456789abc"))
    assert (reader.seen.stdout, reader.seen.ending, ended) == (b"0123456789", "output_limit", [False])


def test_output_of_exactly_the_limit_is_kept_whole() -> None:
    reader, ended = read(("stderr", b"0123456789"))
    assert (reader.seen.stderr, reader.seen.ending, ended) == (b"0123456789", None, [])


def test_reports_on_the_students_channel_are_not_believed() -> None:
    reader, _ = read(("channel", b'{"done": {"code": 0}}\n{"ready": {}}\n{"failed": {"layer": "x"}}\n'))
    assert (reader.seen.done, reader.seen.ready, reader.seen.failed) == (None, None, None)


@pytest.mark.parametrize(
    "noise", [b"\n", b"[]\n", b"{}\n", b'{"error": 7}\n', b'{"step": {"line": "x"}}\n', b"[" * 5000 + b"\n"]
)
def test_noise_on_the_channel_is_passed_over(noise: bytes) -> None:
    reader, _ = read(("channel", noise + b'{"error": {"type": "E", "message": "m"}}\n'))
    assert reader.seen.error == ErrorDetail(type="E", message="m")
    assert reader.seen.steps == []


def test_the_first_error_counts() -> None:
    message = b'{"error": {"type": "%s", "message": ""}}\n'
    reader, _ = read(("channel", message % b"A" + message % b"B"))
    assert reader.seen.error is not None
    assert reader.seen.error.type == "A"


def test_a_stop_is_asked_for_once() -> None:
    _reader, ended = read(stop=True)
    assert ended in ([], [False])


async def test_a_third_run_of_a_student_is_too_many_until_one_ends() -> None:
    students, one, other = PerStudent(2), uuid4(), uuid4()
    with students.one_more(one), students.one_more(other):
        with students.one_more(one), pytest.raises(TooMany), students.one_more(one):
            pass
        with students.one_more(one):
            pass


async def test_slots_are_numbered_once_and_a_full_queue_says_so() -> None:
    slots, release, held = Slots("test", range(2), 1), asyncio.Event(), []

    async def hold() -> None:
        async with slots.taken() as number:
            held.append(number)
            await release.wait()

    holders = [asyncio.create_task(hold()) for _ in range(3)]
    await asyncio.sleep(0)
    assert sorted(held) == [0, 1]
    with pytest.raises(Unavailable):
        await hold()
    release.set()
    await asyncio.gather(*holders)
    assert len(held) == 3


async def test_one_who_gives_up_waiting_leaves_the_queue() -> None:
    slots = Slots("test", range(1), 1)
    async with slots.taken():
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001), slots.taken():
                    pass
    async with slots.taken() as number:
        assert number == 0


def test_user_ids_are_high_and_free() -> None:
    assert free_uids() > 1000
    assert _largest_mapping("0 1000 1\n1 100000 65536\n") == (1, 65536)


def test_settings_come_from_arguments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNFLOW_CODE_EXECUTION_LIVE_RUNS", "3")
    assert Settings().live_runs == 3
    assert Settings(live_runs=5).live_runs == 5
    assert Settings.model_config["env_file"] is None


def test_threads_of_a_user_are_counted() -> None:
    assert tasks_of(os.getuid()) >= 1
    assert tasks_of(4_000_000_000) == 0
