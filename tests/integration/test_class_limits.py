"""What classes allow: the lowest of several counts, and a day is that of the class."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from learnflow.contracts.errors import TooMany
from learnflow.kit.class_limits import HIGHEST_RUNG, hint_ceiling, is_model_off, limits_of, take_question
from learnflow.kit.database import Database
from tests.integration.school import School

NOW = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


async def test_without_a_class_there_is_no_limit(school: School) -> None:
    student_id = await school.student()
    limits = await limits_of(school.gateway, student_id)
    assert (limits, hint_ceiling(limits), is_model_off(limits)) == ([], HIGHEST_RUNG, False)


async def test_of_several_classes_the_lowest_counts(school: School) -> None:
    student_id = await school.student()
    for settings in ({"hint_ceiling": 3}, {"hint_ceiling": 2}, {"model_off": True}, {}):
        await school.teacher_of(student_id, **settings)
    limits = await limits_of(school.gateway, student_id)
    assert (hint_ceiling(limits), is_model_off(limits)) == (2, True)


async def test_an_archived_class_limits_nobody(school: School) -> None:
    student_id = await school.student()
    await school.teacher_of(student_id, hint_ceiling=1)
    await school.gateway.execute("update classes set archived_at = now()")
    assert await limits_of(school.gateway, student_id) == []


async def test_every_service_may_ask_for_the_limits(
    school: School, database_for: Callable[[str], Awaitable[Database]]
) -> None:
    student_id = await school.student()
    await school.teacher_of(student_id, hint_ceiling=1)
    for name in ("debug", "websocket", "exercise", "code-review"):
        assert len(await limits_of(await database_for(name), student_id)) == 1


@pytest.mark.parametrize(
    ("timezone", "until_midnight"),
    [("UTC", timedelta(hours=12)), ("Asia/Tokyo", timedelta(hours=3)), ("America/New_York", timedelta(hours=16))],
)
async def test_a_new_day_begins_at_midnight_of_the_class(
    school: School, timezone: str, until_midnight: timedelta
) -> None:
    student_id = await school.student(timezone="Pacific/Auckland")
    await school.teacher_of(student_id, timezone=timezone, questions_per_day=1)
    await take_question(school.gateway, student_id, lambda: NOW)
    last_moment = NOW + until_midnight - timedelta(seconds=1)
    with pytest.raises(TooMany, match="one question a day") as refused:
        await take_question(school.gateway, student_id, lambda: last_moment)
    assert refused.value.retry_after_s == 1
    await take_question(school.gateway, student_id, lambda: NOW + until_midnight)
