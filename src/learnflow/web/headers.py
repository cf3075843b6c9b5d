"""The headers that travel with what is passed on, and those that do not (RFC 9110, 7.6.1)."""

from collections.abc import Iterable

from learnflow.kit.logging import request_id
from learnflow.kit.tracing import current_traceparent

Raw = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_OURS = frozenset(
    {
        b"expect",
        b"forwarded",
        b"host",
        b"traceparent",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
        b"x-request-id",
    }
)
"""Said anew by us: whatever a browser claims in them is its own invention."""
_SAID_AGAIN = frozenset({b"date", b"server", b"x-request-id"})


def to_the_service(headers: Iterable[tuple[bytes, bytes]], *, client: str, scheme: str, authority: bytes) -> Raw:
    """A browser's headers as the service gets them; `client` is the address that we see ourselves."""
    received = list(headers)
    dropped = _HOP_BY_HOP | _OURS | _named_by_connection(received)
    kept = [(name, value) for name, value in received if name.lower() not in dropped]
    host = next((value for name, value in received if name.lower() == b"host"), b"")
    said = {
        b"host": authority,
        b"x-forwarded-for": client.encode("latin-1", "replace"),
        b"x-forwarded-proto": scheme.encode(),
        b"x-forwarded-host": host,
        b"x-request-id": (request_id.get() or "").encode(),
        b"traceparent": (current_traceparent() or "").encode(),
    }
    return [*((name, value) for name, value in said.items() if value), *kept]


def to_the_browser(headers: Iterable[tuple[bytes, bytes]]) -> Raw:
    """A service's headers as the browser gets them; which origins are allowed is said by our own layer."""
    received = list(headers)
    dropped = _HOP_BY_HOP | _SAID_AGAIN | _named_by_connection(received)
    return [
        (name.lower(), value)
        for name, value in received
        if name.lower() not in dropped and not name.lower().startswith(b"access-control-")
    ]


def has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request announces a body."""
    names = {name.lower(): value for name, value in headers}
    return b"transfer-encoding" in names or names.get(b"content-length", b"0") != b"0"


def _named_by_connection(headers: Raw) -> frozenset[bytes]:
    named = b",".join(value for name, value in headers if name.lower() == b"connection")
    return frozenset(word.strip().lower() for word in named.split(b",") if word.strip())
