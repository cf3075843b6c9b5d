"""All events by their type; a reader finds the class of an event here, a writer the topic."""

from learnflow.contracts.envelope import EventData
from learnflow.contracts.events.base import Fact
from learnflow.contracts.events.code import CodeExecuted, ReviewRequested
from learnflow.contracts.events.concepts import ConceptExplained, ConceptRequested, LessonRequested
from learnflow.contracts.events.debug import DebugRequested, HintGiven
from learnflow.contracts.events.exercise import ExerciseRequested
from learnflow.contracts.events.learning import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.contracts.events.progress import ProgressRequested

EVENTS: dict[str, type[Fact]] = {
    fact.event_type: fact
    for fact in (
        QuestionAsked,
        AnswerPart,
        AnswerFinished,
        ConceptRequested,
        ConceptExplained,
        LessonRequested,
        DebugRequested,
        HintGiven,
        ReviewRequested,
        CodeExecuted,
        ExerciseRequested,
        ProgressRequested,
    )
}

__all__ = [
    "EVENTS",
    "AnswerFinished",
    "AnswerPart",
    "CodeExecuted",
    "ConceptExplained",
    "ConceptRequested",
    "DebugRequested",
    "EventData",
    "ExerciseRequested",
    "Fact",
    "HintGiven",
    "LessonRequested",
    "ProgressRequested",
    "QuestionAsked",
    "ReviewRequested",
]
