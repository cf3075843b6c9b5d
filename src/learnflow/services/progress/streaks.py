"""Consecutive active days, in the student's own time zone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
CONSISTENCY_WINDOW_DAYS = 30
CONSISTENCY_WINDOW = timedelta(days=CONSISTENCY_WINDOW_DAYS + 1)
"""Looked at: a day more than counts, because a zone's today may be our tomorrow."""


@dataclass(frozen=True, slots=True)
class Streak:
    """`current` ends today or yesterday (today is not over yet); `longest` is the longest ever."""

    current: int
    longest: int


def zone_named(name: str | None) -> tzinfo:
    """The time zone of that name; UTC when nobody knows it."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The calendar day of an aware moment where the student lives."""
    return moment.astimezone(zone).date()


def streak_of(days: Collection[date], today: date) -> Streak:
    """The running and the longest streak of a set of active days; days after `today` do not count."""
    active = {day for day in days if day <= today}
    last = today if today in active else today - _DAY
    longest = max((_run_until(day, active) for day in active if day + _DAY not in active), default=0)
    return Streak(_run_until(last, active), longest)


def _run_until(day: date, active: Collection[date]) -> int:
    run = 0
    while day in active:
        run += 1
        day -= _DAY
    return run


def days_in_window(days: Collection[date], today: date) -> int:
    """Active days among the last 30, today included."""
    first = today - (CONSISTENCY_WINDOW_DAYS - 1) * _DAY
    return sum(first <= day <= today for day in set(days))
