"""Use case of the export: all that is known of a person, opened, in one JSON document that names what is missing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from learnflow.contracts.errors import LearnFlowError, NotFound
from learnflow.contracts.sealed import SealedText
from learnflow.contracts.services import COURSE_AGENT, DEBUG, EXERCISE, NOTIFICATION, PROGRESS, Service
from learnflow.kit.clock import system_clock
from learnflow.kit.database import Database, Record
from learnflow.kit.encoding import json_bytes
from learnflow.kit.invoke import Invoker
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.kit.sealed import KeyMissing, SealBroken, Vault
from learnflow.services.api_gateway.accounts.service import Accounts
from learnflow.services.api_gateway.privacy.consents_repository import ConsentsRepository
from learnflow.services.api_gateway.privacy.repository import PrivacyRepository
from learnflow.services.api_gateway.privacy.service import Privacy
from learnflow.services.api_gateway.questions.service import QuestionDesk

log = structlog.get_logger()

EXPORTS_LIMIT = "exports"
PER_HOUR = 6
PAGE = 100
MOST_PAGES = 1000
CALL_S = 15


@dataclass(frozen=True, slots=True)
class Section:
    """Where a service keeps something of a person; `path` with {user_id} is a page of a list, or one object."""

    service: Service
    what: str
    path: str


SECTIONS = (
    Section(PROGRESS, "progress", "/progress/{user_id}"),
    Section(COURSE_AGENT, "lessons", "/lessons?user_id={user_id}&limit=100"),
    *(Section(service, "records", "/export/{user_id}") for service in (PROGRESS, EXERCISE, DEBUG, NOTIFICATION)),
)
"""Of each service its own rows (kit.own_records), and the views that say more than rows."""


class Export:
    """Writes piece by piece, so that years of work need no memory."""

    def __init__(
        self,
        database: Database,
        repository: PrivacyRepository,
        consents: ConsentsRepository,
        accounts: Accounts,
        privacy: Privacy,
        desk: QuestionDesk,
        vault: Vault,
        invoker: Invoker,
        sections: Sequence[Section] = SECTIONS,
    ) -> None:
        self._database = database
        self._repository = repository
        self._consents = consents
        self._accounts = accounts
        self._privacy = privacy
        self._desk = desk
        self._vault = vault
        self._invoker = invoker
        self._sections = sections

    async def begin(self, principal: Principal, token: str) -> AsyncIterator[bytes]:
        """The document's pieces; TooMany after six in an hour."""
        subject = str(principal.user_id)
        await take(self._database, name=EXPORTS_LIMIT, subject=subject, limit=PER_HOUR, window_s=3600)
        await self._accounts.profile(principal.user_id)
        log.info("account.export.started", user_id=subject)
        return self._written(principal.user_id, token)

    async def _written(self, user_id: UUID, token: str) -> AsyncIterator[bytes]:
        yield b'{"made_at": ' + json_bytes(system_clock())
        for name, value in (await self._own(user_id)).items():
            yield b',\n"%s": %s' % (name.encode(), json_bytes(value))
        for name, pages in (("questions", self._questions(user_id)), ("access_records", self._looks(user_id))):
            yield b',\n"%s": [' % name.encode()
            async for piece in _joined(pages):
                yield piece
            yield b"]"
        missing: list[dict[str, str]] = []
        yield b',\n"services": {'
        async for piece in self._services(user_id, token, missing):
            yield piece
        yield b'},\n"missing": ' + json_bytes(missing) + b"}\n"
        log.info("account.export.finished", user_id=str(user_id), missing=len(missing))

    async def _own(self, user_id: UUID) -> dict[str, Any]:
        return {
            "account": asdict(await self._accounts.profile(user_id)),
            "sessions": [dict(row) for row in await self._repository.sessions(user_id)],
            "consent": await self._consent(user_id),
            "classes": [await self._class(row) for row in await self._repository.classes(user_id)],
            "ratings": [await self._opened(user_id, row, "comment") for row in await self._repository.ratings(user_id)],
        }

    async def _consent(self, user_id: UUID) -> dict[str, Any] | None:
        row = await self._consents.of_student(user_id)
        if row is None:
            return None
        guardian = await self._text(user_id, row.guardian)
        moments = {"asked_at": row.asked_at, "confirmed_at": row.confirmed_at, "given_at": row.given_at}
        return {"guardian": guardian, "state": row.state, "model": row.model, **moments}

    async def _class(self, row: Record) -> dict[str, Any]:
        shown = await self._opened(row["created_by"], row, "name")
        del shown["created_by"]
        return shown

    async def _opened(self, owner: UUID, row: Record, column: str) -> dict[str, Any]:
        return {**dict(row), column: await self._text(owner, row[column])}

    async def _text(self, owner: UUID, sealed: str | None) -> str | None:
        try:
            return None if sealed is None else await self._vault.open(owner, SealedText(sealed))
        except (KeyMissing, SealBroken):
            return None

    async def _questions(self, user_id: UUID) -> AsyncIterator[Any]:
        before = None
        while True:
            items, _ = await self._desk.conversations(user_id, PAGE, before)
            for item in items:
                yield item
            if len(items) < PAGE:
                return
            before = (items[-1]["asked_at"], items[-1]["query_id"])

    async def _looks(self, user_id: UUID) -> AsyncIterator[Any]:
        for number in range(MOST_PAGES):
            looks, _ = await self._privacy.looks(user_id, PAGE, number * PAGE)
            for look in looks:
                yield asdict(look)
            if len(looks) < PAGE:
                return

    async def _services(self, user_id: UUID, token: str, missing: list[dict[str, str]]) -> AsyncIterator[bytes]:
        """What the other services know; one that does not answer is named in `missing`, never left out unseen."""
        separator = b"\n"
        for section in self._sections:
            if section.service.module is None:
                continue
            try:
                found = await self._of_section(section, user_id, token)
            except LearnFlowError as error:
                missing.append(_missing(section, error))
                continue
            yield separator + json_bytes(f"{section.service.name} {section.what}") + b": " + json_bytes(found)
            separator = b",\n"

    async def _of_section(self, section: Section, user_id: UUID, token: str) -> Any:
        """One object as it is; a list with all its pages."""
        path = section.path.format(user_id=user_id)
        found = await self._invoker.call(section.service, "GET", path, token=token, timeout_s=CALL_S)
        if not (isinstance(found, dict) and "items" in found):
            return found
        items = list(found["items"])
        for _ in range(MOST_PAGES):
            following = _address(path, found.get("next"))
            if not following or urlsplit(following).path != urlsplit(path).path:
                break
            found = await self._invoker.call(section.service, "GET", following, token=token, timeout_s=CALL_S)
            items += found["items"]
        return items


def _address(path: str, following: object) -> str | None:
    """Where the next page is: some lists say its address, others its offset."""
    if isinstance(following, int):
        return f"{path}{'&' if urlsplit(path).query else '?'}offset={following}"
    return following if isinstance(following, str) else None


def _missing(section: Section, error: LearnFlowError) -> dict[str, str]:
    reason = "It does not hand this out." if isinstance(error, NotFound) else error.detail
    return {"service": section.service.name, "what": section.what, "reason": reason}


async def _joined(values: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    separator = b"\n"
    async for value in values:
        yield separator + json_bytes(value)
        separator = b",\n"
