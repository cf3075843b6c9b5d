"""ruff itself, on programs that want to switch it off, fill it up or bring it down."""

import asyncio
import stat
from pathlib import Path

import pytest

from learnflow.services.code_review.linter import Linter
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.rulebook import load_rules

OFF = [
    "# ruff: noqa\n{}",
    "# flake8: noqa\n{}",
    "# ruff: noqa: F821\n{}",
    "# ruff: disable[F821]\n{}\n# ruff: enable[F821]",
    "# ruff: file-ignore[F821]\n{}",
    "# /// script\n# requires-python = '>=3.14'\n# [tool.ruff]\n# lint.select = []\n# ///\n{}",
    "{}  # noqa",
    "{}  # noqa: F821",
    "{}  # ruff: ignore[F821]",
    "# isort: skip_file\n# fmt: off\n# type: ignore\n{}",
]


async def rules_of(source: str) -> list[str]:
    found = await Linter().find(source)
    assert found is not None
    return [hit.rule for hit in found]


@pytest.mark.parametrize("wrapping", OFF)
async def test_a_comment_in_the_program_switches_nothing_off(wrapping: str) -> None:
    assert "F821" in await rules_of(wrapping.format("print(nmae)") + "\n")


async def test_a_hit_has_its_line_its_column_and_the_students_own_name() -> None:
    (hit,) = await Linter().find("print(1)\nprint(nmae)\n") or []
    assert (hit.rule, hit.line, hit.column, hit.name) == ("F821", 2, 7, "nmae")


async def test_every_rule_of_the_book_is_one_that_ruff_knows() -> None:
    process = await asyncio.create_subprocess_exec(
        Linter()._program, "rule", "--all", "--output-format", "json", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    for rule in load_rules().values():
        if rule.is_ruffs:
            assert f'"code": "{rule.code}"'.encode() in output, rule.code


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 4900 + "1" + ")" * 4900,
        "a" + "+a" * 4990,
        "-" * 9990 + "1",
        "x" * 10_000,
        "x = '" + "y" * 9_990 + "'",
        "\n" * 10_000,
        "if a:\n\t" * 1200,
        "\x0cprint(1)\n",
        "\ufeffprint(1)\n",
        "x = '\x00'\n",
        "x = '\ud800'\n",
        "f'{" * 3000,
        "lambda:" * 1400 + "1",
        "def f(:\n",
        "print(1)\r\nprint(2)\rprint(3)\n",
        "",
    ],
    ids=range(16),
)
async def test_whatever_is_sent_there_is_an_answer_in_time(source: str) -> None:
    async with asyncio.timeout(5):
        await Linter().find(source)
        Program(source)


async def _false_ruff(folder: Path, body: str) -> Linter:
    path = folder / "ruff"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Linter(str(path))


@pytest.mark.parametrize(
    "body",
    ["kill -11 $$", "exit 2", "echo nonsense", "echo '{}'", "echo '[{}]'", "exec sleep 30", "cat > /tmp/never; exit 3"],
)
async def test_a_ruff_that_crashes_hangs_or_babbles_costs_the_style_alone(tmp_path: Path, body: str) -> None:
    linter = await _false_ruff(tmp_path, body)
    async with asyncio.timeout(5):
        assert await linter.find("print(1)\n") is None


async def test_a_slow_ruff_is_waited_for_as_long_as_the_caller_can(tmp_path: Path) -> None:
    linter = await _false_ruff(tmp_path, "cat > /dev/null; sleep 0.5; echo '[]'")
    assert await linter.find("print(1)\n", wait_s=0.1) is None
    assert await linter.find("print(1)\n", wait_s=20) == []


async def test_a_ruff_that_is_not_there_costs_the_style_alone() -> None:
    assert await Linter("/nowhere/ruff").find("print(1)\n") is None


async def test_nothing_of_our_environment_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNFLOW_SERVICE_SECRET", "planted")
    linter = await _false_ruff(tmp_path, "cat > /dev/null; echo '[]'; ! env | grep -q LEARNFLOW")
    assert await linter.find("print(1)\n") == []


async def test_it_can_write_no_file(tmp_path: Path) -> None:
    linter = await _false_ruff(tmp_path, f"cat > /dev/null; echo '[]'; echo planted > {tmp_path}/seen")
    await linter.find("print(1)\n")
    assert not (tmp_path / "seen").exists() or (tmp_path / "seen").read_text() == ""


async def test_many_at_once_are_all_answered() -> None:
    linter = Linter()
    found = await asyncio.gather(*(linter.find("print(nmae)\n") for _ in range(8)))
    assert all(hits and hits[0].rule == "F821" for hits in found)
