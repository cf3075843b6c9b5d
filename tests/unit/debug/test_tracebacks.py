"""Pasted tracebacks and messages, read as evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.debug.diagnosis import diagnose
from learnflow.services.debug.question import read_question
from learnflow.services.debug.tracebacks import Report, plain_message, read_report

CARETS = """Traceback (most recent call last):
  File "game.py", line 9, in <module>
    main()
  File "game.py", line 6, in main
    print(board[row][col + 1])
          ~~~~~~~~~~^^^^^^^^^
IndexError: list index out of range
"""
CHAINED = """Traceback (most recent call last):
  File "a.py", line 2, in <module>
    int("x")
ValueError: invalid literal for int() with base 10: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 4, in <module>
    print(resutl)
NameError: name 'resutl' is not defined. Did you mean: 'result'?
"""
LIBRARY = """Traceback (most recent call last):
  File "pick.py", line 3, in <module>
    random.choice([])
  File "/usr/lib/python3.11/random.py", line 373, in choice
    raise IndexError('Cannot choose from an empty sequence')
IndexError: Cannot choose from an empty sequence
"""
NOTEBOOK = """---------------------------------------------------------------------------
TypeError                                 Traceback (most recent call last)
Cell In[4], line 2
      1 age = "12"
----> 2 age + 1

TypeError: can only concatenate str (not "int") to str
"""
SYNTAX = """  File "t.py", line 3
    if x = 3:
       ^^^^^
SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead of '='?
"""


def report(text: str) -> Report:
    found = read_report(text)
    assert found is not None
    return found


def test_the_last_call_in_the_student_s_own_file_is_the_place() -> None:
    found = report(CARETS)
    assert found.place is not None
    assert (found.type, found.message, found.line) == ("IndexError", "list index out of range", 6)
    assert (found.place.function, found.place.text) == ("main", "print(board[row][col + 1])")
    assert found.place.text[found.place.column : found.place.end_column] == "board[row][col + 1]"
    assert found.lines == {9: "main()", 6: "print(board[row][col + 1])"}


def test_a_chained_traceback_is_explained_by_its_last_error_and_keeps_the_first() -> None:
    found = report(CHAINED)
    assert (found.type, found.line) == ("NameError", 4)
    assert found.earlier is not None
    assert (found.earlier.type, found.earlier.line) == ("ValueError", 2)


def test_frames_of_libraries_are_not_the_student_s_place() -> None:
    assert report(LIBRARY).line == 3


def test_a_notebook_s_arrow_marks_the_line() -> None:
    found = report(NOTEBOOK)
    assert (found.type, found.line, found.lines) == ("TypeError", 2, {2: "age + 1"})


def test_a_syntax_error_has_a_line_without_a_function() -> None:
    found = report(SYNTAX)
    assert (found.type, found.line) == ("SyntaxError", 3)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("IndexError: list index out of range", "IndexError", None),
        ("list index out of range", "IndexError", None),
        ("I get NameError: name 'x' is not defined on line 7", "NameError", 7),
        ("it says \u2018NoneType\u2019 object is not subscriptable", "TypeError", None),
        ("UnboundLocalError: local variable 'n' referenced before assignment", "UnboundLocalError", None),
        ("EOFError", "EOFError", None),
        ("requests.exceptions.ConnectionError: no route", "ConnectionError", None),
        ("RecursionError: maximum recursion depth exceeded", "RecursionError", None),
    ],
)
def test_a_message_in_any_dress_gives_its_type(text: str, kind: str, line: int | None) -> None:
    found = report(text)
    assert (found.type, found.line) == (kind, line)


@pytest.mark.parametrize("text", ["", "how do loops work?", "my program is slow", "Traceback (most recent call last):"])
def test_a_text_without_an_error_is_no_report(text: str) -> None:
    assert read_report(text) is None


def test_python_s_own_advice_is_left_out_of_our_words() -> None:
    assert plain_message("name 'resutl' is not defined. Did you mean: 'result'?") == "name 'resutl' is not defined"
    assert plain_message("invalid syntax. Maybe you meant '==' or ':=' instead of '='?") == "invalid syntax"
    texts = diagnose(None, report(CHAINED), None)
    assert "'result'" not in texts.opening + texts.best.fact


def test_a_traceback_without_code_proves_what_it_proves_and_no_more() -> None:
    found = diagnose(None, report(CARETS), None)
    assert found.opening.startswith("I have only the error message, not your program.")
    assert found.best.fact == "Line 6 asks `board[row]` for position `col + 1`. That position is not there."
    assert found.line == 6
    assert not found.verified


def test_a_bare_message_still_gets_a_question() -> None:
    found = diagnose(None, report("TypeError: 'NoneType' object is not subscriptable"), None)
    assert found.best.misconception == "none-from-somewhere"
    assert found.best.line is None


def test_code_in_a_fence_of_the_question_is_the_program() -> None:
    sent = read_question("Why?\n```python\nprint(x)\n```\nNameError: name 'x' is not defined")
    assert sent.code == "print(x)\n"
    assert sent.report is not None
    assert sent.report.type == "NameError"


def test_a_fenced_traceback_is_not_taken_for_a_program() -> None:
    assert read_question(f"help\n```\n{CARETS}```").code is None


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read_report(f'  File "a.py", line 3, in f\n    {text}\nTypeError: {text}')
    assert found is None or diagnose(None, found, None).findings
