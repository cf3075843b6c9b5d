"""`run`: a program in the sandbox."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.ask import read_program
from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, JsonOption, print_json
from learnflow.contracts.services import API_GATEWAY

EXAMPLE = "Example:  ./learnflow run hello.py --stdin names.txt"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(run)


def run(
    file: Annotated[Path, typer.Argument(help="The program", metavar="FILE")],
    stdin: Annotated[Path | None, typer.Option(help="What it reads from standard input", metavar="FILE")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a program in the sandbox as the demo student. Exit code 1 when it did not end well."""
    body = {"code": read_program(file), "stdin": read_program(stdin) if stdin else ""}
    running = RunningInstance(data)
    result = running.call(API_GATEWAY.name, "POST", "/api/v1/code/execute", token=running.sign_in(), json=body)
    if as_json:
        print_json(result)
    else:
        _print(result)
    raise typer.Exit(0 if result["status"] == "ok" else 1)


def _print(result: dict[str, Any]) -> None:
    sys.stdout.write(result["stdout"])
    sys.stdout.flush()
    sys.stderr.write(result["stderr"])
    level = (result.get("isolation") or {}).get("level", "unknown")
    print(f"{result['status']} · {result['duration_ms']:.0f} ms · isolation {level}", file=sys.stderr)
