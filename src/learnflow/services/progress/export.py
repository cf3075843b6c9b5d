"""What progress knows of a student beside the percentages: for the student's own copy."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from learnflow.services.progress.alerts_repository import Alerts
from learnflow.services.progress.repository import ActivityDays, FactLog

HIDDEN = {"student_id", "seen_ids", "acknowledged_by", "resolved_by"}
"""Ids of others, and of things that stand elsewhere."""


class Export:
    """Gathers a student's records; their texts, which are sealed in the log, come from the services that own them."""

    def __init__(self, facts: FactLog, days: ActivityDays, alerts: Alerts) -> None:
        self._facts = facts
        self._days = days
        self._alerts = alerts

    async def of(self, user_id: UUID) -> dict[str, Any]:
        """Active days, alerts, and how many facts of which type the log holds."""
        alerts = [asdict(alert) for alert in await self._alerts.all_of(user_id)]
        return {
            "active_days": [day.isoformat() for day in await self._days.of(user_id)],
            "alerts": [{name: value for name, value in alert.items() if name not in HIDDEN} for alert in alerts],
            "facts": await self._facts.by_type(user_id),
        }
