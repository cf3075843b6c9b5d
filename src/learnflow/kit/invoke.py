"""Calls from service to service over loopback or Dapr, with a token, a time limit and errors that stay themselves."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import structlog

from learnflow.contracts import errors
from learnflow.contracts.errors import LearnFlowError, Unauthenticated, Unavailable
from learnflow.contracts.services import API_GATEWAY, Service
from learnflow.kit.logging import request_id
from learnflow.kit.loopback import Answer, Client, Loopback
from learnflow.kit.open_transaction import forbid_inside_transaction
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.sidecar import SecretStore, sidecar_address, token_headers
from learnflow.kit.tracing import current_traceparent

log = structlog.get_logger()

ANONYMOUS = ""
"""As `token`: call an open path without a token."""
SERVICE_TOKEN_PATH = "/api/v1/auth/service-token"  # noqa: S105 - an address, not a secret
RENEW_BEFORE_S = 120.0
CONNECTIONS = 100
_BY_STATUS: dict[int, type[LearnFlowError]] = {
    found.status: found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, LearnFlowError) and found.__module__ == errors.__name__
}


class ServiceTokens:
    """This service's own access token; asked for at the gateway with its secret, renewed two minutes early."""

    def __init__(self, settings: ServiceSettings, service: Service) -> None:
        self._secret = settings.service_secret
        self._store = SecretStore(settings) if settings.bus == "dapr" else None
        self._service = service
        self._token = ""
        self._renew_at = 0.0
        self._lock = asyncio.Lock()
        self._invoker: Invoker | None = None

    def call_through(self, invoker: "Invoker") -> None:
        """Name the invoker that carries the requests for tokens."""
        self._invoker = invoker

    async def token(self) -> str:
        """A token that is good for at least a minute; Unavailable while the gateway is away."""
        if time.monotonic() >= self._renew_at:
            async with self._lock:
                if time.monotonic() >= self._renew_at:
                    await self._renew()
        return self._token

    def forget(self) -> None:
        """The token was refused: ask for a new one next time."""
        self._renew_at = 0.0

    async def _renew(self) -> None:
        secret = await self._own_secret()
        if self._invoker is None:
            raise Unavailable("This service cannot ask for a token: nobody carries its calls.")
        answer = await self._invoker.call(
            API_GATEWAY,
            "POST",
            SERVICE_TOKEN_PATH,
            json={"service": self._service.name, "secret": secret},
            token=ANONYMOUS,
        )
        self._token = answer["access_token"]
        self._renew_at = time.monotonic() + answer["expires_in"] - RENEW_BEFORE_S

    async def _own_secret(self) -> str:
        if self._secret is not None:
            return self._secret.get_secret_value()
        if self._store is not None:
            return await self._store.read()
        raise Unavailable("This service has no account of its own: LEARNFLOW_SERVICE_SECRET is not set.")


class Invoker:
    """One HTTP client for all calls to other services; addresses come from the table of services."""

    name = "invoker"

    def __init__(
        self,
        settings: ServiceSettings,
        tokens: ServiceTokens | None = None,
        *,
        client: Client | None = None,
    ) -> None:
        self._address_of = _addresses(settings)
        self._headers = token_headers(settings) if settings.bus == "dapr" else {}
        self._tokens = tokens
        self._client = client or Loopback(connections=CONNECTIONS)
        if tokens is not None:
            tokens.call_through(self)

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        await self._client.close()

    async def reason_not_ready(self) -> str | None:
        return None

    async def call(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        json: object | None = None,
        token: str | None = None,
        timeout_s: float = 5.0,
    ) -> Any:
        """The decoded JSON answer (None for an empty one).

        `token` is the caller's; None means this service's own, ANONYMOUS none. The other service's error is
        raised as the LearnFlowError of its status; no answer within `timeout_s` is Unavailable.
        """
        forbid_inside_transaction(f"a call to {service.name}")
        if token is not None or self._tokens is None:
            return await self._send(service, method, path, json, token or ANONYMOUS, timeout_s)
        try:
            return await self._send(service, method, path, json, await self._tokens.token(), timeout_s)
        except Unauthenticated:
            self._tokens.forget()
        try:
            return await self._send(service, method, path, json, await self._tokens.token(), timeout_s)
        except Unauthenticated as error:
            raise Unavailable(f"{service.name} refuses this service's account. Try again in a moment.") from error

    async def _send(
        self, service: Service, method: str, path: str, json: object | None, token: str, timeout_s: float
    ) -> Any:
        url = self._address_of(service) + path
        content = b"" if json is None else orjson.dumps(json)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._client.request(method, url, _headers(token) | self._headers, content)
        except (OSError, TimeoutError) as error:
            log.warning("invoke.failed", to=service.name, path=path.partition("?")[0], error=type(error).__name__)
            raise Unavailable(f"{service.name} does not answer. Try again in a moment.") from error
        if answer.is_success:
            return orjson.loads(answer.content) if answer.content else None
        raise _error_of(service, answer)


def _addresses(settings: ServiceSettings) -> Callable[[Service], str]:
    """Under Dapr the sidecar knows where the other is, and encrypts the way to it."""
    if settings.bus == "dapr":
        sidecar = sidecar_address(settings)
        return lambda service: f"{sidecar}/v1.0/invoke/{service.name}/method"
    offset = settings.port_offset
    return lambda service: f"http://{settings.host_of(service)}:{service.port + offset}"


def _headers(token: str) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    offered = {"traceparent": current_traceparent(), "X-Request-Id": request_id.get()}
    headers.update({name: value for name, value in offered.items() if value})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _error_of(service: Service, answer: Answer) -> LearnFlowError:
    """The other service's problem as the error that we raise for it ourselves."""
    problem = _problem(answer)
    if problem is None:
        return Unavailable(f"{service.name} answered {answer.status_code}. Try again in a moment.")
    retry_after = answer.headers.get("Retry-After", "")
    fields = problem.get("fields") or []
    error = _BY_STATUS.get(answer.status_code, LearnFlowError)(
        str(problem.get("detail", "")),
        retry_after_s=float(retry_after) if retry_after.isdigit() else None,
        **({"field": fields[0]["field"]} if fields else {}),
    )
    error.status = answer.status_code
    error.code = str(problem.get("code", error.code))
    return error


def _problem(answer: Answer) -> dict[str, Any] | None:
    if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
        return None
    try:
        problem = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    return problem if isinstance(problem, dict) else None
