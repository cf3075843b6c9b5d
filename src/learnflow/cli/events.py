"""`events`: look into the log of events, at its dead letters, and send those once more."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from learnflow.cli.database import wiring_of
from learnflow.cli.output import DataOption, JsonOption, print_json, print_table, wrong_call
from learnflow.contracts.topics import TOPICS
from learnflow.kit.bus.dead_letters import DeadLetter, dead_letters, replay
from learnflow.kit.bus.tail import Logged, Tail
from learnflow.kit.database import Database

TopicArgument = Annotated[str | None, typer.Argument(help="One topic; all of them otherwise", metavar="TOPIC")]
EVERY_S = 0.3


def register(app: typer.Typer) -> None:
    example = "Example:  ./learnflow events tail learning.requests -f"
    group = typer.Typer(
        help="The events on the bus; personal text in them is sealed.", epilog=example, no_args_is_help=True
    )
    group.command("tail", epilog=example)(events_tail)
    group.command("dead-letters", epilog="Example:  ./learnflow events dead-letters --json")(events_dead_letters)
    group.command("replay", epilog="Example:  ./learnflow events replay debug.requests")(events_replay)
    app.add_typer(group, name="events")


def events_tail(
    topic: TopicArgument = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl+C")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last events", min=1, max=10_000)] = 20,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the last events, and with -f those that come."""
    _check(topic)
    try:
        asyncio.run(_tail(data, topic, lines, follow=follow, as_json=as_json))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def events_dead_letters(topic: TopicArgument = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Print the events that a group gave up, with the reason."""
    _check(topic)
    found = asyncio.run(_dead_letters(data, topic))
    if as_json:
        print_json([{"topic": name, **_facts(letter)} for name, letter in found])
    elif found:
        rows = [
            (name, letter.group, letter.event_id or "-", letter.attempts, f"{letter.died_at:%F %T}", letter.reason)
            for name, letter in found
        ]
        print_table(rows, ("topic", "group", "event", "tries", "died", "reason"))
    else:
        print("There are no dead letters.")


def events_replay(
    topic: Annotated[str, typer.Argument(help="The topic whose dead letters are sent again", metavar="TOPIC")],
    event_id: Annotated[UUID | None, typer.Option("--id", help="This one alone", metavar="ID")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send dead letters once more, each to the group that gave it up and to no other."""
    _check(topic)
    sent = asyncio.run(_replay(data, topic, event_id))
    if as_json:
        print_json({"topic": topic, "sent": sent})
    else:
        print(f"{sent} sent again.")
    raise typer.Exit(1 if event_id is not None and sent == 0 else 0)


def _check(topic: str | None) -> None:
    if topic is not None and topic not in TOPICS:
        wrong_call(f"{topic}: no such topic. There are: {', '.join(TOPICS)}.")


@asynccontextmanager
async def _owner(data: Path | None) -> AsyncIterator[Database]:
    database = Database(wiring_of(data).direct_owner_dsn, pool_size=1)
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


async def _tail(data: Path | None, topic: str | None, lines: int, *, follow: bool, as_json: bool) -> None:
    async with _owner(data) as database:
        tail = Tail(database, topic)
        events = await tail.last(lines)
        if as_json and not follow:
            print_json([event.ce for event in events])
            return
        while True:
            for event in events:
                print(_line(event), flush=True)
            if not follow:
                return
            await asyncio.sleep(EVERY_S)
            events = await tail.fresh()


def _line(event: Logged) -> str:
    at = time.strftime("%H:%M:%S", event.ts.timetuple())
    ce = event.ce
    return (
        f"{at}  {event.topic:<20} {ce.get('type', '?'):<44} {ce.get('source', '?'):<26} {ce.get('correlationid', '')}"
    )


async def _dead_letters(data: Path | None, topic: str | None) -> list[tuple[str, DeadLetter]]:
    async with _owner(data) as database:
        names = [topic] if topic else list(TOPICS)
        return [(name, letter) for name in names for letter in await dead_letters(database, name)]


async def _replay(data: Path | None, topic: str, event_id: UUID | None) -> int:
    async with _owner(data) as database:
        return await replay(database, topic, event_id)


def _facts(letter: DeadLetter) -> dict[str, Any]:
    return {
        "event_id": letter.event_id,
        "group": letter.group,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "died_at": letter.died_at,
        "event": letter.event,
    }
