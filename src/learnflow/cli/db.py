"""`db`: the schema."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from learnflow.cli.database import wiring_of
from learnflow.cli.output import DataOption, JsonOption, print_json
from learnflow.contracts.services import PROGRESS
from learnflow.kit.database import Database
from learnflow.kit.migrate import MigrationError, pending, upgrade
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.options import database_ca_file

EXAMPLE = "Example:  ./learnflow db check --json"


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="The database's schema.", epilog=EXAMPLE, no_args_is_help=True)
    group.command("upgrade", epilog="Example:  ./learnflow db upgrade")(db_upgrade)
    group.command("check", epilog=EXAMPLE)(db_check)
    group.command("rebuild-progress", epilog="Example:  ./learnflow db rebuild-progress")(db_rebuild_progress)
    app.add_typer(group, name="db")


def db_upgrade(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Apply what is missing. Safe to start more than once at the same time."""
    wiring = wiring_of(data)
    try:
        applied = asyncio.run(
            upgrade(wiring.direct_owner_dsn, role_secret=wiring.secrets.role_secret, ca_file=database_ca_file())
        )
    except MigrationError as error:
        raise RuntimeProblem(str(error)) from error
    if as_json:
        print_json({"applied": applied})
    else:
        print("\n".join(applied) or "Nothing to do.")


def db_check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say what `db upgrade` would do, without doing it. Exit code 1 when anything is missing."""
    try:
        missing = asyncio.run(pending(wiring_of(data).direct_owner_dsn, ca_file=database_ca_file()))
    except MigrationError as error:
        raise RuntimeProblem(str(error)) from error
    if as_json:
        print_json({"pending": missing})
    else:
        print("\n".join(f"pending: {name}" for name in missing) or "The schema is up to date.")
    raise typer.Exit(1 if missing else 0)


def db_rebuild_progress(
    student: Annotated[UUID | None, typer.Option(help="Only this student's.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make mastery anew from the log of facts. The services may run on."""
    done = asyncio.run(_rebuild(wiring_of(data).database_url(PROGRESS), student))
    if as_json:
        print_json({"students": done})
    else:
        print(f"Made anew: the mastery of {done} {'person' if done == 1 else 'people'}.")


async def _rebuild(dsn: str, student: UUID | None) -> int:
    # the course and its YAML are half a second that the other commands never need
    from learnflow.services.progress.app import whole_course
    from learnflow.services.progress.rebuild import Rebuild

    database = Database(dsn)
    await database.start()
    try:
        rebuild = Rebuild(database, whole_course())
        if student is None:
            return await rebuild.everyone()
        await rebuild.one(student)
        return 1
    finally:
        await database.stop()
