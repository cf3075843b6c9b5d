"""From a run to the cause: our own wrong programs, each with its cause, and a repair that must not leak."""

import re

import pytest

from learnflow.services.debug import ladder
from learnflow.services.debug.diagnosis import Diagnosis, diagnose
from learnflow.tutor.misconceptions import MISCONCEPTIONS
from tests.unit.debug.leaks import holds
from tests.unit.debug.programs import WRONG, Wrong
from tests.unit.debug.run_here import run

BY_NAME = {wrong.name: wrong for wrong in WRONG}
all_wrong = pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)


def looked_into(source: str, stdin: str = "") -> Diagnosis:
    return diagnose(source, None, run(source, stdin))


def everything(diagnosis: Diagnosis) -> list[str]:
    """Each text that a student may ever see about it, rung by rung."""
    finding = diagnosis.best
    hints = [ladder.hint(finding, level, diagnosis.program) for level in (1, 2, 3, 4)]
    return [diagnosis.opening, finding.fact, *hints, *(ladder.cause(finding, level) for level in (1, 2, 3, 4))]


@all_wrong
def test_each_program_gets_its_own_cause_at_its_own_line(wrong: Wrong) -> None:
    found = looked_into(wrong.source, wrong.stdin)
    assert (found.best.misconception, found.best.line) == (wrong.misconception, wrong.line)
    assert found.verified
    assert found.best.is_specific


@all_wrong
def test_no_rung_holds_the_repair(wrong: Wrong) -> None:
    found = looked_into(wrong.source, wrong.stdin)
    own = {line.strip() for line in wrong.source.splitlines()}
    if wrong.repair in own:
        pytest.fail("the repair must not be a line of the program itself")
    leaking = [text for text in everything(found) if holds(text, wrong.repair, wrong.source)]
    assert leaking == []


@all_wrong
def test_no_rung_tells_what_to_write(wrong: Wrong) -> None:
    orders = re.compile(
        r"\b(?:replace|change it to|use instead|you should|must be written|add a|put a|write this)\b", re.IGNORECASE
    )
    assert [text for text in everything(looked_into(wrong.source, wrong.stdin)) if orders.search(text)] == []


@all_wrong
def test_the_first_two_rungs_do_not_tell_the_belief_or_the_cause(wrong: Wrong) -> None:
    found = looked_into(wrong.source, wrong.stdin).best
    program = looked_into(wrong.source, wrong.stdin).program
    for level in (1, 2):
        shown = ladder.hint(found, level, program) + ladder.cause(found, level)
        assert found.cause not in shown
        assert MISCONCEPTIONS[found.misconception].belief not in shown


@all_wrong
def test_sentences_are_short_calm_and_without_blame(wrong: Wrong) -> None:
    for text in everything(looked_into(wrong.source, wrong.stdin)):
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        spoken = re.sub(r"`[^`]*`", "it", prose)
        assert not re.search(r"!|\boops\b|\bwrong\b|\bmistake\b|\bforgot\b|\bglobal\b", spoken, re.IGNORECASE)
        assert max(len(sentence.split()) for sentence in re.split(r"[.?:;]\s", spoken)) <= 32


def test_the_cause_names_line_name_and_value_and_changes_with_the_value() -> None:
    three = looked_into("marks = [7, 4, 9]\nfor i in range(len(marks) + 1):\n    print(marks[i])\n").best
    two = looked_into("marks = [7, 4]\nfor i in range(len(marks) + 1):\n    print(marks[i])\n").best
    assert three.fact == "Line 3 asked for position 3 of `marks`. `i` was 3. `marks` has positions 0 to 2."
    assert two.fact == "Line 3 asked for position 2 of `marks`. `i` was 2. `marks` has positions 0 to 1."


def test_a_none_is_followed_from_the_line_that_reads_it_to_the_line_that_made_it() -> None:
    found = looked_into(BY_NAME["sort stored"].source)
    assert found.line == 5
    assert found.best.line == 3
    assert found.best.fact.startswith("Line 5 works with `nums`.")
    assert found.best.cause.startswith("Line 3 stores in `nums` what `.sort()` gives back.")


def test_the_line_of_the_cause_is_told_from_the_third_rung_on() -> None:
    found = looked_into(BY_NAME["sort stored"].source)
    assert [ladder.line(found.best, level, found.line) for level in (1, 2, 3, 4)] == [5, 5, 3, 3]


def test_a_name_made_in_a_branch_not_taken_tells_the_condition_and_its_value() -> None:
    found = looked_into(BY_NAME["branch not taken"].source).best
    assert "On line 2 `score` was `40`. `score >= 50` on line 2 was false" in found.cause


def test_a_count_in_a_function_is_explained_by_scope_and_never_by_the_word_global() -> None:
    found = looked_into(BY_NAME["count in a function"].source)
    texts = " ".join(everything(found))
    assert "local name in the whole function" in texts
    assert "global" not in texts


def test_a_long_list_is_measured_although_it_is_shown_shortened() -> None:
    found = looked_into("data = list(range(20))\nprint(data[20])\n").best
    assert "`data` has positions 0 to 19." in found.fact


@pytest.mark.parametrize(
    ("source", "error", "misconception", "line"),
    [
        ("if 3 > 2\n    print('yes')\n", "SyntaxError", "colon-missing", 1),
        ("print('it's late')\n", "SyntaxError", "apostrophe-ends-text", 1),
        ("print('hello)\n", "SyntaxError", "quote-not-closed", 1),
        ("total = (3 + 4\nprint(total)\n", "SyntaxError", "bracket-not-closed", 1),
        ("print(3))\n", "SyntaxError", "bracket-too-many", 1),
        ("if x = 3:\n    pass\n", "SyntaxError", "one-equals-asks", 1),
        ("for i in range(3):\nprint(i)\n", "IndentationError", "block-is-empty", 2),
        ("x = 1\n  y = 2\n", "IndentationError", "indent-without-block", 2),
        ("if True:\n    x = 1\n  y = 2\n", "IndentationError", "indent-does-not-match", 3),
        ("if True:\n\tx = 1\n        y = 2\n", "TabError", "tabs-and-spaces", 3),
        ("x = 3\nx++\n", "SyntaxError", "words-of-another-language", 2),
        ("if a && b:\n    pass\n", "SyntaxError", "words-of-another-language", 1),
        ("print 'hello'\n", "SyntaxError", "print-needs-brackets", 1),
        ("5 = x\n", "SyntaxError", "target-is-no-name", 1),
        ("class = 4\n", "SyntaxError", "word-is-reserved", 1),
        ("2nd = 4\n", "SyntaxError", "name-starts-with-digit", 1),
        ("x = [1 2]\n", "SyntaxError", "comma-missing", 1),
        ("print(\u201chello\u201d)\n", "SyntaxError", "odd-character", 1),
        ("x = = 4\n", "SyntaxError", "not-python", 1),
    ],
)
def test_a_program_that_python_cannot_read_is_explained_by_reading(
    source: str, error: str, misconception: str, line: int
) -> None:
    found = diagnose(source, None, None)
    assert (found.error_type, found.best.misconception, found.best.line) == (error, misconception, line)
    assert found.verified


@pytest.mark.parametrize(
    ("source", "misconception", "line"),
    [
        ("day = 'sun'\nif day == 'sat' or 'mon':\n    print('work')\n", "or-joins-values", 2),
        ("name = 'ida'\nname.upper()\nprint(name)\n", "result-is-dropped", 2),
        ("n = '4'\nint(n)\nprint(n)\n", "result-is-dropped", 2),
        ("age = 3\nage == 4\nprint(age)\n", "equal-tests-only", 2),
        ("def hello():\n    print('hi')\n", "def-runs-body", 1),
        ("def hello():\n    print('hi')\nhello\n", "name-is-call", 3),
        ("def add(a, b):\n    c = a + b\nprint(add(1, 2))\n", "missing-return", 1),
        ("for n in [1, 2]:\n    total = 0\n    total += n\nprint(total)\n", "accumulator-reset", 2),
        ("def f(xs):\n  for x in xs:\n    if x:\n      return 1\n    else:\n      return 0\nprint(f([1]))\n",
         "return-in-loop", 3),
    ],
)  # fmt: skip
def test_a_program_that_runs_but_looks_odd_gets_the_line_worth_a_look(
    source: str, misconception: str, line: int
) -> None:
    found = looked_into(source)
    assert found.error_type is None
    assert (found.best.misconception, found.best.line) == (misconception, line)


def test_a_program_without_any_oddity_is_asked_about_and_nothing_is_made_up() -> None:
    found = looked_into("total = 2 + 3\nprint(total)\n")
    assert found.best.misconception == "wrong-result"
    assert not found.best.is_specific
    assert found.best.fact == "It ran to its end without an error. The last line that it printed is `5`."


def test_an_error_raised_on_purpose_is_no_fault_of_the_line_that_raises() -> None:
    found = looked_into(
        "def age(n):\n    if n < 0:\n        raise ValueError('too small')\n    return n\nage(-3)\n"
    ).best
    assert found.misconception == "own-check"
    assert "Its condition is `n < 0`. `n` was `-3`." in found.fact


def test_an_unknown_error_gets_python_s_own_words_and_no_invented_cause() -> None:
    found = looked_into("import json\njson.loads('{')\n")
    assert found.best.misconception == "unknown-cause"
    assert not found.best.is_specific
    assert "JSONDecodeError" in found.best.fact
