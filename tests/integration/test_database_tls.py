"""LEARNFLOW_DATABASE_CA_FILE: the server's certificate is verified in full, whatever the address says.

The wheel's PostgreSQL speaks no TLS; PgBouncer in front of it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from learnflow.contracts.errors import Unavailable
from learnflow.kit.database import Database
from learnflow.kit.migrate import pending
from tests.integration.authority import Authority
from tests.integration.pgbouncer import PROGRAM, pgbouncer

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no pgbouncer here: apt install pgbouncer")


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def behind_tls(ours: Authority, owner_dsn: str) -> Iterator[Callable[[str], str]]:
    """`behind_tls(address)`: a DSN at 127.0.0.1 whose server shows a certificate of ours for that address."""
    with ExitStack() as stack:
        yield lambda address: stack.enter_context(pgbouncer(owner_dsn, tls=ours.sign(address)))


async def answer(dsn: str, ca_file: Path) -> object:
    database = Database(dsn, ca_file=ca_file)
    await database.start()
    try:
        return await database.fetchval("select 42")
    finally:
        await database.stop()


@pytest.mark.plan("P-DEPLOY-verify-full")
async def test_a_server_with_a_certificate_of_our_authority_is_spoken_to(
    behind_tls: Callable[[str], str], ours: Authority
) -> None:
    dsn = behind_tls("127.0.0.1")
    assert await answer(dsn, ours.file) == 42
    assert await pending(dsn, ca_file=ours.file) == []


async def test_an_address_without_tls_in_it_is_verified_as_well(
    behind_tls: Callable[[str], str], ours: Authority
) -> None:
    dsn = behind_tls("127.0.0.1")
    assert "sslmode=disable" in dsn
    assert await answer(dsn, ours.file) == 42


async def test_a_certificate_for_another_name_is_refused(behind_tls: Callable[[str], str], ours: Authority) -> None:
    with pytest.raises(Unavailable):
        await answer(behind_tls("127.0.0.2"), ours.file)


async def test_a_strangers_certificate_is_refused(behind_tls: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await answer(behind_tls("127.0.0.1"), Authority(tmp_path, "stranger").file)


async def test_a_server_without_tls_is_refused(owner_dsn: str, ours: Authority) -> None:
    with pytest.raises(Unavailable):
        await answer(owner_dsn, ours.file)
