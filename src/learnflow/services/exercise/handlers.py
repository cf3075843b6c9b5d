"""What exercise does with events: every question that triage sends here is answered once."""

from learnflow.contracts import topics
from learnflow.contracts.events import ExerciseRequested
from learnflow.contracts.services import EXERCISE
from learnflow.kit.bus.base import Bus, Event
from learnflow.kit.database import Transaction
from learnflow.services.exercise.coaching import Coach


class Handlers:
    """The consumer group of exercise."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach

    def subscribe(self, bus: Bus) -> None:
        bus.subscribe(topics.EXERCISE_REQUESTS, EXERCISE.group, {ExerciseRequested: self.on_exercise_requested})

    async def on_exercise_requested(self, tx: Transaction, event: Event) -> None:
        """Nothing is run for it, so it is answered at once."""
        await self._coach.answer(tx, event)
