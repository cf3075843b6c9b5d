"""The table of calls says what the code does: networks and access lists are made of it."""

from __future__ import annotations

import re

import pytest

from learnflow.contracts import services
from learnflow.contracts.calls import callers, calls
from learnflow.contracts.services import API_GATEWAY, CODE_EXECUTION, WEB, Service, built_services
from tests.architecture.source import ROOT

IMPORT = re.compile(r"^from learnflow\.contracts\.services import (?:\(([^)]*)\)|(.*))$", re.MULTILINE)
ONLY_A_PORT = {("api-gateway", "web")}
"""Imported for an address in e-mails; nothing is called."""


def _named_in(service: Service) -> set[str]:
    """The other services whose rows a service's code imports."""
    folder = ROOT / "src" / str(service.module).replace(".", "/")
    words = {
        word
        for path in folder.rglob("*.py")
        for found in IMPORT.findall(path.read_text(encoding="utf-8"))
        for word in re.findall(r"[A-Z_]{3,}", "".join(found))
    }
    rows = {getattr(services, word) for word in words - {"SERVICES"}}
    return {row.name for row in rows} - {service.name}


@pytest.mark.parametrize("service", built_services(), ids=lambda service: service.name)
def test_the_table_of_calls_names_whom_the_code_calls(service: Service) -> None:
    named = {other for other in _named_in(service) if (service.name, other) not in ONLY_A_PORT}
    always = {API_GATEWAY.name} - {service.name}
    assert named | always == {other.name for other in calls(service)}


def test_callers_are_the_other_side_of_calls() -> None:
    pairs = {(one.name, other.name) for one in built_services() for other in calls(one)}
    assert pairs == {(one.name, other.name) for other in built_services() for one in callers(other)}


def test_the_sandbox_calls_the_gateway_alone_and_nobody_calls_the_pages() -> None:
    assert calls(CODE_EXECUTION) == (API_GATEWAY,)
    assert callers(WEB) == ()
