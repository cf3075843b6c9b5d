"""`bench`: measures beside a base in the same run, and says which goals are met."""

import asyncio
import importlib
import inspect
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.output import JsonOption, print_json, progress, wrong_call
from learnflow.kit.migrate import upgrade
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import CHECKOUT

EXAMPLE = "Example:  ./learnflow bench start recovery --json"
NAMES = ("events", "query", "gateway", "start", "recovery", "sandbox", "review", "kafka", "dapr")
ROLE_SECRET = "only-for-this-bench"  # noqa: S105 - of a database that lives as long as the bench


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(bench)


def bench(
    names: Annotated[list[str] | None, typer.Argument(help=" | ".join(NAMES), metavar="[NAME]...")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure speed and recovery. Exit code 1 when a goal is missed. The programs stand in bench/."""
    for name in names or ():
        if name not in NAMES:
            wrong_call(f"{name}: no such bench. There are: {', '.join(NAMES)}.")
    if not (CHECKOUT / "bench").is_dir():
        raise RuntimeProblem("The benches are part of the checkout, and this LearnFlow was installed without one.")
    sys.path.insert(0, str(CHECKOUT))
    rows = []
    for name in names or NAMES:
        progress(f"measuring {name} ...")
        measured = _measure(name)
        rows += [asdict(row) for row in measured]
        if not as_json:
            print(f"\n{name}\n" + "\n".join(row.line() for row in measured), flush=True)
    if as_json:
        print_json(rows)
    raise typer.Exit(1 if any(row["met"] is False for row in rows) else 0)


def _measure(name: str) -> list[Any]:
    """Call the bench with what it asks for: `dsn` (a migrated database of its own) and `folder` (scratch)."""
    try:
        run: Callable[..., Awaitable[list[Any]]] = importlib.import_module(f"bench.{name}").run
    except ModuleNotFoundError as error:
        raise RuntimeProblem(f"bench/{name}.py: {error}") from error
    wanted = inspect.signature(run).parameters
    with _scratch() as folder, _database(folder, needed="dsn" in wanted) as dsn:
        have = {"dsn": dsn, "folder": folder}
        with asyncio.Runner(loop_factory=_loop()) as runner:
            return runner.run(_awaited(run(**{key: value for key, value in have.items() if key in wanted})))


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that services run on."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _awaited(work: Awaitable[list[Any]]) -> list[Any]:
    return await work


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="learnflow-bench-") as name:
        folder = Path(name)
        # PostgreSQL's unprivileged user passes through
        folder.chmod(0o711)
        yield folder


@contextmanager
def _database(folder: Path, *, needed: bool) -> Iterator[str]:
    if not needed:
        yield ""
        return
    postgres = EmbeddedPostgres(folder / "postgres", log_file=folder / "postgresql.log")
    try:
        dsn = postgres.start()
        asyncio.run(upgrade(dsn, role_secret=ROLE_SECRET))
        yield dsn
    finally:
        postgres.stop()
