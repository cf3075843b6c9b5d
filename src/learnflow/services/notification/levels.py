"""Which level of a topic is news: one that is higher than any before; a step down is told to nobody."""

from uuid import UUID

from learnflow.contracts.events import MasteryChanged
from learnflow.services.notification.repository import NoticesRepository
from learnflow.services.notification.texts import level_rank


class Levels:
    """Remembers the highest level of each topic."""

    def __init__(self, repository: NoticesRepository) -> None:
        self._repository = repository

    async def is_news(self, user_id: UUID, fact: MasteryChanged) -> bool:
        """True once for each new height; the lowest level is where everybody begins."""
        rank = level_rank(fact.level)
        return bool(rank) and await self._repository.raise_level(user_id, fact.topic_id, rank or 0)
