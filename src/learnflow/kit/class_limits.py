"""What a student's classes allow: how high the hints go, how many questions a day, and whether a model may be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from learnflow.contracts.errors import TooMany
from learnflow.kit.clock import Clock, system_clock
from learnflow.kit.database import Database
from learnflow.kit.limits import take

HIGHEST_RUNG = 4
_COUNTED_FOR_S = 172_800
_LIMITS = """
select class_id, hint_ceiling, questions_per_day, model_off, timezone from class_limits
where student_id = $1 order by class_id
"""


@dataclass(frozen=True, slots=True)
class ClassLimits:
    """The limits of one class; None is no limit. Its day is that of its time zone."""

    class_id: UUID
    hint_ceiling: int | None
    questions_per_day: int | None
    model_off: bool
    timezone: str


async def limits_of(database: Database, student_id: UUID) -> list[ClassLimits]:
    """The limits of every class that the student is in now; none for anybody else."""
    return [ClassLimits(**row) for row in await database.fetch(_LIMITS, student_id)]


def hint_ceiling(limits: Sequence[ClassLimits]) -> int:
    """The highest rung of hints that all of these classes allow."""
    return min((each.hint_ceiling for each in limits if each.hint_ceiling), default=HIGHEST_RUNG)


def is_model_off(limits: Sequence[ClassLimits]) -> bool:
    """Whether one of the classes keeps models away, as during a test."""
    return any(each.model_off for each in limits)


async def take_question(database: Database, student_id: UUID, clock: Clock = system_clock) -> None:
    """Count a question in each class that limits them; TooMany, and nothing counted, when one has no more today."""
    limited = [each for each in await limits_of(database, student_id) if each.questions_per_day]
    if not limited:
        return
    async with database.transaction():
        for limits in limited:
            await _take(database, student_id, limits, clock())


async def _take(database: Database, student_id: UUID, limits: ClassLimits, now: datetime) -> None:
    here = now.astimezone(ZoneInfo(limits.timezone))
    per_day = limits.questions_per_day or 0
    # the day stands in the subject, so that the count begins anew at midnight of the class
    subject = f"{limits.class_id}:{student_id}:{here.date()}"
    try:
        await take(database, name="questions-of-a-class", subject=subject, limit=per_day, window_s=_COUNTED_FOR_S)
    except TooMany as error:
        raise TooMany(
            f"Your class has room for {_spoken(per_day)} a day, and today's are asked. Go on tomorrow, or ask your "
            "teacher.",
            retry_after_s=(_midnight_after(here) - now).total_seconds(),
        ) from error


def _midnight_after(here: datetime) -> datetime:
    return datetime.combine(here.date() + timedelta(days=1), time(), here.tzinfo)


def _spoken(questions: int) -> str:
    return "one question" if questions == 1 else f"{questions} questions"
