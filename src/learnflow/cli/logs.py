"""`logs`: what the services wrote."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TextIO

import typer

from learnflow.cli.output import DataOption, wrong_call
from learnflow.runtime.instance import find_instance

EXAMPLE = "Example:  ./learnflow logs triage -f"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(logs)


def logs(
    name: Annotated[str | None, typer.Argument(help="One service; all of them otherwise", metavar="NAME")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl+C")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines", min=0)] = 40,
    data: DataOption = None,
) -> None:
    """Print the last lines of the logs. With -f, go on with what is added to them."""
    files = _files(find_instance(data).logs, name)
    opened = {path.stem: path.open(errors="replace") for path in files}
    for service, file in opened.items():
        for line in file.readlines()[-lines:] if lines else file.readlines()[:0]:
            _print(service, line, alone=name is not None)
    try:
        for service, line in _added(opened) if follow else ():
            _print(service, line, alone=name is not None)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _files(folder: Path, name: str | None) -> list[Path]:
    there = sorted(folder.glob("*.log"))
    files = [path for path in there if name is None or path.stem == name]
    if not files:
        named = ", ".join(path.stem for path in there) or "none: nothing has run here yet"
        wrong_call(f"There is no log of {name or 'any service'} in {folder}. There are: {named}.")
    return files


def _added(opened: Mapping[str, TextIO]) -> Iterator[tuple[str, str]]:
    while True:
        for service, file in opened.items():
            yield from ((service, line) for line in file.readlines())
        time.sleep(0.2)


def _print(service: str, line: str, *, alone: bool) -> None:
    print(line if alone else f"{service}: {line}", end="" if line.endswith("\n") else "\n", flush=True)
