"""Makes mastery anew from the log of facts: after a new rule, new exercises of the course, or a mishap."""

from collections.abc import AsyncIterator
from uuid import UUID

from learnflow.kit.bus.log import LogBus
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database
from learnflow.services.progress.course import Course
from learnflow.services.progress.facts import StudentFact, read_fact
from learnflow.services.progress.repository import ActivityDays, FactLog
from learnflow.services.progress.scoring import SCORED, Scorer
from learnflow.services.progress.scoring_repository import Scores
from learnflow.services.progress.service import ACTIVITY


class Rebuild:
    """Goes through students one by one, each in a transaction of its own, while the service works on.

    Scores and mastery are made anew. Active days that are missing are added; none is taken away, for the log is not
    kept for ever, and a day was counted in the zone that the student had then. Reported scores stay.
    """

    def __init__(self, database: Database, course: Course) -> None:
        self._facts = FactLog(database)
        self._days = ActivityDays(database)
        scores = Scores(database)
        # nothing is published, so the bus is never started
        self._scorer = Scorer(database, scores, self._days, LogBus(database), system_clock, course)

    async def everyone(self) -> int:
        """All students; how many there were."""
        done = 0
        async for user_id in self._students():
            await self.one(user_id)
            done += 1
        return done

    async def one(self, user_id: UUID) -> None:
        """One student."""
        facts: list[StudentFact] = []
        for row in await self._facts.of_student(user_id, SCORED):
            fact = read_fact(row["type"], row["data"])
            if fact is not None:
                facts.append(StudentFact(user_id, row["time"], fact, row["correlation_id"]))
        await self._days.add_missing(user_id, ACTIVITY)
        await self._scorer.rebuild(user_id, facts)

    async def _students(self) -> AsyncIterator[UUID]:
        last = UUID(int=0)
        while ids := await self._days.people_after(last):
            for user_id in ids:
                yield user_id
            last = ids[-1]
