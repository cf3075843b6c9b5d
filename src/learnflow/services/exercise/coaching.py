"""Answers questions that want practice, or help with a task that is open."""

from typing import Any
from uuid import UUID

import orjson
import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import NotFound
from learnflow.contracts.events import AnswerFinished, ExerciseRequested
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum import Catalogue
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Transaction
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.exercise.bank import Bank, Filter, Item
from learnflow.services.exercise.practice import Lexicon, Offer, Wish, offers
from learnflow.services.exercise.repository import Submissions
from learnflow.services.exercise.retelling import retell
from learnflow.services.exercise.service import SOURCE

log = structlog.get_logger()


class Coach:
    """Finds practice for a wish, or says in other words what the open task wants; never how it is solved."""

    def __init__(
        self, bus: Bus, vault: Vault, bank: Bank, submissions: Submissions, lexicon: Lexicon, catalogue: Catalogue
    ) -> None:
        self._bus = bus
        self._vault = vault
        self._bank = bank
        self._submissions = submissions
        self._lexicon = lexicon
        self._topics = catalogue.topics

    async def answer(self, tx: Transaction, event: CloudEvent[ExerciseRequested]) -> None:
        """Answer one question, once; nothing for an erased student."""
        student_id, request = UUID(event.subject), event.data
        try:
            text = await self._vault.open(student_id, request.query)
            answer, details = await self._answer(student_id, request, text)
            finished = AnswerFinished(
                query_id=request.query_id,
                agent=EXERCISE.name,
                answer=await self._vault.seal(student_id, answer),
                clarification=request.clarification,
                intent=request.intent,
                details=await self._vault.seal(student_id, orjson.dumps(details).decode()),
            )
        except KeyMissing:
            log.info("question.dropped", query_id=str(request.query_id), reason="student erased")
            return
        asked_in = request.query_id
        await self._bus.publish(
            tx, [new_event(finished, source=SOURCE, student_id=student_id, correlation_id=asked_in)]
        )

    async def _answer(self, student_id: UUID, request: ExerciseRequested, text: str) -> tuple[str, dict[str, Any]]:
        item = await self._open_task(student_id, request.context.exercise_id)
        wish = self._lexicon.read(text, request.context.topic_id)
        if item is not None and not _asks_for_another(text):
            log.info("task.retold", query_id=str(request.query_id), exercise_id=item.exercise_id)
            return retell(item), {"exercise_id": item.exercise_id, "topic_id": item.topic_id}
        here = wish.topic_id or (item.topic_id if item is not None else None)
        found, wish = await self._offers(student_id, Wish(here, wish.difficulty), item)
        log.info("practice.offered", query_id=str(request.query_id), topic_id=wish.topic_id, count=len(found))
        return self._worded(found, here, wish), {
            "topic_id": wish.topic_id,
            "exercises": [_detail(one) for one in found],
        }

    async def _open_task(self, student_id: UUID, exercise_id: str | None) -> Item | None:
        try:
            return (await self._bank.find(exercise_id)).of_student(student_id) if exercise_id else None
        except NotFound:
            return None

    async def _offers(self, student_id: UUID, wish: Wish, besides: Item | None) -> tuple[list[Offer], Wish]:
        """From the topic; where it has nothing, or none was named, from what comes next in the course."""
        standings = await self._submissions.standings(student_id)
        items = await self._bank.listed(Filter(topic_id=wish.topic_id), student_id)
        items = [item for item in items if besides is None or item.exercise_id != besides.exercise_id]
        if wish.topic_id is not None and items:
            return offers(items, standings, wish.difficulty), wish
        items = [item for item in await self._bank.listed(Filter(), student_id) if item.origin == "course"]
        unsolved = [
            item for item in items if item.exercise_id not in standings or not standings[item.exercise_id].passed
        ]
        found = offers([item for item in unsolved if item.core][:3] or unsolved, standings, wish.difficulty)
        return found, Wish(None, wish.difficulty)

    def _worded(self, found: list[Offer], asked: str | None, wish: Wish) -> str:
        if not found:
            return (
                "There is no exercise for this yet. Ask about the topic instead, or look at what `GET /exercises` has."
            )
        topic = self._topics.get(wish.topic_id or "")
        if topic is not None:
            opening = f"Here is practice on **{topic.title}**:"
        elif asked in self._topics:
            opening = f"There is no exercise on **{self._topics[asked].title}** yet. These come next in the course:"
        else:
            opening = "You named no topic, so here is what comes next in the course:"
        lines = [
            f"{number}. **{offer.item.task.title}** ({offer.item.task.level.difficulty}). {offer.why}"
            for number, offer in enumerate(found, start=1)
        ]
        return "\n".join([opening, "", *lines, "", "Open one and send your program: you get a test for each case."])


def _asks_for_another(text: str) -> bool:
    words = set(text.lower().replace("?", " ").replace(".", " ").split())
    return bool(words & {"another", "other", "more", "new", "next", "different"}) and bool(
        words & {"exercise", "exercises", "task", "tasks", "one", "practice", "problem", "problems", "challenge"}
    )


def _detail(offer: Offer) -> dict[str, Any]:
    level = offer.item.task.level
    return {
        "exercise_id": offer.item.exercise_id,
        "topic_id": offer.item.topic_id,
        "title": offer.item.task.title,
        "kind": level.kind,
        "difficulty": level.difficulty,
        "why": offer.why,
    }
