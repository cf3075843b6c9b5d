"""An indexed query at 1,000 a second on 100,000 rows, beside `select 1` on the same pool."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from bench.rows import Row, percentile
from learnflow.kit.database import Database
from learnflow.services.api_gateway.questions.repository import Questions

RATE = 1_000
MEASURED_S = 5
ROWS = 100_000
GOAL_MS = 2.0
FILL = """
with student as (
    insert into users (id, role, email_index, email, name, password_hash)
    values ($1, 'student', $2, 'lf1.x', 'lf1.x', 'x') returning id
)
insert into questions (id, user_id, query, language)
select gen_random_uuid(), student.id, repeat('x', 200), 'en' from student, generate_series(1, $3)
"""


async def indexed_query(dsn: str) -> Row:
    """A question by its id with its route and answer, as every waiting request reads it."""
    database = Database(dsn, pool_size=8)
    await database.start()
    await database.execute(FILL, uuid4(), uuid4().bytes * 2, ROWS)
    await database.execute("analyze questions")
    ids: list[UUID] = [row["id"] for row in await database.fetch("select id from questions limit 20000")]
    questions = Questions(database)
    base = await _at_rate(lambda: database.fetchval("select 1"))
    ours = await _at_rate(lambda: questions.find(random.choice(ids)))
    await database.stop()
    value, beside = percentile(ours, 0.99), percentile(base, 0.99)
    what = f"indexed query at {RATE:,}/s, {ROWS:,} rows, p99"
    return Row("query", what, value, "ms", f"< {GOAL_MS:g}", beside, value / beside, value < GOAL_MS)


async def _at_rate(query: Callable[[], Awaitable[object]]) -> list[float]:
    delays_ms: list[float] = []

    async def timed() -> None:
        began = time.perf_counter()
        await query()
        delays_ms.append((time.perf_counter() - began) * 1000)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * MEASURED_S):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            group.create_task(timed())
    return delays_ms[RATE:]
