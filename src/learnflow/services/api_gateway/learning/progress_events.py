"""Signs of a student's own work, published as facts; scores come from services alone."""

from uuid import uuid4

from learnflow.contracts.events import ExerciseOpened, Fact, StudentActive
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.services.api_gateway.learning.progress_schemas import Opened, Sign
from learnflow.services.api_gateway.questions.service import SOURCE


class ProgressEvents:
    """What a student may say of their own work: it was opened, a step is done, they are still at it."""

    def __init__(self, database: Database, bus: Bus, per_minute: int) -> None:
        self._database = database
        self._bus = bus
        self._per_minute = per_minute

    async def publish(self, principal: Principal, sign: Sign) -> None:
        """Publish one sign; TooMany above the limit."""
        subject = str(principal.user_id)
        await take(self._database, name="progress_events", subject=subject, limit=self._per_minute, window_s=60)
        event = new_event(_fact(sign), source=SOURCE, student_id=principal.user_id, correlation_id=uuid4())
        async with self._database.transaction() as tx:
            await self._bus.publish(tx, [event])


def _fact(sign: Sign) -> Fact:
    if isinstance(sign, Opened):
        return ExerciseOpened(exercise_id=sign.exercise_id, topic_id=sign.topic_id)
    return StudentActive(kind=sign.type, **sign.model_dump(exclude={"type"}))
