"""Ask a service over loopback, synchronously: the parent of `up` has no event loop.

By a socket alone: `http.client` brings TLS and mail with it, 3 MB that the supervisor would hold for days.
"""

import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from learnflow.contracts.services import Service
from learnflow.runtime.options import Options

ONE_TRY_S = 1.0


def ask(options: Options, service: Service, path: str, timeout_s: float = ONE_TRY_S) -> tuple[int, dict[str, Any]]:
    """Status and JSON body; (0, {}) when nobody answers in time."""
    address = (options.reached_at(service), service.port + options.port_offset)
    question = f"GET {path} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(address, timeout_s) as connection:
            connection.sendall(question.encode())
            with connection.makefile("rb") as answer:
                head, _, body = answer.read().partition(b"\r\n\r\n")
        return int(head.split()[1]), dict(json.loads(body or b"{}"))
    except (OSError, ValueError, IndexError, TypeError):
        return 0, {}


def why_not_ready(options: Options, service: Service) -> str | None:
    """None when the service can work, else the reason in words."""
    status, body = ask(options, service, "/ready")
    if status == 200:
        return None
    reasons = body.get("reasons") or {}
    return "; ".join(f"{part}: {why}" for part, why in reasons.items()) or "it does not answer"


def wait_until_ready(
    options: Options, services: Iterable[Service], between: Callable[[], None], within_s: float = 30.0
) -> dict[str, str]:
    """Go round until all are ready; returns what is not ready in time, with the reason.

    All start side by side and a connection waits in the listening socket until its service accepts,
    so asking one after the other takes as long as the slowest. `between` is called after each question.
    """
    deadline = time.monotonic() + within_s
    waiting = list(services)
    reasons: dict[str, str] = {}
    while waiting and time.monotonic() < deadline:
        reasons = {}
        for service in waiting:
            reason = why_not_ready(options, service)
            between()
            if reason is not None:
                reasons[service.name] = reason
        waiting = [service for service in waiting if service.name in reasons]
        if waiting:
            time.sleep(0.02)
    return reasons
