"""The file of keys: put back what is missing, never who was erased, and nothing of another master key."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from learnflow.kit.database import Database
from learnflow.kit.key_backup import KeyFileError, back_up, put_back
from tests.integration.accounts_instance import Instance, running
from tests.integration.school import MASTER_KEY


@pytest.fixture
async def gateway(settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Instance]:
    async with running(settings_for) as instance:
        yield instance


@pytest.mark.plan("P-CLI-keys")
async def test_lost_keys_come_back_and_erased_ones_do_not(
    gateway: Instance, owner_database: Database, tmp_path: Path
) -> None:
    lost, erased = await gateway.register(name="Ada Lost"), await gateway.register()
    file = tmp_path / "keys"
    database = gateway.parts.database
    assert await back_up(database, file) == 2
    await gateway.parts.erasure.erase(UUID(erased["user"]["id"]))
    await owner_database.execute("delete from keys.student_keys")
    assert await put_back(database, MASTER_KEY, file) == 1
    assert (await gateway.get("/me", lost["access_token"])).json()["name"] == "Ada Lost"


async def test_the_file_holds_no_key_that_can_be_used_without_the_master_key(gateway: Instance, tmp_path: Path) -> None:
    await gateway.register()
    file = tmp_path / "keys"
    await back_up(gateway.parts.database, file)
    with pytest.raises(KeyFileError):
        await put_back(gateway.parts.database, bytes(32), file)
    with pytest.raises(FileExistsError):
        await back_up(gateway.parts.database, file)


@pytest.mark.parametrize("text", ["", "x", "[]", '{"format": "another"}', '{"format": "learnflow-student-keys-1"}\nx'])
async def test_a_file_that_is_none_of_ours_is_refused(gateway: Instance, tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)
    with pytest.raises(KeyFileError):
        await put_back(gateway.parts.database, MASTER_KEY, file)
