"""Nothing that a student can send keeps the engine busy: it shares its process with everybody's answers."""

import pytest

from learnflow.services.debug import ladder
from learnflow.services.debug.attempts import attempt_of, sketch_of
from learnflow.services.debug.diagnosis import diagnose
from learnflow.services.debug.question import read_question
from learnflow.services.debug.tracebacks import read_report
from tests.unit.debug.run_here import run
from tests.unit.debug.test_attempts import IDA

pytestmark = pytest.mark.timeout(10)  # what is guarded against would take minutes; a second is never reached

LONG = "A" * 20_000


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        "A." * 10_000,
        "Error" * 4_000,
        "A_Error: " * 2_000,
        "```\n" * 5_000,
        '  File "a", line 1, in b\n' * 800,
        "^" * 20_000,
        " " * 20_000,
        "line 1 " * 2_800,
        "During handling of the above exception, another exception occurred:\nAError\n" * 200,
    ],
    ids=range(10),
)
def test_a_long_text_is_read_in_no_time(text: str) -> None:
    read_question(text, "", text)
    report = read_report(text + "\nTypeError: " + text)
    assert diagnose(None, report, None).findings


@pytest.mark.parametrize(
    "source",
    [
        f"print({'B' * 4_900})\n{'A' * 4_900} = 1\n",
        "".join(f"n{k} = {k}\n" for k in range(700)) + "print(m9)\n",
        "x = " + "-" * 9_000 + "1\nprint(y)\n",
        "x = " + "[" * 150 + "]" * 150 + "\nprint(y)\n",
        "x = " + "1+" * 4_000 + "1\nprint(y)\n",
        "'" * 9_999,
        "if " * 3_000,
        "try:\n" * 200,
        "def f():\n  return f()\n" * 400 + "f()\n",
        "x" * 9_000 + " = '" + "it's " * 100,
    ],
    ids=range(10),
)
def test_an_odd_program_is_looked_into_in_no_time(source: str) -> None:
    seen = run(source)
    found = diagnose(source, None, seen)
    assert all(ladder.hint(found.best, level, found.program) for level in (1, 2, 3, 4))
    assert attempt_of(IDA, source)
    assert sketch_of(IDA, source)
