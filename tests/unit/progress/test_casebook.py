"""One open alert per trigger and topic: further evidence is added, passing the exercise closes it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.progress.casebook import Casebook
from learnflow.services.progress.struggle import SEVERITIES, Sighting

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LISTS = "data-structures/lists"


def seen(*ids: str, topic: str | None = LISTS, minute: int = 0, exercise: str = "drums") -> Sighting:
    at = NOW + timedelta(minutes=minute)
    return Sighting("same_error", topic, at, at, ids, {"error_type": "NameError"}, (exercise,))


def test_further_evidence_is_added_to_the_open_alert() -> None:
    book = Casebook(uuid4())
    book.see(seen("a", "b", "c"))
    book.see(seen("b", "c", "d", minute=1, exercise="stairs"))
    (alert,) = book.alerts.values()
    assert (alert.times, alert.exercises, alert.exercise_id) == (4, ["drums", "stairs"], "stairs")
    assert (alert.since, alert.last_seen_at) == (NOW, NOW + timedelta(minutes=1))
    assert (book.new, book.more) == ([alert], [])


def test_the_same_evidence_again_changes_nothing() -> None:
    book = Casebook(uuid4())
    book.see(seen("a", "b", "c"))
    known = Casebook(book.student_id, dict(book.alerts))
    known.see(seen("a", "b", "c"))
    assert not list(known.changed)


def test_another_topic_is_another_alert() -> None:
    book = Casebook(uuid4())
    for topic in (LISTS, None, "basics/variables"):
        book.see(seen("a", topic=topic))
    assert len(book.new) == 3


def test_passing_the_exercise_closes_its_alert_and_no_other() -> None:
    book = Casebook(uuid4())
    book.see(seen("a"))
    book.see(seen("a", topic=None, exercise="stairs"))
    book.passed("drums", NOW)
    assert [alert.topic_id for alert in book.closed] == [LISTS]
    assert book.used_until == {("same_error", LISTS): NOW}
    assert (book.closed[0].state, book.closed[0].resolution) == ("resolved", "passed")


def test_passing_what_a_teacher_assigned_on_the_topic_closes_it_too() -> None:
    book = Casebook(uuid4())
    book.see(seen("a"))
    book.practise("easy-one", LISTS)
    book.practise("elsewhere", "basics/variables")
    book.passed("elsewhere", NOW)
    assert not book.closed
    book.passed("easy-one", NOW)
    assert len(book.closed) == 1


def test_after_it_was_closed_a_new_alert_is_opened() -> None:
    book = Casebook(uuid4())
    book.see(seen("a"))
    book.passed("drums", NOW)
    book.see(seen("b", minute=1))
    assert [alert.state for alert in book.new] == ["resolved", "open"]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_severity_never_falls_and_each_id_counts_once(numbers: list[int]) -> None:
    book = Casebook(uuid4())
    severity = 0
    for number in numbers:
        book.see(seen(str(number), minute=number))
        (alert,) = book.alerts.values()
        assert SEVERITIES.index(alert.severity) >= severity
        severity = SEVERITIES.index(alert.severity)
    assert alert.times == len(set(numbers))
