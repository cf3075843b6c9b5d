"""A service's database role writes its own tables and nobody else's: every role tries every table."""

from __future__ import annotations

import asyncpg
import pytest

from learnflow.contracts.services import SERVICES, Service
from learnflow.kit.database import Database
from learnflow.kit.migrate import role_dsn
from tests.conftest import ROLE_SECRET
from tools.reference.catalogue import Table, read_catalogue
from tools.reference.schema import service_of

OWNED = {
    "api-gateway": "users sessions refresh_tokens revoked_sessions signing_keys idempotency questions answers hints_had"
    " answer_parts answer_routes keys.student_keys classes class_teachers enrolments access_records"
    " roster_invitations invitations reset_tokens consents account_messages ratings erasures",
    "debug": "rungs error_patterns",
    "exercise": "exercises submissions drafts assignments quizzes attempts",
    "progress": "progress progress_components activity_days events exercise_scores quiz_scores reported_scores"
    " alerts open_work",
    "notification": "notifications subscriptions notice_levels email_deliveries",
    "websocket": "socket_streams socket_frames socket_asks",
}
KERNEL = "bus_log bus_cursor bus_attempts inbox work limits state"
MIGRATION = "modules topics schema_migrations service_accounts"
WITH_DATABASE = [service for service in SERVICES.values() if service.database]


async def test_every_table_is_written_by_its_service_alone(owner_dsn: str) -> None:
    tables = (await read_catalogue(owner_dsn)).tables
    found = {table.full_name: [service_of(role) for role in table.writers] for table in tables}
    owned = {name: [service] for service, names in OWNED.items() for name in names.split()}
    kernel = set(KERNEL.split())
    assert {name: writers for name, writers in found.items() if name not in kernel} == owned | {
        name: [] for name in MIGRATION.split()
    }
    assert kernel <= set(found)


@pytest.mark.plan("P-RULE-tables")
@pytest.mark.parametrize("service", WITH_DATABASE, ids=lambda service: str(service.name))
async def test_writing_another_service_s_table_is_refused(owner_dsn: str, service: Service) -> None:
    tables = (await read_catalogue(owner_dsn)).tables
    connection = await asyncpg.connect(role_dsn(owner_dsn, service, ROLE_SECRET))
    try:
        written = [
            table.full_name
            for table in tables
            if service.role not in table.writers and await _writes(connection, table)
        ]
    finally:
        await connection.close()
    assert written == []


async def _writes(connection: asyncpg.Connection[asyncpg.Record], table: Table) -> bool:
    first = table.columns[0].name
    for statement in (
        f"insert into {table.full_name} default values",
        f"update {table.full_name} set {first} = {first}",
        f"delete from {table.full_name}",
        f"truncate {table.full_name}",
        f"drop table {table.full_name}",
    ):
        try:
            await connection.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        return True
    return False


async def test_the_sandbox_has_no_role_at_all(owner_database: Database) -> None:
    roles = await owner_database.fetch("select rolname from pg_roles where rolname like 'lf\\_%'")
    assert {row["rolname"] for row in roles} == {service.role for service in WITH_DATABASE}
