"""The sentences that stand around the course's own texts: a test in words, the headings of a lesson's steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from learnflow.curriculum.exercises import Case
from learnflow.curriculum.translations import SOURCE_LANGUAGE, loaded_once, translated
from learnflow.curriculum.yaml_files import Document

Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class TestPhrases(_Data):
    """A test as a sentence; `what` is the call, in code, and what comes of it stands in code as well."""

    __test__ = False

    call_gives: Phrase
    call_gives_near: Phrase
    call_prints: Phrase
    call_prints_nothing: Phrase
    call_raises: Phrase
    input_prints: Phrase
    input_prints_nothing: Phrase
    input_raises: Phrase
    run_prints: Phrase
    run_prints_nothing: Phrase
    run_raises: Phrase

    def say(self, case: Case) -> str:
        """This test in words."""
        what, given = self._what(case)
        if case.raises is not None:
            return str(getattr(self, f"{what}_raises")).format(given=given, result=f"`{case.raises}`")
        if case.stdout is not None:
            ending = "prints" if case.stdout.strip() else "prints_nothing"
            return str(getattr(self, f"{what}_{ending}")).format(given=given, result=_quoted(case.stdout))
        sentence = self.call_gives_near if case.tolerance else self.call_gives
        return sentence.format(given=given, result=f"`{case.expected}`", tolerance=f"{case.tolerance or 0:g}")

    @staticmethod
    def _what(case: Case) -> tuple[str, str]:
        if case.call is not None:
            return "call", f"`{case.call}`"
        if case.stdin and case.stdin.strip():
            return "input", _quoted(case.stdin)
        return "run", ""


class LessonPhrases(_Data):
    """Headings of a lesson's steps, and what stands between its parts."""

    idea: Phrase
    example: Phrase
    predict: Phrase
    attempt: Phrase
    mistake: Phrase
    recap: Phrase
    prints: Phrase
    should_print: Phrase
    typed: Phrase
    parts: Phrase
    new_line: Phrase
    stops: Phrase
    known: Phrase
    needed: Phrase
    first: Phrase
    example_of: Phrase
    check: Phrase
    you_know: Phrase
    about: Phrase
    open_exercise: Phrase
    your_turn: Phrase
    quiz: Phrase
    quiz_text: Phrase
    overview: Phrase
    review: Phrase
    own_mistake_first: Phrase
    own_mistake: Phrase
    own_mistake_follows: Phrase


class ConceptPhrases(_Data):
    """What stands between the parts of a card when it is explained."""

    prints: Phrase
    typed: Phrase
    mistake: Phrase
    mix_up: Phrase
    go_on: Phrase
    either: Phrase
    your_turn: Phrase
    new_line: Phrase


class GradePhrases(_Data):
    """What is said about a program that was handed in."""

    right: Phrase
    unreadable: Phrase
    timeout: Phrase
    memory: Phrase
    output_limit: Phrase
    killed: Phrase
    no_value_came: Phrase
    too_large: Phrase
    nothing_raised: Phrase
    should_raise: Phrase
    other_message: Phrase
    no_value: Phrase
    printed_only: Phrase
    gave_none: Phrase
    other_type: Phrase
    other_value: Phrase
    stopped: Phrase
    stopped_in_line: Phrase
    asks_more: Phrase
    printed_nothing: Phrase
    prompt: Phrase
    other_line: Phrase
    too_many_lines: Phrase
    too_few_lines: Phrase
    use: Phrase
    do_without: Phrase
    recursion: Phrase
    nested_loop: Phrase
    predict_wrong: Phrase
    line_missing: Phrase
    line_too_many: Phrase
    line_indented: Phrase
    line_misplaced: Phrase
    smallest: Phrase
    smallest_empty: Phrase
    smallest_call: Phrase
    expected: Phrase
    nothing_expected: Phrase


class Phrases(_Data):
    """All of them, in one language."""

    test: TestPhrases
    lesson: LessonPhrases
    concept: ConceptPhrases
    grade: GradePhrases
    language: str = SOURCE_LANGUAGE


def _quoted(text: str) -> str:
    return ", ".join(f"`{line.rstrip()}`" for line in text.rstrip().splitlines())


@loaded_once
def load_phrases(root: Path, language: str) -> Phrases:
    """The sentences of `phrases.yaml`; raises CurriculumError with file and line."""
    document = Document(root / "phrases.yaml", root)
    phrases = document.parse(Phrases, document.data, [])
    path = root / "languages" / language / "phrases.yaml"
    if language == SOURCE_LANGUAGE or not path.exists():
        return phrases
    other = Document(path, root)
    return translated(phrases, other, other.data, _texts(phrases), language)


def _texts(phrases: Phrases) -> frozenset[str]:
    groups: Sequence[BaseModel] = [part for _, part in phrases if isinstance(part, BaseModel)]
    return frozenset(name for group in groups for name in type(group).model_fields)
