"""Variants of exercises: whole words exchanged everywhere at once; the same student always gets the same one."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from learnflow.curriculum import Exercise, load_catalogue, load_exercises
from learnflow.curriculum.languages import languages
from learnflow.curriculum.variants import AS_WRITTEN, choose, missing, swapped

VARIED = {name: one for name, one in load_exercises().items() if one.variants}


def exercise(**more: Any) -> Exercise:
    given: dict[str, Any] = {
        "exercise": "a/b/limit",
        "title": "Ten and more",
        "level": {"kind": "write", "difficulty": "easy"},
        "statement": "Return the pots with 10 liters or more, out of `pots`.",
        "reference": "def find(pots):\n    return [pot for pot in pots if pot >= 10]\n",
        "tests": [{"call": "find([10, 100])", "expected": "[10, 100]"}],
        "wrong": [{"misconception": "pots-are-full", "code": "def find(pots):\n    return pots > 10\n"}],
    }
    return Exercise.model_validate(given | more)


def test_words_are_exchanged_in_all_texts_and_programs_at_once() -> None:
    varied = exercise(variants=[{"variant": "cups", "swap": {"pots": "cups", "pot": "cup", "10": "20"}}]).as_variant(
        "cups"
    )
    assert varied.statement == "Return the cups with 20 liters or more, out of `cups`."
    assert varied.reference == "def find(cups):\n    return [cup for cup in cups if cup >= 20]\n"
    assert varied.tests[0].call == "find([20, 100])"
    assert varied.tests[0].expected == "[20, 100]"
    assert (varied.wrong[0].misconception, varied.wrong[0].code) == (
        "pots-are-full",
        "def find(cups):\n    return cups > 20\n",
    )
    assert (varied.exercise, varied.level, varied.variants) == ("a/b/limit", exercise().level, ())


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("a to b, b to a", "b to a, a to b"),
        ("1.5 and 15 and 5 and x5 and 5.", "1.5 and 15 and 7 and x5 and 7."),
        ("self.a = ab", "self.b = ab"),
        ("two words, two", "one, two"),
    ],
)
def test_only_whole_words_and_whole_numbers_are_exchanged(text: str, becomes: str) -> None:
    assert swapped(text, {"a": "b", "b": "a", "5": "7", "two words": "one"}) == becomes


def test_a_word_that_stands_nowhere_is_found() -> None:
    assert missing({"a": "b", "c": "d", "15": "3"}, ["a cab", [{"x": "1.15"}]]) == ["c", "15"]


@pytest.mark.parametrize(
    "variants",
    [
        [{"variant": "none", "swap": {"kettle": "cup"}}],
        [{"variant": "same", "swap": {"pots": "pots"}}],
        [{"variant": "one", "swap": {"pots": "cups"}}, {"variant": "one", "swap": {"pots": "pans"}}],
        [{"variant": "one", "swap": {"pots": "cups"}}, {"variant": "two", "swap": {"pots": "cups"}}],
        [{"variant": AS_WRITTEN, "swap": {"pots": "cups"}}],
        [{"variant": "empty", "swap": {}}],
        [{"variant": "broken", "swap": {"find": "1 find"}}],
    ],
)
def test_a_variant_that_says_nothing_new_or_breaks_the_exercise_is_refused(variants: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        exercise(variants=variants)


def test_the_same_student_gets_the_same_variant_and_students_differ() -> None:
    task = next(iter(VARIED.values()))
    students = [uuid4() for _ in range(300)]
    drawn = [task.variant_of(student) for student in students]
    assert drawn == [task.variant_of(student) for student in students]
    counts = Counter(drawn)
    assert set(counts) == {AS_WRITTEN, *(one.variant for one in task.variants)}
    assert min(counts.values()) > 300 / len(counts) / 2


def test_a_variant_that_is_added_later_leaves_the_others_where_they_are() -> None:
    students = [UUID(int=number) for number in range(200)]
    before = {student: choose(["a", "b"], "x/y/z", student) for student in students}
    after = {student: choose(["a", "b", "c"], "x/y/z", student) for student in students}
    assert all(after[student] in {before[student], "c"} for student in students)


def test_an_exercise_without_variants_has_none_for_anybody() -> None:
    assert exercise().variant_of(uuid4()) is None
    assert exercise().as_variant("anything") == exercise()


@pytest.mark.plan("P-RULE-variants")
def test_each_module_has_core_exercises_with_variants() -> None:
    modules = {name.partition("/")[0] for name, one in VARIED.items() if one.level.core}
    assert modules == {module.id for module in load_catalogue().modules}


@pytest.mark.parametrize("language", languages())
def test_a_variant_fits_the_statement_in_every_language(language: str) -> None:
    told = load_exercises(language=language)
    for name, english in VARIED.items():
        for one in english.variants:
            in_english = set(one.swap) - set(missing(one.swap, english.statement))
            assert not missing({word: one.swap[word] for word in in_english}, told[name].statement), (name, one.variant)
