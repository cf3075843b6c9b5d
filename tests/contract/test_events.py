"""Events against what is published about them: schemas, topics, readers and writers."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import (
    EVENTS,
    AnswerFinished,
    AnswerPart,
    CodeExecuted,
    CodeReviewed,
    CodeSubmitted,
    ConceptExplained,
    ConceptRequested,
    DebugRequested,
    ExerciseAssigned,
    ExerciseGenerated,
    ExerciseGraded,
    ExerciseOpened,
    ExerciseRequested,
    ExerciseSubmitted,
    Fact,
    HintGiven,
    LessonGenerated,
    LessonRequested,
    MasteryChanged,
    NoticeSent,
    ProgressRequested,
    QuestionAsked,
    QuizGraded,
    ReviewRequested,
    StruggleDetected,
    StruggleResolved,
    StudentActive,
)
from learnflow.contracts.services import SERVICES
from learnflow.contracts.topics import TOPICS
from tools.reference.documents import ROOT

SEALED = "lf1.c2VhbGVkIHRleHQ"
QUERY_ID = "11111111-2222-4333-8444-555555555555"
REQUEST = {"query_id": QUERY_ID, "query": SEALED, "code": SEALED, "intent": "concepts", "confidence": 0.8}
TOPIC = "control-flow/for-loops"
EXERCISE = {"exercise_id": f"{TOPIC}/drums", "topic_id": TOPIC}
ATTEMPT = EXERCISE | {"submission_id": QUERY_ID, "attempt_no": 2, "rung": 1, "aided": True, "helped_by": "debug"}
LESSON = {"module_id": "control-flow", "topic_id": TOPIC, "lesson_type": "topic", "difficulty": "low"}
EXAMPLES: dict[type[Fact], dict[str, Any]] = {
    QuestionAsked: {"query_id": QUERY_ID, "query": SEALED, "context": {"topic_id": "control-flow/for-loops"}},
    AnswerPart: {"query_id": QUERY_ID, "agent": "concepts", "part_no": 1, "text": SEALED},
    AnswerFinished: {"query_id": QUERY_ID, "agent": "debug", "answer": SEALED, "hint_level": 1, "hint_levels": 4},
    ConceptRequested: REQUEST,
    LessonRequested: REQUEST | {"intent": "lesson"},
    ConceptExplained: {"concept": "for-loops", "topic_id": "control-flow/for-loops", "level": "Beginner"},
    DebugRequested: REQUEST | {"intent": "debug", "error": SEALED},
    HintGiven: {"query_id": QUERY_ID, "error_type": "IndexError", "rung": 2},
    ReviewRequested: REQUEST | {"intent": "code_review"},
    CodeExecuted: {"execution_id": QUERY_ID, "status": "error", "error_type": "NameError", "duration_ms": 12.5},
    ExerciseRequested: REQUEST | {"intent": "exercise"},
    ProgressRequested: REQUEST | {"intent": "progress", "clarification": SEALED},
    CodeSubmitted: EXERCISE | {"submission_id": QUERY_ID, "code": SEALED, "score": 75},
    CodeReviewed: EXERCISE
    | {
        "review_id": QUERY_ID,
        "quality_score": 81,
        "correctness": 100,
        "style": 60,
        "efficiency": 80,
        "readability": 70,
    },
    LessonGenerated: LESSON | {"lesson_id": QUERY_ID},
    ExerciseGenerated: EXERCISE | {"difficulty": "easy"},
    ExerciseOpened: EXERCISE,
    ExerciseSubmitted: ATTEMPT,
    ExerciseGraded: ATTEMPT
    | {"difficulty": "easy", "passed": False, "score": 50, "tests_passed": 3, "tests_total": 6}
    | {"error_type": "wrong_result", "core": True},
    ExerciseAssigned: EXERCISE | {"assignment_id": QUERY_ID, "assigned_by": QUERY_ID, "due_at": "2026-12-01T12:00:00Z"},
    QuizGraded: {"attempt_id": QUERY_ID, "quiz_id": TOPIC, "topic_id": TOPIC, "score": 80, "right": 4, "questions": 5},
    StudentActive: EXERCISE | {"kind": "heartbeat"},
    MasteryChanged: {"topic_id": TOPIC, "module_id": "control-flow", "mastery": 68, "level": "Learning"}
    | {"exercises": 100, "quiz": 80, "quality": 0, "consistency": 40, "module_mastery": 17},
    StruggleDetected: EXERCISE
    | {"alert_id": QUERY_ID, "trigger": "same_error", "severity": "medium", "since": "2026-11-21T12:00:00Z"}
    | {"evidence": {"error_type": "NameError", "times": 3}},
    StruggleResolved: EXERCISE | {"alert_id": QUERY_ID, "trigger": "same_error", "reason": "passed"},
    NoticeSent: {"notice_id": QUERY_ID, "kind": "assignment", "title": SEALED, "message": SEALED},
}
FACTS = pytest.mark.parametrize("fact", EVENTS.values(), ids=EVENTS)


def published_schema(fact: type[Fact]) -> Draft202012Validator:
    text = (ROOT / "docs/reference/events" / f"{fact.event_type}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text), format_checker=FormatChecker())


def example(fact: type[Fact], **changes: object) -> dict[str, Any]:
    """An event of this type as it travels."""
    student = "99999999-2222-4333-8444-555555555555"
    envelope = {
        "source": "/learnflow/tests",
        "type": fact.event_type,
        "subject": student,
        "partitionkey": student,
        "correlationid": QUERY_ID,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": EXAMPLES[fact] | changes,
    }
    event = CloudEvent[fact].model_validate(envelope)  # type: ignore[valid-type]  # the table is what makes the type
    sent: dict[str, Any] = event.model_dump(mode="json")
    return sent


def test_every_event_has_an_example() -> None:
    assert set(EXAMPLES) == set(EVENTS.values())


@pytest.mark.plan("P-EVT-schema")
@FACTS
def test_an_event_validates_against_its_published_schema(fact: type[Fact]) -> None:
    assert [error.message for error in published_schema(fact).iter_errors(example(fact))] == []


@FACTS
def test_the_published_schema_refuses_the_type_of_another_event(fact: type[Fact]) -> None:
    assert list(published_schema(fact).iter_errors(example(fact) | {"type": "learnflow.other.fact.v1"}))


@pytest.mark.plan("P-EVT-sealed")
@pytest.mark.parametrize("fact", [QuestionAsked, AnswerFinished, DebugRequested])
def test_plain_text_in_a_sealed_field_validates_nowhere(fact: type[Fact]) -> None:
    event = example(fact)
    name = "answer" if fact is AnswerFinished else "query"
    event["data"][name] = "my own words"
    assert list(published_schema(fact).iter_errors(event))
    with pytest.raises(ValueError, match=name):
        fact.model_validate(event["data"])


@pytest.mark.plan("P-EVT-tolerant")
@FACTS
def test_a_reader_is_tolerant_of_a_field_that_a_later_release_adds(fact: type[Fact]) -> None:
    event = example(fact) | {"extension": "x"}
    event["data"]["from_the_future"] = 1
    read = CloudEvent[fact].model_validate(event)  # type: ignore[valid-type]  # the table is what makes the type
    assert read.id == UUID(event["id"])
    assert list(published_schema(fact).iter_errors(event)) == []


@pytest.mark.plan("P-EVT-envelope")
@FACTS
def test_the_type_says_area_and_fact(fact: type[Fact]) -> None:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in fact.__name__).strip("_")
    assert fact.event_type.split(".")[2:] == [words, "v1"]


@FACTS
def test_an_event_travels_on_a_topic_that_somebody_writes_and_somebody_reads(fact: type[Fact]) -> None:
    assert any(fact.topic in service.writes for service in SERVICES.values())
    assert any(fact.topic in service.reads for service in SERVICES.values())


@pytest.mark.parametrize("name", TOPICS)
@pytest.mark.plan("P-TOPIC-writers")
def test_a_topic_that_somebody_reads_has_a_writer(name: str) -> None:
    readers = [service.name for service in SERVICES.values() if TOPICS[name] in service.reads]
    writers = [service.name for service in SERVICES.values() if TOPICS[name] in service.writes]
    assert readers
    assert writers


@pytest.mark.plan("P-TOPIC-progress")
def test_progress_reads_every_topic() -> None:
    assert set(SERVICES["progress"].reads) == set(TOPICS.values())


@pytest.mark.plan("P-TOPIC-exercise.requests")
def test_the_ninth_topic_carries_requests_from_triage_to_exercise() -> None:
    topic = TOPICS["exercise.requests"]
    assert topic in SERVICES["triage"].writes
    assert topic in SERVICES["exercise"].reads
    assert ExerciseRequested.topic == topic
