"""`test`: every stage of the tests with its time."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from learnflow.cli.output import print_table, wrong_call
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import CHECKOUT

EXAMPLE = "Example:  ./learnflow test unit -k ladder"
STAGES = ("unit", "static", "contract", "integration", "hostile", "content", "e2e", "distributed")
BY_HAND = "distributed"
CHECKED = ("src", "tests", "bench", "tools")
"""What ruff reads: a program that somebody left in the checkout is not ours to judge."""
NO_TESTS = 5
NEEDS_TOOLS = "NEEDS TOOLS"
TOOLS_MISSING = 32
"""Exit code of a pytest run that wants Java, Maven or Go; tests/distributed/conftest.py says which."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one stage ended."""

    stage: str
    state: str
    seconds: float

    @property
    def is_bad(self) -> bool:
        return self.state == "FAILED"


def register(app: typer.Typer) -> None:
    app.command("test", epilog=EXAMPLE)(run_tests)


def run_tests(
    stages: Annotated[list[str] | None, typer.Argument(help=" | ".join(STAGES), metavar="[STAGE]...")] = None,
    only: Annotated[str, typer.Option("-k", help="Only tests whose name matches, as pytest's -k")] = "",
) -> None:
    """Run the tests. Without a name: all stages but distributed. Plain `pytest` works too."""
    for name in stages or ():
        if name not in STAGES:
            wrong_call(f"{name}: no such stage. There are: {', '.join(STAGES)}.")
    if not (CHECKOUT / "tests").is_dir():
        raise RuntimeProblem("The tests are part of the checkout, and this LearnFlow was installed without one.")
    chosen = stages or [name for name in STAGES if name != BY_HAND]
    outcomes = [_run_stage(name, only) for name in chosen]
    print()
    print_table([(outcome.stage, outcome.state, f"{outcome.seconds:7.1f} s") for outcome in outcomes])
    print_table([("together", "", f"{sum(outcome.seconds for outcome in outcomes):7.1f} s")])
    if any(outcome.state == NEEDS_TOOLS for outcome in outcomes):
        raise typer.Exit(2)
    raise typer.Exit(1 if any(outcome.is_bad for outcome in outcomes) else 0)


def _run_stage(name: str, only: str) -> Outcome:
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    state = _static(only) if name == "static" else _pytest(CHECKOUT / "tests" / name, only)
    return Outcome(name, state, time.monotonic() - began)


def _static(only: str) -> str:
    if only:
        return _pytest(CHECKOUT / "tests" / "architecture", only)
    programs = Path(sys.executable).parent
    python = [sys.executable, "-m"]
    checks = (
        [*python, "ruff", "check", *CHECKED],
        [*python, "ruff", "format", "--check", *CHECKED],
        [*python, "mypy"],
        [str(programs / "lint-imports")],
    )
    codes = [_call(command) for command in checks]
    architecture = _pytest(CHECKOUT / "tests" / "architecture", only)
    return "FAILED" if any(codes) else architecture


def _pytest(folder: Path, only: str) -> str:
    if not any(folder.rglob("test_*.py")):
        print(f"There are no tests in {folder.name} yet.")
        return "no tests yet"
    command = [sys.executable, "-m", "pytest", str(folder), "-q", "-m", "not soak"]
    code = _call([*command, "-k", only] if only else command)
    if code == NO_TESTS and only:
        return "none matches"
    if code == TOOLS_MISSING:
        return NEEDS_TOOLS
    return "FAILED" if code else "passed"


def _call(command: list[str]) -> int:
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode
