"""`demo` plays the acceptance day on a running instance, with people of its own."""

import json
import math
import re

import pytest

from tests.integration.conftest import Up


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.plan("P-CLI-demo", "P-DAY-1", "P-DAY-5", "P-DAY-7", "P-DAY-8", "P-DAY-9", "P-DAY-topic")
def test_the_day_is_played_on_a_running_instance(up: Up) -> None:
    said = up.command("demo", "--json", timeout_s=90)
    assert said.returncode == 0, said.stdout + said.stderr
    rows = json.loads(said.stdout)
    assert [row["step"] for row in rows] == list(range(1, 15))
    assert [row["ok"] for row in rows] == [True] * 14
    assert set(rows[0]) == {"step", "does", "ok", "ms", "seen"}
    assert rows[0]["seen"] == "module 2: 60 %"
    assert "module 2: 68 %" in rows[4]["seen"]
    assert "0.40 x 100 (exercises) + 0.30 x 80 (quiz)" in rows[4]["seen"]
    lesson, exercises, quiz, mastery = (row["seen"] for row in rows[10:])
    assert lesson.startswith("Lists, ")
    assert "predict" in lesson
    assert "try" in lesson
    assert exercises.startswith("5 of 5 core exercises")
    assert quiz.startswith("4 of 5; ")
    done, _, of = quiz.removeprefix("4 of 5; ").removesuffix(" steps done").partition(" of ")
    assert done == of
    parts = [float(part) for part in re.findall(r" x ([0-9.]+) \(", mastery)]
    assert parts[:2] == [100, 80]
    come_to = sum(weight * part for weight, part in zip((0.4, 0.3, 0.2, 0.1), parts, strict=True))
    assert f"= {math.floor(come_to + 0.5)} %" in mastery
