"""What goes over a socket."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from learnflow.contracts.events import (
    AnswerFinished,
    AnswerPart,
    ConceptExplained,
    HintGiven,
    NoticeSent,
    StruggleDetected,
    StruggleResolved,
)
from learnflow.contracts.sealed import SealedText
from learnflow.services.websocket.frames import SHOWN, alert_frames, encoded, frame_of, with_opened

STUDENT = uuid4()
QUERY = uuid4()
SEALED = SealedText("lf1.abc")


def test_part_zero_says_who_answers() -> None:
    part = AnswerPart(query_id=QUERY, agent="debug", part_no=0, intent="debug", confidence=0.9, reasons=("because",))
    frame = frame_of(STUDENT, part)
    assert frame.type == "agent"
    assert frame.data["reasons"] == ["because"]
    assert "text" not in frame.data


def test_later_parts_and_the_answer_keep_their_text_sealed() -> None:
    part = frame_of(STUDENT, AnswerPart(query_id=QUERY, agent="concepts", part_no=1, text=SEALED))
    answer = frame_of(STUDENT, AnswerFinished(query_id=QUERY, agent="concepts", answer=SEALED))
    assert (part.type, part.data["text"]) == ("part", SEALED)
    assert (answer.type, answer.data["answer"]) == ("answer", SEALED)


def test_a_hint_becomes_a_notice_of_its_kind() -> None:
    frame = frame_of(STUDENT, HintGiven(query_id=QUERY, rung=2))
    assert frame.type == "notice"
    assert frame.data["kind"] == "hint_given"
    assert frame.data["rung"] == 2


def test_a_notice_names_its_own_kind_and_keeps_its_texts_sealed() -> None:
    frame = frame_of(STUDENT, NoticeSent(notice_id=QUERY, kind="assignment", title=SEALED, message=SEALED))
    assert (frame.type, frame.data["kind"]) == ("notice", "assignment")
    assert (frame.data["title"], frame.data["message"]) == (SEALED, SEALED)


def test_an_alert_is_a_frame_for_each_teacher_and_none_for_the_student() -> None:
    teachers = [UUID(int=2), UUID(int=1)]
    fact = StruggleDetected(
        alert_id=QUERY,
        trigger="same_error",
        severity="high",
        since=datetime(2026, 11, 21, tzinfo=UTC),
        evidence={"times": 3},
    )
    frames = alert_frames(STUDENT, fact, teachers)
    assert [(frame.user_id, frame.type) for frame in frames] == [(UUID(int=1), "alert"), (UUID(int=2), "alert")]
    data = frames[0].data
    assert (data["student_id"], data["state"], data["evidence"]) == (str(STUDENT), "open", {"times": 3})
    closed = StruggleResolved(alert_id=QUERY, trigger="same_error", reason="passed")
    assert alert_frames(STUDENT, closed, teachers)[0].data["state"] == "resolved"
    assert alert_frames(STUDENT, closed, []) == []


def test_every_type_that_is_shown_is_known_by_its_name() -> None:
    assert SHOWN[ConceptExplained.event_type] is ConceptExplained
    assert all(name == fact.event_type for name, fact in SHOWN.items())


def test_a_frame_is_id_type_and_data() -> None:
    assert json.loads(encoded(7, "part", {"query_id": QUERY})) == {
        "id": 7,
        "type": "part",
        "data": {"query_id": str(QUERY)},
    }


def test_opened_details_are_an_object_and_not_a_text() -> None:
    assert with_opened({"agent": "debug"}, {"answer": "Look.", "details": '{"line": 3}'}) == {
        "agent": "debug",
        "answer": "Look.",
        "details": {"line": 3},
    }


@pytest.mark.parametrize("frame_id", [None, 1, 2**62])
def test_ids_stay_what_they_are(frame_id: int | None) -> None:
    assert json.loads(encoded(frame_id, "pong", {}))["id"] == frame_id


def test_a_frame_belongs_to_the_student_of_its_event() -> None:
    assert frame_of(UUID(int=5), HintGiven(rung=1)).user_id == UUID(int=5)
