"""What a teacher sees of their own students and gives them; records come from the services with the teacher's token."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog

from learnflow.contracts.errors import NotFound, Unavailable
from learnflow.contracts.services import EXERCISE, PROGRESS, Service
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.principal import Principal
from learnflow.kit.students import see_student, see_students
from learnflow.services.api_gateway.classes.repository import ClassesRepository, StudentRow
from learnflow.services.api_gateway.classes.service import GONE, Classes
from learnflow.services.api_gateway.classes.view import SchoolClass
from learnflow.services.api_gateway.teaching.gradebook import Cell, Column, Line
from learnflow.services.api_gateway.teaching.wish import ExerciseWish

log = structlog.get_logger()

MADE_WITHIN_S = 40.0
"""Each draft is run many times before it is shown, and some are dropped."""
_MOST_AT_ONCE = 500
_ATTEMPTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class StudentInClass:
    """A student in the class table; `progress` is None while it cannot be had."""

    student_id: UUID
    name: str
    joined_at: datetime
    progress: dict[str, Any] | None

    @property
    def started(self) -> bool | None:
        """Whether they have done anything yet; None while that is not known."""
        return None if self.progress is None else self.progress.get("last_active") is not None


@dataclass(frozen=True, slots=True)
class Invited:
    """One of the roster who has not joined."""

    invitation_id: UUID
    name: str
    email: str
    invited_at: datetime


@dataclass(frozen=True, slots=True)
class ClassTable:
    """A page of a class's students, and who of the roster is still missing."""

    students: list[StudentInClass]
    total: int
    invited: list[Invited]
    has_progress: bool


class TeacherDesk:
    """Every look at a student is checked and recorded where the record lies; names are opened for their teachers."""

    def __init__(self, database: Database, classes: Classes, repository: ClassesRepository, invoker: Invoker) -> None:
        self._database = database
        self._classes = classes
        self._repository = repository
        self._invoker = invoker

    async def students(self, principal: Principal, token: str, class_id: UUID, limit: int, offset: int) -> ClassTable:
        """A page of the class's students with their progress in short."""
        found = await self._open_class(principal, class_id)
        rows = await self._repository.students(class_id, limit, offset)
        await see_students(self._database, principal, [row.student_id for row in rows], "class list")
        summaries = await self._summaries(token, rows)
        progress = {item["user_id"]: item for item in summaries or []}
        students = [
            StudentInClass(
                row.student_id,
                await self._classes.open_name(row.student_id, row.name),
                row.joined_at,
                progress.get(str(row.student_id)),
            )
            for row in rows
        ]
        invited = await self._invited(class_id)
        return ClassTable(students, found.students or 0, invited, summaries is not None)

    async def _open_class(self, principal: Principal, class_id: UUID) -> SchoolClass:
        found = await self._classes.taught(class_id, principal.user_id)
        if found.archived_at is not None:
            raise NotFound("This class is archived. Take it out of the archive to see its students.")
        return found

    async def _summaries(self, token: str, rows: Sequence[StudentRow]) -> list[dict[str, Any]] | None:
        if not rows:
            return []
        wanted = {"user_ids": [str(row.student_id) for row in rows]}
        answer = await self._ask_or_none(PROGRESS, "POST", "/progress/summaries", token, json=wanted)
        return None if answer is None else answer["items"]

    async def _invited(self, class_id: UUID) -> list[Invited]:
        maker = await self._repository.maker_of(class_id)
        return [
            Invited(
                row.id,
                await self._classes.open_name(maker, row.name),
                await self._classes.open_name(maker, row.email),
                row.invited_at,
            )
            for row in await self._repository.invitations(class_id)
        ]

    async def student(self, principal: Principal, token: str, student_id: UUID) -> dict[str, Any]:
        """One student: progress, the latest attempts with their programs, alerts, assignments.

        What cannot be had just now is None, and is named in `missing`.
        """
        await see_student(self._database, principal, student_id, "student page")
        sealed = await self._repository.name_of(student_id)
        of_them = urlencode({"user_id": student_id, "limit": _ATTEMPTS_SHOWN})
        of_alerts = urlencode({"student_id": student_id, "limit": 100})
        parts = {
            "progress": self._ask_or_none(PROGRESS, "GET", f"/progress/{student_id}", token),
            "attempts": self._ask_or_none(EXERCISE, "GET", f"/submissions?{of_them}&with_code=true", token),
            "assignments": self._ask_or_none(EXERCISE, "GET", f"/assignments?{of_them}", token),
            "alerts": self._ask_or_none(PROGRESS, "GET", f"/alerts?{of_alerts}", token),
        }
        answers = dict(zip(parts, await asyncio.gather(*parts.values()), strict=True))
        name = GONE if sealed is None else await self._classes.open_name(student_id, sealed)
        missing = [part for part, answer in answers.items() if answer is None]
        return {"student_id": student_id, "name": name, "missing": missing, **answers}

    async def _ask_or_none(
        self, service: Service, method: str, path: str, token: str, *, json: object | None = None
    ) -> Any:
        """A part that the page can do without."""
        try:
            return await self._invoker.call(service, method, path, json=json, token=token)
        except (Unavailable, NotFound) as error:
            log.warning("teacher.part.missing", service=service.name, code=error.code)
            return None

    async def grades(self, principal: Principal, token: str, class_id: UUID) -> tuple[list[Column], list[Line]]:
        """The best scores of a whole class; exercise sees to it that the look is recorded."""
        await self._open_class(principal, class_id)
        rows = await self._repository.students(class_id, limit=None, offset=0)
        found: list[dict[str, Any]] = []
        for start in range(0, len(rows), _MOST_AT_ONCE):
            wanted = {"student_ids": [str(row.student_id) for row in rows[start : start + _MOST_AT_ONCE]]}
            answer = await self._invoker.call(EXERCISE, "POST", "/grades", json=wanted, token=token, timeout_s=15)
            found += answer["items"]
        columns = {row["exercise_id"]: Column(row["exercise_id"], row["topic_id"], row["title"]) for row in found}
        lines = [await self._line(row, found) for row in rows]
        return [columns[name] for name in sorted(columns)], lines

    async def _line(self, row: StudentRow, found: Sequence[dict[str, Any]]) -> Line:
        names = ("best_score", "passed", "passed_unaided", "attempts")
        theirs = [grade for grade in found if grade["student_id"] == str(row.student_id)]
        cells = {grade["exercise_id"]: Cell(*(grade[name] for name in names)) for grade in theirs}
        return Line(row.student_id, await self._classes.open_name(row.student_id, row.name), cells)

    async def assign(self, token: str, assignment: dict[str, Any]) -> Any:
        return await self._invoker.call(EXERCISE, "POST", "/assignments", json=assignment, token=token)

    async def assignments(self, token: str, query: dict[str, Any]) -> Any:
        """One's own assignments."""
        given = urlencode({name: value for name, value in query.items() if value is not None})
        return await self._invoker.call(EXERCISE, "GET", f"/assignments?{given}", token=token)

    async def generate(self, token: str, wish: ExerciseWish, mastery_level: int | None) -> dict[str, Any]:
        """Drafts to look over, and how the wish was understood."""
        asked = {"topic": wish.topic, "difficulty": wish.difficulty, "count": wish.count}
        body = asked if mastery_level is None else asked | {"mastery_level": mastery_level}
        made = await self._invoker.call(
            EXERCISE, "POST", "/exercises/generate", json=body, token=token, timeout_s=MADE_WITHIN_S
        )
        return {"understood": asked, **made}
