"""`users`: what the operator does with accounts: admins, invitations, links for people whom no e-mail reaches."""

import getpass
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from learnflow.cli.accounts import say, with_accounts
from learnflow.cli.output import DataOption, JsonOption, wrong_call

if TYPE_CHECKING:
    from learnflow.services.api_gateway.accounts.assembly import AccountParts

EXAMPLE = "Example:  ./learnflow users invite-teacher"
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's e-mail address")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Accounts, as the operator makes and mends them.", epilog=EXAMPLE, no_args_is_help=True)
    group.command("create-admin", epilog="Example:  ./learnflow users create-admin ada@school.example --name Ada")(
        create_admin
    )
    group.command("invite-teacher", epilog=EXAMPLE)(invite_teacher)
    group.command("reset-link", epilog="Example:  ./learnflow users reset-link ada@school.example")(reset_link)
    group.command("consent-link", epilog="Example:  ./learnflow users consent-link ada@school.example")(consent_link)
    app.add_typer(group, name="users")


def create_admin(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="Their name")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an admin; this is the only way to one. The password is asked for, or read from standard input."""
    password = _password()

    async def make(parts: "AccountParts") -> str:
        return str((await parts.accounts.create_user(email, password, name, "admin")).id)

    user_id = with_accounts(data, make)
    say({"user_id": user_id, "email": email, "role": "admin"}, f"{email} is an admin now.", as_json=as_json)


def invite_teacher(
    days: Annotated[int, typer.Option(help="For how many days it is good", min=1, max=90)] = 14,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a code with which one teacher may register. It is shown once, and stored as a hash."""
    code = with_accounts(data, lambda parts: parts.registration.invite_teacher(timedelta(days=days)))
    say({"code": code, "days": days}, code, as_json=as_json)


def reset_link(email: EmailArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print a link that sets a new password, once and within an hour: for who has no working e-mail."""

    async def make(parts: "AccountParts") -> str:
        return f"{parts.public_url}/reset-password#token={await parts.reset.link_for(email)}"

    link = with_accounts(data, make)
    say({"link": link}, link, as_json=as_json)


def consent_link(email: EmailArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print the link for the guardian of this child, when our e-mail does not reach them; the one before is void."""

    async def make(parts: "AccountParts") -> str:
        user = await parts.accounts.find(email)
        return f"{parts.public_url}/consent#token={await parts.consents.link_for(user.id)}"

    link = with_accounts(data, make)
    say({"link": link}, link, as_json=as_json)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Once more: "):
        wrong_call("The two are not the same.")
    return first
