"""The concepts agent's use cases: answer a question, explain a concept, list the cards."""

import hashlib
from uuid import UUID

import orjson
import structlog

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.errors import NotFound, Unavailable
from learnflow.contracts.events import AnswerFinished, ConceptExplained, ConceptRequested, Fact
from learnflow.contracts.services import CONCEPTS
from learnflow.curriculum import Card, Curriculum
from learnflow.curriculum.languages import InLanguages
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database, Transaction
from learnflow.kit.readers import language_of
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.kit.state import State
from learnflow.kit.work import Finish, WorkItem
from learnflow.services.concepts.composing import OwnCode, decline, explain, is_of_the_card_alone, nearest, related
from learnflow.services.concepts.levels import Level, level_of
from learnflow.services.concepts.program import Program, read_program
from learnflow.services.concepts.sandbox import Sandbox
from learnflow.services.concepts.schemas import (
    ConceptPage,
    ExampleView,
    Explanation,
    RelatedView,
    StepView,
    check_view,
    concept_view,
)
from learnflow.services.concepts.search import Found, Query, Search

log = structlog.get_logger()

SOURCE = f"/learnflow/{CONCEPTS.name}"
KEPT_S = 3600
TRACE_SHOWN = 60


class Concepts:
    """Finds the card for a question and answers with it; says so when there is none."""

    def __init__(
        self,
        curricula: InLanguages[Curriculum],
        database: Database,
        bus: Bus,
        vault: Vault,
        state: State,
        sandbox: Sandbox,
        default_level: Level,
    ) -> None:
        # questions are understood in English, so cards are searched in it
        self._curriculum = curriculum = curricula.source
        self._curricula = curricula
        self._database = database
        self._search = Search(curriculum)
        self._bus = bus
        self._vault = vault
        self._state = state
        self._sandbox = sandbox
        self._default_level: Level = default_level
        cards = "".join(card.model_dump_json() for one in curricula.by_language.values() for card in one.cards.values())
        self._edition = hashlib.sha256(cards.encode()).hexdigest()[:12]

    async def answer(self, tx: Transaction, event: CloudEvent[ConceptRequested]) -> None:
        """Answer a question without code, in the handler's transaction."""
        await self._answer(tx, event, None)

    async def answer_with_code(self, item: WorkItem) -> Finish:
        """Run the student's code outside of every transaction; what is returned answers within one."""
        event: CloudEvent[ConceptRequested] = item.event
        own = await self._own_code(UUID(event.subject), event.data)

        async def finish(tx: Transaction) -> None:
            await self._answer(tx, event, own)

        return finish

    async def explain(self, reader: UUID, concept: str, mastery: int, code: str | None) -> Explanation:
        """A concept by its id or in words; NotFound with suggestions when no card fits."""
        found = self._search.find(Query(concept))
        if found.card is None:
            raise self._unknown(found)
        level = level_of(mastery)
        if code and code.strip():
            return self._explanation(self._curriculum, found.card, level, concept, await self._read_and_run(code))
        return await self._kept(await self._spoken(reader, found.card), found.card, level)

    async def _spoken(self, reader: UUID, card: Card) -> Curriculum:
        """The course in the reader's language where this card is; else the English one."""
        told = self._curricula.at(await language_of(self._database, reader))
        return told if told.cards[card.card].language == told.language else self._curriculum

    async def list_concepts(self, reader: UUID, limit: int, offset: int, topic_id: str | None) -> ConceptPage:
        """The cards in the order of the course."""
        curriculum = self._curricula.at(await language_of(self._database, reader))
        cards = [card for card in curriculum.cards.values() if topic_id in {None, card.topic_id}]
        following = offset + limit
        return ConceptPage(
            items=[concept_view(card) for card in cards[offset:following]],
            total=len(cards),
            next=following if following < len(cards) else None,
        )

    async def _answer(self, tx: Transaction, event: CloudEvent[ConceptRequested], own: OwnCode | None) -> None:
        student_id, request = UUID(event.subject), event.data
        try:
            facts = await self._facts(student_id, request, own)
        except KeyMissing:
            log.info("question.dropped", query_id=str(request.query_id), reason="student erased")
            return
        events = [new_event(f, source=SOURCE, student_id=student_id, correlation_id=request.query_id) for f in facts]
        await self._bus.publish(tx, events)

    async def _facts(self, student_id: UUID, request: ConceptRequested, own: OwnCode | None) -> list[Fact]:
        text = await self._vault.open(student_id, request.query)
        query = Query(text, own.readable if own else None, request.context.topic_id)
        found = self._search.find(query)
        card = found.card
        log.info("concept.chosen", query_id=str(request.query_id), card=card.card if card else None)
        if card is None:
            return [await self._finished(student_id, request, decline(self._curriculum, found, own), {}, None)]
        level = self._default_level
        is_plain = is_of_the_card_alone(query, own)
        curriculum = await self._spoken(student_id, card) if is_plain else self._curriculum
        made = self._explanation(curriculum, card, level, query.text, own)
        details = {"card": card.card, **made.model_dump(mode="json", exclude={"explanation"})}
        explained = ConceptExplained(query_id=request.query_id, concept=card.card, topic_id=card.topic_id, level=level)
        return [await self._finished(student_id, request, made.explanation, details, own), explained]

    async def _finished(
        self, student_id: UUID, request: ConceptRequested, text: str, details: dict[str, object], own: OwnCode | None
    ) -> AnswerFinished:
        sealed = await self._vault.seal(student_id, orjson.dumps(details).decode()) if details else None
        return AnswerFinished(
            query_id=request.query_id,
            agent=CONCEPTS.name,
            answer=await self._vault.seal(student_id, text),
            clarification=request.clarification,
            intent=request.intent,
            details=sealed,
            # an example is compared with its output in CI; code that did not run is no evidence
            verified=bool(details) and (own is None or own.run is not None),
        )

    async def _own_code(self, student_id: UUID, request: ConceptRequested) -> OwnCode | None:
        if request.code is None:
            return None
        try:
            code = await self._vault.open(student_id, request.code)
        except KeyMissing:
            return None
        return await self._read_and_run(code) if code.strip() else None

    async def _read_and_run(self, code: str) -> OwnCode:
        program = read_program(code)
        if not isinstance(program, Program):
            return OwnCode(program)
        return OwnCode(program, await self._sandbox.trace(code))

    async def _kept(self, curriculum: Curriculum, card: Card, level: Level) -> Explanation:
        """The explanation of a card at a level; kept for an hour, and made anew when the store is away."""
        key = f"explanation:{self._edition}:{curriculum.language}:{card.card}:{level}"
        try:
            if (stored := await self._state.get(key)) is not None:
                return Explanation.model_validate(stored.value)
            made = self._explanation(curriculum, card, level, card.title, None)
            await self._state.put(key, made.model_dump(mode="json"), ttl_s=KEPT_S)
        except Unavailable:
            log.warning("explanation.not_kept", card=card.card)
            made = self._explanation(curriculum, card, level, card.title, None)
        return made

    def _explanation(
        self, curriculum: Curriculum, card: Card, level: Level, text: str, own: OwnCode | None
    ) -> Explanation:
        card = curriculum.cards[card.card]
        query = Query(text, own.readable if own else None)
        steps = own.run.steps[:TRACE_SHOWN] if own and own.run else None
        titles = {name: curriculum.cards[name].title for name in related(curriculum, card)}
        return Explanation(
            concept=card.card,
            title=card.title,
            topic_id=card.topic_id,
            level=level,
            language=card.language,
            explanation=explain(curriculum, card, level, query, own),
            examples=[ExampleView.model_validate(card.example, from_attributes=True)],
            trace=None if steps is None else [StepView(line=step.line, values=dict(step.values)) for step in steps],
            check_questions=[check_view(check) for check in card.checks],
            related=[RelatedView(id=name, title=title) for name, title in titles.items()],
        )

    def _unknown(self, found: Found) -> NotFound:
        suggestions = [{"id": card.card, "title": card.title} for card in nearest(self._curriculum, found)]
        advice = "Try one of the suggestions." if suggestions else "GET /concepts lists those that there are."
        return NotFound(f"There is no card for this concept yet. {advice}", suggestions=suggestions)
