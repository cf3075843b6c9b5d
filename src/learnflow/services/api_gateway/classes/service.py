"""Use cases of classes: make, join, invite, share, limit, leave."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import Forbidden, Invalid, NotFound
from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.kit.limits import give_back, take
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.api_gateway.classes.codes import as_typed, new_code
from learnflow.services.api_gateway.classes.repository import ClassesRepository, JoinedRow, TaughtRow
from learnflow.services.api_gateway.classes.rosters import RosterLine
from learnflow.services.api_gateway.classes.view import ClassState, SchoolClass, TeacherOfClass, shown, standing

log = structlog.get_logger()

GUESSES_LIMIT = "class-code"
_CODES_TRIED = 10
_NO_CLASS = "There is no such class of yours."
GONE = "(account erased)"


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What to change; None and an empty sequence leave as it is. A setting that is None is taken away."""

    name: str | None
    settings: Mapping[str, Any]
    add_teachers: Sequence[str]
    remove_teachers: Sequence[str]
    archived: bool | None
    new_code: bool

    @property
    def is_for_owner(self) -> bool:
        """Who teaches the class, and whether it goes on, is its owner's to say."""
        return bool(self.add_teachers or self.remove_teachers) or self.archived is not None


@dataclass(frozen=True, slots=True)
class GuessLimit:
    """How many wrong class codes a student may type within the window (seconds)."""

    wrong: int = 10
    window_s: int = 900


class Classes:
    """All use cases of classes; a class of somebody else is not found."""

    def __init__(
        self, database: Database, repository: ClassesRepository, vault: Vault, guesses: GuessLimit | None = None
    ) -> None:
        self._database = database
        self._repository = repository
        self._vault = vault
        self._guesses = guesses or GuessLimit()

    async def create(self, teacher_id: UUID, name: str) -> SchoolClass:
        """A new class of this teacher, with a code of its own."""
        class_id, sealed = uuid4(), await self._vault.seal(teacher_id, name)
        for _ in range(_CODES_TRIED):
            if await self._repository.add(class_id, sealed, new_code(), teacher_id):
                log.info("class.created", class_id=str(class_id))
                return await self.taught(class_id, teacher_id)
        raise RuntimeError("ten new class codes were all taken")

    async def keep(self, teacher_id: UUID, class_id: UUID, name: str, student_ids: Sequence[UUID]) -> SchoolClass:
        """The class of this id, made unless it is there, with these students in it."""
        if await self._repository.one_taught(class_id, teacher_id) is None:
            # another starter may be first: then there is nothing to add
            await self._repository.add(class_id, await self._vault.seal(teacher_id, name), new_code(), teacher_id)
        async with self._database.transaction():
            for student_id in student_ids:
                await self._repository.enrol(class_id, student_id)
        return await self.taught(class_id, teacher_id)

    async def mine(
        self, principal: Principal, *, archived: bool, limit: int, offset: int
    ) -> tuple[list[SchoolClass], int]:
        """A teacher's own and shared classes, or those that a student is in or invited to; and how many there are."""
        if principal.role == "teacher":
            taught = await self._repository.taught(principal.user_id, archived=archived, limit=limit, offset=offset)
            total = await self._repository.count_taught(principal.user_id, archived=archived)
            return await self._opened([(row, "taught") for row in taught]), total
        joined = await self._repository.joined(principal.user_id)
        return await self._opened([standing(row) for row in joined[offset : offset + limit]]), len(joined)

    async def taught(self, class_id: UUID, teacher_id: UUID) -> SchoolClass:
        """One class as this teacher of it sees it."""
        return (await self._opened([(await self._taught_row(class_id, teacher_id), "taught")]))[0]

    async def join(self, student_id: UUID, code: str) -> SchoolClass:
        """Put the student into the class with this code; wrong codes are counted and limited."""
        guesses, subject = self._guesses, str(student_id)
        await take(self._database, name=GUESSES_LIMIT, subject=subject, limit=guesses.wrong, window_s=guesses.window_s)
        async with self._database.transaction():
            class_id = await self.enter(student_id, code)
        await give_back(self._database, name=GUESSES_LIMIT, subject=subject)
        rows = [row for row in await self._repository.joined(student_id) if row.id == class_id]
        return (await self._opened([standing(row) for row in rows]))[0]

    async def enter(self, student_id: UUID, code: str) -> UUID:
        """The same in the open transaction, for one who registers; Invalid for an unknown code."""
        class_id = await self._repository.open_class(as_typed(code))
        if class_id is None:
            raise Invalid("This class code is unknown. Ask your teacher for the right one.", field="class_code")
        if await self._repository.enrol(class_id, student_id):
            log.info("class.joined", class_id=str(class_id), user_id=str(student_id))
        return class_id

    async def welcome(self, student_id: UUID, email_index: bytes) -> None:
        """Put a new student into the classes on whose rosters their address is, in the open transaction."""
        for class_id in await self._repository.classes_awaiting(email_index):
            await self._repository.enrol(class_id, student_id)
            log.info("class.joined", class_id=str(class_id), user_id=str(student_id))

    async def invite(self, teacher_id: UUID, class_id: UUID, lines: Sequence[RosterLine]) -> list[str]:
        """Put people on the roster, all or none; says for each line what it did, in order."""
        row = await self._taught_row(class_id, teacher_id)
        indexes = [self._vault.email_index(line.person.email) for line in lines]
        already = await self._repository.standing(class_id, indexes)
        new = [
            (index, await self._sealed(row, line.person.email), await self._sealed(row, line.person.name))
            for index, line in zip(indexes, lines, strict=True)
            if index not in already
        ]
        await self._repository.invite(class_id, new)
        log.info("class.roster.stored", class_id=str(class_id), lines=len(lines), invited=len(new))
        return [already.get(index, "invited") for index in indexes]

    async def _sealed(self, row: TaughtRow, text: str) -> SealedText:
        return await self._vault.seal(row.created_by, text)

    async def change(self, teacher_id: UUID, class_id: UUID, change: ClassChange) -> SchoolClass | None:
        """The class as it is now; None when the teacher has left it with this change."""
        row = await self._taught_row(class_id, teacher_id)
        added = [await self._teacher_named(email, "add") for email in change.add_teachers]
        removed = [await self._teacher_named(email, "remove") for email in change.remove_teachers]
        is_leaving = removed == [teacher_id] and not change.add_teachers and change.archived is None
        if change.is_for_owner and not row.is_owner and not is_leaving:
            raise Forbidden("Only the owner of this class says who teaches it and whether it is archived. Ask them.")
        if row.is_owner and teacher_id in removed:
            raise Invalid("The owner cannot leave the class. Archive it instead.", field="co_teachers.remove")
        sealed_name = None if change.name is None else await self._sealed(row, change.name)
        async with self._database.transaction():
            await self._repository.update(
                class_id, name=sealed_name, settings=change.settings, archived=change.archived
            )
            await self._share(class_id, added, removed)
            if change.new_code:
                await self._renew_code(class_id)
        log.info("class.changed", class_id=str(class_id))
        return None if teacher_id in removed else await self.taught(class_id, teacher_id)

    async def _share(self, class_id: UUID, added: Sequence[UUID], removed: Sequence[UUID]) -> None:
        for teacher_id in added:
            await self._repository.add_teacher(class_id, teacher_id)
        for teacher_id in removed:
            await self._repository.remove_teacher(class_id, teacher_id)

    async def _renew_code(self, class_id: UUID) -> None:
        for _ in range(_CODES_TRIED):
            if await self._repository.set_code(class_id, new_code()):
                return
        raise RuntimeError("ten new class codes were all taken")

    async def _teacher_named(self, email: str, field: str) -> UUID:
        found = await self._repository.teacher_by_email(self._vault.email_index(email))
        if found is None:
            raise Invalid("No teacher has this address. Look at how it is written.", field=f"co_teachers.{field}")
        return found

    async def remove(self, principal: Principal, class_id: UUID, who: UUID) -> None:
        """Take a student or an invitation out of a class of one's own, or leave it oneself."""
        if principal.role == "teacher":
            await self._taught_row(class_id, principal.user_id)
        elif who != principal.user_id:
            raise NotFound(_NO_CLASS)
        async with self._database.transaction():
            await self._repository.remove(class_id, who)
        log.info("class.left", class_id=str(class_id), by=principal.role)

    async def _taught_row(self, class_id: UUID, teacher_id: UUID) -> TaughtRow:
        row = await self._repository.one_taught(class_id, teacher_id)
        if row is None:
            raise NotFound(_NO_CLASS)
        return row

    async def open_name(self, user_id: UUID, sealed: str) -> str:
        """A text under this user's key; a mark where the account is being erased."""
        try:
            return await self._vault.open(user_id, SealedText(sealed))
        except KeyMissing:
            return GONE

    async def _opened(self, rows: Sequence[tuple[TaughtRow | JoinedRow, ClassState]]) -> list[SchoolClass]:
        teachers: defaultdict[UUID, list[TeacherOfClass]] = defaultdict(list)
        for each in await self._repository.teachers([row.id for row, _ in rows]):
            name = await self.open_name(each.teacher_id, each.name)
            teachers[each.class_id].append(TeacherOfClass(each.teacher_id, name, each.is_owner))
        return [
            shown(row, state, await self.open_name(row.created_by, row.name), teachers[row.id]) for row, state in rows
        ]
