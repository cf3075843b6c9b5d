"""Migrations: once each, from many starters, whole or not at all."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from learnflow.contracts.services import SERVICES, TRIAGE
from learnflow.kit.migrate import MigrationError, pending, read_migrations, role_dsn, role_password, upgrade

SECRET = "the-role-secret-of-the-tests"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_shelves.sql").write_text("create table shelves (id int primary key);\n")
    (tmp_path / "0002_books.sql").write_text("create table books (id int);\ninsert into books values (1), (2);\n")
    return tmp_path


async def fetchval(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def until(dsn: str, query: str) -> None:
    for _ in range(300):
        if await fetchval(dsn, query):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never true: {query}")


async def test_files_run_in_order_and_only_once(empty_dsn: str, folder: Path) -> None:
    assert await pending(empty_dsn, folder=folder) == ["0001_shelves.sql", "0002_books.sql"]
    assert await upgrade(empty_dsn, role_secret=SECRET, folder=folder) == ["0001_shelves.sql", "0002_books.sql"]
    assert await upgrade(empty_dsn, role_secret=SECRET, folder=folder) == []
    assert await pending(empty_dsn, folder=folder) == []
    assert await fetchval(empty_dsn, "select count(*) from books") == 2


async def test_asking_what_is_pending_changes_nothing(empty_dsn: str, folder: Path) -> None:
    await pending(empty_dsn, folder=folder)
    assert await fetchval(empty_dsn, "select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_eight_starts_at_once_apply_each_file_once(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_slow.sql").write_text("select pg_sleep(0.2);\ninsert into books values (3);\n")
    starts = [upgrade(empty_dsn, role_secret=SECRET, folder=folder) for _ in range(8)]
    applied = sorted(await asyncio.gather(*starts))
    assert applied == [[]] * 7 + [["0001_shelves.sql", "0002_books.sql", "0003_slow.sql"]]
    assert await fetchval(empty_dsn, "select count(*) from books") == 3


async def test_an_edited_file_is_refused_by_name_and_nothing_is_applied(empty_dsn: str, folder: Path) -> None:
    await upgrade(empty_dsn, role_secret=SECRET, folder=folder)
    (folder / "0001_shelves.sql").write_text("create table shelves (id bigint primary key);\n")
    (folder / "0003_more.sql").write_text("create table more (id int);\n")
    with pytest.raises(MigrationError, match="edited after it was applied"):
        await upgrade(empty_dsn, role_secret=SECRET, folder=folder)
    assert await fetchval(empty_dsn, "select to_regclass('more')") is None


async def test_a_failing_file_leaves_nothing_and_the_ones_before_it_stay(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_wrong.sql").write_text("create table half (id int);\nselect 1/0;\n")
    with pytest.raises(MigrationError, match="failed and was undone"):
        await upgrade(empty_dsn, role_secret=SECRET, folder=folder)
    assert await fetchval(empty_dsn, "select to_regclass('half')") is None
    assert await pending(empty_dsn, folder=folder) == ["0003_wrong.sql"]


def upgrade_in_a_process(dsn: str, folder: Path) -> None:
    asyncio.run(upgrade(dsn, role_secret=SECRET, folder=folder))


async def test_a_kill_in_mid_file_leaves_nothing_half_and_the_next_start_finishes(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_long.sql").write_text("create table long_one (id int);\nselect pg_sleep(1.5);\n")
    process = multiprocessing.get_context("spawn").Process(target=upgrade_in_a_process, args=(empty_dsn, folder))
    process.start()
    await until(
        empty_dsn,
        "select count(*) from pg_stat_activity where query like '%pg_sleep(1.5)%' and pid <> pg_backend_pid()",
    )
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert await fetchval(empty_dsn, "select to_regclass('long_one')") is None
    assert await upgrade(empty_dsn, role_secret=SECRET, folder=folder) == ["0003_long.sql"]


async def test_a_file_marked_so_runs_outside_a_transaction(empty_dsn: str, folder: Path) -> None:
    (folder / "0003_index.sql").write_text(
        "-- no-transaction\ncreate index concurrently if not exists by_id on books (id);\nanalyze books;\n"
    )
    assert await upgrade(empty_dsn, role_secret=SECRET, folder=folder) == [
        "0001_shelves.sql",
        "0002_books.sql",
        "0003_index.sql",
    ]
    assert await fetchval(empty_dsn, "select to_regclass('by_id') is not null")


async def test_a_locked_table_fails_the_migration_instead_of_stalling_everybody(
    empty_dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnflow.kit.migrate.LOCK_TIMEOUT", "200ms")
    await upgrade(empty_dsn, role_secret=SECRET, folder=folder)
    (folder / "0003_alter.sql").write_text("alter table books add column title text;\n")
    connection = await asyncpg.connect(empty_dsn)
    async with connection.transaction():
        await connection.execute("select * from books")
        with pytest.raises(MigrationError, match="lock timeout"):
            await upgrade(empty_dsn, role_secret=SECRET, folder=folder)
    await connection.close()


@pytest.mark.parametrize("name", ["7_short.sql", "0003books.sql", "xxxx_books.sql"])
def test_a_file_with_a_wrong_name_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("select 1;")
    with pytest.raises(MigrationError, match="NNNN_name"):
        read_migrations(folder)


def test_two_files_with_one_number_are_refused(folder: Path) -> None:
    (folder / "0002_pens.sql").write_text("select 1;")
    with pytest.raises(MigrationError, match="same number"):
        read_migrations(folder)


async def test_each_service_signs_in_with_its_own_role_and_password(owner_dsn: str) -> None:
    assert await fetchval(role_dsn(owner_dsn, TRIAGE, SECRET), "select current_user") == "lf_triage"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await fetchval(role_dsn(owner_dsn, TRIAGE, "another secret"), "select 1")


async def test_a_service_that_reaches_no_database_has_no_role(owner_dsn: str) -> None:
    without = [service.role for service in SERVICES.values() if not service.database]
    names = ",".join(f"'{role}'" for role in without)
    assert await fetchval(owner_dsn, f"select count(*) from pg_roles where rolname in ({names})") == 0


def test_passwords_differ_by_role_and_by_secret() -> None:
    passwords = {role_password(secret, role) for secret in ("a", "b") for role in ("lf_triage", "lf_debug")}
    assert len(passwords) == 4


async def test_the_shipped_migrations_apply_to_an_empty_database(
    owner_dsn: str, service_dsn: Callable[[str], str]
) -> None:
    assert await pending(service_dsn("triage")) == []
