"""`exercises`: take exercises in from a file, and give them out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, JsonOption, print_json, progress, wrong_call
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum.imports import read_file

EXAMPLE = "Example:  ./learnflow exercises import docs/examples/exercises.json"
CHECKED_WITHIN_S = 600


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Exercises from outside.", epilog=EXAMPLE, no_args_is_help=True)
    group.command("import", epilog=EXAMPLE)(import_exercises)
    group.command("export", epilog="Example:  ./learnflow exercises export > exercises.json")(export_exercises)
    app.add_typer(group, name="exercises")


def import_exercises(
    file: Annotated[Path, typer.Argument(help="A JSON list of exercises", metavar="FILE")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every exercise of a file in the sandbox, store all of them or none, and print their ids.

    An exercise's id is imported/<slug>; one with the same slug takes the place of the old one. Exit code 2 when the
    file cannot be read as exercises, 1 when one of them does not hold what it says.
    """
    try:
        entries = read_file(file)
    except OSError as error:
        wrong_call(f"{file} cannot be read: {error.strerror}.\nNothing was stored.")
    except ValueError as error:
        wrong_call(f"{error}\nNothing was stored.")
    running = RunningInstance(data)
    progress(f"checking {len(entries)} exercises in the sandbox ...")
    sent = [entry.model_dump(mode="json", exclude_defaults=True) for entry in entries]
    stored = running.call(
        EXERCISE.name,
        "POST",
        "/exercises/import",
        token=running.service_token(EXERCISE.name),
        json={"exercises": sent},
        timeout_s=CHECKED_WITHIN_S,
    )
    _print_ids(stored["ids"], as_json=as_json)


def export_exercises(data: DataOption = None, as_json: JsonOption = False) -> None:  # noqa: ARG001 - JSON either way
    """Print all imported exercises as a JSON list that `import` takes."""
    running = RunningInstance(data)
    token = running.service_token(EXERCISE.name)
    print_json(running.call(EXERCISE.name, "GET", "/exercises/export", token=token)["exercises"])


def _print_ids(ids: list[Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"ids": ids})
    else:
        print("\n".join(ids))
