"""The steps on what one student got wrong: first in their lesson, with the course's own words for each belief."""

from collections.abc import Iterator, Sequence

from learnflow.curriculum import Card
from learnflow.services.course_agent.course import Course, TopicParts
from learnflow.services.course_agent.lesson import Step
from learnflow.services.course_agent.written import mistake_step

MOST = 2


def own_mistakes(course: Course, topic: TopicParts, misconceptions: Sequence[str]) -> Iterator[Step]:
    """A step for each of the latest beliefs: the lesson's mistake with its program, else the card's symptom."""
    for name in [one for one in misconceptions if one in course.beliefs][:MOST]:
        opening = topic.says.own_mistake.format(belief=course.beliefs[name])
        text = "\n\n".join([opening, *_shown(course, topic, name)])
        yield Step(kind="mistake", title=topic.says.own_mistake_first, text=text, topic_id=topic.id, misconception=name)


def _shown(course: Course, topic: TopicParts, name: str) -> list[str]:
    steps = topic.lesson.steps if topic.lesson is not None else ()
    written = next((step.mistake for step in steps if step.mistake and step.mistake.misconception == name), None)
    if written is not None:
        return [mistake_step(written, topic.says).text]
    card = _card(course, topic, name)
    return [card.misconception.symptom, card.contrast] if card is not None else [topic.says.own_mistake_follows]


def _card(course: Course, topic: TopicParts, name: str) -> Card | None:
    """The card on this belief: of the topic, else of the rest of the course."""
    return next((card for card in (*topic.cards, *course.cards.values()) if card.misconception.id == name), None)
