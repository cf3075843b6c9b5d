"""`delete-user`: erase a person, for good."""

import sys
from typing import Annotated

import typer

from learnflow.cli.accounts import say, with_accounts
from learnflow.cli.output import DataOption, JsonOption, wrong_call

EXAMPLE = "Example:  ./learnflow delete-user ada@school.example --yes"


def register(app: typer.Typer) -> None:
    app.command("delete-user", epilog=EXAMPLE)(delete_user)


def delete_user(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The account's e-mail address")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase an account and all that is known of it.

    Every service's rows go, and the key that opens what is left in logs and backups.

    A teacher's classes go too. It cannot be undone.
    """
    if not yes and _typed_again(email) != email:
        wrong_call("That is another address. Nothing was erased.")
    user_id = with_accounts(data, lambda parts: parts.privacy.erase_by_operator(email))
    say({"erased": str(user_id)}, f"{email} is erased.", as_json=as_json)


def _typed_again(email: str) -> str:
    print(f"Erase {email} for good? Type the address again: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
