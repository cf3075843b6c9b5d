"""A lesson's steps out of the parts that the course has: what is needed first, then the topic, then practice."""

from collections.abc import Collection, Iterator, Sequence

from learnflow.curriculum import Card, ChoiceCheck, Exercise
from learnflow.services.course_agent.course import Course, TopicParts
from learnflow.services.course_agent.lesson import AnswerOption, LessonType, Step
from learnflow.services.course_agent.standing import Difficulty
from learnflow.services.course_agent.wording import NEW_LINE, block, options, span

MOST_CHECKS = 10
MOST_EXERCISES = 2
_HARDEST: dict[Difficulty, tuple[Difficulty, ...]] = {
    "easy": ("easy",),
    "medium": ("easy", "medium"),
    "hard": ("easy", "medium", "hard"),
}
_TITLES: dict[LessonType, str] = {"topic": "{0}", "overview": "Overview: {0}", "review": "Review: {0}"}


def title_of(course: Course, topic: TopicParts, lesson_type: LessonType, *, whole_module: bool) -> str:
    """The lesson's title."""
    return _TITLES[lesson_type].format(course.modules[topic.module_id] if whole_module else topic.title)


def compose(
    course: Course,
    topics: Sequence[TopicParts],
    lesson_type: LessonType,
    difficulty: Difficulty,
    done: Collection[str],
) -> tuple[Step, ...]:
    """The steps, one at least; `topics` are one for a topic's lesson, `done` is what the student knows."""
    if lesson_type == "overview":
        return tuple(_overview(topic, done) for topic in topics)
    if lesson_type == "review":
        return tuple(_review(topics, difficulty))
    return tuple(step for topic in topics for step in _lesson(course, topic, difficulty, done))


def _lesson(course: Course, topic: TopicParts, difficulty: Difficulty, done: Collection[str]) -> Iterator[Step]:
    yield from _before(course, topic, done)
    if not topic.cards:
        yield _step("idea", topic.title, topic.summary, topic)
    for card in topic.cards:
        yield from _short(topic, card) if topic.id in done else _whole(topic, card, difficulty)
    yield from _practice(topic, difficulty)
    if topic.cards:
        yield _recap(topic)


def _before(course: Course, topic: TopicParts, done: Collection[str]) -> Iterator[Step]:
    """What the topic needs: known things in one short step, each unknown one with its idea and an example."""
    needed = [card for card in course.cards.values() if card.card in _needed(topic) and card.topic_id != topic.id]
    known = [card for card in needed if card.topic_id in done]
    if known:
        yield _step("recall", "What you know", "\n".join(f"- **{card.title}**: {card.idea}" for card in known), topic)
    for card in needed:
        if card not in known:
            text = f"You need this for “{topic.title}”.\n\n**{card.idea}** {card.model}\n\n{_example(card)}"
            yield _step("before", f"First: {card.title}", text, course.topics[card.topic_id], card)


def _needed(topic: TopicParts) -> set[str]:
    return {name for card in topic.cards for name in card.needed}


def _whole(topic: TopicParts, card: Card, difficulty: Difficulty) -> Iterator[Step]:
    """Idea, example, and a check; beside the first card the mistake that is made most."""
    yield _step("idea", card.title, f"**{card.idea}** {card.model}\n\n{_depth(card, difficulty)}", topic, card)
    yield _step("example", f"An example: {card.title}", _example(card), topic, card)
    if card is topic.cards[0]:
        yield _step("mistake", "What goes wrong", f"{card.misconception.symptom}\n\n{card.contrast}", topic, card)
    yield _check(topic, card, 0 if difficulty == "easy" else 1)


def _short(topic: TopicParts, card: Card) -> Iterator[Step]:
    """A card of a topic that is known: its idea in a line, and the harder check."""
    yield _step("recall", card.title, f"**{card.idea}** {card.depths.high}", topic, card)
    yield _check(topic, card, 1)


def _overview(topic: TopicParts, done: Collection[str]) -> Step:
    if topic.id in done:
        return _step("recall", topic.title, f"You know this: {topic.summary}", topic)
    lines = [topic.summary, *(f"- **{card.title}**: {card.idea}" for card in topic.cards)]
    if topic.cards:
        lines += ["", _example(topic.cards[0])]
    return _step("idea", topic.title, "\n".join(lines), topic)


def _review(topics: Sequence[TopicParts], difficulty: Difficulty) -> Iterator[Step]:
    number = 0 if difficulty == "easy" else 1
    checks = [_check(topic, card, number) for topic in topics for card in topic.cards]
    yield from checks[:MOST_CHECKS]
    practice = [step for topic in topics for step in _practice(topic, difficulty)]
    yield from practice[: MOST_CHECKS // 2]
    if not checks and not practice:
        summaries = "\n".join(f"- **{topic.title}**: {topic.summary}" for topic in topics)
        yield _step("recap", "What it is about", summaries, topics[0])


def _practice(topic: TopicParts, difficulty: Difficulty) -> Iterator[Step]:
    """The core exercises that are not too hard, the hardest of them last, and the quiz."""
    fitting = [one for one in topic.exercises if one.level.difficulty in _HARDEST[difficulty]]
    chosen = sorted(fitting, key=_rank, reverse=True)[:MOST_EXERCISES]
    for exercise in sorted(chosen, key=lambda one: _HARDEST["hard"].index(one.level.difficulty)):
        program = f"\n\n{block(exercise.program.rstrip())}" if exercise.program else ""
        text = f"{exercise.statement}{program}\n\nOpen the exercise to solve it."
        yield _step("exercise", f"Your turn: {exercise.title}", text, topic).model_copy(
            update={"exercise_id": exercise.exercise}
        )
    if topic.has_quiz:
        text = f"Five questions about {topic.title}. Take it when the exercises go well."
        yield _step("quiz", f"Quiz: {topic.title}", text, topic).model_copy(update={"quiz_id": topic.id})


def _rank(exercise: Exercise) -> tuple[bool, int]:
    return exercise.level.core, _HARDEST["hard"].index(exercise.level.difficulty)


def _recap(topic: TopicParts) -> Step:
    return _step("recap", "In short", "\n".join(f"- {card.idea}" for card in topic.cards), topic)


def _step(kind: str, title: str, text: str, topic: TopicParts, card: Card | None = None) -> Step:
    return Step.model_validate(
        {"kind": kind, "title": title, "text": text, "topic_id": topic.id, "card_id": card.card if card else None}
    )


def _example(card: Card) -> str:
    typed = f"\n\nSomebody types:\n\n{block(card.example.stdin.rstrip(), 'text')}" if card.example.stdin else ""
    return f"{block(card.example.code)}{typed}\n\nIt prints:\n\n{block(card.example.output, 'text')}"


def _depth(card: Card, difficulty: Difficulty) -> str:
    parts = {
        "easy": [card.depths.low],
        "medium": [card.depths.low, card.depths.mid],
        "hard": [card.depths.mid, card.depths.high],
    }
    return " ".join(parts[difficulty])


def _check(topic: TopicParts, card: Card, number: int) -> Step:
    check = card.checks[number]
    step = _step("check", f"Check: {card.title}", check.ask, topic, card)
    if not isinstance(check, ChoiceCheck):
        return step.model_copy(update={"eval": check.eval})
    answers = options(check)
    shown = [span(answer) if check.code is not None else answer for answer in answers]
    note = f" ({NEW_LINE.strip()} is a new line)" if any(NEW_LINE in answer for answer in shown) else ""
    code = f"\n\n{block(check.code)}" if check.code is not None else ""
    text = f"{check.ask}{note}{code}\n\n" + "\n".join(f"- {answer}" for answer in shown)
    made = tuple(
        AnswerOption(answer=answer, right=answer == check.right, misconception=check.wrong.get(answer))
        for answer in answers
    )
    return step.model_copy(update={"text": text, "options": made})
