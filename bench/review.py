"""How often a program is told of an essential fault although it passes its tests, and how often when it does not.

Run by hand, with the students' programs beside the checkout: ./learnflow bench review
"""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from bench.rows import Row
from learnflow.services.code_review import evidence
from learnflow.services.code_review.linter import Linter
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.review import Review, review

DATA = Path(os.environ.get("LEARNFLOW_SHARED_DATA", "../shared/data"))
MOST_WRONG = 0.5


async def judged(linter: Linter, row: dict[str, Any]) -> Review:
    """As a submission is judged: ruff, our own rules, and the share of the tests that passed."""
    program = Program(row["source"])
    verdicts = row["verdicts"]
    verdict = evidence.from_score(100 * verdicts.count("ok") / len(verdicts))
    if program.refusal is not None:
        verdict = evidence.from_parser(program)
    return review(program, await linter.find(program.source), verdict)


async def run() -> list[Row]:
    """Every program of the data once."""
    programs = DATA / "student_programs.jsonl"
    if not programs.exists():
        return [Row("review", f"not measured: there is no {programs}", 0, "", "-")]
    linter = Linter()
    seen: Counter[tuple[bool, str]] = Counter()
    for line in programs.read_text().splitlines():
        row = json.loads(line)
        found = await judged(linter, row)
        rules = {remark.rule for remark in found.remarks}
        seen[row["passes"], "all"] += 1
        seen[row["passes"], "essential"] += any(remark.severity == "essential" for remark in found.remarks)
        seen[row["passes"], "missing-return"] += "missing-return" in rules
        seen[row["passes"], "without ruff"] += not found.is_whole
    return [*_rows(seen, passes=True), *_rows(seen, passes=False)]


def _rows(seen: Counter[tuple[bool, str]], *, passes: bool) -> list[Row]:
    name = "passing" if passes else "failing"
    share = {what: 100 * seen[passes, what] / max(seen[passes, "all"], 1) for what in ("essential", "missing-return")}
    essential, goal = share["essential"], f"<= {MOST_WRONG}" if passes else "-"
    return [
        Row("review", f"{name} programs", seen[passes, "all"], "", "-"),
        Row(
            "review",
            f"{name}: with an essential remark",
            essential,
            "%",
            goal,
            met=essential <= MOST_WRONG if passes else None,
        ),
        Row("review", f"{name}: told of a missing return", share["missing-return"], "%", "-"),
        Row("review", f"{name}: ruff did not answer", seen[passes, "without ruff"], "", "0"),
    ]


if __name__ == "__main__":
    for result in asyncio.run(run()):
        print(result.line())
