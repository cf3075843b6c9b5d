"""A lesson's steps out of the parts that the course has: what is needed first, then the topic, then practice."""

from collections.abc import Collection, Iterator, Sequence

from learnflow.curriculum import Card, ChoiceCheck, Exercise
from learnflow.services.course_agent.course import Course, TopicParts
from learnflow.services.course_agent.lesson import AnswerOption, LessonType, Step
from learnflow.services.course_agent.own_mistakes import MOST, own_mistakes
from learnflow.services.course_agent.standing import Difficulty, Standing
from learnflow.services.course_agent.wording import about_lines, block, options, span, typed
from learnflow.services.course_agent.written import written_steps

NOTHING_KNOWN = Standing()
MOST_CHECKS = 10
MOST_EXERCISES = 2
_HARDEST: dict[Difficulty, tuple[Difficulty, ...]] = {
    "easy": ("easy",),
    "medium": ("easy", "medium"),
    "hard": ("easy", "medium", "hard"),
}


def title_of(course: Course, topic: TopicParts, lesson_type: LessonType, *, whole_module: bool) -> str:
    """The lesson's title."""
    title = course.modules[topic.module_id] if whole_module else topic.title
    around = {"topic": "{title}", "overview": topic.says.overview, "review": topic.says.review}
    return around[lesson_type].format(title=title)


def compose(
    course: Course,
    topics: Sequence[TopicParts],
    lesson_type: LessonType,
    difficulty: Difficulty,
    done: Collection[str],
    standing: Standing = NOTHING_KNOWN,
) -> tuple[Step, ...]:
    """The steps, one at least; `topics` are one for a topic's lesson, `done` is what the student knows.

    What needs to be known comes first, then what the student got wrong by their `standing`, then the topic.
    """
    if lesson_type == "overview":
        return tuple(_overview(topic, done) for topic in topics)
    mistakes = {topic.id: standing.of(topic.id).misconceptions[:MOST] for topic in topics}
    if lesson_type == "review":
        own = [step for topic in topics for step in own_mistakes(course, topic, mistakes[topic.id])]
        return (*own, *_review(topics, difficulty))
    return tuple(step for topic in topics for step in _lesson(course, topic, difficulty, done, mistakes[topic.id]))


def _lesson(
    course: Course, topic: TopicParts, difficulty: Difficulty, done: Collection[str], mistakes: Sequence[str]
) -> Iterator[Step]:
    yield from _before(course, topic, done)
    yield from own_mistakes(course, topic, mistakes)
    if topic.lesson is not None and topic.id not in done:
        *steps, recap = written_steps(topic.lesson, difficulty, topic.says, mistakes)
        yield from (*steps, *_practice(topic, difficulty), recap)
    else:
        yield from _of_cards(topic, difficulty, done)


def _of_cards(topic: TopicParts, difficulty: Difficulty, done: Collection[str]) -> Iterator[Step]:
    """Where there is no lesson, or the topic is known: the cards, short when it is."""
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
        yield _step("recall", topic.says.known, "\n".join(f"- **{card.title}**: {card.idea}" for card in known), topic)
    for card in needed:
        if card not in known:
            needed_for = topic.says.needed.format(title=topic.title)
            text = f"{needed_for}\n\n**{card.idea}** {card.model}\n\n{_example(topic, card)}"
            yield _step("before", topic.says.first.format(title=card.title), text, course.topics[card.topic_id], card)


def _needed(topic: TopicParts) -> set[str]:
    return {name for card in topic.cards for name in card.needed}


def _whole(topic: TopicParts, card: Card, difficulty: Difficulty) -> Iterator[Step]:
    """Idea, example, and a check; beside the first card the mistake that is made most."""
    yield _step("idea", card.title, f"**{card.idea}** {card.model}\n\n{_depth(card, difficulty)}", topic, card)
    yield _step("example", topic.says.example_of.format(title=card.title), _example(topic, card), topic, card)
    if card is topic.cards[0]:
        yield _step("mistake", topic.says.mistake, f"{card.misconception.symptom}\n\n{card.contrast}", topic, card)
    yield _check(topic, card, 0 if difficulty == "easy" else 1)


def _short(topic: TopicParts, card: Card) -> Iterator[Step]:
    """A card of a topic that is known: its idea in a line, and the harder check."""
    yield _step("recall", card.title, f"**{card.idea}** {card.depths.high}", topic, card)
    yield _check(topic, card, 1)


def _overview(topic: TopicParts, done: Collection[str]) -> Step:
    if topic.id in done:
        return _step("recall", topic.title, topic.says.you_know.format(summary=topic.summary), topic)
    lines = [topic.summary, *(f"- **{card.title}**: {card.idea}" for card in topic.cards)]
    if topic.cards:
        lines += ["", _example(topic, topic.cards[0])]
    return _step("idea", topic.title, "\n".join(lines), topic)


def _review(topics: Sequence[TopicParts], difficulty: Difficulty) -> Iterator[Step]:
    number = 0 if difficulty == "easy" else 1
    checks = [_check(topic, card, number) for topic in topics for card in topic.cards]
    yield from checks[:MOST_CHECKS]
    practice = [step for topic in topics for step in _practice(topic, difficulty)]
    yield from practice[: MOST_CHECKS // 2]
    if not checks and not practice:
        summaries = "\n".join(f"- **{topic.title}**: {topic.summary}" for topic in topics)
        yield _step("recap", topics[0].says.about, summaries, topics[0])


def _practice(topic: TopicParts, difficulty: Difficulty) -> Iterator[Step]:
    """The core exercises that are not too hard, the hardest of them last, and the quiz."""
    fitting = [one for one in topic.exercises if _fits(one, difficulty)]
    chosen = sorted(fitting, key=_rank, reverse=True)[:MOST_EXERCISES]
    for exercise in sorted(chosen, key=lambda one: _HARDEST["hard"].index(one.level.difficulty)):
        program = f"\n\n{block(exercise.program.rstrip())}" if exercise.program else ""
        text = f"{exercise.statement}{program}\n\n{topic.says.open_exercise}"
        yield _step("exercise", topic.says.your_turn.format(title=exercise.title), text, topic).model_copy(
            update={"exercise_id": exercise.exercise}
        )
    if topic.has_quiz:
        text = topic.says.quiz_text.format(title=topic.title)
        yield _step("quiz", topic.says.quiz.format(title=topic.title), text, topic).model_copy(
            update={"quiz_id": topic.id}
        )


def _fits(exercise: Exercise, difficulty: Difficulty) -> bool:
    """A project takes an hour, a lesson a quarter of it."""
    return exercise.level.kind != "project" and exercise.level.difficulty in _HARDEST[difficulty]


def _rank(exercise: Exercise) -> tuple[bool, int]:
    return exercise.level.core, _HARDEST["hard"].index(exercise.level.difficulty)


def _recap(topic: TopicParts) -> Step:
    return _step("recap", topic.says.recap, "\n".join(f"- {card.idea}" for card in topic.cards), topic)


def _step(kind: str, title: str, text: str, topic: TopicParts, card: Card | None = None) -> Step:
    return Step.model_validate(
        {"kind": kind, "title": title, "text": text, "topic_id": topic.id, "card_id": card.card if card else None}
    )


def _example(topic: TopicParts, card: Card) -> str:
    code, says = block(card.example.code) + typed(card.example.stdin, topic.says), topic.says
    return f"{code}\n\n{says.prints}\n\n{block(card.example.output, 'text')}"


def _depth(card: Card, difficulty: Difficulty) -> str:
    parts = {
        "easy": [card.depths.low],
        "medium": [card.depths.low, card.depths.mid],
        "hard": [card.depths.mid, card.depths.high],
    }
    return " ".join(parts[difficulty])


def _check(topic: TopicParts, card: Card, number: int) -> Step:
    check = card.checks[number]
    step = _step("check", topic.says.check.format(title=card.title), check.ask, topic, card)
    if not isinstance(check, ChoiceCheck):
        return step.model_copy(update={"eval": check.eval})
    answers = options(check)
    shown = [span(answer) if check.code is not None else answer for answer in answers]
    code = f"\n\n{block(check.code)}" if check.code is not None else ""
    text = f"{check.ask}{about_lines(shown, topic.says)}{code}\n\n" + "\n".join(f"- {answer}" for answer in shown)
    made = tuple(
        AnswerOption(answer=answer, right=answer == check.right, misconception=check.wrong.get(answer))
        for answer in answers
    )
    return step.model_copy(update={"text": text, "options": made})
