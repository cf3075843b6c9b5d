"""The words of notices; no names, because a notice is sealed for one person and is about another. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from learnflow.contracts.error_types import OTHER, in_words
from learnflow.contracts.events import ExerciseAssigned, MasteryChanged, StruggleDetected, StruggleResolved
from learnflow.contracts.events.notification import NoticeKind

LEVELS = ("Beginner", "Learning", "Proficient", "Mastered")
"""From the lowest to the highest; a level of another release that is not here is told to nobody."""
_ABOUT_LEVELS = {
    "Learning": "You have made a good start.",
    "Proficient": "You can use it in your own programs now.",
    "Mastered": "You have reached the highest level of this topic.",
}


@dataclass(frozen=True, slots=True)
class Text:
    """What a notice says."""

    kind: NoticeKind
    title: str
    message: str


class Texts:
    """Knows the titles of topics and exercises, by their ids."""

    def __init__(self, topics: Mapping[str, str], exercises: Mapping[str, str]) -> None:
        self._topics = topics
        self._exercises = exercises

    def alert(self, fact: StruggleDetected) -> Text:
        """To a teacher."""
        where = self._where(fact.topic_id, fact.exercise_id)
        message = f"{_why(fact)}{where} Open the alert to see what they tried."
        return Text("alert", f"One of your students needs help ({fact.severity})", message)

    def resolved(self, fact: StruggleResolved) -> Text:
        """To a teacher who was told of the alert."""
        how = "The student passed the exercise" if fact.reason == "passed" else "Another teacher resolved it"
        where = self._where(fact.topic_id, fact.exercise_id)
        return Text("alert_resolved", "An alert is closed", f"{how}, so there is nothing left to do.{where}")

    def assigned(self, fact: ExerciseAssigned) -> Text:
        """To the student."""
        named = f"“{title}”" if (title := self._exercises.get(fact.exercise_id)) else "a new exercise"
        due = f" It is due on {fact.due_at:%d %B %Y}." if fact.due_at else ""
        message = f"Your teacher gives you {named} on {self._topic(fact.topic_id)}.{due} Open it to begin."
        return Text("assignment", "You have a new exercise", message)

    def level(self, fact: MasteryChanged) -> Text:
        """To the student."""
        topic = self._topic(fact.topic_id)
        said = f"You are at {int(fact.mastery + 0.5)} % in {topic}. {_ABOUT_LEVELS.get(fact.level, '')}"
        return Text("mastery", f"New level in {topic}: {fact.level}", said.strip())

    def _topic(self, topic_id: str) -> str:
        return self._topics.get(topic_id, "this topic")

    def _where(self, topic_id: str | None, exercise_id: str | None) -> str:
        topic, exercise = self._topics.get(topic_id or ""), self._exercises.get(exercise_id or "")
        parts = [f" Topic: {topic}." if topic else "", f" Exercise: {exercise}." if exercise else ""]
        return "".join(parts)


ABOUT_ACCOUNT = Text(
    "account",
    "An e-mail about your account",
    "An e-mail about your account is on its way. If you did not expect one, change your password.",
)


def level_rank(level: str) -> int | None:
    """0 for the lowest level; None for one that is not known."""
    return LEVELS.index(level) if level in LEVELS else None


def _why(fact: StruggleDetected) -> str:
    """One sentence; evidence of another release may lack any part."""
    times = fact.evidence.get("times", "several")
    minutes = int(_number(fact.evidence.get("active_s"))) // 60
    sentences = {
        "same_error": f"They got {in_words(str(fact.evidence.get('error_type', OTHER)))} {times} times.",
        "no_progress": f"They worked {minutes or 'more than 10'} minutes on one exercise without passing it.",
        "low_quiz": f"They got {_number(fact.evidence.get('score')):g} % in a quiz.",
        "says_stuck": "They say that they do not get on.",
        "failed_runs": f"{str(times).capitalize()} of their runs failed.",
    }
    return sentences[fact.trigger]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
