"""All events by their type; a reader finds the class of an event here, a writer the topic."""

from learnflow.contracts.envelope import EventData
from learnflow.contracts.events.base import Fact
from learnflow.contracts.events.code import CodeExecuted, CodeReviewed, CodeSubmitted, ReviewRequested
from learnflow.contracts.events.concepts import ConceptExplained, ConceptRequested, LessonGenerated, LessonRequested
from learnflow.contracts.events.debug import DebugRequested, HintGiven
from learnflow.contracts.events.exercise import (
    ExerciseAssigned,
    ExerciseGenerated,
    ExerciseGraded,
    ExerciseOpened,
    ExerciseRequested,
    ExerciseSubmitted,
    QuizGraded,
)
from learnflow.contracts.events.learning import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.contracts.events.notification import NoticeSent
from learnflow.contracts.events.progress import MasteryChanged, ProgressRequested, StudentActive
from learnflow.contracts.events.struggle import StruggleDetected, StruggleResolved

EVENTS: dict[str, type[Fact]] = {
    fact.event_type: fact
    for fact in (
        QuestionAsked,
        AnswerPart,
        AnswerFinished,
        ConceptRequested,
        ConceptExplained,
        LessonRequested,
        LessonGenerated,
        DebugRequested,
        HintGiven,
        ReviewRequested,
        CodeSubmitted,
        CodeReviewed,
        CodeExecuted,
        ExerciseRequested,
        ExerciseGenerated,
        ExerciseOpened,
        ExerciseSubmitted,
        ExerciseGraded,
        ExerciseAssigned,
        QuizGraded,
        ProgressRequested,
        StudentActive,
        MasteryChanged,
        StruggleDetected,
        StruggleResolved,
        NoticeSent,
    )
}

__all__ = [
    "EVENTS",
    "AnswerFinished",
    "AnswerPart",
    "CodeExecuted",
    "CodeReviewed",
    "CodeSubmitted",
    "ConceptExplained",
    "ConceptRequested",
    "DebugRequested",
    "EventData",
    "ExerciseAssigned",
    "ExerciseGenerated",
    "ExerciseGraded",
    "ExerciseOpened",
    "ExerciseRequested",
    "ExerciseSubmitted",
    "Fact",
    "HintGiven",
    "LessonGenerated",
    "LessonRequested",
    "MasteryChanged",
    "NoticeSent",
    "ProgressRequested",
    "QuestionAsked",
    "QuizGraded",
    "ReviewRequested",
    "StruggleDetected",
    "StruggleResolved",
    "StudentActive",
]
