"""What a student wrote is in no table, no log line and no dead letter in the clear."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from bench.platform import Platform

TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname not in ('pg_catalog', 'information_schema')
"""


async def _everything(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        rows = []
        for (table,) in await connection.fetch(TABLES):
            rows += [str(row[0]) for row in await connection.fetch(f"select t::text from {table} t")]
        return "\n".join(rows)
    finally:
        await connection.close()


async def _poison_with(dsn: str, question_id: str) -> None:
    """Send a stored question once more with a broken field, so that it ends as a dead letter."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            """insert into bus_log (topic, part, key, ce)
               select topic, part, key,
                      jsonb_set(jsonb_set(ce::jsonb, '{data,context}', '"broken"'), '{id}', to_jsonb($2::text))
               from bus_log where topic = 'learning.requests' and ce::jsonb ->> 'correlationid' = $1""",
            question_id,
            str(uuid4()),
        )
        dead = "select count(*) from bus_log where topic = 'learning.requests.dead-letter' and ce::text like $1"
        for _ in range(100):
            if await connection.fetchval(dead, f"%{question_id}%"):
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the broken event did not become a dead letter")
    finally:
        await connection.close()


@pytest.mark.plan("PRIVACY-sealed")
async def test_a_planted_word_is_found_nowhere_in_the_clear(platform: Platform) -> None:
    word = f"planted{uuid4().hex}"
    async with platform.student() as student:
        code = f"{word} = [1]\nprint({word}[1])  # {word}\n"
        question = await student.ask(f"Why does {word} fail?", code=code, error=f"IndexError in {word}")
        await student.client.post("/api/v1/code/execute", json={"code": code})
        await student.client.post("/api/v1/debug/hint", json={"code": code})
        await student.client.post("/api/v1/query", json={"query": word, "unknown": word})
        await _poison_with(platform.owner_dsn(), question["query_id"])
    assert word in json.dumps(question["answer"])
    assert word not in await _everything(platform.owner_dsn())
    assert word not in platform.logs()
