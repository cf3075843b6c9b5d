"""Exercises for the public: passed on to the exercise service, with the help that the student has had."""

from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from learnflow.contracts.errors import NotFound
from learnflow.contracts.services import DEBUG, EXERCISE
from learnflow.kit.database import Database
from learnflow.kit.invoke import Invoker
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.services.api_gateway.questions.service import QuestionDesk

GRADED_WITHIN_S = 60.0
"""A test for each case, and a second look at a loop that may be endless."""

ELSEWHERE = frozenset({"full", "draft", "versions", "export"})
"""Ends of the service's own addresses: an exercise is not called so."""


class PublicExercises:
    """Everything goes on with the caller's own token; what help was had is the gateway's word, not the student's."""

    def __init__(self, database: Database, desk: QuestionDesk, invoker: Invoker, submissions_per_minute: int) -> None:
        self._database = database
        self._desk = desk
        self._invoker = invoker
        self._submissions_per_minute = submissions_per_minute

    async def listed(self, token: str, path: str, query: dict[str, Any]) -> Any:
        """A page of exercises or of one's own submissions."""
        given = urlencode({name: value for name, value in query.items() if value is not None})
        return await self._invoker.call(EXERCISE, "GET", f"{path}?{given}", token=token)

    async def exercise(self, token: str, exercise_id: str, part: str = "") -> Any:
        """An exercise, or a part of it as `/draft`."""
        return await self._invoker.call(EXERCISE, "GET", _path(exercise_id) + part, token=token)

    async def save_draft(self, token: str, exercise_id: str, draft: dict[str, Any]) -> Any:
        return await self._invoker.call(EXERCISE, "PUT", f"{_path(exercise_id)}/draft", json=draft, token=token)

    async def submit(self, principal: Principal, token: str, exercise_id: str, code: str) -> Any:
        """Hand in a program; limited, since each test of it is a run."""
        await take(
            self._database,
            name="submissions",
            subject=str(principal.user_id),
            limit=self._submissions_per_minute,
            window_s=60,
        )
        rung = await self._desk.help_had(principal.user_id, {"exercise_id": exercise_id})
        # only debug gives hints, so a rung is its help
        had = {"rung": rung, "aided": rung > 0} | ({"helped_by": DEBUG.name} if rung else {})
        request = {"exercise_id": exercise_id, "code": code} | had
        return await self._invoker.call(
            EXERCISE, "POST", "/exercises/submit", json=request, token=token, timeout_s=GRADED_WITHIN_S
        )

    async def submission(self, token: str, submission_id: UUID) -> Any:
        return await self._invoker.call(EXERCISE, "GET", f"/submissions/{submission_id}", token=token)


def _path(exercise_id: str) -> str:
    """The exercise's address at its service; an id that would lead elsewhere is none."""
    parts = exercise_id.split("/")
    if {"", ".", ".."} & set(parts) or parts[-1] in ELSEWHERE:
        raise NotFound("There is no such exercise. GET /exercises lists those that there are.")
    return f"/exercises/{quote(exercise_id)}"
