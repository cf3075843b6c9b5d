"""The steps of a lesson that was written for its topic, at the depth of one student."""

from collections.abc import Collection, Iterator

from learnflow.curriculum import Lesson, LessonStep
from learnflow.curriculum.lessons import Depth, Example, Idea, Mistake, Predict, Recap, Try
from learnflow.curriculum.phrases import LessonPhrases
from learnflow.services.course_agent.lesson import AnswerOption, Step
from learnflow.services.course_agent.standing import Difficulty
from learnflow.services.course_agent.wording import about_lines, block, span, typed

DEPTHS: dict[Difficulty, Depth] = {"easy": "low", "medium": "mid", "hard": "high"}


def written_steps(
    lesson: Lesson, difficulty: Difficulty, says: LessonPhrases, known: Collection[str] = ()
) -> Iterator[Step]:
    """All its steps but the mistakes that are `known`; the solution of what is to be tried stays here."""
    depth, last = DEPTHS[difficulty], ""
    for step in lesson.steps:
        if step.mistake is not None and step.mistake.misconception in known:
            continue
        yield _step(step, depth, last, says).model_copy(update={"topic_id": lesson.lesson})
        last = step.example.code if step.example is not None else last


def _step(step: LessonStep, depth: Depth, last: str, says: LessonPhrases) -> Step:
    match step:
        case LessonStep(example=Example() as example):
            return _example(example, depth, says)
        case LessonStep(predict=Predict() as predict):
            return _predict(predict, says)
        case LessonStep(attempt=Try() as attempt):
            return _try(attempt, last, says)
        case LessonStep(mistake=Mistake() as mistake):
            return mistake_step(mistake, says)
        case LessonStep(recap=Recap() as recap):
            return _recap(recap, depth, says)
        case LessonStep(idea=Idea() as idea):
            return _made("idea", says.idea, idea.at(depth))
    raise ValueError(f"a step of no known kind: {step!r}")


def _made(kind: str, title: str, *parts: str) -> Step:
    return Step.model_validate({"kind": kind, "title": title, "text": "\n\n".join(filter(None, parts)), "topic_id": ""})


def _example(example: Example, depth: Depth, says: LessonPhrases) -> Step:
    parts = says.parts.format(parts=", ".join(example.labels)) if example.labels else ""
    return _made(
        "example",
        says.example,
        block(example.code) + typed(example.stdin, says),
        f"{says.prints}\n\n{block(example.output, 'text')}",
        parts,
        example.words.at(depth),
    )


def _predict(predict: Predict, says: LessonPhrases) -> Step:
    made = tuple(
        AnswerOption(
            answer=option.shown,
            right=option.right is not None,
            misconception=option.misconception,
            why=option.explanation,
        )
        for option in sorted(predict.options, key=lambda option: (len(option.shown) % 3, option.shown))
    )
    shown = [span(option.answer) for option in made]
    text = f"{predict.ask}{about_lines(shown, says)}\n\n{block(predict.code)}{typed(predict.stdin, says)}"
    step = _made("predict", says.predict, text, "\n".join(f"- {answer}" for answer in shown))
    return step.model_copy(update={"options": made})


def _try(attempt: Try, last: str, says: LessonPhrases) -> Step:
    code = attempt.code or last
    wanted = f"{says.should_print}\n\n{block(attempt.output, 'text')}"
    step = _made("try", says.attempt, attempt.change, block(code) + typed(attempt.stdin, says), wanted)
    return step.model_copy(update={"code": code, "stdin": attempt.stdin, "output": attempt.output})


def mistake_step(mistake: Mistake, says: LessonPhrases) -> Step:
    """A program that goes wrong, how one notices it, and how it is mended."""
    prints = f"{says.prints}\n\n{block(mistake.output, 'text')}" if mistake.output else ""
    stops = says.stops.format(error=f"`{mistake.raises}`") if mistake.raises else ""
    code = block(mistake.code) + typed(mistake.stdin, says)
    return _made("mistake", says.mistake, code, prints, stops, mistake.symptom, mistake.mend)


def _recap(recap: Recap, depth: Depth, says: LessonPhrases) -> Step:
    step = _made("recap", says.recap, recap.at(depth), recap.ask)
    return step.model_copy(update={"options": (AnswerOption(answer=recap.answer, right=True),)})
