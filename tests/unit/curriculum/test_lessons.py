"""A lesson that cannot be taught is refused, with the file and the line of what is wrong."""

import re
import shutil
from pathlib import Path

import pytest

from learnflow.curriculum import CurriculumError, load_lessons
from learnflow.curriculum.catalogue import ROOT

LOOPS = "modules/02-control-flow/for-loops/lesson.yaml"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


def faults_after(course: Path, old: str, new: str) -> tuple[str, ...]:
    path = course / LOOPS
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CurriculumError) as raised:
        load_lessons(course)
    return raised.value.faults


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("lesson: control-flow/for-loops", "lesson: control-flow/while-loops", 1, "must be control-flow/for-loops"),
        ("uses: [data-types, input-output, operators]", "uses: [lists, variables]", 3, "no earlier topic 'lists'"),
        ("uses: [data-types, input-output, operators]", "uses: [variables]", 3, "uses two earlier topics"),
        ("- idea:\n    low: \"A", "- thought:\n    low: \"A", 6, "Extra inputs are not permitted"),
        ("    mid: \"Before each", "    middle: \"Before each", 6, "mid: Field required"),
        ("misconception: parallel-execution", "misconception: parallel-lines", 29, "no misconception 'parallel-lines'"),
        ("misconception: range-includes-end", "misconception: range-is-long", 57, "no misconception 'range-is-long'"),
        ("- {output: \"x\\n-\\ntick\", mis", "- {output: \"x\\ntick\\n-\\ntick\", mis", 22, "two options are equal"),
        ("    require: [for]", "    require: [fore]", 52, "'fore' is no construct"),
        ("    solution: |-\n      for bar in range(1, 6):\n          print(\"Bar\", bar)\n", "", 45, "Field required"),
        ("    low: \"Indented lines", "    low: \"" + "no " * 60 + "Indented lines", 68, "at most 60 words, here are"),
        ("      for bar in range(1, 4):\n", "      print()\n" * 8 + "      if 1:\n", 35, "at most 8 lines"),
        ("    output: |-\n      Bar 1\n      Bar 2\n      Bar 3\n      Bar 4\n    sy", "    sy", 57, "give output or"),
    ],
)  # fmt: skip
def test_a_fault_has_its_file_its_line_and_what_is_expected(
    course: Path, old: str, new: str, line: int, said: str
) -> None:
    faults = faults_after(course, old, new)

    assert faults[0].startswith(f"{LOOPS}:{line}: "), faults
    assert any(said in fault for fault in faults)


def spoiled(course: Path, order: str) -> str:
    """The fault of a lesson whose steps stand in this order; each letter is the first of a kind."""
    path = course / LOOPS
    head, *steps = re.split(r"(?m)^- (?=[a-z]+:$)", path.read_text())
    by_letter = {step[0]: step for step in reversed(steps)}
    path.write_text(head + "".join("- " + by_letter[letter] for letter in order))
    with pytest.raises(CurriculumError) as raised:
        load_lessons(course)
    return raised.value.faults[0]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("iepr", "at least 5 items"),
        ("iepteteptemr", "at most 9 items"),
        ("eptmr", "begins with an idea"),
        ("ieptrm", "ends with one mistake and one recap"),
        ("iepmtmr", "ends with one mistake and one recap"),
        ("ieptr", "ends with one mistake"),
        ("ieetmr", "a step of the kind predict"),
        ("ieepmr", "a step of the kind try"),
        ("ippptmr", "a step of the kind example"),
        ("itepmr", "an example comes before something to try"),
    ],
)
def test_the_steps_of_a_lesson_have_their_order(course: Path, order: str, said: str) -> None:
    fault = spoiled(course, order)

    assert fault.startswith(f"{LOOPS}:")
    assert said in fault


def test_a_depth_adds_a_sentence() -> None:
    idea = load_lessons()["control-flow/for-loops"].steps[0].idea

    assert idea is not None
    assert idea.at("low") == idea.low
    assert idea.at("mid") == f"{idea.low} {idea.mid}"
    assert idea.at("high") == f"{idea.low} {idea.mid} {idea.high}"


def test_something_to_try_begins_with_the_last_example() -> None:
    lesson = load_lessons()["control-flow/for-loops"]
    ((position, task),) = lesson.tries()

    assert lesson.steps[position].kind == "try"
    assert task.starter == 'for bar in range(1, 4):\n    print("Bar", bar)'
