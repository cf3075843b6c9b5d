"""The export reaches every table that says whose row it is, or a reason stands here why a table is left out."""

from __future__ import annotations

import importlib

import asyncpg
import pytest

from learnflow.contracts.services import SERVICES, built_services
from learnflow.services.api_gateway.privacy.export import SECTIONS
from tests.contract.test_erasure import PERSONS_COLUMNS

BY_THE_GATEWAY = (
    "access_records answer_parts answer_routes answers classes class_teachers consents enrolments questions ratings"
    " sessions"
)
"""Tables whose contents `Export` writes itself; parts and routes of answers are the answers'."""

LEFT_OUT = {
    "hints_had": "the highest rung by exercise: debug's rungs say the same and more",
    "keys.student_keys": "the key itself",
    "reset_tokens": "hashes of links, for an hour",
    "socket_asks": "names of questions that the client gave itself",
    "socket_frames": "copies of answers and notices, for a day",
    "socket_streams": "a counter",
}


def own_tables() -> set[str]:
    """What the services hand out by GET /export/{user_id}."""
    asked = {section.service.name for section in SECTIONS if section.what == "records"}
    return {table for name in asked for table in importlib.import_module(f"{SERVICES[name].module}.app").OWN}


@pytest.mark.plan("P-EP-export")
async def test_every_table_with_somebodys_rows_is_exported_or_has_a_reason(owner_dsn: str) -> None:
    connection = await asyncpg.connect(owner_dsn)
    try:
        tables = {row["tab"] for row in await connection.fetch(PERSONS_COLUMNS)}
    finally:
        await connection.close()
    exported = own_tables() | set(BY_THE_GATEWAY.split())
    assert sorted(tables - exported - set(LEFT_OUT)) == [], (
        "add it to OWN of its service's app.py (kit.own_records), or say in LEFT_OUT why not"
    )
    assert sorted((exported | set(LEFT_OUT)) - tables) == [], "is listed here or in an OWN, but is no such table"


def test_who_hands_out_records_is_asked_for_them() -> None:
    asked = {section.service.name for section in SECTIONS if section.what == "records"}
    having = {
        service.name for service in built_services() if hasattr(importlib.import_module(f"{service.module}.app"), "OWN")
    }
    assert asked == having
