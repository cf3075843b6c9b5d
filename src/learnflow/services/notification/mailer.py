"""Sends e-mails one after the other: claimed, outside of every transaction, and again when it failed."""

import asyncio
from datetime import timedelta

import structlog

from learnflow.contracts.errors import LearnFlowError
from learnflow.contracts.sealed import SealedText
from learnflow.kit.background import Background
from learnflow.kit.sealed import KeyMissing, SealBroken, Vault
from learnflow.services.notification.mail import NeverTaken, SmtpServer, written
from learnflow.services.notification.repository import Deliveries, Delivery

log = structlog.get_logger()

POLL_S = 1.0
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 600.0
MOST_ATTEMPTS = 12


class Mailer(Background):
    """A part; several instances share the work. An e-mail goes out at least once, as mail does."""

    name = "mailer"

    def __init__(
        self,
        deliveries: Deliveries,
        vault: Vault,
        server: SmtpServer | None,
        sender: str,
        *,
        first_wait_s: float = FIRST_WAIT_S,
    ) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._vault = vault
        self._server = server
        self._sender = sender
        self._first_wait_s = first_wait_s

    async def start(self) -> None:
        if self._server is None:
            log.warning(
                "mail.off", hint="set LEARNFLOW_NOTIFICATION_SMTP_URL; until then notices are on the page alone"
            )
            return
        await super().start()

    async def _run(self) -> None:
        while True:
            try:
                while await self._send_next():
                    continue
            except Exception as error:  # noqa: BLE001 - whatever it was, the row is claimed again when its minute is over
                log.warning("mail.failed", error=type(error).__name__)
            await asyncio.sleep(POLL_S)

    async def _send_next(self) -> bool:
        delivery = await self._deliveries.claim()
        if delivery is None:
            return False
        try:
            await self._send(delivery)
        except (KeyMissing, SealBroken, NeverTaken) as error:
            log.warning("mail.dropped", id=str(delivery.id), reason=error.code)
            await self._deliveries.done(delivery.id)
        except LearnFlowError as error:
            await self._again(delivery, error)
        else:
            await self._deliveries.done(delivery.id)
        return True

    async def _send(self, delivery: Delivery) -> None:
        assert self._server is not None  # noqa: S101 - without a server this part never runs
        if delivery.is_over or delivery.attempts > MOST_ATTEMPTS:
            raise NeverTaken("Its time is over.")
        sealed = delivery.address or await self._deliveries.address_of(delivery.user_id)
        if sealed is None:
            raise NeverTaken("There is no address.")
        address, title, text = [
            await self._vault.open(delivery.user_id, SealedText(part))
            for part in (sealed, delivery.title, delivery.message)
        ]
        await self._server.send(written(self._sender, address, title, text))
        log.info("mail.sent", id=str(delivery.id), attempts=delivery.attempts)

    async def _again(self, delivery: Delivery, error: LearnFlowError) -> None:
        wait_s = min(LONGEST_WAIT_S, self._first_wait_s * 2 ** (delivery.attempts - 1))
        await self._deliveries.postpone(delivery.id, timedelta(seconds=wait_s))
        log.warning("mail.postponed", id=str(delivery.id), code=error.code, attempts=delivery.attempts)
