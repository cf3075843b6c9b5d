"""`trace`: the whole way of one question."""

from typing import Annotated
from uuid import UUID

import typer

from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, JsonOption, print_json, print_table
from learnflow.contracts.services import API_GATEWAY, PROGRESS

EXAMPLE = "Example:  ./learnflow trace 3f0c9a52-6c1e-4f0e-9d1e-0a8a52f6c7aa"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(trace)


def trace(
    question: Annotated[UUID, typer.Argument(help="The id that `ask` printed", metavar="ID")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print every fact on a question's way with its time. The same on every bus."""
    running = RunningInstance(data)
    token = running.service_token(API_GATEWAY.name)
    way = running.call(PROGRESS.name, "GET", f"/traces/{question}", token=token)
    if as_json:
        print_json(way)
    elif way["hops"]:
        print_table(
            [(f"{hop['offset_ms']:9.1f} ms", hop["service"], hop["topic"], hop["type"]) for hop in way["hops"]],
            ("     after", "service", "topic", "fact"),
        )
    else:
        print("Nothing is known of this question.")
    raise typer.Exit(0 if way["hops"] else 1)
