"""A class in the clear, as one of its people sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from learnflow.services.api_gateway.classes.repository import JoinedRow, TaughtRow

ClassState = Literal["taught", "joined", "invited"]


@dataclass(frozen=True, slots=True)
class TeacherOfClass:
    """One who teaches a class, in the clear."""

    id: UUID
    name: str
    is_owner: bool


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class in the clear, as one of its people sees it; the code is for its teachers and whom they invited."""

    id: UUID
    name: str
    state: ClassState
    teachers: list[TeacherOfClass]
    settings: Mapping[str, Any]
    class_code: str | None
    is_owner: bool
    students: int | None
    invited: int | None
    created_at: datetime
    archived_at: datetime | None


def standing(row: JoinedRow) -> tuple[JoinedRow, ClassState]:
    return row, "invited" if row.is_invitation else "joined"


def shown(row: TaughtRow | JoinedRow, state: ClassState, name: str, teachers: list[TeacherOfClass]) -> SchoolClass:
    taught = row if isinstance(row, TaughtRow) else None
    return SchoolClass(
        id=row.id,
        name=name,
        state=state,
        teachers=teachers,
        settings=row.settings,
        class_code=None if state == "joined" else row.join_code,
        is_owner=taught is not None and taught.is_owner,
        students=taught.students if taught else None,
        invited=taught.invited if taught else None,
        created_at=row.created_at,
        archived_at=row.archived_at,
    )
