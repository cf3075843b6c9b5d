"""The plan's lists of endpoints (product.md 2), word for word, on the ports of its table."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from bench.platform import Platform
from learnflow.contracts.services import SERVICES

PORTS = """
api-gateway 8180, triage 8100, concepts 8101, course-agent 8102, code-review 8103, debug 8104, exercise 8105,
progress 8106, code-execution 8107, websocket 8108, notification 8109, web 3000
"""
OPEN = """
POST /api/v1/auth/register, POST /api/v1/auth/login, POST /api/v1/auth/refresh, POST /api/v1/auth/logout,
POST /api/v1/auth/password/reset, POST /api/v1/auth/guest, POST /api/v1/consents/{token},
GET /api/v1/health, GET /api/v1/ready
"""
PUBLIC = """
POST /auth/password/change, GET /auth/sessions, DELETE /auth/sessions, GET /me, PATCH /me, GET /me/export, DELETE /me,
GET /me/access-records, POST /query, GET /query/{id}, GET /query/{id}/stream, POST /query/{id}/stop,
POST /query/{id}/rate, GET /conversations, GET /modules, GET /modules/{id}, GET /modules/{id}/topics, GET /topics/{id},
GET /concepts, POST /concepts/explain, POST /code/execute, DELETE /code/executions/{id}, POST /code/review,
POST /debug/hint, GET /exercises, GET /exercises/{id}, POST /exercises/generate, POST /exercises/{id}/submissions,
GET /submissions/{id}, GET /exercises/{id}/draft, PUT /exercises/{id}/draft, GET /exercises/{id}/draft/versions,
GET /quizzes, POST /quizzes/{id}/attempts, GET /progress, GET /progress/{user_id}, POST /progress/events, GET /lessons,
POST /lessons, POST /classes, GET /classes, POST /classes/join, POST /classes/{id}/roster, PATCH /classes/{id},
GET /teacher/classes/{id}/students, GET /teacher/students/{id}, GET /teacher/alerts,
POST /teacher/alerts/{id}/acknowledge, POST /teacher/alerts/{id}/resolve, POST /teacher/alerts/{id}/snooze,
POST /teacher/exercises/generate, POST /teacher/assignments, GET /teacher/classes/{id}/grades, GET /assignments,
GET /notifications
"""
OWN = {
    "triage": "POST /triage",
    "concepts": "POST /explain, GET /concepts",
    "code-review": "POST /review",
    "debug": "POST /debug",
    "exercise": "POST /exercises/generate, GET /exercises, POST /exercises/submit, GET /exercises/{id}/full",
    "progress": "GET /progress/{user_id}, POST /progress, POST /update-progress, GET /status",
    "code-execution": "POST /execute, POST /execute/batch",
    "course-agent": "POST /generate-lesson, GET /lessons",
    "notification": "POST /notifications/subscribe, POST /notifications/publish, GET /notifications/{user_id}",
}
OF_ALL = "GET /health, GET /ready, GET /metrics, GET /docs, GET /openapi.json"
UNKNOWN_ID = "99999999-2222-4333-8444-555555555555"


def rows(text: str) -> list[tuple[str, str]]:
    """`METHOD /path, METHOD /path` as pairs."""
    return [(method, path) for method, path in (row.split() for row in re.split(r",\s*", text.strip()))]


def closed() -> Iterator[tuple[str, str, str]]:
    """Every endpoint that wants a token: service, method, path."""
    yield from (("api-gateway", method, f"/api/v1{path}") for method, path in rows(PUBLIC))
    for service, text in OWN.items():
        yield from ((service, method, path) for method, path in rows(text))


@pytest.mark.plan("P-EP-all")
@pytest.mark.parametrize(("service", "method", "path"), list(closed()))
async def test_a_closed_endpoint_is_there_and_asks_for_a_token(
    platform: Platform, service: str, method: str, path: str
) -> None:
    """A path that does not exist would be a 404, a method that does not, a 405."""
    async with httpx.AsyncClient(base_url=platform.address(service), timeout=10) as client:
        answer = await client.request(method, re.sub(r"{\w+}", UNKNOWN_ID, path), json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize(("method", "path"), rows(OPEN))
async def test_an_open_endpoint_is_there_without_a_token(platform: Platform, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=platform.address("api-gateway"), timeout=10) as client:
        document = (await client.get("/openapi.json")).json()
        answer = await client.request(
            method, path.replace("{token}", UNKNOWN_ID), json={} if method == "POST" else None
        )
    assert method.lower() in document["paths"][path]
    assert answer.status_code not in {401, 403, 405}
    assert answer.status_code < 500


@pytest.mark.plan("P-SVC-ports")
@pytest.mark.parametrize(("method", "path"), rows(OF_ALL))
async def test_every_service_answers_the_same_five_on_its_port(platform: Platform, method: str, path: str) -> None:
    ports = {name: int(port) for name, port in (pair.split() for pair in re.split(r",\s*", PORTS.strip()))}
    assert ports == {name: service.port for name, service in SERVICES.items()}
    async with httpx.AsyncClient(timeout=10) as client:
        for name, port in ports.items():
            answer = await client.request(method, f"http://127.0.0.1:{port + platform.port_offset}{path}")
            assert answer.status_code == 200, f"{name} {path}: {answer.status_code} {answer.text[:200]}"
