"""Whose record is it, and who may look at it: the one door to another person's data (product.md 3)."""

from uuid import UUID

from learnflow.contracts.errors import NotFound
from learnflow.kit.database import Database
from learnflow.kit.principal import Principal

_LOOK = "select look_at_student($1, $2, $3, $4)"
_LOOKS = "select bool_and(look_at_student($1, $2, student_id, $4)) from unnest($3::uuid[]) as s (student_id)"


async def see_student(database: Database, principal: Principal, student_id: UUID, what: str) -> None:
    """Pass for one's own data, for services, for the student's own teachers and for admins; else NotFound.

    `what` names the record in the clear, as the student reads it later: "progress", "submissions". A look of
    another person is recorded, also when it is refused. Outside of a transaction that may be rolled back.
    """
    if principal.role == "service" or principal.user_id == student_id:
        return
    if not await database.fetchval(_LOOK, principal.user_id, principal.role, student_id, what):
        raise NotFound("There is nothing here that you may see.")


async def see_students(database: Database, principal: Principal, student_ids: list[UUID], what: str) -> None:
    """The same for many at once; NotFound when one of them is not to be seen."""
    others = [student_id for student_id in student_ids if student_id != principal.user_id]
    if principal.role == "service" or not others:
        return
    if not await database.fetchval(_LOOKS, principal.user_id, principal.role, others, what):
        raise NotFound("There is nothing here that you may see.")


async def teachers_of(database: Database, student_id: UUID) -> list[UUID]:
    """The student's own teachers, of all classes that are not archived."""
    rows = await database.fetch("select teacher_id from teaching where student_id = $1", student_id)
    return [row["teacher_id"] for row in rows]
