"""Facts as they come in a batch, read into their models."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from pydantic import ValidationError

from learnflow.contracts.events import EVENTS, Fact
from learnflow.kit.bus.base import Event

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StudentFact:
    """One fact about one student."""

    student_id: UUID
    time: datetime
    fact: Fact
    correlation_id: UUID
    traceparent: str | None = None


def read_facts(events: Iterable[Event], types: Collection[str]) -> list[StudentFact]:
    """The facts of these types; one that does not fit its model stays in the log and counts nowhere."""
    read: list[StudentFact] = []
    for event in events:
        fact = read_fact(event.type, event.data) if event.type in types else None
        if fact is not None:
            read.append(
                StudentFact(UUID(event.subject), event.time, fact, UUID(event.correlationid), event.traceparent)
            )
    return read


def read_fact(event_type: str, data: object) -> Fact | None:
    """The fact, or None when it does not fit its model."""
    try:
        return EVENTS[event_type].model_validate(data)
    except ValidationError as error:
        log.warning("progress.fact.unreadable", type=event_type, faults=error.error_count())
        return None
