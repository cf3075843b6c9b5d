"""The models of templates refuse what could not be drafted, and a draft comes from its seed alone."""

import shutil
from pathlib import Path

import pytest

from learnflow.curriculum import CurriculumError
from learnflow.curriculum.catalogue import ROOT
from learnflow.curriculum.drafting import draft, finish, weakness
from learnflow.curriculum.templates import load_templates

LISTS = "modules/03-data-structures/lists/templates.yaml"
LOOPS = "control-flow/for-loops/lines"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{result_says}", "{result_say}", "nothing is known about {result_say}"),
        ("name: check_plants, ", "", "have the same names each"),
        ("values: {numbers: [0, 60], length: [4, 6]}", "values: {length: [4, 6]}", "give exactly one of number"),
        ("call: ", "stdin: x\n  call: ", "give call or stdin"),
        ("misconception: return-in-loop", "misconception: return-in-hoop", "there is no misconception"),
        ("levels: {1: easy", "levels: {1: simple", "Input should be 'easy'"),
        ("template: data-structures/lists/pick", "template: data-structures/sets/pick", "must begin with"),
        ("require: [list-comprehension]", "require: [list]", "is no construct"),
    ],
)
def test_a_template_that_could_not_be_drafted_is_a_fault(course: Path, old: str, new: str, said: str) -> None:
    path = course / LISTS
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(CurriculumError) as raised:
        load_templates(course)

    assert raised.value.faults[0].startswith(f"{LISTS}:")
    assert said in raised.value.faults[0]


def test_a_draft_comes_from_its_seed_alone() -> None:
    template = load_templates()[LOOPS]

    assert draft(template, 5, "easy") == draft(template, 5, "easy")
    assert len({draft(template, seed, "easy").reference for seed in range(20)}) > 10
    assert draft(template, 5, "easy").name == "lines-0000000005"


def test_a_template_says_when_it_has_none_of_a_difficulty() -> None:
    with pytest.raises(ValueError, match="has no hard exercise"):
        draft(load_templates()[LOOPS], 1, "hard")


def test_a_wrong_program_that_is_the_reference_itself_is_left_out() -> None:
    template = load_templates()["data-structures/lists/comprehend"]
    drafts = [draft(template, seed, "easy") for seed in range(20)]

    assert {len(one.wrong) for one in drafts} == {2, 3}
    assert all(wrong.code != one.reference for one in drafts for wrong in one.wrong)


def test_the_worked_case_of_the_statement_is_the_first_test() -> None:
    one = draft(load_templates()["data-structures/lists/pick"], 3, "easy")

    task = finish(one, [str(number) for number in range(len(one.probes))])

    assert task.statement.endswith(f"For example, `{one.probes[0].call}` gives `0`.")
    assert task.tests[0].expected == "0"


def test_what_makes_a_draft_weak_is_said() -> None:
    one = draft(load_templates()["data-structures/lists/pick"], 3, "easy")
    task = finish(one, [str(number) for number in range(len(one.probes))])
    same = finish(one, ["1"] * len(one.probes))
    first_hidden = next(number for number, case in enumerate(task.tests, start=1) if case.hidden)

    assert weakness(task, 1, [{1, 2}, {3}]) is None
    assert weakness(same, 0, [{1}]) == "all tests have the same result"
    assert weakness(task, 2, [{1}]) == "the starter passes more than one test"
    assert weakness(task, 0, [{1}, {first_hidden}]) == "a wrong program passes all tests that are shown"


def test_what_is_ready_before_the_program_goes_with_the_draft_and_its_tests() -> None:
    plain = load_templates()["data-structures/lists/pick"]
    ready = plain.model_copy(update={"preamble": "TITLE = '{title}'\n"})

    before, one = draft(plain, 3, "easy"), draft(ready, 3, "easy")
    task = finish(one, [str(number) for number in range(len(one.probes))])

    assert task.preamble == f"TITLE = '{one.title}'\n"
    assert one.probes[0].program("x = 1").startswith(f"{task.preamble}\nx = 1\n")
    assert finish(before, ["1"] * len(before.probes)).preamble == ""
    assert before.probes[0].program("x = 1").startswith("x = 1\n")
