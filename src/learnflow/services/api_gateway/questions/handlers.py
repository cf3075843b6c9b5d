"""What the gateway does with events: it keeps questions that came by the socket, parts and answers."""

from learnflow.contracts.envelope import CloudEvent
from learnflow.contracts.events import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.kit.database import Transaction
from learnflow.services.api_gateway.questions.service import QuestionDesk


class Handlers:
    """The gateway's consumer group."""

    def __init__(self, desk: QuestionDesk) -> None:
        self._desk = desk

    async def on_question_asked(self, tx: Transaction, event: CloudEvent[QuestionAsked]) -> None:
        await self._desk.keep_question(tx, event)

    async def on_answer_part(self, tx: Transaction, event: CloudEvent[AnswerPart]) -> None:
        await self._desk.keep_part(tx, event)

    async def on_answer_finished(self, tx: Transaction, event: CloudEvent[AnswerFinished]) -> None:
        await self._desk.keep_answer(tx, event)
