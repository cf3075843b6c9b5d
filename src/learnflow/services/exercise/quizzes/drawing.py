"""Draws a quiz from a topic's questions, and marks the answers: pure, and the same for the same seed."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from learnflow.contracts.errors import Invalid
from learnflow.curriculum import Question
from learnflow.curriculum.quizzes import DRAWN

LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as it is shown: its letter says nothing about its place in the course's files."""

    letter: str
    text: str
    is_right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as one person sees it; `key` are the letters of the right answer, in order where order counts."""

    question: Question
    choices: tuple[Choice, ...]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """What an answer to one question is worth, and why."""

    asked: Asked
    chosen: tuple[str, ...]
    is_right: bool
    explanation: str


def content_of(questions: Sequence[Question]) -> str:
    """A digest of a topic's questions: what was drawn from others cannot be marked by these."""
    text = "\n".join(question.model_dump_json() for question in questions)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def draw(questions: Sequence[Question], seed: int, seen: Collection[str] = ()) -> list[str]:
    """The ids of the questions of one attempt; those that were `seen` last time come only when others run out."""
    mixer = Random(seed)  # noqa: S311 - a mix of questions is no secret
    mixed = mixer.sample(questions, len(questions))
    mixed.sort(key=lambda question: question.id in seen)
    chosen = mixed[:DRAWN]
    return [question.id for question in mixer.sample(chosen, len(chosen))]


def ask(question: Question, seed: int) -> Asked:
    """The question with its options mixed; lines to be ordered never stand in their order already."""
    mixer = Random(f"{seed} {question.id}")  # noqa: S311 - a mix of options is no secret
    if question.question == "order":
        return _ask_for_order(question, mixer)
    mixed = mixer.sample(question.options, len(question.options))
    choices = tuple(
        Choice(letter, option.shown, option.right is not None, option.explanation)
        for letter, option in zip(LETTERS, mixed, strict=False)
    )
    return Asked(question, choices, tuple(choice.letter for choice in choices if choice.is_right))


def _ask_for_order(question: Question, mixer: Random) -> Asked:
    places = list(range(len(question.lines)))
    mixed = mixer.sample(places, len(places))
    if mixed == places:
        mixed.reverse()
    lines = [question.lines[place] for place in mixed]
    choices = tuple(Choice(LETTERS[n], one.line, True, one.why) for n, one in enumerate(lines))
    return Asked(question, choices, tuple(LETTERS[mixed.index(place)] for place in places))


def mark(asked: Sequence[Asked], answers: Mapping[str, str | list[str]]) -> list[Marked]:
    """Every question marked; Invalid when the answers are not those to these questions."""
    names = [one.question.id for one in asked]
    unknown = sorted(set(answers) - set(names))
    missing = [name for name in names if name not in answers]
    if unknown:
        raise Invalid(f"This quiz has no question {unknown[0]}. Answer the questions that it has.", field="answers")
    if missing:
        raise Invalid(f"Answer all questions. Not answered yet: {', '.join(missing)}.", field=f"answers.{missing[0]}")
    return [_marked(one, answers[one.question.id]) for one in asked]


def _marked(asked: Asked, answer: str | list[str]) -> Marked:
    chosen = tuple([answer] if isinstance(answer, str) else answer)
    _check(asked, chosen)
    if asked.question.question == "order":
        return Marked(asked, chosen, chosen == asked.key, _first_misplaced(asked, chosen))
    return Marked(asked, chosen, set(chosen) == set(asked.key), _about_choices(asked, set(chosen)))


def _check(asked: Asked, chosen: tuple[str, ...]) -> None:
    name, kind = asked.question.id, asked.question.question
    letters = [choice.letter for choice in asked.choices]
    if unknown := [letter for letter in chosen if letter not in letters]:
        raise Invalid(f"Question {name} has no option {unknown[0]}. Choose from {', '.join(letters)}.", field=_at(name))
    if not chosen or len(set(chosen)) < len(chosen):
        raise Invalid(f"Question {name}: choose an option, and none of them twice.", field=_at(name))
    if kind in {"single", "predict"} and len(chosen) > 1:
        raise Invalid(f"Question {name} has one right answer. Choose one option.", field=_at(name))
    if kind == "order" and len(chosen) < len(letters):
        raise Invalid(f"Question {name}: put all {len(letters)} lines in order.", field=_at(name))


def _at(name: str) -> str:
    return f"answers.{name}"


def _first_misplaced(asked: Asked, chosen: tuple[str, ...]) -> str:
    """About the first line that another stands in the place of; about the whole when there is none."""
    why = {choice.letter: choice.why for choice in asked.choices}
    wrong = [right for right, given in zip(asked.key, chosen, strict=True) if right != given]
    return why[wrong[0]] if wrong else " ".join(why[letter] for letter in asked.key)


def _about_choices(asked: Asked, chosen: set[str]) -> str:
    """Why what was chosen wrongly is wrong and what was missed is right; else why the answer is right."""
    faults = [choice.why for choice in asked.choices if (choice.letter in chosen) != choice.is_right]
    right = [choice.why for choice in asked.choices if choice.is_right]
    return " ".join(faults[:1] if asked.question.question != "multiple" and faults else faults or right)
