"""Drafts: what a student is at is never lost, and fifty steps back are kept."""

from uuid import UUID

from learnflow.kit.database import Database
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import Vault
from learnflow.kit.turns import Turns
from learnflow.services.exercise.bank import Bank, own
from learnflow.services.exercise.drafts.repository import Draft, Drafts
from learnflow.services.exercise.drafts.schemas import DraftPage, DraftView

KEPT_VERSIONS = 50
SAVES_AT_ONCE, SAVES_OF_ONE = 4, 20
"""Saves that wait for each other wait here, where they hold no connection to the database."""


class DraftDesk:
    """Saves and gives back a student's own drafts."""

    def __init__(self, database: Database, vault: Vault, bank: Bank, drafts: Drafts) -> None:
        self._database = database
        self._vault = vault
        self._bank = bank
        self._drafts = drafts
        self._turns = Turns(at_once=SAVES_AT_ONCE, most=SAVES_OF_ONE)

    async def latest(self, principal: Principal, exercise_id: str) -> DraftView:
        """The newest version, or the starter where there is none."""
        item, student_id = own(principal, await self._bank.find(exercise_id)), principal.user_id
        found = await self._drafts.versions(student_id, exercise_id, 1)
        if not found:
            return DraftView(exercise_id=exercise_id, version=0, code=item.task.starter, saved_at=None)
        return await self._view(student_id, exercise_id, found[0])

    async def save(self, student_id: UUID, exercise_id: str, code: str) -> DraftView:
        """A new version, unless the newest one is the same text already."""
        await self._bank.find(exercise_id)
        sealed = await self._vault.seal(student_id, code)
        code_hash = self._vault.index(f"{student_id} {code}")
        async with self._turns.of(student_id), self._database.transaction() as tx:
            await self._drafts.lock(tx, student_id, exercise_id)
            newest = next(iter(await self._drafts.versions(student_id, exercise_id, 1)), None)
            if newest is None or newest.code_hash != code_hash:
                version = newest.version + 1 if newest else 1
                newest = await self._drafts.add(tx, student_id, exercise_id, version, sealed, code_hash)
                await self._drafts.forget_before(tx, student_id, exercise_id, version - KEPT_VERSIONS + 1)
        return DraftView(exercise_id=exercise_id, version=newest.version, code=code, saved_at=newest.saved_at)

    async def versions(self, student_id: UUID, exercise_id: str, limit: int, offset: int) -> DraftPage:
        """The versions that are kept, newest first."""
        await self._bank.find(exercise_id)
        found = await self._drafts.versions(student_id, exercise_id, limit, offset)
        total, following = await self._drafts.count(student_id, exercise_id), offset + limit
        return DraftPage(
            items=[await self._view(student_id, exercise_id, draft) for draft in found],
            total=total,
            next=following if following < total else None,
        )

    async def _view(self, student_id: UUID, exercise_id: str, draft: Draft) -> DraftView:
        code = await self._vault.open(student_id, draft.code)
        return DraftView(exercise_id=exercise_id, version=draft.version, code=code, saved_at=draft.saved_at)
