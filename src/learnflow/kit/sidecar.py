"""The Dapr sidecar beside this process, by plain HTTP: one client for publishing, state, secrets and invocation."""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

import orjson
import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.kit.loopback import Answer, Client, Loopback
from learnflow.kit.open_transaction import forbid_inside_transaction
from learnflow.kit.settings import ServiceSettings

log = structlog.get_logger()

TOKEN_HEADER = "dapr-api-token"  # noqa: S105 - a header's name
HOST = "127.0.0.1"
READY_WITHIN_S = 1.0
CONNECTIONS = 20
SECRETS = "secrets"
"""The name of the component in deploy/dapr."""


class Sidecar:
    """Its address and token, and the connections to it."""

    name = "sidecar"

    def __init__(self, settings: ServiceSettings, *, client: Client | None = None) -> None:
        self.address = sidecar_address(settings)
        self.headers = token_headers(settings)
        self._client = client or Loopback(connections=CONNECTIONS)

    async def stop(self) -> None:
        await self._client.close()

    async def reason_not_ready(self) -> str | None:
        """What it says of its components; it does not ask whether we are ready ourselves, which would be a circle."""
        try:
            answer = await self.request("GET", "/v1.0/healthz/outbound", timeout_s=READY_WITHIN_S)
        except Unavailable:
            return f"the Dapr sidecar at {self.address} does not answer"
        return None if answer.is_success else "the Dapr sidecar has not opened its components yet"

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 5.0,
    ) -> Answer:
        """One call; Unavailable when it does not answer within `timeout_s`, else whatever it answered."""
        forbid_inside_transaction("a call to the Dapr sidecar")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._client.request(
                    method, self.address + path, {**self.headers, **(headers or {})}, content
                )
        except (OSError, TimeoutError) as error:
            log.warning("sidecar.call.failed", path=path.partition("?")[0], error=type(error).__name__)
            raise Unavailable("The Dapr sidecar does not answer. Try again in a moment.") from error


_shared: dict[tuple[str, str], Sidecar] = {}


def shared_sidecar(settings: ServiceSettings) -> Sidecar:
    """The one of this service, for all that it does through it; the bus opens and closes it."""
    key = (sidecar_address(settings), token_headers(settings).get(TOKEN_HEADER, ""))
    return _shared.setdefault(key, Sidecar(settings))


class SecretStore:
    """The one secret that a service may ask of Dapr's secret store: its own account's."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._sidecar = shared_sidecar(settings)
        self._name = settings.dapr_secret_name

    async def read(self) -> str:
        """The secret; Unavailable where the store does not know it or the scope does not allow it."""
        answer = await self._sidecar.request("GET", f"/v1.0/secrets/{SECRETS}/{quote(self._name, safe='')}")
        if answer.status_code != 200:
            raise Unavailable(f"Dapr's secret store does not give {self._name} ({answer.status_code}).")
        values: dict[str, str] = orjson.loads(answer.content)
        return values.get(self._name) or next(iter(values.values()), "")


def sidecar_address(settings: ServiceSettings) -> str:
    """Where the sidecar listens: always beside us."""
    return f"http://{HOST}:{settings.dapr_http_port}"


def token_headers(settings: ServiceSettings) -> dict[str, str]:
    """What the sidecar wants to see from us; empty where none was set for it."""
    token = settings.dapr_api_token
    return {} if token is None else {TOKEN_HEADER: token.get_secret_value()}
