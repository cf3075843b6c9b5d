"""Verdicts from the results of runs, whatever the sandbox or the program says."""

from typing import Any

import orjson
import pytest

from learnflow.curriculum import Case, Task
from learnflow.curriculum.phrases import load_phrases
from learnflow.services.code_execution.schemas import Run
from learnflow.services.exercise.grading.constructs import Unparsed, constructs, parse, unmet
from learnflow.services.exercise.grading.judge import Job, SandboxFailed, jobs, judge
from learnflow.services.exercise.grading.output import difference
from learnflow.services.exercise.grading.program import Encoder
from learnflow.services.exercise.grading.puzzles import grade_answer, mixed_lines
from learnflow.services.exercise.grading.verdict import Grade
from learnflow.services.exercise.reports import digest_of, read_report, write_report

ENGLISH = load_phrases().grade

CODE = "def double(n):\n    return n * 2\n"


def task(*tests: dict[str, Any], kind: str = "write", **more: Any) -> Task:
    level = {"kind": kind, "difficulty": "easy"}
    cases = [Case.model_validate(test) for test in tests]
    given = {"title": "Double", "statement": "Return it twice.", "reference": CODE, "tests": cases, "level": level}
    return Task.model_validate({**given, **more})


CALL = {"call": "double(2)", "expected": "4"}


def result(job: Job, **found: Any) -> dict[str, Any]:
    """What the sandbox answers when the program wrote this for a call."""
    text = orjson.dumps({"nonce": job.nonce, "phase": "call", **found}).decode()
    return {"status": "ok", "stdout": "", "error": None, "files": [{"name": job.result, "text": text}]}


def graded(made: Task, answer: Any, code: str = CODE) -> Grade:
    """The grade when every run ends with what `answer` makes of its job."""
    sent = jobs(made, code, 2.0)
    return judge(made, code, sent, [answer(job) for job in sent])


def test_a_right_value_passes_and_a_wrong_one_says_both() -> None:
    assert graded(task(CALL), lambda job: result(job, value=Encoder().encode(4))).score == 100
    wrong = graded(task(CALL), lambda job: result(job, value=Encoder().encode(5)))
    assert wrong.first_failing is not None
    assert wrong.first_failing.message == "It gave 5. 4 is expected."
    assert wrong.error_type == "wrong_result"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "does every way lead to a `return`"), (4.0, "a `float`. A `int` is expected"), ("4", "a `str`")],
)
def test_the_kind_of_a_wrong_value_is_named(value: object, said: str) -> None:
    grade = graded(task(CALL), lambda job: result(job, value=Encoder().encode(value)))
    assert grade.first_failing is not None
    assert said in grade.first_failing.message


def test_who_prints_instead_of_returning_is_told() -> None:
    grade = graded(task(CALL), lambda job: result(job, value=["NoneType"], printed="4\n"))
    assert grade.first_failing is not None
    assert "printed something" in grade.first_failing.message


@pytest.mark.parametrize(
    "files",
    [[], [{"name": "other.json", "text": "{}"}], [{"name": None, "text": None}]],
)
def test_without_a_result_nothing_passes(files: list[dict[str, Any]]) -> None:
    answer = {"status": "ok", "stdout": "4", "error": None, "files": files}
    assert graded(task(CALL), lambda _: answer).score == 0


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", '{"passed": true}', '{"nonce": 1}', "{}", "[" * 2_000, '{"nonce": "N"}',
     '{"nonce": "N", "phase": "call", "value": "any"}', '{"nonce": "N", "phase": "call", "raised": 5}',
     '{"nonce": "N", "phase": "call", "raised": {"kinds": 1, "message": 2, "line": 3}}'],
)  # fmt: skip
def test_whatever_else_stands_in_the_result_is_a_test_that_failed(text: str) -> None:
    def answer(job: Job) -> dict[str, Any]:
        file = {"name": job.result, "text": text.replace("N", job.nonce)}
        return {"status": "ok", "stdout": "", "error": None, "files": [file]}

    assert graded(task(CALL), answer).score == 0


def test_the_result_of_another_test_is_none_of_this_one() -> None:
    def answer(job: Job) -> dict[str, Any]:
        made = result(job, value=Encoder().encode(4))
        text = made["files"][0]["text"].replace(job.nonce, "0" * 32)
        return {**made, "files": [{"name": job.result, "text": text}]}

    assert graded(task(CALL), answer).score == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [("timeout", "Timeout"), ("memory", "MemoryError"), ("output_limit", "OutputLimit"), ("killed", "killed")],
)
def test_a_run_that_was_stopped_fails_its_test_even_with_a_result(status: str, kind: str) -> None:
    grade = graded(task(CALL), lambda job: result(job, value=Encoder().encode(4)) | {"status": status})
    assert (grade.score, grade.error_type) == (0, kind)


def test_a_fault_of_the_sandbox_is_no_verdict() -> None:
    with pytest.raises(SandboxFailed):
        graded(task(CALL), lambda job: result(job, value=Encoder().encode(4)) | {"status": "sandbox_error"})
    with pytest.raises(SandboxFailed):
        judge(task(CALL), CODE, jobs(task(CALL), CODE, 2.0), [])


RAISES = {"call": "double(None)", "raises": "ValueError: no number"}


@pytest.mark.parametrize(
    ("raised", "phase", "passed"),
    [
        ({"kinds": ["ValueError", "Exception"], "message": "no number", "line": 2}, "call", True),
        ({"kinds": ["MyError", "ValueError"], "message": "no number", "line": 2}, "call", True),
        ({"kinds": ["ValueError"], "message": "other words", "line": 2}, "call", False),
        ({"kinds": ["TypeError"], "message": "no number", "line": 2}, "call", False),
        ({"kinds": ["ValueError"], "message": "no number", "line": 1}, "load", False),
    ],
)
def test_an_exception_counts_by_its_class_its_message_and_where_it_was_raised(
    raised: dict[str, Any], phase: str, passed: bool
) -> None:  # fmt: skip
    grade = graded(task(RAISES), lambda job: result(job, raised=raised, phase=phase))
    assert grade.passed is passed


def test_a_hidden_test_keeps_quiet_even_as_the_first_that_failed() -> None:
    grade = graded(
        task(CALL, CALL | {"call": "double(99)", "expected": "198", "hidden": True}),
        lambda job: result(job, value=Encoder().encode(4)),
    )
    assert grade.score == 50
    assert grade.first_failing is None


def test_what_is_sent_fits_the_sandbox_even_with_the_longest_program() -> None:
    files = {f"data{number}.txt": "x" * 20_000 for number in range(5)}
    made = task(CALL | {"files": files}, preamble="#" * 6_000)
    sent = jobs(made, '"' * 10_000, 2.0)

    Run.model_validate(sent[0].body)


@pytest.mark.parametrize("name", ["job.json", "main.py", "../etc/passwd", "/etc/passwd", "", "a b"])
def test_a_file_of_a_test_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=r"files|own"):
        task(CALL | {"files": {name: "x"}})


def test_a_program_with_a_preamble_and_no_call_is_run_with_it() -> None:
    (job,) = jobs(task({"stdin": "", "stdout": "2"}, preamble="two = 2\n"), "print(two)", 2.0)
    assert set(job.body["files"]) == {"preamble.py", "handed_in.py"}
    (plain,) = jobs(task({"stdin": "", "stdout": "2"}), "print(2)", 2.0)
    assert plain.body["code"] == "print(2)"


@pytest.mark.parametrize(
    ("expected", "got", "said"),
    [
        ("a\nb", "a  \nb\n\n", None),
        ("a\nb", "", "It printed nothing."),
        ("a\nb", "a", "1 of 2 lines"),
        ("a\nb", "a\nb\nc", "The first one too many is `c`"),
        ("a\nb", "a\nB", "Line 2 should be `b`. It is `B`."),
        (" a", "a", "Line 1"),
        ("7", "How many? 7", "inside `input()`"),
    ],
)
def test_printed_lines_are_compared_without_what_nobody_sees(expected: str, got: str, said: str | None) -> None:
    tree = parse("n = input('How many? ')")
    assert not isinstance(tree, Unparsed)
    found = difference(expected, got, ENGLISH, tree)
    assert (found is None) if said is None else (said in str(found))


@pytest.mark.parametrize(
    ("code", "name"),
    [("for x in y: pass", "for"), ("while True: break", "while-true"), ("[x for x in y]", "list-comprehension"),
     ("def f(n):\n    return f(n - 1)", "recursion"), ("a.sort()", ".sort()"), ("sum(a)", "sum()"), ("a += 1", "+="),
     ("a // b", "//"), ("if a:\n    b\nelif c:\n    d", "elif"), ("def f(a=1): pass", "default-parameter"),
     ("for a in b:\n    for c in d: pass", "nested-loop"), ("class A(B): pass", "inheritance"), ("f'{a}'", "f-string"),
     ("try:\n    a\nexcept E:\n    b\nfinally:\n    c", "finally"), ("a[1:]", "slice"), ("with a: pass", "with")],
)  # fmt: skip
def test_a_construct_is_seen_in_the_tree(code: str, name: str) -> None:
    tree = parse(code)
    assert not isinstance(tree, Unparsed)
    assert name in constructs(tree)
    assert unmet(tree, (name,), (), ENGLISH) == []
    assert len(unmet(tree, (), (name,), ENGLISH)) == 1


@pytest.mark.parametrize("code", ["def (", "(" * 5_000, "-" * 20_000 + "1", "\x0c\\", "'\n"])
def test_what_cannot_be_read_is_no_crash(code: str) -> None:
    assert isinstance(parse(code), Unparsed)


PARSONS = task(kind="parsons", reference="a = 1\nif a:\n    print(a)\n", distractors=("print(b)",))


@pytest.mark.parametrize(
    ("answer", "score", "said"),
    [
        ("a = 1\nif a:\n    print(a)", 100, None),
        ("a = 1\n\nif a:  \n    print(a)\n", 100, None),
        ("if a:\na = 1\n    print(a)", 33.33, "Line 1 is not at its place."),
        ("a = 1\nif a:\nprint(a)", 66.67, "Line 3 is right, but its indentation is not."),
        ("a = 1\nif a:\n    print(a)\nprint(b)", 75, "Line 4 is one too many."),
        ("", 0, "Line 1 is missing."),
    ],
)
def test_lines_in_order_are_judged_one_by_one(answer: str, score: float, said: str | None) -> None:
    grade = grade_answer(PARSONS, answer)
    assert grade.score == score
    assert (grade.first_failing.message if grade.first_failing else None) == said


def test_the_lines_of_a_puzzle_are_all_there_and_not_in_order() -> None:
    lines = mixed_lines(PARSONS, "x/y/z")
    assert sorted(lines) == sorted(["a = 1", "if a:", "    print(a)", "print(b)"])
    assert lines[:3] != ["a = 1", "if a:", "    print(a)"]
    assert lines == mixed_lines(PARSONS, "x/y/z")


def test_a_predicted_output_is_right_or_not() -> None:
    predict = task(kind="predict", reference="1\n2", program="print(1)\nprint(2)", also=("1 2",))
    assert grade_answer(predict, "1\n2\n").passed
    assert grade_answer(predict, "1 2").passed
    assert not grade_answer(predict, "2\n1").passed


def test_a_kept_grade_says_all_that_it_takes_to_replay_it_and_comes_back_the_same() -> None:
    made = task(CALL)
    grade = graded(made, lambda job: {**result(job, value=["int", "0x5"]), "isolation": {"level": "L2"}})
    kept = orjson.loads(write_report(grade, made))

    assert read_report(orjson.dumps(kept).decode()) == grade
    assert (kept["isolation"], kept["limits"]["first_look_s"] > 0, bool(kept["build"])) == ("L2", True, True)
    assert [(one["call"], one["expected"], one["got"]) for one in kept["verdicts"]] == [("double(2)", "4", "5")]
    assert kept["tests"] == digest_of(task(CALL)) != digest_of(task({**CALL, "expected": "5"}))
