"""Use cases of a guardian's consent: asked by e-mail, given by two confirmations, withdrawn at any time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

import structlog

from learnflow.contracts.errors import NotFound
from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.sealed import Vault
from learnflow.services.api_gateway.accounts.messages_repository import MessagesRepository
from learnflow.services.api_gateway.privacy.consents_repository import ConsentRow, ConsentsRepository, ConsentState
from learnflow.services.api_gateway.privacy.erasure import Erasure

log = structlog.get_logger()

Decision = Literal["give", "refuse"]
LINKS_LIMIT = "consent-links-address"
LINKS_PER_HOUR = 120
_UNKNOWN = "This link was used already, has expired or was never ours. Look for our latest e-mail."


@dataclass(frozen=True, slots=True)
class Consent:
    """What a guardian is asked, and how far it is; `name` is the child's, so that they know whom it is about."""

    name: str
    state: ConsentState
    model: bool
    asked_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to."""

    state: Literal["confirm_again", "given", "refused"]
    model: bool = False


class Consents:
    """Links are 256 random bits, stored as hashes; a link is the guardian's only key."""

    def __init__(
        self,
        database: Database,
        repository: ConsentsRepository,
        messages: MessagesRepository,
        vault: Vault,
        erasure: Erasure,
    ) -> None:
        self._database = database
        self._repository = repository
        self._messages = messages
        self._vault = vault
        self._erasure = erasure

    async def ask(self, student_id: UUID, guardian_email: str) -> None:
        """Keep whom to ask and have the first e-mail sent; joins the open transaction."""
        consent_id = uuid4()
        guardian = await self._vault.seal(student_id, guardian_email)
        await self._repository.add(consent_id, student_id, guardian)
        await self._messages.add_consent("consent", consent_id)

    async def look(self, token: str, address: str) -> Consent:
        """What this link is about; NotFound for one that is none any more."""
        row = await self._of(token, address)
        name = await self._vault.open(row.student_id, SealedText(row.name))
        return Consent(name, row.state, row.model, row.asked_at, row.expires_at)

    async def decide(self, token: str, decision: Decision, address: str, *, model: bool) -> Decided:
        """Agree (twice; the second time also on whether a model may see the texts), or refuse, which erases."""
        row = await self._of(token, address)
        if decision == "refuse":
            await self._erasure.erase(row.student_id)
            log.info("account.consent.refused", user_id=str(row.student_id))
            return Decided("refused")
        if row.state == "asked":
            return await self._confirm_once(row)
        if not await self._repository.give(row.id, model=model):
            raise NotFound(_UNKNOWN)
        log.info("account.consent.given", user_id=str(row.student_id), model=model)
        return Decided("given", model)

    async def _confirm_once(self, row: ConsentRow) -> Decided:
        """The link is used up; the second e-mail brings the next one."""
        async with self._database.transaction():
            if not await self._repository.confirm_once(row.id):
                raise NotFound(_UNKNOWN)
            await self._messages.add_consent("confirm", row.id)
        log.info("account.consent.confirmed_once", user_id=str(row.student_id))
        return Decided("confirm_again")

    async def new_link(self, consent_id: UUID) -> str:
        """A fresh link's token; the one before is void."""
        token = secrets.token_urlsafe(32)
        await self._repository.set_token(consent_id, _hashed(token))
        return token

    async def link_for(self, student_id: UUID) -> str:
        """The same for the operator's command line; NotFound where no guardian was asked."""
        row = await self._repository.of_student(student_id)
        if row is None:
            raise NotFound("No guardian was asked about this account.")
        # an e-mail that waits for its server makes a link of its own, and would void this one
        await self._messages.drop_consent(row.id)
        return await self.new_link(row.id)

    async def _of(self, token: str, address: str) -> ConsentRow:
        place = self._vault.index(f"address {address}").hex()
        await take(self._database, name=LINKS_LIMIT, subject=place, limit=LINKS_PER_HOUR, window_s=3600)
        row = await self._repository.by_token(_hashed(token))
        if row is None:
            raise NotFound(_UNKNOWN)
        return row


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
