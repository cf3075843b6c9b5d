"""Import and export: what comes from outside is solved in the sandbox before it is stored, all of it or nothing."""

import asyncio
from collections import Counter

import structlog

from learnflow.contracts.errors import Invalid
from learnflow.curriculum.imports import PREFIX, Entry, entry_of
from learnflow.kit.database import Database
from learnflow.services.exercise.exercises_repository import Exercises, StoredExercise
from learnflow.services.exercise.grading.grader import Grader
from learnflow.services.exercise.grading.verdict import Grade

log = structlog.get_logger()

AT_ONCE = 2


class ImportDesk:
    """Takes exercises in and gives them out."""

    def __init__(self, database: Database, exercises: Exercises, grader: Grader) -> None:
        self._database = database
        self._exercises = exercises
        self._grader = grader

    async def take_in(self, entries: list[Entry]) -> list[str]:
        """The ids. Invalid names each entry that its own reference does not solve, or its starter does."""
        _refuse_repeats(entries)
        turn = asyncio.Semaphore(AT_ONCE)

        async def fault(number: int, entry: Entry) -> str | None:
            async with turn:
                found = await self._fault(entry)
            return f"entry {number} ({entry.slug}): {found}" if found else None

        checked = await asyncio.gather(*(fault(number, entry) for number, entry in enumerate(entries, start=1)))
        if faults := [found for found in checked if found]:
            raise Invalid("Nothing was stored. " + " · ".join(faults), field="exercises")
        stored = [StoredExercise(e.exercise_id, e.topic_id, "imported", e.task) for e in entries]
        async with self._database.transaction() as tx:
            await self._exercises.put(tx, stored)
        log.info("exercises.imported", count=len(stored))
        return [one.exercise_id for one in stored]

    async def give_out(self) -> list[Entry]:
        """All imported exercises, in the form in which they came."""
        stored = await self._exercises.imported()
        return [entry_of(one.exercise_id.removeprefix(PREFIX), one.topic_id, one.task) for one in stored]

    async def _fault(self, entry: Entry) -> str | None:
        grade = await self._grader.grade(entry.task, entry.reference)
        if not grade.passed:
            return f"its reference fails test {_first_failed(grade)}"
        if (await self._grader.grade(entry.task, entry.starter)).passed:
            return "its starter already passes every test"
        return None


def _first_failed(grade: Grade) -> str:
    failed = next(verdict for verdict in grade.verdicts if not verdict.passed)
    return f"{failed.number}: {failed.message}"


def _refuse_repeats(entries: list[Entry]) -> None:
    repeated = [slug for slug, times in Counter(entry.slug for entry in entries).items() if times > 1]
    if repeated:
        raise Invalid(f"Nothing was stored. These slugs stand twice: {', '.join(repeated)}.", field="exercises")
