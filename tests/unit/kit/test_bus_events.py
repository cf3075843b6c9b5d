"""Events as they travel: partitions, envelopes, and what a subscription makes of raw records."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.contracts.events import CodeExecuted, ConceptExplained
from learnflow.contracts.topics import PROGRESS_EVENTS
from learnflow.kit.bus.base import Event, new_event, partition_of
from learnflow.kit.bus.outbox import to_json
from learnflow.kit.bus.subscription import REPLAY_FOR, NotAnEventError, Subscription, Subscriptions
from learnflow.kit.database import Transaction
from learnflow.kit.tracing import continued
from learnflow.kit.wakeups import BACKOFF_MAX_S, next_backoff

STUDENT = UUID("6f1f5d1e-5f0c-4c2c-9c39-0d6a8e6b7a11")


async def handle(_tx: Transaction, _event: Event) -> None:
    return None


async def handle_all(_tx: Transaction, _events: Sequence[Event]) -> None:
    return None


def event() -> Event:
    data = CodeExecuted(execution_id=uuid4(), status="ok", duration_ms=1)
    return new_event(data, source="/learnflow/tests", student_id=STUDENT, correlation_id=uuid4())


@pytest.fixture
def subscription() -> Subscription:
    subscription = Subscription(PROGRESS_EVENTS, "group")
    subscription.add({CodeExecuted: handle})
    return subscription


def test_a_key_keeps_its_partition_from_release_to_release() -> None:
    assert [partition_of(str(STUDENT), count) for count in (4, 8)] == [2, 6]


@given(st.text(), st.integers(1, 64))
def test_every_key_has_a_partition(key: str, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions


def test_subject_and_partition_key_are_the_student() -> None:
    assert event().subject == event().partitionkey == str(STUDENT)


def test_an_event_carries_the_trace_it_was_made_in() -> None:
    with continued("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "test"):
        made = event()
    assert made.traceparent is not None
    assert made.traceparent.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert made.traceid == made.traceparent


def test_absent_attributes_are_left_out_and_not_null() -> None:
    made = event().model_copy(update={"traceparent": None, "traceid": None})
    assert not {"traceparent", "traceid"} & orjson.loads(to_json(made)).keys()


def test_a_known_type_becomes_its_model(subscription: Subscription) -> None:
    sent = event()
    delivery = subscription.decode(to_json(sent))
    assert delivery is not None
    assert delivery.event == sent
    assert delivery.handler is handle


def test_fields_of_a_later_release_are_ignored(subscription: Subscription) -> None:
    envelope = orjson.loads(to_json(event()))
    envelope["data"]["mood"] = "sunny"
    assert subscription.decode(orjson.dumps(envelope)) is not None


def test_an_unknown_type_is_skipped(subscription: Subscription) -> None:
    data = ConceptExplained(concept="loops", topic_id="loops.for", level="beginner")
    other = new_event(data, source="/learnflow/tests", student_id=STUDENT, correlation_id=uuid4())
    assert subscription.decode(to_json(other)) is None


def test_a_replay_is_for_the_named_group_alone(subscription: Subscription) -> None:
    envelope = orjson.loads(to_json(event()))
    assert subscription.decode(orjson.dumps({**envelope, REPLAY_FOR: "another"})) is None
    assert subscription.decode(orjson.dumps({**envelope, REPLAY_FOR: "group"})) is not None


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'"text"', b"\xff", b'{"specversion": "1.0", "id": 7}'])
def test_what_is_no_event_is_refused(subscription: Subscription, raw: bytes) -> None:
    with pytest.raises(NotAnEventError):
        subscription.decode(raw)


def test_the_reason_of_a_refusal_names_the_place_and_not_the_value(subscription: Subscription) -> None:
    envelope = orjson.loads(to_json(event()))
    envelope["data"]["status"] = "a private word"
    with pytest.raises(NotAnEventError) as refused:
        subscription.decode(orjson.dumps(envelope))
    assert "data.status" in str(refused.value)
    assert "private" not in str(refused.value)


def test_a_batch_handler_sees_the_data_as_it_travelled() -> None:
    subscription = Subscription(PROGRESS_EVENTS, "group", handle_all)
    delivery = subscription.decode(to_json(event()))
    assert delivery is not None
    assert delivery.raw_event is not None
    assert delivery.raw_event.data["status"] == "ok"
    assert delivery.event is None


def test_two_handlers_for_one_type_are_refused(subscription: Subscription) -> None:
    with pytest.raises(ValueError, match="two handlers"):
        subscription.add({CodeExecuted: handle})


def test_a_topic_and_group_have_one_subscription() -> None:
    subscriptions = Subscriptions()
    assert subscriptions.of(PROGRESS_EVENTS, "a") is subscriptions.of(PROGRESS_EVENTS, "a")
    assert subscriptions.of(PROGRESS_EVENTS, "a") is not subscriptions.of(PROGRESS_EVENTS, "b")
    assert len(list(subscriptions)) == 2


def test_pauses_before_reconnecting_grow_to_a_second() -> None:
    pauses, pause = [], 0.0
    for _ in range(20):
        pause = next_backoff(pause)
        pauses.append(pause)
    assert pauses[0] == 0.05
    assert pauses == sorted(pauses)
    assert pauses[-1] == BACKOFF_MAX_S
