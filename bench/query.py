"""A question in at the gateway until its answer is a frame on the socket, at 200 a second; beside the bus alone.

Run by hand: ./learnflow bench query
"""

import asyncio
import json
import time
from collections import Counter
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

from bench.indexed import indexed_query
from bench.load import Caller
from bench.platform import Platform, Socket
from bench.rows import Row, percentile
from learnflow.contracts.events import AnswerFinished, ConceptExplained, ConceptRequested, Fact, QuestionAsked
from learnflow.kit.bus.base import Event, Handler, new_event
from learnflow.kit.bus.log import LogBus
from learnflow.kit.database import Database, Transaction

RATE = 200
STUDENTS = 25
WARM_UP_S = 3.0
MEASURED_S = 15.0
PORT_OFFSET = 22_000
UNLIMITED = {"LEARNFLOW_API_GATEWAY_QUESTIONS_PER_MINUTE": "1000000"}
QUESTIONS = ("How do for loops work?", "What is a list?", "What does return do?", "How do while loops work?")
HOPS: tuple[type[Fact], ...] = (QuestionAsked, ConceptRequested, AnswerFinished, ConceptExplained)


async def run(dsn: str, folder: Path) -> list[Row]:
    """Base first: the same four hops through the bus with handlers that do nothing but pass on."""
    base = await _bus_alone(dsn)
    indexed = await indexed_query(dsn)
    data = folder / "instance"
    platform = Platform(data, PORT_OFFSET, environment=UNLIMITED)
    platform.start()
    try:
        ours, lost = await whole_walk(platform)
    finally:
        platform.stop()
    return [
        *_rows(base, ours),
        Row("query", "questions refused, answers lost or doubled", lost, "", "0", met=lost == 0),
        indexed,
    ]


def _rows(base: list[float], ours: list[float]) -> list[Row]:
    rows = []
    for name, share, goal in (("p50", 0.5, 12.0), ("p99", 0.99, 40.0)):
        value, beside = percentile(ours, share), percentile(base, share)
        what = f"question -> answer frame on the socket, {RATE}/s, {name}"
        rows.append(Row("query", what, value, "ms", f"<= {goal:g}", beside, value / beside, value <= goal))
    return rows


class _Asker:
    """One student who asks by HTTP and reads the answers from the socket."""

    def __init__(self, caller: Caller, socket: Socket) -> None:
        self._caller = caller
        self._socket = socket
        self._sent: dict[str, float] = {}
        self._arrived: dict[str, float] = {}
        self._doubled = 0
        self.refused: Counter[int] = Counter()

    async def ask(self, query: str, *, timed: bool) -> None:
        began = time.perf_counter()
        status, answer = await self._caller.post("/api/v1/query", json.dumps({"query": query}).encode())
        if status != 202:
            self.refused[status] += 1
        elif timed:
            self._sent[json.loads(answer)["query_id"]] = began

    async def listen(self) -> None:
        async for text in self._socket.connection:
            frame = json.loads(text)
            if frame["type"] == "answer":
                query_id = frame["data"]["query_id"]
                self._doubled += query_id in self._arrived
                self._arrived[query_id] = time.perf_counter()

    def delays_ms(self) -> list[float]:
        return [(self._arrived[key] - began) * 1000 for key, began in self._sent.items() if key in self._arrived]

    def wrong(self) -> int:
        return self._doubled + sum(key not in self._arrived for key in self._sent)


async def whole_walk(platform: Platform, rate: float = RATE, seconds: float = MEASURED_S) -> tuple[list[float], int]:
    """Milliseconds from each question to its answer frame, and how many were refused, lost or doubled."""
    async with AsyncExitStack() as stack:
        askers = []
        for _ in range(STUDENTS):
            student = await stack.enter_async_context(platform.student())
            caller = await Caller.connected("127.0.0.1", platform.facts()["ports"]["api-gateway"], student.token)
            stack.callback(caller.close)
            askers.append(_Asker(caller, await stack.enter_async_context(student.socket())))
        listening = [asyncio.create_task(asker.listen()) for asker in askers]
        await _ask_at_rate(askers, rate, seconds)
        await asyncio.sleep(2)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    wrong = sum(asker.wrong() + asker.refused.total() for asker in askers)
    return [delay for asker in askers for delay in asker.delays_ms()], wrong


async def _ask_at_rate(askers: list[_Asker], rate: float, seconds: float) -> None:
    """Questions leave by the clock, whether or not the ones before are answered."""
    who, what = cycle(askers), cycle(QUESTIONS)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * (WARM_UP_S + seconds))):
            at_s = number / rate
            await asyncio.sleep(max(0.0, began + at_s - time.perf_counter()))
            group.create_task(next(who).ask(next(what), timed=at_s >= WARM_UP_S))


async def _bus_alone(dsn: str) -> list[float]:
    database = Database(dsn, pool_size=8)
    await database.start()
    chain = _Chain(database)
    await chain.bus.start()
    began = time.perf_counter()
    for number in range(int(RATE * 5)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        await chain.begin()
    await asyncio.sleep(1)
    await chain.bus.stop()
    await database.stop()
    return chain.delays_ms[RATE:]


class _Chain:
    """The facts of a question without anything being done for them: each reader publishes the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.bus = LogBus(database, is_alone=True)
        self._sent: dict[str, float] = {}
        self.delays_ms: list[float] = []
        for fact, following in zip(HOPS, (*HOPS[1:], None), strict=True):
            self.bus.subscribe(fact.topic, f"bench-{fact.__name__}", {fact: self._passing_on(following)})

    async def begin(self) -> None:
        question_id = uuid4()
        self._sent[str(question_id)] = time.perf_counter()
        async with self._database.transaction() as tx:
            await self.bus.publish(tx, [_hop(HOPS[0], question_id)])

    def _passing_on(self, following: type[Fact] | None) -> Handler:
        async def on_fact(tx: Transaction, event: Event) -> None:
            if following is None:
                self.delays_ms.append((time.perf_counter() - self._sent[event.correlationid]) * 1000)
            else:
                await self.bus.publish(tx, [_hop(following, UUID(event.correlationid))])

        return on_fact


def _hop(fact: type[Fact], question_id: UUID) -> Event:
    every_field = {
        "query_id": question_id,
        "query": "lf1." + "x" * 80,
        "answer": "lf1." + "x" * 2_000,
        "agent": "concepts",
        "intent": "concepts",
        "confidence": 0.9,
        "concept": "for",
        "topic_id": "control-flow/for-loops",
        "level": "low",
    }
    data = fact.model_validate(every_field)
    return new_event(data, source="/learnflow/bench", student_id=question_id, correlation_id=question_id)
