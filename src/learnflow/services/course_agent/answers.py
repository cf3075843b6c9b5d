"""What the course agent says in words beside a lesson."""

import re

from learnflow.services.course_agent.lesson import Lesson
from learnflow.services.course_agent.next_step import Action, NextStep

_DO: dict[Action, str] = {
    "lesson": 'Ask me "give me a lesson on {title}", and I put one together for you.',
    "exercise": "Open an exercise of {title} and solve it.",
    "quiz": "Take the quiz on {title}.",
    "review": "Go over its questions once more.",
}
_NEXT = re.compile(r"\bnext\b|\bfirst topic\b|\bwhich topic\b|\bcontinue\b|\bmy course\b", re.IGNORECASE)


def taught(lesson: Lesson) -> tuple[str, dict[str, object]]:
    """A lesson as an answer: its Markdown, and itself for the page."""
    steps = [step.model_dump(mode="json") for step in lesson.steps]
    return lesson.content, {**lesson.head.model_dump(mode="json"), "steps": steps}


def recommended(step: NextStep) -> tuple[str, dict[str, object]]:
    """The next step as an answer: in words, and for the page."""
    shown = {"topic_id": step.topic.id, "title": step.topic.title, "action": step.action, "reason": step.reason}
    return _in_words(step), {"next_step": shown}


def _in_words(step: NextStep) -> str:
    """What, why, its idea with an example, and how to go on."""
    topic = step.topic
    parts = [f"Next for you: **{topic.title}**. {topic.summary}", step.reason]
    if step.action == "lesson" and topic.cards:
        card = topic.cards[0]
        parts += [f"**{card.idea}** {card.model}", f"```python\n{card.example.code}\n```"]
    parts.append(_DO[step.action].format(title=topic.title.lower()))
    return "\n\n".join(parts)


def asks_what_next(question: str) -> bool:
    """Whether somebody asks what to learn, and not for a lesson on where they are."""
    return _NEXT.search(question) is not None
