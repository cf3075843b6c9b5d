"""`demo`: the day that must work, played through the public API."""

import asyncio
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx
import typer

from learnflow.cli.database import wiring_of
from learnflow.cli.output import DataOption, JsonOption, print_json, progress
from learnflow.runtime.demo import DemoAccount
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import find_instance

if TYPE_CHECKING:
    from learnflow.runtime.acceptance.day import Row
    from learnflow.runtime.acceptance.people import Person

EXAMPLE = "Example:  ./learnflow demo --json"
_SIGNS = {True: "ok", False: "NOT MET", None: "later"}


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(demo)


def demo(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Play the acceptance day, step by step.

    On the running instance, or on one of its own. Exit code 1 when a step fails.
    """
    from learnflow.runtime.acceptance.own_instance import is_up, own_instance

    with ExitStack() as stack:
        instance = find_instance(data)
        if not is_up(instance):
            progress("no LearnFlow runs there: starting one for the demo ...")
            instance = stack.enter_context(own_instance())
        rows = _play(instance.data, as_json)
    if as_json:
        print_json([asdict(row) for row in rows])
    raise typer.Exit(1 if any(row.ok is False for row in rows) else 0)


def _play(data: Path, as_json: bool) -> "list[Row]":
    from learnflow.runtime.acceptance.day import Day, play
    from learnflow.runtime.acceptance.help import Help
    from learnflow.runtime.acceptance.people import Failed, Person

    facts = find_instance(data).read()
    addresses = facts["addresses"]
    site = addresses.get("web", addresses["api-gateway"])
    student, other, teacher = (Person(site, account) for account in _accounts())
    day = Day(student, Help(teacher, other))
    progress("the weeks before ...")
    try:
        _prepare(student, [student.account, other.account, teacher.account], data)
    except Failed as failure:
        raise RuntimeProblem(f"The weeks before the day could not be lived: {failure}") from failure
    rows = []
    for row in play(day, _paths(addresses["api-gateway"])):
        rows.append(row)
        if not as_json:
            print(f"{row.step:>2}  {_SIGNS[row.ok]:<8} {row.ms:>7.0f} ms  {row.does}\n{'':24}{row.seen}", flush=True)
    day.close()
    return rows


def _prepare(student: "Person", accounts: list[DemoAccount], data: Path) -> None:
    """Accounts of this run's own, and the student's past."""
    from learnflow.runtime.acceptance.past import live_the_past, publish_days, wait_for_days
    from learnflow.runtime.seed import seed

    wiring = wiring_of(data)
    asyncio.run(seed(wiring, accounts))
    student.sign_in()
    moments = live_the_past(student)
    asyncio.run(publish_days(wiring, UUID(student.id), moments))
    wait_for_days(student, len(moments) + 1)


def _accounts() -> list[DemoAccount]:
    run = uuid4().hex[:12]
    return [
        DemoAccount(f"sam-{run}@demo.learnflow.example", "Sam Student", "student", password=uuid4().hex),
        DemoAccount(f"olu-{run}@demo.learnflow.example", "Olu Other", "student", password=uuid4().hex),
        DemoAccount(f"tess-{run}@demo.learnflow.example", "Tess Teacher", "teacher", password=uuid4().hex),
    ]


def _paths(gateway: str) -> list[str]:
    return list(httpx.get(f"{gateway}/openapi.json", timeout=10, trust_env=False).json()["paths"])
