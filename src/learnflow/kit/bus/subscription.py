"""What one group wants of one topic, and how raw records become events for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import Fact
from learnflow.contracts.topics import Topic
from learnflow.kit.bus.base import SPACING_S, BatchHandler, Event, Handler

REPLAY_FOR = "replayfor"
"""Extension attribute of a replayed event: only this group handles it."""

Raw = str | bytes


class NotAnEventError(Exception):
    """A record that no attempt can mend; `str()` names what is wrong and never repeats a value."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as its readers see it: the event for the type's handler and the one for the batch handler."""

    id: UUID
    traceparent: str | None
    event: Event | None
    handler: Handler | None
    raw_event: Event | None


@dataclass(slots=True)
class Subscription:
    """Handlers of one topic and group."""

    topic: Topic
    group: str
    batch_handler: BatchHandler | None = None
    handlers: dict[str, tuple[type[Event], Handler]] = field(default_factory=dict)
    spacing_s: float = SPACING_S

    def add_batch(self, handler: BatchHandler, spacing_s: float) -> None:
        """Set the handler of everything, and the least time between two of its batches."""
        self.batch_handler, self.spacing_s = handler, spacing_s

    def add(self, handlers: Mapping[type[Fact], Handler]) -> None:
        """Add handlers by type; two for one type are a mistake."""
        for fact, handler in handlers.items():
            if fact.event_type in self.handlers:
                raise ValueError(f"{self.group} has two handlers for {fact.event_type}")
            self.handlers[fact.event_type] = (CloudEvent[fact], handler)  # type: ignore[valid-type] # a run-time model

    def decode(self, raw: Raw) -> Delivery | None:
        """The delivery, or None when this group has no use for the record; raises NotAnEventError."""
        envelope = parse(raw)
        if envelope.get(REPLAY_FOR, self.group) != self.group:
            return None
        known = self.handlers.get(envelope["type"])
        if known is None and self.batch_handler is None:
            return None
        event = _validated(known[0], raw) if known else None
        raw_event = _validated(Event, raw) if self.batch_handler else None
        one = event or raw_event
        if one is None:
            return None
        return Delivery(one.id, one.traceparent, event, known[1] if known else None, raw_event)


class Subscriptions:
    """All subscriptions of one bus, one for each topic and group."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], Subscription] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._by_key.values())

    def of(self, topic: Topic, group: str) -> Subscription:
        """The one of this topic and group, made if it is new."""
        return self._by_key.setdefault((topic.name, group), Subscription(topic, group))


def parse(raw: Raw) -> dict[str, Any]:
    """The JSON object of a CloudEvent; raises NotAnEventError for anything else."""
    try:
        envelope = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotAnEventError("not JSON") from error
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise NotAnEventError("not a CloudEvent 1.0")
    if not (isinstance(envelope.get("type"), str) and isinstance(envelope.get("id"), str)):
        raise NotAnEventError("a CloudEvent without id or type")
    return envelope


def _validated(model: type[Event], raw: Raw) -> Event:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in problem["loc"][:4]) for problem in error.errors()})
        raise NotAnEventError("invalid: " + ", ".join(places[:10])) from error
