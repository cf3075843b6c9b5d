"""What goes over a socket: frames {id, type, data}, and how a fact becomes one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from learnflow.contracts.events import (
    AnswerFinished,
    AnswerPart,
    CodeExecuted,
    ConceptExplained,
    Fact,
    HintGiven,
    NoticeSent,
    StruggleDetected,
    StruggleResolved,
)

FrameType = Literal["agent", "part", "answer", "notice", "alert"]
"""agent: who answers and why; part: a piece of an answer; answer: all of it; notice: something else happened; alert:
a student of this teacher needs help, or does not any more."""

SEALED_FIELDS = ("text", "answer", "clarification", "details", "title", "message")
"""The fields of a stored frame that hold sealed text."""

NOTICES: dict[type[Fact], str] = {
    HintGiven: "hint_given",
    ConceptExplained: "concept_explained",
    CodeExecuted: "code_executed",
    NoticeSent: "notice",
}
"""Facts that are shown as a notice, and the `kind` they are shown under; a notice to a person names its own kind."""

ALERTS: dict[type[Fact], str] = {StruggleDetected: "open", StruggleResolved: "resolved"}
"""Facts that the student's own teachers see, and the alert's `state`."""


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A frame that has no place in its student's stream yet; texts are sealed."""

    user_id: UUID
    type: FrameType
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame as it rests: `seq` is its place in the student's stream, texts are sealed."""

    user_id: UUID
    seq: int
    type: str
    data: dict[str, Any]


_SHOWN: tuple[type[Fact], ...] = (AnswerPart, AnswerFinished, *NOTICES, *ALERTS)
SHOWN: dict[str, type[Fact]] = {fact.event_type: fact for fact in _SHOWN}
"""The types of events that become frames; all others are nobody's to see here."""


def frame_of(student_id: UUID, fact: Fact) -> NewFrame:
    """The frame under which a fact is kept for the socket."""
    data = fact.model_dump(mode="json", exclude_none=True)
    if isinstance(fact, AnswerPart):
        return NewFrame(student_id, "agent" if fact.part_no == 0 else "part", data)
    if isinstance(fact, AnswerFinished):
        return NewFrame(student_id, "answer", data)
    return NewFrame(student_id, "notice", {"kind": NOTICES[type(fact)], **data})


def alert_frames(student_id: UUID, fact: Fact, teacher_ids: Sequence[UUID]) -> list[NewFrame]:
    """The frames of an alert, one for each teacher; it holds ids, counts and error types, no text of the student's."""
    about = {"student_id": str(student_id), "state": ALERTS[type(fact)]}
    data = {**about, **fact.model_dump(mode="json", exclude_none=True)}
    return [NewFrame(teacher_id, "alert", data) for teacher_id in sorted(teacher_ids)]


def encoded(frame_id: int | None, kind: str, data: Mapping[str, Any]) -> str:
    """A frame as it is sent; `id` is the number in the student's stream, null for what is not kept."""
    return orjson.dumps({"id": frame_id, "type": kind, "data": data}).decode()


def with_opened(data: Mapping[str, Any], opened: Mapping[str, str]) -> dict[str, Any]:
    """The data with its opened texts; `details` is a JSON text and becomes the object it stands for."""
    merged = {**data, **opened}
    if "details" in opened:
        merged["details"] = orjson.loads(opened["details"])
    return merged
