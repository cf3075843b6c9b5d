"""Use cases of teachers' assignments: give an exercise to students, see what is to do, collect the best scores."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Invalid, NotFound
from learnflow.contracts.events import ExerciseAssigned
from learnflow.contracts.services import EXERCISE
from learnflow.kit.bus.base import Bus, Event, new_event
from learnflow.kit.clock import Clock, system_clock
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.kit.students import see_student, see_students
from learnflow.services.exercise.assignments.repository import Assignment, Assignments
from learnflow.services.exercise.assignments.schemas import (
    Assign,
    Assigned,
    AssignmentPage,
    AssignmentView,
    BestGrade,
    GradePage,
)
from learnflow.services.exercise.bank import Bank, Item

log = structlog.get_logger()

SOURCE = f"/learnflow/{EXERCISE.name}"
PER_MINUTE = 60


class AssignmentDesk:
    """A teacher gives exercises to students of their own, and nobody else's."""

    def __init__(
        self, database: Database, bus: Bus, bank: Bank, assignments: Assignments, clock: Clock = system_clock
    ) -> None:
        self._database = database
        self._bus = bus
        self._bank = bank
        self._assignments = assignments
        self._clock = clock

    async def assign(self, principal: Principal, request: Assign) -> Assigned:
        """One open assignment for each student, told to them once; to all of them or to none."""
        student_ids = list(dict.fromkeys(request.student_ids))
        if principal.user_id in student_ids:
            raise NotFound("Exercises are assigned to students; one of these is yourself.")
        await see_students(self._database, principal, student_ids, "assignments")
        if request.due_at is not None and request.due_at <= self._clock():
            raise Invalid("This date is past. Give a later one, or none.", field="due_at")
        await take(self._database, name="assign", subject=str(principal.user_id), limit=PER_MINUTE, window_s=60)
        item = await self._bank.find(request.exercise_id)
        rows, assigned = await self._add(principal.user_id, item, student_ids, request.due_at)
        log.info("exercise.assigned", exercise_id=item.exercise_id, students=len(rows), new=assigned)
        return Assigned(items=[_view(row, item) for row in rows], total=len(rows), assigned=assigned)

    async def _add(
        self, teacher_id: UUID, item: Item, student_ids: Sequence[UUID], due_at: datetime | None
    ) -> tuple[list[Assignment], int]:
        new = [(uuid4(), student_id) for student_id in student_ids]
        new_ids = {assignment_id for assignment_id, _ in new}
        async with self._database.transaction() as tx:
            rows = await self._assignments.add(tx, new, item.exercise_id, item.topic_id, teacher_id, due_at)
            events = [_told(row, teacher_id) for row in rows if row.id in new_ids]
            await self._bus.publish(tx, events)
        return rows, len(events)

    async def of_student(
        self, principal: Principal, student_id: UUID, done: bool | None, limit: int, offset: int
    ) -> AssignmentPage:
        """A student's assignments, for themselves and for whoever may see them."""
        await see_student(self._database, principal, student_id, "assignments")
        rows = await self._assignments.page(student_id, done, limit, offset)
        total = await self._assignments.count(student_id, done)
        items = await self._items({row.exercise_id for row in rows})
        return AssignmentPage(
            items=[_view(row, _own(items.get(row.exercise_id), student_id)) for row in rows],
            total=total,
            next=offset + limit if offset + limit < total else None,
        )

    async def grades(self, principal: Principal, student_ids: Sequence[UUID]) -> GradePage:
        """The best score of each of these students on each exercise; all of them must be one's own."""
        wanted = list(dict.fromkeys(student_ids))
        await see_students(self._database, principal, wanted, "grades")
        best = await self._assignments.best(wanted)
        items = await self._items({each.exercise_id for each in best})
        grades = [
            BestGrade(
                student_id=each.student_id,
                exercise_id=each.exercise_id,
                topic_id=each.topic_id,
                title=_title(each.exercise_id, items.get(each.exercise_id)),
                best_score=each.best_score,
                passed=each.passed,
                passed_unaided=each.passed_unaided,
                attempts=each.attempts,
            )
            for each in best
        ]
        return GradePage(items=grades, total=len(grades))

    async def _items(self, exercise_ids: set[str]) -> dict[str, Item]:
        found = {}
        for exercise_id in sorted(exercise_ids):
            try:
                found[exercise_id] = await self._bank.find(exercise_id)
            except NotFound:
                log.info("exercise.gone", exercise_id=exercise_id)
        return found


def _own(item: Item | None, student_id: UUID) -> Item | None:
    return item.of_student(student_id) if item is not None else None


def _told(row: Assignment, teacher_id: UUID) -> Event:
    fact = ExerciseAssigned(
        assignment_id=row.id,
        exercise_id=row.exercise_id,
        topic_id=row.topic_id,
        assigned_by=teacher_id,
        due_at=row.due_at,
    )
    return new_event(fact, source=SOURCE, student_id=row.student_id, correlation_id=row.id)


def _title(exercise_id: str, item: Item | None) -> str:
    return item.task.title if item else exercise_id


def _view(row: Assignment, item: Item | None) -> AssignmentView:
    return AssignmentView(
        assignment_id=row.id,
        student_id=row.student_id,
        exercise_id=row.exercise_id,
        topic_id=row.topic_id,
        title=_title(row.exercise_id, item),
        difficulty=item.task.level.difficulty if item else "medium",
        assigned_by=row.assigned_by,
        assigned_at=row.assigned_at,
        due_at=row.due_at,
        done=row.done_at is not None,
        done_at=row.done_at,
    )
