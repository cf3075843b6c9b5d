"""Keys, limits, state and revocations on a real database, with the services' own roles."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from learnflow.contracts.errors import Conflict, TooMany
from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.kit.expiry import Expiry
from learnflow.kit.limits import give_back, take
from learnflow.kit.sealed import KeyMissing, SealBroken, Vault
from learnflow.kit.signing import SigningKeys
from learnflow.kit.state import PostgresState
from learnflow.kit.tokens import TokenVerifier

MASTER_KEY = bytes(range(32))
OpenDatabase = Callable[[str], Awaitable[Database]]


@pytest.fixture
async def gateway_database(database_for: OpenDatabase) -> Database:
    return await database_for("api-gateway")


async def keyed_vault(database: Database) -> tuple[Vault, UUID]:
    vault, student = Vault(database, MASTER_KEY), uuid4()
    await vault.create_key(student)
    return vault, student


async def test_a_sealed_text_is_opened_by_another_service_with_the_same_master_key(
    gateway_database: Database, database_for: OpenDatabase
) -> None:
    vault, student = await keyed_vault(gateway_database)
    sealed = await vault.seal(student, "why does my loop end? 😀")
    assert sealed.startswith("lf1.")
    assert sealed != await vault.seal(student, "why does my loop end? 😀")
    elsewhere = Vault(await database_for("triage"), MASTER_KEY)
    assert await elsewhere.open(student, sealed) == "why does my loop end? 😀"


async def test_a_text_opens_for_its_own_student_unchanged_and_for_nobody_else(gateway_database: Database) -> None:
    vault, student = await keyed_vault(gateway_database)
    _, stranger = await keyed_vault(gateway_database)
    sealed = await vault.seal(student, "secret")
    changed = SealedText(sealed[:-2] + ("A" if sealed[-2] != "A" else "B") + sealed[-1])
    for owner, text in ((stranger, sealed), (student, changed), (student, SealedText("lf1.AAAA")), (student, "plain")):
        with pytest.raises(SealBroken):
            await vault.open(owner, SealedText(text))


async def test_another_master_key_opens_nothing(gateway_database: Database) -> None:
    vault, student = await keyed_vault(gateway_database)
    sealed = await vault.seal(student, "secret")
    with pytest.raises(SealBroken):
        await Vault(gateway_database, bytes(32)).open(student, sealed)


async def test_a_student_without_a_key_is_said_so(gateway_database: Database) -> None:
    with pytest.raises(KeyMissing):
        await Vault(gateway_database, MASTER_KEY).seal(uuid4(), "secret")


async def test_making_a_key_twice_keeps_the_first(gateway_database: Database) -> None:
    vault, student = await keyed_vault(gateway_database)
    sealed = await vault.seal(student, "secret")
    await asyncio.gather(*(vault.create_key(student) for _ in range(4)))
    assert await Vault(gateway_database, MASTER_KEY).open(student, sealed) == "secret"


async def test_deleting_the_key_makes_every_text_unreadable(
    gateway_database: Database, database_for: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, student = await keyed_vault(gateway_database)
    sealed = await vault.seal(student, "secret")
    monkeypatch.setattr("learnflow.kit.sealed.CACHE_TTL_S", 0.05)
    elsewhere = Vault(await database_for("progress"), MASTER_KEY)
    await elsewhere.open(student, sealed)
    assert await vault.destroy_key(student)
    assert not await vault.destroy_key(student)
    with pytest.raises(KeyMissing):
        await vault.open(student, sealed)
    await asyncio.sleep(0.06)
    with pytest.raises(KeyMissing):
        await elsewhere.open(student, sealed)
    await vault.create_key(student)
    with pytest.raises(SealBroken):
        await vault.open(student, sealed)


async def undone(database: Database, work: Callable[[], Awaitable[None]]) -> None:
    """Do it in a transaction that fails at its end."""
    with suppress(ZeroDivisionError):
        async with database.transaction():
            await work()
            raise ZeroDivisionError


async def test_a_key_that_was_rolled_back_is_not_remembered(gateway_database: Database) -> None:
    vault, student = Vault(gateway_database, MASTER_KEY), uuid4()

    async def register() -> None:
        await vault.create_key(student)
        await vault.seal(student, "secret")

    await undone(gateway_database, register)
    with pytest.raises(KeyMissing):
        await vault.seal(student, "secret")


async def test_known_keys_are_remembered_and_their_number_is_bounded(
    gateway_database: Database, owner_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.kit.sealed.CACHE_SIZE", 2)
    vault = Vault(gateway_database, MASTER_KEY)
    students = [uuid4() for _ in range(3)]
    for student in students:
        await vault.create_key(student)
        await vault.seal(student, "text")
    await owner_database.execute("delete from keys.student_keys")
    await vault.seal(students[2], "text")
    with pytest.raises(KeyMissing):
        await vault.seal(students[0], "text")


async def test_only_the_gateway_makes_and_deletes_keys(database_for: OpenDatabase) -> None:
    for name in ("triage", "concepts", "debug", "progress", "websocket"):
        vault = Vault(await database_for(name), MASTER_KEY)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await vault.create_key(uuid4())
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await vault.destroy_key(uuid4())


@pytest.mark.plan("P-RULE-tables")
async def test_no_other_service_reads_users_or_signing_keys(database_for: OpenDatabase) -> None:
    triage = await database_for("triage")
    for table in ("users", "sessions", "refresh_tokens", "signing_keys", "service_accounts", "idempotency"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await triage.fetch(f"select * from {table}")


async def use(database: Database, subject: str, limit: int = 3, window_s: int = 60) -> None:
    await take(database, name="runs", subject=subject, limit=limit, window_s=window_s)


@pytest.mark.plan("P-RULE-limits")
async def test_a_limit_holds_in_sum_over_two_instances(gateway_database: Database, database_for: OpenDatabase) -> None:
    second = await database_for("websocket")
    uses = [use(database, "one", limit=7) for _ in range(10) for database in (gateway_database, second)]
    outcomes = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 7
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooMany)]
    assert len(refused) == 13
    assert all(1 <= (error.retry_after_s or 0) <= 60 for error in refused)


async def test_a_limit_is_one_subjects_own(gateway_database: Database) -> None:
    await use(gateway_database, "one", limit=1)
    await use(gateway_database, "two", limit=1)
    with pytest.raises(TooMany):
        await use(gateway_database, "one", limit=1)
    await take(gateway_database, name="questions", subject="one", limit=1, window_s=60)


async def test_the_window_slides(gateway_database: Database, owner_database: Database) -> None:
    for _ in range(2):
        await use(gateway_database, "one", limit=2)
    await owner_database.execute(
        "update limits set hits = array[clock_timestamp() - interval '61 s', clock_timestamp() - interval '30 s']"
    )
    await use(gateway_database, "one", limit=2)
    with pytest.raises(TooMany) as caught:
        await use(gateway_database, "one", limit=2)
    assert 28 <= (caught.value.retry_after_s or 0) <= 30
    assert await owner_database.fetchval("select cardinality(hits) from limits") == 2


async def test_a_use_that_was_given_back_does_not_count(gateway_database: Database) -> None:
    for _ in range(5):
        await use(gateway_database, "one", limit=1)
        await give_back(gateway_database, name="runs", subject="one")
    await give_back(gateway_database, name="runs", subject="one")
    await give_back(gateway_database, name="runs", subject="never seen")


async def test_a_use_in_a_transaction_that_is_undone_does_not_count(gateway_database: Database) -> None:
    await undone(gateway_database, lambda: use(gateway_database, "one", limit=1))
    await use(gateway_database, "one", limit=1)


async def test_state_is_written_read_and_deleted(gateway_database: Database) -> None:
    state = PostgresState(gateway_database)
    assert await state.get("key") is None
    etag = await state.put("key", {"a": [1, None]})
    found = await state.get("key")
    assert found is not None
    assert (found.value, found.etag) == ({"a": [1, None]}, etag)
    assert await state.put("key", 2) != etag
    assert await state.delete("key")
    assert not await state.delete("key")


async def test_a_stale_etag_is_a_conflict(gateway_database: Database) -> None:
    state = PostgresState(gateway_database)
    stale = await state.put("key", 1)
    fresh = await state.put("key", 2, etag=stale)
    for wrong in (stale, "never an etag", str(uuid4())):
        with pytest.raises(Conflict):
            await state.put("key", 3, etag=wrong)
        with pytest.raises(Conflict):
            await state.delete("key", etag=wrong)
    assert await state.delete("key", etag=fresh)
    with pytest.raises(Conflict):
        await state.put("key", 3, etag=fresh)


async def test_of_several_first_writers_one_wins(gateway_database: Database) -> None:
    state = PostgresState(gateway_database)
    writes = (state.put("key", number, first_write=True) for number in range(5))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 4


async def test_state_ends_with_its_time(gateway_database: Database, owner_database: Database) -> None:
    state = PostgresState(gateway_database)
    await state.put("key", 1, ttl_s=60)
    await state.put("for ever", 1)
    await owner_database.execute("update state set expires_at = now() - interval '1 s' where key = 'key'")
    assert await state.get("key") is None
    await state.put("key", 2, first_write=True, ttl_s=60)
    await owner_database.execute("update state set expires_at = now() - interval '1 s' where key = 'key'")
    await Expiry(gateway_database, "state").tick()
    assert [row["key"] for row in await owner_database.fetch("select key from state")] == ["for ever"]


async def test_a_services_state_is_its_own(database_for: OpenDatabase) -> None:
    concepts, debug = await database_for("concepts"), await database_for("debug")
    await PostgresState(concepts).put("key", "of concepts")
    assert await PostgresState(debug).get("key") is None
    assert not await PostgresState(debug).delete("key")
    assert await debug.fetch("select * from state") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await debug.execute("insert into state (owner, key, value) values ('lf_concepts', 'other', '1')")


async def test_two_instances_make_one_first_signing_key(database_for: OpenDatabase, owner_database: Database) -> None:
    instances = [SigningKeys(await database_for("api-gateway"), MASTER_KEY) for _ in range(2)]
    tokens = await asyncio.gather(*(keys.issue(uuid4(), "student") for keys in instances * 3))
    assert await owner_database.fetchval("select count(*) from signing_keys") == 1
    for keys in instances:
        for token in tokens:
            await TokenVerifier(keys).verify(token.token)


async def test_the_private_signing_key_is_wrapped_and_forgotten_after_rotation(
    gateway_database: Database, owner_database: Database
) -> None:
    keys = SigningKeys(gateway_database, MASTER_KEY)
    await keys.issue(uuid4(), "student")
    assert await owner_database.fetchval("select octet_length(private_key) from signing_keys") == 60
    with pytest.raises(SealBroken):
        await SigningKeys(gateway_database, bytes(32)).issue(uuid4(), "student")
    await asyncio.gather(keys.rotate(), keys.rotate())
    rows = await owner_database.fetch("select private_key is null as gone, verify_until from signing_keys")
    assert sorted(row["gone"] for row in rows) == [False, True, True]
    left_s = await owner_database.fetchval("select extract(epoch from min(verify_until) - now()) from signing_keys")
    assert 1800 < left_s < 2000


async def test_a_rotated_key_is_dropped_once_its_last_token_has_expired(
    gateway_database: Database, owner_database: Database
) -> None:
    keys = SigningKeys(gateway_database, MASTER_KEY)
    old = await keys.rotate()
    await keys.rotate()
    await owner_database.execute("update signing_keys set verify_until = now() where verify_until is not null")
    assert await SigningKeys(gateway_database, MASTER_KEY).public_key(old) is None
    await keys.rotate()
    assert await owner_database.fetchval("select count(*) from signing_keys where kid = $1", old) == 0


async def test_what_has_expired_is_swept_and_the_rest_stays(
    gateway_database: Database, owner_database: Database
) -> None:
    await use(gateway_database, "old")
    await owner_database.execute("update limits set expires_at = now() - interval '1 s'")
    await use(gateway_database, "new")
    await Expiry(gateway_database, "limits", "idempotency", "sessions", "revoked_sessions").tick()
    subjects: list[Any] = [row["subject"] for row in await owner_database.fetch("select subject from limits")]
    assert subjects == ["new"]
