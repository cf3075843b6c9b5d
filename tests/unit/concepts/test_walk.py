"""The tables of rounds and steps say what the sandbox saw."""

import ast

import pytest

from learnflow.services.concepts.program import Program, read_program
from learnflow.services.concepts.walk import Step, read_run, rounds_table, steps_table
from tests.content.programs import trace


def program(code: str) -> Program:
    found = read_program(code)
    assert isinstance(found, Program)
    return found


def walked(code: str) -> list[Step]:
    """The steps as the sandbox sends them, from a real run."""
    return [Step(line, values, final=line == 0) for line, values, _ in trace(code)]


def rows(table: str | None) -> list[list[str]]:
    assert table is not None
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def rounds(code: str, loop: int = 0) -> list[list[str]]:
    found = program(code)
    return rows(rounds_table(found.loops[loop], walked(code)))


def test_a_round_shows_the_item_and_what_the_body_changed() -> None:
    code = "total = 0\nfor n in [5, 2]:\n    total = total + n\nprint(total)\n"

    assert rounds(code) == [["1", "`5`", "`5`"], ["2", "`2`", "`7`"]]


def test_a_while_loop_shows_the_value_before_and_after() -> None:
    assert rounds("n = 8\nwhile n > 3:\n    n = n // 2\n") == [["1", "`8`", "`4`"], ["2", "`4`", "`2`"]]


def test_a_list_that_grows_by_a_method_is_followed() -> None:
    assert rounds("found = []\nfor n in (1, 2):\n    found.append(n)\n") == [
        ["1", "`1`", "`[1]`"],
        ["2", "`2`", "`[1, 2]`"],
    ]


def test_rounds_of_the_outer_and_of_the_inner_loop_are_kept_apart() -> None:
    code = "for i in range(2):\n    for j in range(3):\n        print(i, j)\n"

    assert [row[1] for row in rounds(code)] == ["`0`", "`1`"]
    assert [row[1] for row in rounds(code, 1)] == ["`0`", "`1`", "`2`"] * 2


def test_a_round_that_continue_or_break_ends_is_a_round() -> None:
    code = "for n in [1, 2, 3, 4]:\n    if n == 2:\n        continue\n    if n == 3:\n        break\n    print(n)\n"

    assert [row[1] for row in rounds(code)] == ["`1`", "`2`", "`3`"]


def test_while_true_has_rounds_too() -> None:
    code = "n = 0\nwhile True:\n    n = n + 1\n    if n == 3:\n        break\n"

    assert [row[1] for row in rounds(code)] == ["`1`", "`2`", "`3`"]


def test_of_many_rounds_the_first_six_are_shown_and_all_are_counted() -> None:
    code = "for n in range(50):\n    print(n)\n"
    found = rounds_table(program(code).loops[0], walked(code))

    assert len(rows(found)) == 6
    assert str(found).endswith("These are the first 6 of 50 rounds.")


@pytest.mark.parametrize(
    "code", ["for n in []:\n    print(n)\n", "for n in [1]: print(n)\n", "while False:\n    x = 1\n"]
)
def test_where_no_round_was_seen_there_is_no_table(code: str) -> None:
    assert rounds_table(program(code).loops[0], walked(code)) is None


def test_a_step_shows_the_line_and_what_changed() -> None:
    code = "a = 2\nb = a + 1\nprint(b)\n"

    assert rows(steps_table(program(code), walked(code))) == [
        ["1", "`a = 2`", "`a` is `2`"],
        ["2", "`b = a + 1`", "`b` is `3`"],
        ["3", "`print(b)`", "-"],
    ]


def test_a_call_shows_its_result_where_the_caller_goes_on() -> None:
    code = "def f(n):\n    return n + 1\nx = f(1)\nprint(x)\n"
    steps = [
        Step(1, {}), Step(3, {}), Step(2, {"n": "1"}, "f"), Step(4, {"x": "2"}), Step(4, {"x": "2"}, final=True),
    ]  # fmt: skip

    assert ["3", "`x = f(1)`", "`x` is `2`"] in rows(steps_table(program(code), steps))


def test_without_steps_there_is_no_table() -> None:
    assert steps_table(program("x = 1"), []) is None


def test_a_bar_or_a_backtick_in_a_value_does_not_break_the_table() -> None:
    steps = [Step(1, {}), Step(1, {"x": "'a|`b'"}, final=True)]

    assert "`x` is `` 'a\\|`b' ``" in str(steps_table(program("x = 'a|`b'"), steps))


def test_the_answer_of_the_sandbox_is_read_with_and_without_a_trace() -> None:
    run = read_run({"status": "error", "error": {"type": "NameError", "line": 2}, "trace": [{"line": 1, "values": {}}]})

    assert (run.status, run.error_type, run.error_line, len(run.steps)) == ("error", "NameError", 2, 1)
    assert read_run({"status": "ok", "trace": None, "error": None}).steps == ()


def test_a_program_knows_its_loops_in_order() -> None:
    found = program("for a in x:\n    while a:\n        pass\nfor b in y:\n    pass\n")

    assert [type(loop) for loop in found.loops] == [ast.For, ast.While, ast.For]
