"""Sends the e-mails about accounts by the notification service; what it does not take now is tried again later."""

from datetime import timedelta
from uuid import UUID

import structlog

from learnflow.contracts.errors import LearnFlowError
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import API_GATEWAY, NOTIFICATION
from learnflow.kit.background import Periodic
from learnflow.kit.invoke import Invoker
from learnflow.kit.principal import service_id
from learnflow.kit.sealed import Vault
from learnflow.kit.signing import SigningKeys
from learnflow.services.api_gateway.accounts.letters import Letter, consent_letter, reset_letter
from learnflow.services.api_gateway.accounts.messages_repository import Message, MessagesRepository
from learnflow.services.api_gateway.accounts.password_reset import PasswordReset
from learnflow.services.api_gateway.accounts.repository import AccountsRepository
from learnflow.services.api_gateway.privacy.consents import Consents
from learnflow.services.api_gateway.privacy.consents_repository import ConsentsRepository

log = structlog.get_logger()

PUBLISH_PATH = "/notifications/publish"
LONGEST_WAIT_S = 600


class AccountMail(Periodic):
    """A part; several instances share the work. A letter's link is made when it is sent and stands in no table."""

    name = "account-mail"
    every_s = 2.0

    def __init__(
        self,
        messages: MessagesRepository,
        users: AccountsRepository,
        consents: Consents,
        consent_rows: ConsentsRepository,
        reset: PasswordReset,
        vault: Vault,
        keys: SigningKeys,
        invoker: Invoker,
        public_url: str,
    ) -> None:
        super().__init__()
        self._messages = messages
        self._users = users
        self._consents = consents
        self._consent_rows = consent_rows
        self._reset = reset
        self._vault = vault
        self._keys = keys
        self._invoker = invoker
        self._public_url = public_url

    async def tick(self) -> None:
        """Send what is due, one after the other."""
        while (message := await self._messages.claim()) is not None:
            try:
                await self._send(message)
            except LearnFlowError as error:
                wait_s = min(LONGEST_WAIT_S, 2 ** min(message.attempts, 10))
                await self._messages.postpone(message.id, timedelta(seconds=wait_s))
                log.warning("account.mail.postponed", kind=message.kind, code=error.code, attempts=message.attempts)
            else:
                await self._messages.done(message.id)

    async def _send(self, message: Message) -> None:
        letter = await self._reset_letter(message) if message.email_index else await self._consent_letter(message)
        if letter is None:
            return
        own_token = await self._keys.issue(service_id(API_GATEWAY.name), "service", service=API_GATEWAY.name)
        await self._invoker.call(NOTIFICATION, "POST", PUBLISH_PATH, json=letter.as_request(), token=own_token.token)
        log.info("account.mail.sent", kind=message.kind)

    async def _reset_letter(self, message: Message) -> Letter | None:
        """None where nobody has this address: nothing is sent, and nobody can tell."""
        row = await self._users.user_by_email(message.email_index or b"")
        if row is None:
            return None
        token = await self._reset.new_link(row.id)
        return reset_letter(row.id, f"{self._public_url}/reset-password#token={token}")

    async def _consent_letter(self, message: Message) -> Letter | None:
        row = await self._consent_rows.by_id(message.consent_id or UUID(int=0))
        if row is None:
            return None
        guardian = await self._vault.open(row.student_id, SealedText(row.guardian))
        name = await self._vault.open(row.student_id, SealedText(row.name))
        token = await self._consents.new_link(row.id)
        return consent_letter(
            row.student_id, guardian, name, f"{self._public_url}/consent#token={token}", again=message.kind == "confirm"
        )
