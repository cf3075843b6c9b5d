"""Sentry signs the sidecars' certificates: who has none of it, or is not on the list, calls nobody."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from learnflow.contracts.services import CONCEPTS, PROGRESS
from learnflow.kit.invoke import Invoker
from learnflow.runtime.servers import dapr_files
from learnflow.runtime.servers.dapr import HOST, DaprFolder, Sentry
from tests.distributed.dapr.beside import Beside, beside

ECHO = f"/v1.0/invoke/{PROGRESS.name}/method/echo"


def _sentry(folder: Path) -> Iterator[Sentry]:
    folder.mkdir()
    made = Sentry(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def sentry(daprd: None, tmp_path: Path) -> Iterator[Sentry]:
    yield from _sentry(tmp_path / "sentry")


@pytest.fixture
def another_sentry(daprd: None, tmp_path: Path) -> Iterator[Sentry]:
    yield from _sentry(tmp_path / "another")


@dataclass
class School:
    """Progress behind mTLS; others are put beside it, by the same file of names."""

    folder: Path
    sentry: Sentry
    progress: Beside

    def caller(self, app_id: str, sentry: Sentry | None) -> AbstractAsyncContextManager[Beside]:
        return beside(CONCEPTS, _files(self.folder, sentry), self.folder, sentry=sentry, app_id=app_id)


def _files(folder: Path, sentry: Sentry | None) -> DaprFolder:
    """Without Kafka and state: calls are all that is looked at."""
    names = folder / "names.db"
    files = DaprFolder(folder / (sentry.folder.name + "-files" if sentry else "plain-files"))
    place = files.place("")
    resolution = {"component": "sqlite", "version": "v1", "configuration": {"connectionString": str(names)}}
    place = replace(place, resolution=resolution, mtls=sentry.configuration() if sentry else None)
    files.write(place, subscriptions=[], components=[dapr_files.secret_store(place)])
    return files


@pytest.fixture
async def school(sentry: Sentry, tmp_path: Path) -> AsyncIterator[School]:
    async with AsyncExitStack() as stack:
        progress = beside(PROGRESS, _files(tmp_path, sentry), tmp_path, sentry=sentry)
        yield School(tmp_path, sentry, await stack.enter_async_context(progress))


async def _call(caller: Beside, path: str = ECHO) -> tuple[int, str]:
    """What a call to progress through the caller's own sidecar comes to."""
    answer = await caller.sidecar.request("POST", path, content=b'{"a": 1}', timeout_s=30)
    return answer.status_code, answer.content.decode()


@pytest.mark.plan("P-DEPLOY-mtls")
async def test_a_service_with_sentrys_certificate_gets_through_and_hands_in_no_events(school: School) -> None:
    async with school.caller(CONCEPTS.name, school.sentry) as concepts:
        invoker = Invoker(concepts.settings)
        answer = await invoker.call(PROGRESS, "POST", "/echo", json={"a": 1}, token="of the student")
        await invoker.stop()
        assert answer["body"] == {"a": 1}
        assert answer["token"] == "Bearer of the student"
        status, _ = await _call(concepts, f"/v1.0/invoke/{PROGRESS.name}/method/events/progress/x")
        assert status == 403


async def test_who_is_on_no_list_is_refused_whatever_sentry_has_signed(school: School) -> None:
    async with school.caller("stranger", school.sentry) as stranger:
        status, why = await _call(stranger)
        assert status == 403
        assert "spiffe://public/ns/default/stranger" in why


async def test_a_sidecar_without_a_certificate_is_refused(school: School) -> None:
    async with school.caller(CONCEPTS.name, None) as plain:
        status, why = await _call(plain)
        assert status == 500
        assert "connection error" in why


async def test_a_certificate_of_another_authority_is_refused(school: School, another_sentry: Sentry) -> None:
    async with school.caller(CONCEPTS.name, another_sentry) as foreign:
        status, why = await _call(foreign)
        assert status == 500
        assert "certificate signed by unknown authority" in why


async def test_the_door_between_sidecars_is_tls_and_wants_a_certificate(school: School) -> None:
    port = school.progress.server.internal_port
    seen, refusal = await asyncio.to_thread(_knock, port, school.sentry.root)
    assert ("URI", f"spiffe://public/ns/default/{PROGRESS.name}") in seen
    assert "CERTIFICATE_REQUIRED" in refusal or "BAD_CERTIFICATE" in refusal


def _knock(port: int, root: Path) -> tuple[tuple[tuple[str, str], ...], str]:
    """What the server's certificate, proved by our root, says it is; and how a client without one is sent away."""
    context = ssl.create_default_context(cafile=str(root))
    # a sidecar is known by its SPIFFE address, which no host name is
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((HOST, port), timeout=10) as raw, context.wrap_socket(raw) as secured:
        names = (secured.getpeercert() or {}).get("subjectAltName", ())
        try:
            secured.recv(1)
        except ssl.SSLError as error:
            return names, str(error.reason)  # type: ignore[return-value] # pairs of texts
    return names, "let in"  # type: ignore[return-value] # pairs of texts
