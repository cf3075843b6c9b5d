"""Who waits for an answer is woken by it, and by nothing else."""

from uuid import uuid4

import pytest

from learnflow.services.api_gateway.questions.api import wait_preferred
from learnflow.services.api_gateway.questions.waiting import WaitingRoom


def test_all_who_wait_for_a_question_are_woken_by_it() -> None:
    room, question = WaitingRoom(), uuid4()
    with room.seat(question) as first, room.seat(question) as second:
        room.wake(str(question))
        assert first.is_set()
        assert second.is_set()


def test_another_question_wakes_nobody() -> None:
    room = WaitingRoom()
    with room.seat(uuid4()) as waiter:
        room.wake(str(uuid4()))
        assert not waiter.is_set()


def test_after_a_lost_connection_everybody_looks_again() -> None:
    room = WaitingRoom()
    with room.seat(uuid4()) as first, room.seat(uuid4()) as second:
        room.wake("")
        assert first.is_set()
        assert second.is_set()


def test_who_has_left_is_forgotten() -> None:
    room, question = WaitingRoom(), uuid4()
    with room.seat(question):
        pass
    assert not room.is_waited_for(question)


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("wait=5", 5),
        ("respond-async, wait=3", 3),
        ("wait=100", 10),
        ("wait=-1", 0),
        ("wait=abc", 0),
        ("await=5", 0),
        (None, 0),
    ],
)
def test_the_preferred_wait_is_read_and_bounded(prefer: str | None, expected: float) -> None:
    assert wait_preferred(prefer, longest_s=10) == expected
