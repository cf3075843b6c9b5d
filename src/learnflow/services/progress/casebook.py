"""A student's alerts while facts come in: opened, added to, closed; what changed is then written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from learnflow.contracts.events.struggle import Severity, Trigger
from learnflow.services.progress.struggle import SEVERITIES, Evidence, Sighting, severity_of

AlertState = Literal["open", "acknowledged", "snoozed", "resolved"]
Place = tuple[Trigger, str | None]
"""A trigger on a topic: of these one alert is open at most."""
KEPT_IDS = 100


@dataclass(slots=True)
class Alert:
    """A student who needs help; `exercises` are those whose passing closes it."""

    id: UUID
    student_id: UUID
    trigger: Trigger
    topic_id: str | None
    exercise_id: str | None
    exercises: list[str]
    severity: Severity
    state: AlertState
    since: datetime
    last_seen_at: datetime
    times: int
    evidence: Evidence
    seen_ids: list[str]
    acknowledged_by: UUID | None = None
    acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: UUID | None = None
    resolution: Literal["passed", "resolved_by_teacher"] | None = None

    @property
    def place(self) -> Place:
        return self.trigger, self.topic_id

    def take(self, seen: Sighting) -> bool:
        """Add further evidence; False when nothing of it is new."""
        fresh = [one for one in seen.ids if one not in self.seen_ids]
        if not fresh:
            return False
        self.times += len(fresh)
        self.seen_ids = [*self.seen_ids, *fresh][-KEPT_IDS:]
        self.since = min(self.since, seen.since)
        if seen.at >= self.last_seen_at:
            self.evidence = {**self.evidence, **seen.evidence}
            self.exercise_id = seen.exercises[-1] if seen.exercises else self.exercise_id
        if "score" in seen.evidence:
            lowest = float(self.evidence.get("lowest", 100.0))
            self.evidence["lowest"] = min(lowest, float(seen.evidence["score"]))
        self.last_seen_at = max(self.last_seen_at, seen.at)
        self.exercises += [one for one in seen.exercises if one not in self.exercises]
        severity = severity_of(self.trigger, self.times, self.evidence)
        self.severity = max(self.severity, severity, key=SEVERITIES.index)
        return True


def opened(student_id: UUID, seen: Sighting) -> Alert:
    """A new alert over what was seen."""
    exercise_id = seen.exercises[-1] if seen.exercises else None
    return Alert(
        id=uuid4(),
        student_id=student_id,
        trigger=seen.trigger,
        topic_id=seen.topic_id,
        exercise_id=exercise_id,
        exercises=list(seen.exercises),
        severity=severity_of(seen.trigger, len(seen.ids), seen.evidence),
        state="open",
        since=seen.since,
        last_seen_at=seen.at,
        times=len(seen.ids),
        evidence={**seen.evidence, **({"lowest": seen.evidence["score"]} if "score" in seen.evidence else {})},
        seen_ids=list(seen.ids[-KEPT_IDS:]),
    )


@dataclass(slots=True)
class Casebook:
    """The unresolved alerts of one student, and until when evidence of each place is used up."""

    student_id: UUID
    alerts: dict[Place, Alert] = field(default_factory=dict)
    used_until: dict[Place, datetime] = field(default_factory=dict)
    new: list[Alert] = field(default_factory=list)
    more: list[Alert] = field(default_factory=list)
    closed: list[Alert] = field(default_factory=list)
    assigned: list[Alert] = field(default_factory=list)

    def see(self, seen: Sighting | None) -> None:
        """Open an alert, or add to the one that is open."""
        if seen is None:
            return
        alert = self.alerts.get((seen.trigger, seen.topic_id))
        if alert is None:
            alert = opened(self.student_id, seen)
            self.alerts[alert.place] = alert
            self.new.append(alert)
        elif alert.take(seen) and alert not in self.more and alert not in self.new:
            self.more.append(alert)

    def passed(self, exercise_id: str, at: datetime) -> None:
        """Close what this exercise was about."""
        for alert in [one for one in self.alerts.values() if exercise_id in one.exercises]:
            alert.state, alert.resolved_at, alert.resolution = "resolved", at, "passed"
            self.used_until[alert.place] = max(at, self.used_until.get(alert.place, at))
            del self.alerts[alert.place]
            self.closed.append(alert)

    def practise(self, exercise_id: str, topic_id: str | None) -> None:
        """A teacher assigned an exercise: passing it closes the alerts of its topic."""
        for alert in self.alerts.values():
            if alert.topic_id == topic_id and exercise_id not in alert.exercises:
                alert.exercises.append(exercise_id)
                self.assigned.append(alert)

    @property
    def changed(self) -> Iterable[Alert]:
        """Stored alerts that are not as they were."""
        ids = {alert.id for alert in self.new}
        found = {alert.id: alert for alert in (*self.more, *self.assigned, *self.closed) if alert.id not in ids}
        return found.values()
