"""A row whatever happens: what cannot be measured is a goal that is missed, with the reason; then comes the next."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from bench.rows import Row

PATIENCE_S = 180.0


async def guarded(
    what: str, goal: str, measure: Callable[[], Awaitable[list[Row]]], patience_s: float = PATIENCE_S
) -> list[Row]:
    """What `measure` finds, shown at once; or one row `what` with met=False and why it could not be measured."""
    try:
        async with asyncio.timeout(patience_s):
            rows = await measure()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said in the table
        reason = f"{type(error).__name__} {error}".strip().replace("\n", " ")[:300]
        rows = [Row("sandbox", f"{what}: NOT MEASURED: {reason}", 0.0, "", goal, met=False)]
    for row in rows:
        print(row.line(), file=sys.stderr, flush=True)
    return rows
