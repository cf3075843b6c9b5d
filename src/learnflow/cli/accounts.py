"""What the commands about accounts share: the gateway's own use cases, outside its process."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from learnflow.cli.database import wiring_of
from learnflow.cli.output import print_json
from learnflow.contracts.errors import LearnFlowError
from learnflow.runtime.errors import RuntimeProblem

if TYPE_CHECKING:
    from learnflow.services.api_gateway.accounts.assembly import AccountParts

T = TypeVar("T")


def with_accounts(data: Path | None, use: "Callable[[AccountParts], Awaitable[T]]") -> T:
    """What `use` gives; an error of ours is one sentence and exit code 1."""

    async def run() -> T:
        from learnflow.runtime.seed import open_accounts

        async with open_accounts(wiring_of(data)) as (parts, _):
            return await use(parts)

    try:
        return asyncio.run(run())
    except LearnFlowError as error:
        raise RuntimeProblem(error.detail) from error


def say(values: dict[str, object], text: str, *, as_json: bool) -> None:
    """The answer of a command, for a program or for a person."""
    if as_json:
        print_json(values)
    else:
        print(text)
