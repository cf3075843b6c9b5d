"""Requests that nobody would think of, made from each service's own OpenAPI document: none of them is a 500."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice, repeat
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from bench.platform import PASSWORD, Platform
from learnflow.contracts.services import built_services

REQUESTS = int(os.environ.get("LEARNFLOW_FUZZ_REQUESTS", "60"))
"""Of each service; .ci/run asks for 500."""
REQUESTS_OF_ONE_STUDENT = 40
NAMES = [service.name for service in built_services()]


@pytest.mark.timeout(600)
@pytest.mark.slow
@pytest.mark.plan("P-RULE-fuzz")
@pytest.mark.parametrize("service", NAMES)
def test_no_request_makes_a_service_fail(platform: Platform, service: str) -> None:
    address = platform.address(service)
    failures: list[str] = []
    sent = takers = 0
    with httpx.Client(base_url=address, timeout=30) as client:
        tokens = _tokens(platform)
        for operation, mode, requests in _shares(client.get("/openapi.json").json()):

            @settings(
                max_examples=requests,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                nonlocal sent
                answer = _sent(client, case, next(tokens))
                sent += 1
                if answer is not None and answer.status_code >= 500 and answer.status_code != 503:
                    failures.append(f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:300]}")

            send()
        assert client.get("/health").status_code == 200
    assert failures == []
    # a service that speaks over its socket alone has nothing to vary here
    assert sent >= REQUESTS * 0.8 or takers == 0


def _shares(document: dict[str, Any]) -> Iterator[tuple[Any, GenerationMode, int]]:
    """Each operation that takes something twice, with what its schema allows and with what it does not; others once."""
    results = schemathesis.openapi.from_dict(document).get_all_operations()
    found = [result.ok() for result in results if isinstance(result, Ok)]
    each = -(-REQUESTS // (2 * max(1, sum(map(_takes_something, found)))))
    for operation in found:
        if _takes_something(operation):
            yield operation, GenerationMode.POSITIVE, each
            yield operation, GenerationMode.NEGATIVE, each
        else:
            yield operation, GenerationMode.POSITIVE, 1


def _takes_something(operation: Any) -> bool:
    return bool(operation.body or operation.path_parameters or operation.query)


def _tokens(platform: Platform) -> Iterator[str]:
    """Access tokens of ever new students, so that limits and deleted accounts do not end the test."""
    with httpx.Client(base_url=platform.address("api-gateway"), timeout=30) as gateway:
        while True:
            body = {"email": f"{uuid4().hex}@school.example", "password": PASSWORD, "name": "Fay Fuzz"}
            answer = gateway.post("/api/v1/auth/register", json=body)
            assert answer.status_code == 201, answer.text
            yield from islice(repeat(answer.json()["access_token"]), REQUESTS_OF_ONE_STUDENT)


def _sent(client: httpx.Client, case: Any, token: str) -> httpx.Response | None:
    request = case.as_transport_kwargs(base_url=str(client.base_url))
    headers = {name: value for name, value in dict(request.get("headers") or {}).items() if _travels(name, value)}
    headers["Authorization"] = f"Bearer {token}"
    try:
        return client.request(
            request["method"],
            request["url"],
            params=request.get("params"),
            headers=headers,
            json=request.get("json"),
            content=request["data"] if isinstance(request.get("data"), bytes | str) else None,
        )
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
        return None  # no client could send it


def _travels(name: str, value: object) -> bool:
    return name.isascii() and str(value).isascii() and str(value).isprintable() and name.lower() != "content-length"
