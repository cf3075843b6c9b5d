"""`seed`: a class of demo students."""

import asyncio
from typing import Annotated

import typer

from learnflow.cli.database import wiring_of
from learnflow.cli.output import DataOption, JsonOption, print_json
from learnflow.runtime.demo import DEMO_ACCOUNTS, DEMO_PASSWORD, TEACHER, class_of
from learnflow.runtime.errors import RuntimeProblem

EXAMPLE = "Example:  ./learnflow seed --class 30"


def register(app: typer.Typer) -> None:
    app.command("seed", epilog=EXAMPLE)(seed_class)


def seed_class(
    students: Annotated[int, typer.Option("--class", help="How many students", min=1, max=500)] = 30,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo accounts and their class. Safe to repeat."""
    from learnflow.runtime.seed import seed

    wiring = wiring_of(data)
    if not wiring.options.demo:
        raise RuntimeProblem("This instance has no demo accounts (--no-demo): their password is known to everybody.")
    accounts = [*DEMO_ACCOUNTS, *class_of(students)]
    seeded = asyncio.run(seed(wiring, accounts))
    made = seeded.made
    if as_json:
        listed = [{"email": account.email, "name": account.name, "role": account.role} for account in accounts]
        print_json({"made": made, "class_code": seeded.class_code, "password": DEMO_PASSWORD, "accounts": listed})
    else:
        print(f"{made} accounts made, {len(accounts) - made} there already; each with the password {DEMO_PASSWORD}")
        print(f"{accounts[2].email} to {accounts[-1].email}, in the class of {TEACHER.email}")
        print(f"Others join it with the code {seeded.class_code}")
