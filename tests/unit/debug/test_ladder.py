"""The ladder: when a rung opens, to the second, and that nothing opens two at once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.debug import ladder
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.ladder import Rung, climb, may_climb
from learnflow.services.debug.program import Program

NOW = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)
FIRST = Rung(1, NOW, 1, "IndexError range-includes-end", ("a",))
SAME = FIRST.finding


@pytest.mark.parametrize(
    ("later", "attempt", "opens"),
    [
        (timedelta(seconds=119, milliseconds=999), "a", False),
        (timedelta(minutes=2), "a", True),
        (timedelta(0), "b", True),
        (timedelta(0), "a", False),
        (timedelta(0), None, False),
        (timedelta(minutes=2), None, True),
    ],
)
def test_the_next_rung_opens_after_a_new_attempt_or_two_minutes(
    later: timedelta, attempt: str | None, opens: bool
) -> None:
    assert may_climb(FIRST, attempt, NOW + later) is opens


def test_the_first_question_gets_the_first_rung_whatever_is_asked_for() -> None:
    assert climb(None, asked=4, attempt="a", finding=SAME, now=NOW).shown == 1


def test_a_question_without_a_wish_gets_the_next_rung_if_it_is_open() -> None:
    assert climb(FIRST, asked=None, attempt="b", finding=SAME, now=NOW).shown == 2
    assert climb(FIRST, asked=None, attempt="a", finding=SAME, now=NOW).shown == 1


def test_one_attempt_opens_one_rung_only_once() -> None:
    second = climb(FIRST, asked=2, attempt="b", finding=SAME, now=NOW)
    back = climb(second, asked=3, attempt="a", finding=SAME, now=NOW)
    again = climb(back, asked=3, attempt="b", finding=SAME, now=NOW)
    assert (second.shown, back.shown, again.shown) == (2, 2, 2)


def test_a_lower_rung_can_be_read_again_and_spends_nothing() -> None:
    second = climb(FIRST, asked=2, attempt="b", finding=SAME, now=NOW)
    lower = climb(second, asked=1, attempt="c", finding=SAME, now=NOW + timedelta(minutes=1))
    assert (lower.shown, lower.open, lower.opened_at) == (1, 2, NOW)
    assert climb(lower, asked=3, attempt="c", finding=SAME, now=NOW + timedelta(minutes=1)).shown == 3


def test_another_cause_begins_with_a_question_while_the_open_rung_stays_open() -> None:
    third = Rung(3, NOW, 3, SAME, ("a",))
    other = climb(third, asked=None, attempt="b", finding="NameError name-typo", now=NOW)
    assert (other.shown, other.open) == (1, 3)
    assert climb(other, asked=None, attempt="b", finding="NameError name-typo", now=NOW).shown == 2


def test_the_last_rung_is_the_fourth_and_nothing_opens_after_it() -> None:
    last = Rung(4, NOW, 4, SAME, ("a",))
    assert last.next_opens_at is None
    assert climb(last, asked=None, attempt="z", finding=SAME, now=NOW + timedelta(days=1)).shown == 4


def test_the_time_of_the_next_rung_is_two_minutes_after_the_last_one_opened() -> None:
    assert FIRST.next_opens_at == NOW + timedelta(minutes=2)


@given(
    st.lists(
        st.tuples(st.integers(1, 4) | st.none(), st.sampled_from(["a", "b", "c", None]), st.integers(0, 200)),
        min_size=1,
        max_size=30,
    )
)
def test_no_order_of_questions_opens_more_than_one_rung_at_a_time(
    questions: list[tuple[int | None, str | None, int]],
) -> None:
    rung: Rung | None = None
    now = NOW
    for asked, attempt, seconds in questions:
        now += timedelta(seconds=seconds)
        before = rung.open if rung else 0
        rung = climb(rung, asked=asked, attempt=attempt, finding=SAME, now=now)
        assert before <= rung.open <= min(before + 1, 4)
        assert 1 <= rung.shown <= rung.open


PROGRAM = Program.from_source(
    "a = 1\n\ndef work(items):\n    for item in items:\n        best = item\n    return best\n"
)
FINDING = Finding("loop-always-runs", 5, "A fact.", "A question?", "A cause.")


def test_each_rung_shows_its_own_piece() -> None:
    hints = [ladder.hint(FINDING, level, PROGRAM) for level in (1, 2, 3, 4)]
    assert hints[0] == "A question?"
    assert hints[1].startswith("Look at lines 3 to 6.")
    assert hints[2].startswith("A cause.")
    assert "```python" in hints[3]


def test_the_last_rung_shows_the_student_s_own_lines_with_the_faulty_one_blank() -> None:
    shown = ladder.hint(FINDING, 4, PROGRAM)
    assert "        ________  # line 5" in shown
    assert "best = item" not in shown
    assert "def work(items):" in shown


def test_without_the_program_the_last_rung_has_the_example_alone() -> None:
    assert "________" not in ladder.hint(FINDING, 4, None)


def test_a_class_s_ceiling_holds_for_what_was_open_before_and_opens_again_when_it_is_lifted() -> None:
    third = Rung(3, NOW, 3, SAME, ("a",))
    low = climb(third, asked=4, attempt="b", finding=SAME, now=NOW, ceiling=2)
    assert (low.shown, low.open, low.next_opens_at) == (2, 3, None)
    assert climb(low, asked=3, attempt="a", finding=SAME, now=NOW).shown == 3


@given(st.integers(1, 4), st.integers(1, 4) | st.none(), st.integers(1, 4))
def test_no_wish_gets_above_the_ceiling(opened: int, asked: int | None, ceiling: int) -> None:
    rung = Rung(opened, NOW, opened, SAME, ("a",))
    assert climb(rung, asked=asked, attempt="b", finding=SAME, now=NOW, ceiling=ceiling).shown <= ceiling
