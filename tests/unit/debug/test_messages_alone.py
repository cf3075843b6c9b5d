"""A pasted message without the program: what is said is true, or is not said."""

import pytest

from learnflow.services.debug import ladder
from learnflow.services.debug.diagnosis import diagnose
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.tracebacks import read_report

PASTED = 'Traceback (most recent call last):\n  File "x.py", line 7, in <module>\n    %s\n%s\n'


def best(line: str, error: str) -> Finding:
    return diagnose(None, read_report(PASTED % (line, error)), None).best


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("print(score[0])", "TypeError: 'int' object is not subscriptable", "a part of `score`"),
        ("print(score.append(0))", "AttributeError: 'int' object has no attribute 'append'", "`score` is a whole"),
        ("print('a', len(score))", "TypeError: object of type 'int' has no len()", "the length of `score`"),
        ("print(names[0], ages[k])", "TypeError: list indices must be integers or slices, not str", "`ages` for `k`"),
        ("print(x - 1, y + 'a')", 'TypeError: can only concatenate str (not "int") to str', "adds two values"),
        ("print(a / 2, b / c)", "ZeroDivisionError: division by zero", "divides by `c`"),
        ("d = find(x, None)[0]", "TypeError: 'NoneType' object is not subscriptable", "what `find()` gave back"),
    ],
)
def test_a_pasted_error_is_about_the_part_that_it_complains_of(line: str, error: str, said: str) -> None:
    assert said in best(line, error).fact


@pytest.mark.parametrize(
    ("line", "error", "unsaid"),
    [
        ("print(names[0], ages[9])", "IndexError: list index out of range", "`names`"),
        ("print(x.pop(0), y.pop())", "IndexError: pop from empty list", "`x`"),
        ("print(f(3), g(4))", "TypeError: 'str' object is not callable", "`print`"),
        ("print('Sum', a + b + c)", 'TypeError: can only concatenate str (not "int") to str', "`c`"),
        ("print('even', n % k)", "TypeError: not all arguments converted during string formatting", "`'even'`"),
        ("xs.remove(0); ys.remove(3)", "ValueError: list.remove(x): x not in list", "`xs`"),
    ],
)
def test_where_the_message_does_not_tell_which_part_it_was_none_is_named(line: str, error: str, unsaid: str) -> None:
    found = best(line, error)
    assert unsaid not in found.fact + found.question + found.cause


@pytest.mark.parametrize(
    "error",
    [
        "ModuleNotFoundError: No module named 'pygame'",
        "TypeError: 'int' object is not subscriptable",
        "TypeError: 'int' object is not iterable",
        "TypeError: 'NoneType' object is not subscriptable",
        "TypeError: f() missing 1 required positional argument: 'b'",
        "NameError: name 'a' is not defined",
        "IndexError: pop from empty list",
        "IndexError: list index out of range",
        "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value",
        "ValueError: math domain error",
        "EOFError: EOF when reading a line",
        "SyntaxError: invalid syntax",
        "IndentationError: expected an indented block",
        "MyError: oops",
    ],
)
def test_a_message_without_a_line_gets_an_answer_without_a_line(error: str) -> None:
    found = diagnose(None, read_report(error), None)
    said = " ".join([found.best.fact, *(ladder.hint(found.best, rung, found.program) for rung in (1, 2, 3))])
    for invented in ("line ?", "Line ?", "ine None", "ine 0", "ine -1", "0 places"):
        assert invented not in said
