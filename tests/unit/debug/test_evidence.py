"""What is said about evidence: what ran, what did not, what was only pasted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnflow.contracts.error_types import public_name
from learnflow.services.debug import ladder
from learnflow.services.debug.case import Run
from learnflow.services.debug.diagnosis import diagnose, stdin_for
from learnflow.services.debug.runs import run_from_answer
from learnflow.services.debug.tracebacks import read_report
from tests.unit.debug.programs import WRONG
from tests.unit.debug.run_here import run

SORTED = "nums = [3, 1]\nnums = nums.sort()\nprint(nums[0])\n"
NONE_ERROR = read_report(
    'Traceback (most recent call last):\n  File "x.py", line 3, in <module>\n    print(nums[0])\n'
    "TypeError: 'NoneType' object is not subscriptable\n"
)


def test_a_run_that_shows_the_error_makes_the_claim_verified() -> None:
    found = diagnose(SORTED, None, run(SORTED))
    assert found.verified
    assert found.opening.startswith("I ran your program. It stopped at line 3, `print(nums[0])`, with `TypeError:")


def test_without_a_run_the_cause_is_read_and_not_claimed_as_verified() -> None:
    found = diagnose(SORTED, NONE_ERROR, None)
    assert (found.best.misconception, found.best.line) == ("sort-returns-list", 2)
    assert found.opening.startswith("I could not run your program just now.")
    assert not found.verified


def test_without_a_run_and_without_a_message_nothing_is_claimed_to_have_happened() -> None:
    found = diagnose("print(1)\n", None, None)
    assert found.best.fact == "Nothing was run this time, so I can only say what I read."
    assert not found.verified


def test_an_error_that_the_run_does_not_show_is_taken_from_the_message_and_said_so() -> None:
    fixed = "nums = [3, 1]\nnums.sort()\nprint(nums[0])\n"
    found = diagnose(fixed, NONE_ERROR, run(fixed))
    assert "I did not see your error, so I go by your message" in found.opening
    assert not found.verified


def test_a_program_that_asks_for_input_gets_lines_and_the_answer_says_which() -> None:
    source = "age = input()\nprint(age + 1)\n"
    assert stdin_for(source, None).startswith("7\n")
    found = diagnose(source, None, run(source, stdin_for(source, None)))
    assert "It asks for input, and I gave it `'7'` each time." in found.opening
    assert found.best.misconception == "input-gives-number"


def test_the_text_that_the_student_s_error_complains_of_is_typed_in_again() -> None:
    source = "n = int(input())\nprint(n)\n"
    report = read_report("ValueError: invalid literal for int() with base 10: 'twelve'")
    assert stdin_for(source, report).startswith("twelve\n")
    assert diagnose(source, report, run(source, stdin_for(source, report))).verified


def test_nothing_is_typed_for_a_program_that_asks_for_nothing() -> None:
    assert stdin_for("print(1)", None) == ""


@pytest.mark.parametrize("status", ["timeout", "memory", "output_limit", "killed"])
def test_a_program_that_was_stopped_is_explained_by_its_loop(status: str) -> None:
    source = "n = 1\nwhile n > 0:\n    print(n)\n"
    seen = run(source)
    found = diagnose(source, None, Run(status, "", None, seen.steps, is_cut=True))
    assert found.error_type == "timeout"
    assert found.best.misconception == "while-counts-itself"
    assert "`n` was `1` in every round" in found.best.fact


def test_a_stopped_program_without_a_trace_is_not_claimed_as_verified() -> None:
    found = diagnose("n = 1\nwhile n > 0:\n    print(n)\n", None, Run("timeout"))
    assert not found.verified


def test_a_trace_that_was_cut_says_nothing_about_lines_that_did_not_run() -> None:
    source = WRONG[17].source
    whole = run(source)
    cut = Run(whole.status, "", whole.raised, whole.steps[:1], is_cut=True)
    assert not diagnose(source, None, cut).verified


def test_a_class_of_the_student_s_is_not_named_outside_the_answer() -> None:
    assert public_name("IndexError") == "IndexError"
    assert public_name("timeout") == "timeout"
    assert public_name("MyOwnError") == "other"
    assert public_name("print") == "other"
    assert public_name("") == "other"


def test_an_answer_of_the_sandbox_with_missing_fields_is_read_all_the_same() -> None:
    read = run_from_answer({"status": "error", "error": {"type": "ValueError"}}, "")
    assert read.raised is not None
    assert (read.raised.line, read.steps, read.is_cut) == (None, (), False)
    assert diagnose("x = 1\n", None, read).findings


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_program_and_no_error_breaks_the_engine(data: st.DataObject) -> None:
    wrong = data.draw(st.sampled_from(WRONG))
    lines = wrong.source.splitlines()
    kept = data.draw(st.lists(st.sampled_from(lines), max_size=8))
    other = data.draw(st.sampled_from(WRONG))
    raised = run(other.source, other.stdin)
    found = diagnose("\n".join(kept) + "\n", None, raised)
    assert found.findings
    for level in (1, 2, 3, 4):
        assert all(ladder.hint(finding, level, found.program) for finding in found.findings)
