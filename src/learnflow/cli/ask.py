"""`ask`: a question as the demo student, through the public API."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from learnflow.cli.client import RunningInstance
from learnflow.cli.output import DataOption, JsonOption, print_json, progress, wrong_call
from learnflow.contracts.services import API_GATEWAY

EXAMPLE = 'Example:  ./learnflow ask "why does this fail?" --code broken.py'
WAIT_S = 5
LONGEST_S = 30.0


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(ask)


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know")],
    code: Annotated[Path | None, typer.Option(help="A file with the program it is about", metavar="FILE")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask as the demo student. Prints who answered, the answer, the rung of the hint and the time it took."""
    body: dict[str, Any] = {"query": question}
    if code is not None:
        body["code"] = read_program(code)
    running = RunningInstance(data)
    token = running.sign_in()
    progress("asking ...")
    began = time.monotonic()
    answered = _ask(running, token, body)
    took_ms = round((time.monotonic() - began) * 1000)
    if as_json:
        print_json({**answered, "took_ms": took_ms})
    else:
        _print(answered, took_ms)
    raise typer.Exit(0 if answered.get("answer") else 1)


def read_program(path: Path) -> str:
    """The text of a program; a wrong call when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        wrong_call(f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else error}.")


def _ask(running: RunningInstance, token: str, body: dict[str, Any]) -> dict[str, Any]:
    answered = running.call(API_GATEWAY.name, "POST", "/api/v1/query", token=token, json=body, Prefer=f"wait={WAIT_S}")
    deadline = time.monotonic() + LONGEST_S
    while not answered.get("answer") and time.monotonic() < deadline:
        progress("still working ...")
        time.sleep(0.2)
        answered = running.call(API_GATEWAY.name, "GET", f"/api/v1/query/{answered['query_id']}", token=token)
    return dict(answered)


def _print(answered: dict[str, Any], took_ms: int) -> None:
    answer = answered.get("answer")
    if not answer:
        print(f"No answer within {LONGEST_S:.0f} s. The question is kept: ./learnflow trace {answered['query_id']}")
        return
    print(f"{answer['agent']} ({answer['tutor']})\n\n{answer['answer']}\n")
    if answer.get("clarification"):
        print(f"{answer['clarification']}\n")
    rung = f"hint {answer['hint_level']} of {answer['hint_levels']} · " if answer.get("hint_level") else ""
    print(f"{rung}{took_ms} ms · question {answered['query_id']}")
