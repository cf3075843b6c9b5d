"""Fifty seeds of every template and difficulty give fifty different exercises that tell errors apart."""

import re

import pytest

from learnflow.curriculum import Task
from learnflow.curriculum.drafting import Draft, draft, finish, weakness
from learnflow.curriculum.exercises import Difficulty, lines_of
from learnflow.curriculum.templates import Template, load_templates
from tests.content.programs import run_all
from tests.content.reading import grade, longest_sentence, plain

TEMPLATES = load_templates()
SEEDS = 50
BANNED = re.compile(r"\b(just|simply|easy|easily|obviously|foo|bar|baz)\b", re.IGNORECASE)
EACH = [(template, difficulty) for template in TEMPLATES.values() for difficulty in sorted(template.difficulties)]
each = pytest.mark.parametrize(
    ("template", "difficulty"), EACH, ids=[f"{template.template}-{difficulty}" for template, difficulty in EACH]
)


def outcomes(drafts: list[Draft], codes: list[str]) -> list[list[str]]:
    """What each draft's tests give for a program, or the name of what it raised; all in one process."""
    programs = [
        f"import io, sys\nsys.stdin = io.StringIO({probe.stdin!r})\n{probe.program(code)}"
        for one, code in zip(drafts, codes, strict=True)
        for probe in one.probes
    ]
    seen = iter(run_all(programs))
    return [
        ["!" + error if error else printed for printed, error in (next(seen) for _ in one.probes)] for one in drafts
    ]


def failed(right: list[str], given: list[str]) -> set[int]:
    pairs = enumerate(zip(right, given, strict=True), start=1)
    return {number for number, (wanted, got) in pairs if lines_of(wanted) != lines_of(got)}


def finished(template: Template, difficulty: Difficulty, seeds: range) -> list[tuple[Task, str | None]]:
    """The exercises of these seeds, each with what is weak about it."""
    drafts = [draft(template, seed, difficulty) for seed in seeds]
    right = outcomes(drafts, [one.reference for one in drafts])
    starters = outcomes(drafts, [one.starter for one in drafts])
    doubles = [one for one in drafts for _ in one.wrong]
    wrong = iter(outcomes(doubles, [wrong.code for one in drafts for wrong in one.wrong]))
    found = []
    for place, one in enumerate(drafts):
        assert not any(result.startswith("!") for result in right[place]), one.reference
        task = finish(one, right[place])
        passes = len(one.probes) - len(failed(right[place], starters[place]))
        failures = [failed(right[place], next(wrong)) for _ in one.wrong]
        found.append((task, weakness(task, passes, failures)))
    return found


def test_four_topics_have_templates_and_lists_have_two() -> None:
    topics = [template.topic_id for template in TEMPLATES.values()]

    assert {"control-flow/for-loops", "control-flow/conditionals", "data-structures/lists"} <= set(topics)
    assert len(set(topics)) >= 4
    assert topics.count("data-structures/lists") >= 2
    assert any("comprehension" in template.skills for template in TEMPLATES.values())


def test_each_topic_with_templates_has_every_difficulty() -> None:
    for topic in {template.topic_id for template in TEMPLATES.values()}:
        found = {level for one in TEMPLATES.values() if one.topic_id == topic for level in one.difficulties}
        assert found == {"easy", "medium", "hard"}, topic


@each
def test_fifty_of_seventy_five_seeds_tell_errors_apart_and_no_two_are_the_same(
    template: Template, difficulty: Difficulty
) -> None:
    found = finished(template, difficulty, range(SEEDS * 3 // 2))

    good = [task for task, why in found if not why][:SEEDS]
    assert len(good) == SEEDS, [why for _, why in found if why]
    assert len({task.model_dump_json() for task in good}) == SEEDS
    assert len({(task.statement.partition(" For ")[0], task.reference) for task in good}) >= 4


@each
def test_a_seed_gives_the_same_exercise_again(template: Template, difficulty: Difficulty) -> None:
    assert draft(template, 7, difficulty) == draft(template, 7, difficulty)
    assert draft(template, 7, difficulty) != draft(template, 8, difficulty)


@each
def test_a_twelve_year_old_can_read_every_statement(template: Template, difficulty: Difficulty) -> None:
    for task, _ in finished(template, difficulty, range(12)):
        assert not re.search(r"\{[a-z_]+\}", task.statement + task.reference + task.starter), task.statement
        assert grade(task.statement) <= 8, task.statement
        assert longest_sentence(task.statement) <= 20, task.statement
        assert len(plain(task.statement).split()) <= 90
        for text in (task.title, task.statement, *task.hints):
            assert not BANNED.search(plain(text)), text
