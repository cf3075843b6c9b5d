"""How commands speak: values on stdout, progress on stderr and only to a terminal, JSON alone with --json."""

import json
import logging
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The instance's folder; else LEARNFLOW_DATA, else .learnflow", metavar="DIR"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout")]


def print_json(value: object) -> None:
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_table(rows: Iterable[Sequence[object]], headings: Sequence[str] = ()) -> None:
    """Columns as wide as their widest cell."""
    lines = [[str(cell) for cell in row] for row in ([headings, *rows] if headings else rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))] if lines else []
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def progress(text: str) -> None:
    """A word on what is going on, for a person who watches."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr, flush=True)


def quiet_logs() -> None:
    """A command's stdout is its answer: what the product's own code logs goes to stderr, and only if it matters."""
    import structlog  # 0.07 s that `up` does not wait for

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def wrong_call(text: str) -> NoReturn:
    """Exit code 2: the call itself was wrong."""
    print(text, file=sys.stderr)
    raise typer.Exit(2)


def finish(ok: Any) -> None:
    """Exit code 0 when `ok`, else 1."""
    raise typer.Exit(0 if ok else 1)
