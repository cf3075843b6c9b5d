"""From hits to words: what is chosen, what it costs, what is never said."""

import ast
import string

import pytest

from learnflow.contracts.questions import ReviewPart
from learnflow.services.code_review import answers, evidence
from learnflow.services.code_review.evidence import Verdict
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.praise import praise_of
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.review import Review, review
from learnflow.services.code_review.rulebook import load_rules
from learnflow.services.code_review.scores import Scores, score

RAN = Verdict("run", "I ran it, and it ended without an error.")
GOOD = 'def area(width, height):\n    """Gives the area of a rectangle."""\n    return width * height\n'
NO_RETURN = "def first(marks):\n    for mark in marks:\n        if mark > 3:\n            return mark\n"


def judged(
    source: str, hits: tuple[Hit, ...] = (), verdict: Verdict = RAN, focus: tuple[ReviewPart, ...] = ()
) -> Review:
    return review(Program(source), hits, verdict, focus)


def test_the_weights_are_forty_twenty_five_twenty_fifteen_and_round_half_up() -> None:
    assert Scores(100, 0, 0, 0).quality == 40
    assert Scores(0, 100, 0, 0).quality == 25
    assert Scores(0, 0, 100, 0).quality == 20
    assert Scores(0, 0, 0, 100).quality == 15
    assert Scores(0, 2, 0, 0).quality == 1  # 0.5
    assert Scores(0, 1, 0, 0).quality == 0  # 0.25


def test_repeats_cost_half_then_a_quarter_then_nothing() -> None:
    hits = [Hit("A001", line) for line in range(1, 6)]
    costs = [100 - score(hits[:count], load_rules(), None).readability for count in range(5)]
    assert costs == [0, 12, 18, 21, 21]


def test_with_tests_correctness_is_the_share_that_passed_whatever_was_found() -> None:
    found = score([Hit("F821", 1), Hit("F821", 2)], load_rules(), share=200 / 3)
    assert found.correctness == 67


def test_no_part_falls_below_zero() -> None:
    hits = [Hit(rule, 1) for rule in load_rules() for _ in range(3)]
    found = score(hits, load_rules(), None)
    assert min(found.correctness, found.style, found.efficiency, found.readability) == 0


def test_a_program_without_faults_gets_a_hundred_no_remark_and_a_praise_of_its_own() -> None:
    found = judged(GOOD)
    assert found.scores.quality == 100
    assert found.pep8_compliant
    assert found.remarks == ()
    assert "`area`" in found.praise


def test_at_most_three_remarks_essential_first_and_each_rule_once() -> None:
    hits = tuple(Hit(rule, line) for line, rule in enumerate(("E501", "E231", "A001", "E741", "F821", "F821"), 1))
    rules = [remark.rule for remark in judged(GOOD, hits).remarks]
    assert rules == ["F821", "A001", "E741"]


def test_a_focus_brings_its_part_before_others_but_never_before_what_is_essential() -> None:
    hits = (Hit("E501", 1), Hit("A001", 2), Hit("F821", 3), Hit("SIM115", 4))
    assert [remark.rule for remark in judged(GOOD, hits, focus=("style",)).remarks][:2] == ["F821", "E501"]


def test_what_means_the_same_is_said_once() -> None:
    verdict = Verdict("run", "It stopped.", hits=(Hit("run-error", 2, name="`NameError: x`"),))
    rules = [remark.rule for remark in judged("print(1)\nprint(x)\n", (Hit("F821", 2, 7, "x"),), verdict).remarks]
    assert len(rules) == 1


def test_an_error_elsewhere_is_said_beside_a_name_that_nothing_binds() -> None:
    verdict = Verdict("run", "It stopped.", hits=(Hit("run-error", 1, name="`ZeroDivisionError`"),))
    found = judged("print(1 / 0)\nprint(x)\n", (Hit("F821", 2, 7, "x"),), verdict)
    assert [remark.rule for remark in found.remarks] == ["F821", "run-error"]
    assert found.scores.correctness == 0


def test_a_loop_that_does_not_end_costs_once_and_its_condition_is_named() -> None:
    verdict = Verdict("run", "It was stopped.", hits=(Hit("does-not-end", 2, name="it did not end"),))
    found = judged("n = 1\nwhile n < 5:\n    print(n)\n", (), verdict)
    assert [(remark.rule, remark.severity) for remark in found.remarks] == [("unchanged-condition", "essential")]
    assert found.scores.correctness == 40


def test_a_run_that_only_defines_is_not_called_a_proof() -> None:
    verdict = evidence.from_run(Program(GOOD), {"status": "ok"})
    assert verdict is not None
    assert "tells little" in verdict.note


def test_a_missing_return_is_essential_only_where_none_was_seen() -> None:
    by_text = judged(NO_RETURN).remarks[0]
    by_run = judged(NO_RETURN, verdict=Verdict("run", "It ran.", shows_none=True)).remarks[0]
    assert (by_text.rule, by_text.severity) == ("missing-return", "actionable")
    assert (by_run.rule, by_run.severity) == ("missing-return", "essential")


@pytest.mark.parametrize(("passed", "severity"), [(100.0, "actionable"), (99.0, "essential")])
def test_a_program_that_passes_all_tests_is_not_told_that_it_goes_wrong(passed: float, severity: str) -> None:
    found = judged(GOOD, (Hit("F821", 3, 1, "pi"),), evidence.from_score(passed))
    assert [remark.severity for remark in found.remarks] == [severity]


def test_pep8_is_broken_by_its_own_rules_and_by_no_other() -> None:
    assert judged(GOOD, (Hit("A001", 1), Hit("F401", 1))).pep8_compliant
    assert not judged(GOOD, (Hit("E225", 1),)).pep8_compliant
    hidden = tuple(Hit(rule, 1) for rule in ("F821", "A001", "SIM115", "E225"))
    assert not judged(GOOD, hidden).pep8_compliant


def test_without_ruff_nothing_is_claimed_about_pep8_and_the_note_says_so() -> None:
    found = review(Program(GOOD), None, RAN)
    assert not found.pep8_compliant
    assert not found.is_whole
    assert "could not check the style" in found.note


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(:\n    pass\n", 1),
        ("print(1)\nif x\n    print(2)\n", 2),
        ("print('a)\n", 1),
        ("return 1\n", 1),
        ("break\n", 1),
        ("(" * 5000 + "1" + ")" * 4000, 1),
        ("-" * 9990 + "1", 1),
        ("x = '\x00'\n", 1),
        ("x = '\ud800'\n", 1),
        ("9" * 9990, 1),
        ("if a:\n\tb\n        c\n", 3),
    ],
)
def test_what_python_cannot_read_is_an_answer_with_its_line(source: str, line: int) -> None:
    program = Program(source)
    found = review(program, [], evidence.from_parser(program))
    (remark,) = found.remarks
    assert (remark.rule, remark.severity, remark.line) == ("syntax-error", "essential", line)
    assert found.scores.quality == 0
    assert found.praise
    assert answers.text(found)


@pytest.mark.parametrize("source", ["\n", "# only a plan\n", "\ufeff", "   \n\n"])
def test_a_program_without_a_statement_is_told_so(source: str) -> None:
    program = Program(source)
    found = review(program, [], evidence.from_parser(program))
    assert [remark.rule for remark in found.remarks] == ["nothing-there"]


def test_python_s_own_advice_is_no_remark_of_ours() -> None:
    program = Program("if x = 3:\n    print(x)\n")
    found = review(program, [], evidence.from_parser(program))
    assert "==" not in answers.text(found)


def test_a_byte_order_mark_and_a_form_feed_change_nothing() -> None:
    assert judged("\ufeff" + GOOD).scores == judged(GOOD).scores
    assert judged("\x0c" + GOOD).remarks == ()


def test_the_same_program_gives_the_same_bytes() -> None:
    hits = tuple(Hit(rule, line) for line, rule in enumerate(load_rules(), 1) if load_rules()[rule].is_ruffs)
    assert answers.as_data(judged(NO_RETURN, hits)) == answers.as_data(judged(NO_RETURN, hits[::-1]))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("with open('a') as f:\n    print(f.read())\n", "line 1 you open the file"),
        ("try:\n    print(int('a'))\nexcept ValueError:\n    print('no')\n", "`ValueError`"),
        ("for place, mark in enumerate([1]):\n    print(place, mark)\n", "`enumerate`"),
        ("squares = [n * n for n in range(3)]\n", "a whole collection"),
        ("def f(a):\n    if not a:\n        return 0\n    print(a)\n    return 1\n", "special case first, on line 2"),
        ("price = 3\namount = 4\nprint(price * amount)\n", "`amount`"),
        ("print(1)\n", "every line of your program"),
        ("print(1)\nprint(2)\nprint(\n", "up to line 2"),
        ("print(1)\nprint(\n", "Your first line is fine"),
        ("print(\n", "still unfinished"),
    ],
)
def test_the_praise_is_true_of_the_program(source: str, said: str) -> None:
    assert said in praise_of(Program(source), frozenset())


def test_a_praise_never_stands_beside_the_remark_that_contradicts_it() -> None:
    program = Program("def area(width, height):\n    return width * height\n")
    assert "names" not in praise_of(program, frozenset({"A001", "empty-name"}))


def test_no_sentence_of_the_rules_holds_code() -> None:
    for rule in load_rules().values():
        for sentence in (rule.message, rule.why, rule.question):
            assert {name for _, name, _, _ in string.Formatter().parse(sentence) if name} <= {"name", "other"}
            assert not any(sign in sentence for sign in ("==", "!=", "()", "enumerate", "isinstance", " is None")), rule
        assert "?" in rule.question
        assert "!" not in rule.message + rule.why


def test_sentences_are_short_enough_for_a_twelve_year_old() -> None:
    for rule in load_rules().values():
        for text in (rule.message, rule.why, rule.question):
            assert max(len(part.split()) for part in text.replace("?", ".").split(". ")) <= 25, rule.code


@pytest.mark.parametrize(
    ("query", "code", "expected"),
    [
        ("please review", "print(1)", "print(1)"),
        ("please review\n```python\nprint(2)\n```", "", "print(2)\n"),
        ("please review\n```\nprint(2)\n```", "  \n", "print(2)\n"),
        ("please review my code", "", None),
        ("```\n\n```", "", None),
    ],
)
def test_the_program_is_taken_from_its_field_or_from_a_fence(query: str, code: str, expected: str | None) -> None:
    assert answers.program_in(query, code) == expected


def test_a_literal_none_on_the_screen_is_no_lost_value() -> None:
    shown = evidence.from_run(Program("print('None')\n"), {"status": "ok", "stdout": "None\n"})
    lost = evidence.from_run(Program("print([].sort())\n"), {"status": "ok", "stdout": "None\n"})
    assert shown is not None
    assert lost is not None
    assert (shown.shows_none, lost.shows_none) == (False, True)


@pytest.mark.parametrize(
    ("source", "status", "kind", "correctness"),
    [
        ("n = int(input())\n", "error", "EOFError", 100),
        ("a, b = input().split()\n", "error", "ValueError", 100),
        ("a = input() + 1\n", "error", "TypeError", 40),
        ("a, b = (1,)\n", "error", "ValueError", 40),
        ("import sys\nsys.exit()\n", "error", "SystemExit", 100),
        ("while True:\n    pass\n", "timeout", None, 40),
        ("x = [0] * 10**9\n", "memory", None, 40),
        ("while True:\n    print(1)\n", "output_limit", None, 40),
        ("print(1)\n", "ok", None, 100),
    ],
)
def test_an_error_that_comes_from_what_we_typed_is_no_fault(
    source: str, status: str, kind: str | None, correctness: int
) -> None:
    answer = {"status": status, "stdout": "", "error": {"type": kind, "message": "m", "line": 1} if kind else None}
    verdict = evidence.from_run(Program(source), answer)
    assert verdict is not None
    assert judged(source, verdict=verdict).scores.correctness == correctness


def test_a_fault_of_the_sandbox_is_nobody_s() -> None:
    assert evidence.from_run(Program("print(1)\n"), {"status": "sandbox_error"}) is None


def test_hidden_tests_are_counted_and_never_shown() -> None:
    tests = [
        {"number": 1, "hidden": True, "passed": False, "call": "f('secret')", "expected": "'secret'", "got": "None"},
        {"number": 2, "hidden": False, "passed": False, "call": "f(2)", "expected": "4", "got": "None"},
        {"number": 3, "hidden": False, "passed": True},
    ]
    program = Program("def f(a):\n    if a > 5:\n        return a\n")
    shown = review(program, [], evidence.from_tests(program, {"tests": tests, "score": 33.3}))
    assert shown.scores.correctness == 33
    assert "secret" not in answers.text(shown)
    assert "`f(2)` should give `4`, and gives `None`" in answers.text(shown)
    assert {remark.rule for remark in shown.remarks} == {"failed-tests", "missing-return"}
    assert {remark.severity for remark in shown.remarks} == {"essential"}
    only_hidden = review(program, [], evidence.from_tests(program, {"tests": tests[:1]}))
    assert "secret" not in answers.text(only_hidden)
    assert only_hidden.remarks[0].severity == "actionable" or only_hidden.remarks[0].rule == "failed-tests"


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"stdin": "3\n", "expected": "9", "got": "6"}, "The program, given `3`, should give `9`, and gives `6`."),
        ({"expected": "9", "got": None}, "The program should give `9`."),
        ({"call": "f(1)", "expected": "raises ValueError", "got": "1"}, "should give `raises ValueError`"),
        ({"message": "Use a loop inside a loop here."}, "Use a loop inside a loop here."),
        ({}, "1 of 1 tests do not pass yet."),
    ],
)
def test_the_first_public_test_that_fails_is_told_as_it_is(test: dict[str, str], said: str) -> None:
    program = Program("print(6)\n")
    found = review(program, [], evidence.from_tests(program, {"tests": [{"hidden": False, "passed": False, **test}]}))
    assert said in found.remarks[0].message


def test_an_error_in_a_test_names_its_line_before_the_test_is_told() -> None:
    program = Program("def f(a):\n    return a[5]\n")
    grade = {
        "tests": [{"hidden": False, "passed": False, "call": "f('a')", "expected": "'a'", "got": None}],
        "error": {"type": "IndexError", "message": "string index out of range", "line": 2},
    }
    remarks = review(program, [], evidence.from_tests(program, grade)).remarks
    assert [(remark.rule, remark.line) for remark in remarks] == [("run-error", 2), ("failed-tests", 1)]


@pytest.mark.parametrize("grade", [{}, {"tests": None, "score": None}, {"tests": ["x"], "score": 250}, {"score": -3}])
def test_a_grade_in_another_shape_is_no_failure_of_ours(grade: dict[str, object]) -> None:
    program = Program("print(6)\n")
    assert review(program, [], evidence.from_tests(program, grade)).scores.correctness in {0, 100}


def test_no_remark_holds_a_statement_that_is_not_in_the_program() -> None:
    hits = tuple(Hit(rule.code, 1, name="mark") for rule in load_rules().values() if rule.is_ruffs)
    for start in range(0, len(hits), 3):
        for remark in judged(NO_RETURN, hits[start : start + 3]).remarks:
            for quoted in f"{remark.message} {remark.why} {remark.question}".split("`")[1::2]:
                assert _is_name_or_sign(quoted), quoted


def _is_name_or_sign(text: str) -> bool:
    try:
        parsed = ast.parse(text.strip(".()"), mode="eval")
    except SyntaxError:
        return True
    return isinstance(parsed.body, ast.Name)
