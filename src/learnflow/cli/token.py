"""`token`: an access token for the local instance."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, wrong_call
from learnflow.contracts.errors import NotFound
from learnflow.runtime.errors import RuntimeProblem

EXAMPLE = "Example:  ./learnflow token --user student@demo.learnflow.example"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(token)


def token(
    user: Annotated[str | None, typer.Option(help="E-mail address of an account", metavar="EMAIL")] = None,
    service: Annotated[str | None, typer.Option(help="Name of a service", metavar="NAME")] = None,
    data: DataOption = None,
) -> None:
    """Print an access token of a user or of a service. Whoever may read DATA may be anybody here."""
    if (user is None) == (service is None):
        wrong_call("Give either --user EMAIL or --service NAME.")
    running = RunningInstance(data)
    print(running.service_token(service) if service is not None else asyncio.run(_user_token(data, str(user))))


async def _user_token(data: Path | None, email: str) -> str:
    from learnflow.cli.database import wiring_of
    from learnflow.runtime.seed import open_accounts

    async with open_accounts(wiring_of(data)) as (parts, _):
        try:
            return (await parts.accounts.open_session_for(email)).access.token
        except NotFound:
            raise RuntimeProblem(f"There is no account with the address {email}.") from None
