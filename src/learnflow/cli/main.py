"""`learnflow COMMAND`: finds the module of the command, so that none of the others is imported."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv

from learnflow import __version__
from learnflow.runtime.errors import RuntimeProblem

ENV_FILE = ".env.local"
MODULES = {
    "up": "learnflow.cli.up",
    "test": "learnflow.cli.tests",
    "ask": "learnflow.cli.ask",
    "run": "learnflow.cli.run",
    "trace": "learnflow.cli.trace",
    "serve": "learnflow.cli.serve",
    "status": "learnflow.cli.status",
    "logs": "learnflow.cli.logs",
    "doctor": "learnflow.cli.doctor",
    "config": "learnflow.cli.config",
    "token": "learnflow.cli.token",
    "users": "learnflow.cli.users",
    "export-user": "learnflow.cli.export_user",
    "delete-user": "learnflow.cli.delete_user",
    "keys": "learnflow.cli.keys",
    "db": "learnflow.cli.db",
    "events": "learnflow.cli.events",
    "exercises": "learnflow.cli.exercises",
    "seed": "learnflow.cli.seed",
    "demo": "learnflow.cli.demo",
    "bench": "learnflow.cli.bench",
}


def main() -> None:
    """Entry point; a RuntimeProblem or a closed folder is one sentence on stderr and its exit code."""
    if sys.argv[1:2] != ["config"]:  # which shows the file as an origin of its own
        _read_env_file()
    try:
        build(sys.argv[1:])(prog_name="learnflow")
    except RuntimeProblem as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(problem.exit_code) from None
    except PermissionError as error:
        print(f"You may not read or write {error.filename}. Choose another folder: --data DIR", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        # whoever read our output has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None


def _read_env_file() -> None:
    """`.env.local` beside us counts for every command and all that it starts, after the environment."""
    if Path(ENV_FILE).exists():
        load_dotenv(ENV_FILE, override=False)


def print_version(wanted: bool) -> None:
    if wanted:
        print(f"LearnFlow {__version__}")
        raise typer.Exit


def options_of_all(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Options that stand before a command."""


def build(words: Sequence[str]) -> typer.Typer:
    """The program with the command that `words` begin with, or with all of them for help."""
    app = typer.Typer(
        name="learnflow",
        help="LearnFlow teaches Python: a tutor that runs your code before it speaks.",
        epilog="Begin with:  ./learnflow up",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    app.callback()(options_of_all)
    first = words[0] if words else ""
    for name in [first] if first in MODULES else MODULES:
        importlib.import_module(MODULES[name]).register(app)
    return app


if __name__ == "__main__":
    main()
