"""System calls in a row: each gets its arguments, answers are handed on, and the first that fails ends it, named."""

import os
from pathlib import Path

import pytest

from learnflow.services.code_execution.inside import kernel
from learnflow.services.code_execution.inside.steps import Slot, Steps


def test_a_file_is_opened_written_and_closed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    folder, before = os.open(tmp_path, os.O_PATH), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    steps = Steps()
    steps.write("first", folder, b"file", b"written")
    steps.add("second", "mkdirat", folder, b"folder", 0o700)
    steps.done()
    steps.run()
    assert (file.read_text(), (tmp_path / "folder").stat().st_mode & 0o777) == ("written", 0o700)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    os.close(folder)


def test_the_first_that_fails_is_named_and_nothing_comes_after_it(tmp_path: Path) -> None:
    steps = Steps()
    steps.write("missing", kernel.AT_FDCWD, str(tmp_path / "nowhere").encode(), b"")
    steps.add("never", "mkdirat", kernel.AT_FDCWD, str(tmp_path / "folder").encode(), 0o700)
    steps.done()
    for _ in range(2):
        with pytest.raises(kernel.LayerFailed, match="missing: openat: No such file or directory"):
            steps.run()
    assert list(tmp_path.iterdir()) == []


def test_a_slot_is_looked_up_when_it_is_run(tmp_path: Path) -> None:
    slot, steps = Slot(-1), Steps()
    steps.add("file", "close", slot)
    steps.done()
    with pytest.raises(kernel.LayerFailed, match="Bad file descriptor"):
        steps.run()
    slot.value = os.open(tmp_path, os.O_PATH)
    steps.run()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(slot.value)
