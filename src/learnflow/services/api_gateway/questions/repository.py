"""All SQL of questions and answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from learnflow.contracts.events import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.kit.database import Database, Record, Transaction

_QUESTION = """
    select q.id, q.user_id, q.query, q.code, q.error, q.context, q.asked_at,
           r.agent, r.intent, r.confidence, coalesce(r.reasons, '{}') as reasons,
           a.agent as answered_by, a.answer, a.clarification, a.details, a.hint_level, a.hint_levels, a.verified,
           a.tutor, a.finished_at, q.stopped_at, g.helpful
    from questions q
    left join answer_routes r on r.query_id = q.id
    left join answers a on a.query_id = q.id
    left join ratings g on g.query_id = q.id
    """

ADD_NEW = """
insert into questions (id, user_id, query, code, error, context, language)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[])
"""
REFUSED = (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError)
"""What ends a transaction whose new question is there already, or whose student is erased."""
ADD_ROUTES = """
insert into answer_routes (query_id, user_id, agent, intent, confidence, reasons)
select e.query_id, u.id, e.agent, e.intent, e.confidence,
       array(select jsonb_array_elements_text(e.reasons::jsonb))
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::text[])
     as e (query_id, user_id, agent, intent, confidence, reasons)
join users u on u.id = e.user_id
on conflict do nothing
"""
ADD_ANSWERS = """
insert into answers (query_id, user_id, agent, answer, clarification, details, hint_level, hint_levels, verified,
                     tutor, finished_at)
select e.query_id, u.id, e.agent, e.answer, e.clarification, e.details, e.hint_level, e.hint_levels, e.verified,
       e.tutor, e.finished_at
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int2[], $8::int2[],
            $9::bool[], $10::text[], $11::timestamptz[])
     as e (query_id, user_id, agent, answer, clarification, details, hint_level, hint_levels, verified, tutor,
           finished_at)
join users u on u.id = e.user_id
where not exists (select from questions q where q.id = e.query_id and q.stopped_at is not null)
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A piece of an answer; `text` is sealed."""

    part_no: int
    agent: str
    text: str


class Questions:
    """Questions, their parts and their answers; all texts in and out are sealed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, student_id: UUID, question: QuestionAsked) -> bool:
        """Keep a question; False when it is already there."""
        stored = await tx.fetchval(
            """insert into questions (id, user_id, query, code, error, context, language)
               select $1, id, $3, $4, $5, $6, $7 from users where id = $2
               on conflict (id) do nothing returning id""",
            question.query_id,
            student_id,
            question.query,
            question.code,
            question.error,
            question.context.model_dump(exclude_none=True),
            question.language,
        )
        return stored is not None

    async def add_new(self, tx: Transaction, student_id: UUID, question: QuestionAsked) -> None:
        """Keep a question with the commit, which raises one of REFUSED instead of keeping anything twice."""
        row = (
            question.query_id,
            student_id,
            question.query,
            question.code,
            question.error,
            question.context.model_dump(exclude_none=True),
            question.language,
        )
        await tx.write_at_end(ADD_NEW, [row])

    async def add_route(self, tx: Transaction, student_id: UUID, part: AnswerPart) -> None:
        """Keep who answers and why; nothing for an erased student."""
        reasons = orjson.dumps(part.reasons).decode()
        row = (part.query_id, student_id, part.agent, part.intent, part.confidence, reasons)
        await tx.insert_last(ADD_ROUTES, [row])

    async def add_part(self, tx: Transaction, student_id: UUID, part: AnswerPart) -> None:
        await tx.execute(
            """insert into answer_parts (query_id, user_id, part_no, agent, text)
               select $1, id, $3, $4, $5 from users where id = $2
               and not exists (select from questions where id = $1 and stopped_at is not null)
               on conflict do nothing""",
            part.query_id,
            student_id,
            part.part_no,
            part.agent,
            part.text,
        )

    async def add_answer(self, tx: Transaction, student_id: UUID, answer: AnswerFinished, at: datetime) -> None:
        """Keep the one answer; a second one for the same question, or one for an erased student, changes nothing."""
        row = (
            answer.query_id,
            student_id,
            answer.agent,
            answer.answer,
            answer.clarification,
            answer.details,
            answer.hint_level,
            answer.hint_levels,
            answer.verified,
            answer.tutor,
            at,
        )
        await tx.insert_last(ADD_ANSWERS, [row])

    async def find(self, query_id: UUID) -> Record | None:
        """The question with its route and answer, all texts sealed."""
        return await self._database.fetchrow(_QUESTION + "where q.id = $1", query_id)

    async def page(self, student_id: UUID, limit: int, before: tuple[datetime, UUID] | None) -> list[Record]:
        """The newest `limit` questions, or those before a moment and id."""
        moment, query_id = before or (None, None)
        return await self._database.fetch(
            _QUESTION
            + """where q.user_id = $1 and ($3::timestamptz is null or (q.asked_at, q.id) < ($3, $4::uuid))
                 order by q.asked_at desc, q.id desc limit $2""",
            student_id,
            limit,
            moment,
            query_id,
        )

    async def count(self, student_id: UUID) -> int:
        count: int = await self._database.fetchval("select count(*) from questions where user_id = $1", student_id)
        return count

    async def stop(self, tx: Transaction, student_id: UUID, query_id: UUID) -> bool:
        """Want no answer any more; False where there is one already, or no such question of the student's."""
        stopped = await tx.fetchval(
            """update questions q set stopped_at = now()
               where id = $1 and user_id = $2 and stopped_at is null
                 and not exists (select from answers a where a.query_id = q.id)
               returning true""",
            query_id,
            student_id,
        )
        return stopped is not None

    async def rate(self, student_id: UUID, query_id: UUID, *, helpful: bool, comment: str | None) -> None:
        """Keep whether the answer helped; `comment` is sealed, and a second rating replaces the first."""
        await self._database.execute(
            """insert into ratings (query_id, user_id, helpful, comment) values ($1, $2, $3, $4)
               on conflict (query_id) do update
               set helpful = excluded.helpful, comment = excluded.comment, rated_at = now()""",
            query_id,
            student_id,
            helpful,
            comment,
        )

    async def parts_after(self, query_id: UUID, part_no: int) -> list[StoredPart]:
        rows = await self._database.fetch(
            "select part_no, agent, text from answer_parts where query_id = $1 and part_no > $2 order by part_no",
            query_id,
            part_no,
        )
        return [StoredPart(**row) for row in rows]

    async def highest_rung(self, student_id: UUID, context: dict[str, Any]) -> int:
        """The highest rung of help that a student had on the exercise (0: none)."""
        if not context.get("exercise_id"):
            return 0
        rung: int = await self._database.fetchval(
            """select greatest(
                   (select max(a.hint_level) from questions q join answers a on a.query_id = q.id
                    where q.user_id = $1 and q.context ->> 'exercise_id' = $2),
                   (select rung from hints_had where user_id = $1 and exercise_id = $2),
                   0)""",
            student_id,
            context["exercise_id"],
        )
        return rung

    async def add_hint(self, student_id: UUID, exercise_id: str, rung: int) -> None:
        """Keep that a hint was given without a question; the highest one counts."""
        await self._database.execute(
            """insert into hints_had as h (user_id, exercise_id, rung) values ($1, $2, $3)
               on conflict (user_id, exercise_id) do update set rung = greatest(h.rung, excluded.rung)""",
            student_id,
            exercise_id,
            rung,
        )
