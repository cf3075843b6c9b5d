"""Consecutive active days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.progress.streaks import Streak, day_of, days_in_window, streak_of, zone_named

TODAY = date(2026, 3, 30)
day_sets = st.sets(st.integers(0, 60)).map(lambda ages: {TODAY - timedelta(days=age) for age in ages})


def ago(*days: int) -> list[date]:
    return [TODAY - timedelta(days=number) for number in days]


@pytest.mark.plan("P-RULE-streak")
def test_three_days_until_today_are_a_streak_of_three() -> None:
    assert streak_of(ago(0, 1, 2), TODAY) == Streak(3, 3)


def test_a_streak_still_runs_while_today_is_not_over() -> None:
    assert streak_of(ago(1, 2), TODAY).current == 2


def test_a_streak_ends_after_a_day_without_activity() -> None:
    assert streak_of(ago(2, 3, 4), TODAY) == Streak(0, 3)


@pytest.mark.plan("P-RULE-streak")
def test_the_longest_streak_is_kept() -> None:
    assert streak_of(ago(0, 10, 11, 12, 13), TODAY) == Streak(1, 4)


def test_nobody_has_a_streak_before_the_first_day() -> None:
    assert streak_of([], TODAY) == Streak(0, 0)


def test_a_day_in_the_future_does_not_count() -> None:
    assert streak_of(ago(-1), TODAY) == Streak(0, 0)
    assert days_in_window(ago(-1, 0, 29, 30), TODAY) == 2


@given(day_sets)
def test_the_longest_is_never_shorter_than_the_current(days: set[date]) -> None:
    streak = streak_of(days, TODAY)
    assert 0 <= streak.current <= streak.longest <= len(days)


@given(day_sets)
def test_one_more_active_day_never_shortens_a_streak(days: set[date]) -> None:
    before, after = streak_of(days, TODAY), streak_of(days | {TODAY}, TODAY)
    assert after.current >= before.current
    assert after.longest >= before.longest


def test_midnight_is_where_the_student_lives() -> None:
    moment = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    assert day_of(moment, zone_named("Europe/Berlin")) == date(2026, 3, 30)
    assert day_of(moment, zone_named("America/New_York")) == date(2026, 3, 29)


def test_an_unknown_time_zone_counts_as_utc() -> None:
    for name in ("Mars/Olympus", "", None, "../etc/passwd", "\x00"):
        assert day_of(datetime(2026, 1, 1, 23, tzinfo=UTC), zone_named(name)) == date(2026, 1, 1)
