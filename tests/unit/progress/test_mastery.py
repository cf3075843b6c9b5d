"""The formula of mastery and the levels."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.progress.mastery import (
    Components,
    completion,
    consistency,
    level_of,
    module_mastery,
    shown_percentage,
    topic_mastery,
)

scores = st.floats(min_value=0, max_value=100)
components = st.builds(Components, scores, scores, scores, scores)


@pytest.mark.plan("P-RULE-mastery")
def test_the_formula_weighs_exercises_most() -> None:
    assert topic_mastery(Components(exercises=100)) == 40
    assert topic_mastery(Components(quiz=100)) == 30
    assert topic_mastery(Components(quality=100)) == 20
    assert topic_mastery(Components(consistency=100)) == 10


def test_nothing_yet_is_zero_and_everything_is_a_hundred() -> None:
    assert topic_mastery(Components()) == 0
    assert topic_mastery(Components(100, 100, 100, 100)) == 100


@given(components)
def test_mastery_stays_between_its_parts(parts: Components) -> None:
    values = (parts.exercises, parts.quiz, parts.quality, parts.consistency)
    assert min(values) - 1e-9 <= topic_mastery(parts) <= max(values) + 1e-9


@given(components, st.sampled_from(["exercises", "quiz", "quality", "consistency"]), scores)
def test_a_better_part_never_lowers_mastery(parts: Components, name: str, score: float) -> None:
    values = {key: getattr(parts, key) for key in ("exercises", "quiz", "quality", "consistency")}
    better = Components(**{**values, name: max(values[name], score)})
    assert topic_mastery(better) >= topic_mastery(parts)


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_what_is_shown_is_half_up_of_the_exact_value(tenths: list[int]) -> None:
    parts = [Fraction(value, 10) for value in tenths]
    exact = sum((Fraction(w, 100) * p for w, p in zip((40, 30, 20, 10), parts, strict=True)), Fraction())
    shown = shown_percentage(topic_mastery(Components(*map(float, parts))))
    assert shown == int(exact + Fraction(1, 2))


@pytest.mark.plan("P-RULE-levels")
@pytest.mark.parametrize(
    ("mastery", "name", "color"),
    [
        (0, "Beginner", "red"),
        (40.49, "Beginner", "red"),
        (40.5, "Learning", "yellow"),
        (70.49, "Learning", "yellow"),
        (70.5, "Proficient", "green"),
        (90.49, "Proficient", "green"),
        (90.5, "Mastered", "blue"),
        (100, "Mastered", "blue"),
    ],
)
def test_levels_begin_at_the_percentage_that_is_shown(mastery: float, name: str, color: str) -> None:
    assert (level_of(mastery).name, level_of(mastery).color) == (name, color)


def test_a_module_is_the_mean_of_all_its_topics() -> None:
    assert module_mastery([80, 100, 60, 0]) == 60
    assert module_mastery([]) == 0


def test_a_topic_without_core_exercises_has_no_completion() -> None:
    assert completion(0, 0) == 0
    assert completion(3, 4) == 75
    assert consistency(15) == 50
    assert consistency(31) == 100


@pytest.mark.parametrize("score", [-0.1, 100.1, float("nan")])
def test_a_score_outside_its_range_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        Components(quiz=score)
