"""The loader takes the course whole or not at all, and names the file and line of every fault."""

import shutil
import time
from pathlib import Path

import pytest

from learnflow.curriculum import CurriculumError, load_curriculum
from learnflow.curriculum.catalogue import ROOT

FOR_LOOPS = "modules/02-control-flow/for-loops/cards.yaml"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course that a test may spoil."""
    root = tmp_path / "course"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


def spoil(root: Path, name: str, old: str, new: str) -> int:
    """Replace a text once; the number of the line where it stood."""
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def faults(root: Path) -> tuple[str, ...]:
    with pytest.raises(CurriculumError) as raised:
        load_curriculum(root)
    return raised.value.faults


@pytest.mark.soak
def test_the_course_loads_in_less_than_fifty_milliseconds(tmp_path: Path) -> None:
    took = []
    for number in range(3):
        # what is read once from one place is not read again
        place = tmp_path / str(number)
        place.symlink_to(ROOT)
        began = time.perf_counter()
        load_curriculum(place)
        took.append(time.perf_counter() - began)

    assert min(took) < 0.05


def test_a_copy_of_the_course_loads_like_the_course(course: Path) -> None:
    assert load_curriculum(course).cards == load_curriculum().cards


def test_a_missing_field_is_named_with_the_line_of_its_card(course: Path) -> None:
    path = course / FOR_LOOPS
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("  idea:")))

    found = faults(course)

    assert len(found) == 3
    assert found[0] == f"{FOR_LOOPS}:1: idea: Field required"


def test_an_unknown_field_is_named_with_its_line(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "  contrast:", "  contrsat:")

    assert f"{FOR_LOOPS}:{line}: contrsat: Extra inputs are not permitted" in faults(course)


def test_a_number_where_text_is_expected_is_a_fault(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, '    output: "Saved: 17"', "    output: 17")

    assert faults(course) == (f"{FOR_LOOPS}:{line}: example.output: Input should be a valid string",)


def test_a_key_that_stands_twice_is_a_fault(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "  needs: [basics/variables/variable]", "  needs: []\n  needs: []")

    assert faults(course) == (f"{FOR_LOOPS}:{line + 1}: 'needs' stands here twice",)


def test_broken_yaml_is_named_with_its_line(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "  aliases: [for,", "  aliases: [for, ]]")

    assert faults(course)[0].startswith(f"{FOR_LOOPS}:{line}: ")


def test_an_empty_file_and_a_file_that_is_no_text_are_faults(course: Path) -> None:
    (course / FOR_LOOPS).write_text("")
    (course / "modules/02-control-flow/while-loops/cards.yaml").write_bytes(b"\xff\xfe\xff")

    assert [fault.partition(":1: ")[2][:17] for fault in faults(course)] == ["the file is empty", "cannot be read as"]


def test_a_link_to_a_card_that_does_not_exist_is_a_fault(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "  needs: [for]", "  needs: [fore]")

    assert faults(course) == (f"{FOR_LOOPS}:{line}: there is no card 'control-flow/for-loops/fore'",)


def test_cards_that_need_each_other_are_a_fault(course: Path) -> None:
    spoil(course, FOR_LOOPS, "  needs: [basics/variables/variable]", "  needs: [range]")

    assert "need each other" in faults(course)[0]


def test_a_misconception_without_a_belief_is_a_fault(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "{id: range-includes-end,", "{id: range-is-magic,")

    assert faults(course) == (f"{FOR_LOOPS}:{line}: there is no misconception 'range-is-magic'",)


def test_an_alias_leads_to_one_card_only(course: Path) -> None:
    line = spoil(course, FOR_LOOPS, "  aliases: [range,", "  aliases: [for loop, range,")

    assert faults(course) == (f"{FOR_LOOPS}:{line}: 'for loop' already leads to control-flow/for-loops/for",)


def test_a_card_in_the_folder_of_another_topic_is_a_fault(course: Path) -> None:
    spoil(course, FOR_LOOPS, "card: control-flow/for-loops/range", "card: control-flow/while-loops/range")

    assert "must begin with control-flow/for-loops/" in faults(course)[0]


def test_a_file_that_no_topic_would_read_is_a_fault(course: Path) -> None:
    stray = course / "modules/02-control-flow/for-loop/cards.yaml"
    stray.parent.mkdir()
    stray.write_text("[]")

    assert faults(course) == ("modules/02-control-flow/for-loop/cards.yaml:1: no topic of the catalogue has this file",)


def test_all_faults_of_all_files_come_together(course: Path) -> None:
    spoil(course, FOR_LOOPS, "  contrast:", "  contrsat:")
    spoil(course, "modules/04-functions/scope/cards.yaml", "  model:", "  modle:")

    assert len({fault.partition(":")[0] for fault in faults(course)}) == 2


def test_a_topic_that_stands_twice_in_the_catalogue_is_a_fault(course: Path) -> None:
    line = spoil(course, "catalogue.yaml", "topic: while-loops", "topic: for-loops")

    assert faults(course) == (f"catalogue.yaml:{line}: 'control-flow/for-loops' is already taken",)
