"""`export-user`: all that is known of a person, as they would get it themselves."""

from typing import TYPE_CHECKING, Annotated

import typer

from learnflow.cli.accounts import with_accounts
from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, JsonOption, print_json
from learnflow.contracts.services import API_GATEWAY

if TYPE_CHECKING:
    from learnflow.services.api_gateway.accounts.assembly import AccountParts

EXAMPLE = "Example:  ./learnflow export-user ada@school.example > ada.json"


def register(app: typer.Typer) -> None:
    app.command("export-user", epilog=EXAMPLE)(export_user)


def export_user(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The account's e-mail address")],
    data: DataOption = None,
    as_json: JsonOption = False,  # noqa: ARG001 - the answer is JSON anyway
) -> None:
    """Print all that is known of a person as JSON. A student sees this look among their access records."""
    running = RunningInstance(data)
    token = with_accounts(data, lambda parts: _token_for_export(parts, email))
    print_json(running.call(API_GATEWAY.name, "GET", "/api/v1/me/export", token=token))


async def _token_for_export(parts: "AccountParts", email: str) -> str:
    row = await parts.accounts.find(email)
    await parts.privacy.record_operator(row.id, "export")
    return (await parts.keys.issue(row.id, row.role)).token
