"""The question desk: keeps questions and answers, and waits for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import Conflict, NotFound
from learnflow.contracts.events import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.contracts.events.base import QuestionContext
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database, Record, Transaction
from learnflow.kit.sealed import Vault
from learnflow.kit.wakeups import Wakeups
from learnflow.services.api_gateway.questions.repository import REFUSED, Questions
from learnflow.services.api_gateway.questions.waiting import CHANNEL, WaitingRoom

SOURCE = f"/learnflow/{API_GATEWAY.name}"
_POLL_S = 0.5  # a wake-up can be lost with its connection: look again after this long


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """What a student sent, in the clear."""

    query: str
    code: str | None
    error: str | None
    context: QuestionContext
    language: str = "en"
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event: `name` is agent, part or done; `last` ends the stream."""

    name: str
    number: int
    data: dict[str, Any]
    last: bool = False


class QuestionDesk:
    """Use cases of questions; sealed texts are opened for their own student alone."""

    def __init__(
        self, database: Database, bus: Bus, vault: Vault, questions: Questions, room: WaitingRoom, wakeups: Wakeups
    ) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault
        self._questions = questions
        self._room = room
        self._wakeups = wakeups

    async def ask(self, student_id: UUID, new: NewQuestion) -> UUID:
        """Keep a question and publish it, both or neither; the same idempotency key asks once."""
        question = QuestionAsked(
            query_id=_question_id(student_id, new),
            query=await self._vault.seal(student_id, new.query),
            code=await self._seal_if_any(student_id, new.code),
            error=await self._seal_if_any(student_id, new.error),
            context=new.context,
            language=new.language,
        )
        event = new_event(question, source=SOURCE, student_id=student_id, correlation_id=question.query_id)
        with suppress(*REFUSED):
            # one round trip: a question that waits for others between its statements holds the log's readers back
            async with self._database.transaction() as tx:
                await self._questions.add_new(tx, student_id, question)
                await self._bus.publish(tx, [event])
        return question.query_id

    async def _seal_if_any(self, student_id: UUID, text: str | None) -> SealedText | None:
        return None if text is None else await self._vault.seal(student_id, text)

    async def keep_question(self, tx: Transaction, event: CloudEvent[QuestionAsked]) -> None:
        """Keep a question that came by the socket; our own was stored with its event."""
        if event.source == SOURCE:
            return
        await self._questions.add(tx, UUID(event.subject), event.data)

    async def keep_part(self, tx: Transaction, event: CloudEvent[AnswerPart]) -> None:
        """Part 0 says who answers; the others are text."""
        keep = self._questions.add_route if event.data.part_no == 0 else self._questions.add_part
        await keep(tx, UUID(event.subject), event.data)
        self._wakeups.wake_peers_after_commit(tx, CHANNEL, str(event.data.query_id))

    async def keep_answer(self, tx: Transaction, event: CloudEvent[AnswerFinished]) -> None:
        await self._questions.add_answer(tx, UUID(event.subject), event.data, event.time)
        self._wakeups.wake_peers_after_commit(tx, CHANNEL, str(event.data.query_id))

    async def get(self, student_id: UUID, query_id: UUID) -> dict[str, Any]:
        """A question with its answer if there is one; NotFound for anybody else's."""
        row = await self._questions.find(query_id)
        if row is None or row["user_id"] != student_id:
            raise NotFound("There is no such question of yours.")
        return await self._opened(row)

    async def stop(self, student_id: UUID, query_id: UUID) -> dict[str, Any]:
        """The answer is not wanted any more: whoever waits is told, and what still comes is dropped.

        A question that is answered already stays as it is; NotFound for anybody else's.
        """
        async with self._database.transaction() as tx:
            if await self._questions.stop(tx, student_id, query_id):
                self._wakeups.wake_peers_after_commit(tx, CHANNEL, str(query_id))
        return await self.get(student_id, query_id)

    async def rate(self, student_id: UUID, query_id: UUID, *, helpful: bool, comment: str | None) -> None:
        """Keep whether the answer helped; Conflict while there is none."""
        if (await self.get(student_id, query_id))["answer"] is None:
            raise Conflict("There is no answer yet that you could rate.")
        sealed = await self._seal_if_any(student_id, comment)
        await self._questions.rate(student_id, query_id, helpful=helpful, comment=sealed)

    async def wait(self, student_id: UUID, query_id: UUID, wait_s: float) -> dict[str, Any]:
        """The question as soon as it is answered, or as it is after `wait_s` seconds."""
        deadline = asyncio.get_running_loop().time() + wait_s
        with self._room.seat(query_id) as moved:
            while True:
                moved.clear()
                row = await self._questions.find(query_id)
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0 or (row is not None and (row["finished_at"] or row["stopped_at"])):
                    return await self.get(student_id, query_id)
                await _wait_at_most(moved, min(left, _POLL_S))

    async def stream(self, student_id: UUID, query_id: UUID, after: int = -1) -> AsyncIterator[StreamEvent | None]:
        """The agent, each part after number `after`, and the answer, as they come; None is a sign of life."""
        with self._room.seat(query_id) as moved:
            while True:
                moved.clear()
                question = await self.get(student_id, query_id)
                for event in await self._news(student_id, question, after):
                    after = event.number
                    yield event
                    if event.last:
                        return
                if not await _wait_at_most(moved, _POLL_S):
                    yield None

    async def _news(self, student_id: UUID, question: dict[str, Any], after: int) -> list[StreamEvent]:
        news = []
        if after < 0 and question["agent"]:
            keys = ("agent", "intent", "confidence", "reasons")
            news.append(StreamEvent("agent", 0, {key: question[key] for key in keys}))
        for part in await self._questions.parts_after(question["query_id"], max(after, 0)):
            text = await self._vault.open(student_id, SealedText(part.text))
            news.append(StreamEvent("part", part.part_no, {"agent": part.agent, "text": text}))
        if question["status"] != "open":
            number = max([after, *(event.number for event in news)]) + 1
            news.append(StreamEvent("done", number, question, last=True))
        return news

    async def conversations(
        self, student_id: UUID, limit: int, before: tuple[datetime, UUID] | None
    ) -> tuple[list[dict[str, Any]], int]:
        """A page of the student's questions, newest first, and how many there are."""
        rows = await self._questions.page(student_id, limit, before)
        return [await self._opened(row) for row in rows], await self._questions.count(student_id)

    async def help_had(self, student_id: UUID, context: dict[str, Any]) -> int:
        return await self._questions.highest_rung(student_id, context)

    async def keep_hint(self, student_id: UUID, exercise_id: str, rung: int) -> None:
        """Help that had no question of its own; kept before it is shown."""
        await self._questions.add_hint(student_id, exercise_id, rung)

    async def _opened(self, row: Record) -> dict[str, Any]:
        opener = _Opener(self._vault, row["user_id"])
        is_answered = row["finished_at"] is not None and row["stopped_at"] is None
        return {
            "query_id": row["id"],
            "status": "stopped" if row["stopped_at"] else "answered" if is_answered else "open",
            "query": await opener.text(row["query"]),
            "code": await opener.text(row["code"]),
            "error": await opener.text(row["error"]),
            "context": row["context"],
            "asked_at": row["asked_at"],
            "agent": row["agent"],
            "intent": row["intent"],
            "confidence": row["confidence"],
            "reasons": row["reasons"],
            "answer": await _opened_answer(row, opener) if is_answered else None,
            "helpful": row["helpful"],
            "links": links(row["id"]),
        }


class _Opener:
    def __init__(self, vault: Vault, student_id: UUID) -> None:
        self._vault = vault
        self._student_id = student_id

    async def text(self, sealed: str | None) -> str | None:
        return None if sealed is None else await self._vault.open(self._student_id, SealedText(sealed))


async def _opened_answer(row: Record, opener: _Opener) -> dict[str, Any]:
    details = await opener.text(row["details"])
    return {
        "agent": row["answered_by"],
        "answer": await opener.text(row["answer"]),
        "clarification": await opener.text(row["clarification"]),
        "details": orjson.loads(details) if details else None,
        "hint_level": row["hint_level"],
        "hint_levels": row["hint_levels"],
        "verified": row["verified"],
        "tutor": row["tutor"],
        "finished_at": row["finished_at"],
        "duration_ms": round((row["finished_at"] - row["asked_at"]).total_seconds() * 1000, 2),
    }


def _question_id(student_id: UUID, new: NewQuestion) -> UUID:
    """The same for the same question under the same key, so that it is kept once whatever dies in between."""
    if new.idempotency_key is None:
        return uuid4()
    return uuid5(student_id, "\0".join((new.idempotency_key, new.query, new.code or "", new.error or "")))


def links(query_id: UUID) -> dict[str, str]:
    """Where a question is read and streamed."""
    base = f"/api/v1/query/{query_id}"
    return {"self": base, "stream": f"{base}/stream"}


async def _wait_at_most(moved: asyncio.Event, wait_s: float) -> bool:
    try:
        async with asyncio.timeout(wait_s):  # wait_for may swallow a cancellation on Python 3.11
            await moved.wait()
    except TimeoutError:
        return False
    return True
