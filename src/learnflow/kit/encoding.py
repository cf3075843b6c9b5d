"""JSON as bytes, with what asyncpg returns."""

from typing import Any
from uuid import UUID

import orjson


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):  # asyncpg's own subclass, which orjson does not take for a UUID
        return str(value)
    raise TypeError


def json_bytes(content: object) -> bytes:
    """`content` as JSON; UUIDs of any class, datetimes and dataclasses are understood."""
    return orjson.dumps(content, default=_plain)
