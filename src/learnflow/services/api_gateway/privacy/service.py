"""Use cases of a person's own privacy: who looked at their record, and leaving for good."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from learnflow.contracts.errors import Conflict, Invalid
from learnflow.contracts.sealed import SealedText
from learnflow.kit.principal import Principal, service_id
from learnflow.kit.sealed import KeyMissing, Vault
from learnflow.services.api_gateway.accounts.password_check import From
from learnflow.services.api_gateway.accounts.repository import AccountsRepository
from learnflow.services.api_gateway.accounts.service import Accounts
from learnflow.services.api_gateway.privacy.erasure import Erasure
from learnflow.services.api_gateway.privacy.repository import LookRow, PrivacyRepository

log = structlog.get_logger()

RECENT = timedelta(minutes=10)
OPERATOR = service_id("operator")
"""Stands for whoever works on the instance by the command line."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the student's record; `viewer_name` is None when that person is gone."""

    at: datetime
    viewer_id: UUID
    viewer_role: str
    viewer_name: str | None
    what: str
    allowed: bool


class Privacy:
    """What a signed-in person may see and do about their own record."""

    def __init__(
        self,
        repository: PrivacyRepository,
        users: AccountsRepository,
        accounts: Accounts,
        erasure: Erasure,
        vault: Vault,
    ) -> None:
        self._repository = repository
        self._users = users
        self._accounts = accounts
        self._erasure = erasure
        self._vault = vault

    async def looks(self, user_id: UUID, limit: int, offset: int) -> tuple[list[Look], int]:
        """Who looked at the person's record and at what, the newest first, and how many looks there are."""
        rows = await self._repository.looks(user_id, limit, offset)
        names = {viewer_id: await self._name(viewer_id) for viewer_id in {row.viewer_id for row in rows}}
        return [_look(row, names[row.viewer_id]) for row in rows], await self._repository.count_looks(user_id)

    async def _name(self, viewer_id: UUID) -> str | None:
        if viewer_id == OPERATOR:
            return "The operator of this platform"
        row = await self._users.user_by_id(viewer_id)
        try:
            return None if row is None else await self._vault.open(row.id, SealedText(row.name))
        except KeyMissing:
            return None

    async def leave(self, principal: Principal, password: str | None, source: From) -> None:
        """Erase the person's account and all that is known of them, now and for good.

        Their password is asked for, or that they have signed in within ten minutes; a guest has none.
        """
        row = await self._accounts.user(principal.user_id)
        if row.state != "guest":
            await self._confirm(principal, password, source)
        if await self._repository.owns_a_living_class(principal.user_id):
            raise Conflict("Students learn in a class of yours. Archive it first, or hand it to another teacher.")
        await self._erasure.erase(principal.user_id)

    async def _confirm(self, principal: Principal, password: str | None, source: From) -> None:
        if password is not None:
            await self._accounts.confirm_password(principal.user_id, password, source)
        elif not (principal.session_id and await self._users.signed_in_since(principal.session_id, RECENT)):
            raise Invalid(
                "Give your password, or sign in again and repeat this within ten minutes. It cannot be undone.",
                field="password",
            )

    async def erase_by_operator(self, email: str) -> UUID:
        """The same by the command line; NotFound for an unknown address."""
        row = await self._accounts.find(email)
        await self._erasure.erase(row.id)
        return row.id

    async def record_operator(self, student_id: UUID, what: str) -> None:
        await self._repository.record_operator(OPERATOR, student_id, what)


def _look(row: LookRow, name: str | None) -> Look:
    return Look(row.at, row.viewer_id, row.viewer_role, name, row.what, row.allowed)
