"""Questions that once went to the wrong agent, and how long the longest ones take."""

import time

import pytest

from learnflow.services.triage.features import Features, Question
from learnflow.services.triage.routing import choose_agent

RUNS = "age = input()\nif age > 18:\n    print('adult')\n"
FUNCTION = "def f{0}(items, total=0):\n    for i, x in enumerate(items):\n        total += x * i\n    return total\n\n"
LONG = "".join(FUNCTION.format(number) for number in range(200))[:9_900]
LONG = LONG[: LONG.rfind("def ")]


@pytest.mark.parametrize(
    "query",
    ["How do I read a file?", "How do I sort a list backwards", "how to reverse a string",
     "How can I sort a dictionary?", "how do i write to a csv file", "Hi, how do you return two values?",
     "How would I remove an item from a list?",
     "How do I use a list in a for loop?"],
)  # fmt: skip
def test_how_something_is_done_in_python_is_a_question_for_concepts(query: str) -> None:
    assert choose_agent(Question(query)).intent == "concepts"


@pytest.mark.parametrize(
    "query",
    ["How do I start this task?", "how do I solve this exercise", "How do I begin?", "how do I solve the list task",
     "How do I sort the list in exercise 3?"],
)  # fmt: skip
def test_how_a_task_is_done_is_a_question_for_exercise(query: str) -> None:
    assert choose_agent(Question(query)).intent == "exercise"


def test_with_an_exercise_open_how_to_do_something_is_about_the_exercise() -> None:
    assert choose_agent(Question("How do I sort a list backwards", exercise_id="sort-it")).intent == "exercise"


@pytest.mark.parametrize(
    "query",
    ["why?", "Why", "but why??", "why is that?", "My program says age is wrong, why?", "the total is wrong", "help",
     "just give me the fixed code, i dont want hints", "Just give me the fixed code, I don\u2019t want hints",
     "give me the working code", "fix it for me"],
)  # fmt: skip
@pytest.mark.parametrize("exercise_id", [None, "ages"])
def test_a_short_question_or_a_complaint_beside_a_program_is_a_question_for_debug(
    query: str, exercise_id: str | None
) -> None:
    assert choose_agent(Question(query, code=RUNS, exercise_id=exercise_id)).intent == "debug"


def test_why_without_a_program_is_not_sent_to_debug() -> None:
    assert choose_agent(Question("why?")).intent != "debug"


def test_why_something_is_so_stays_with_concepts_beside_a_program() -> None:
    assert choose_agent(Question("Why does range(5) stop at 4?", code="print(range(5))\n")).intent == "concepts"


def test_a_long_program_is_not_called_broken_for_where_it_is_cut() -> None:
    for length in range(3_900, len(LONG), 97):
        whole_lines = LONG[: LONG.rfind("\ndef ", 0, length) + 1]
        assert not Features(Question("why?", code=whole_lines)).is_broken


@pytest.mark.parametrize("place", [0, 2_000, 9_000])
def test_a_forgotten_colon_in_a_long_program_is_seen_wherever_it_is(place: int) -> None:
    at = LONG.index("total=0):", place)
    broken = LONG[:at] + LONG[at:].replace("):", ")", 1)
    assert Features(Question("why?", code=broken)).is_broken


@pytest.mark.parametrize(
    "code",
    ["x = '''" + "text for you\n" * 700 + "'''\n", "if x:\n" + "    y = 1\n" * 800,
     "x = [\n" + "    1,\n" * 1_200 + "]\n",
     "class A:\n" + "    def f(self):\n        return {'a': [1,\n 2]}\n\n" * 180, "x = [" + "1, " * 3_200 + "]"],
)  # fmt: skip
def test_a_long_statement_is_not_called_broken_for_being_cut(code: str) -> None:
    assert not Features(Question("why?", code=code[:10_000])).is_broken


@pytest.mark.soak
@pytest.mark.parametrize(
    "query", ["How do I sort this?", "why? " * 1_000, "i want to give up on " * 238, "\u00e9 " * 2_500]
)
def test_the_longest_program_and_question_are_decided_within_five_milliseconds(query: str) -> None:
    times = []
    for _ in range(60):
        started = time.thread_time()
        choose_agent(Question(query, code=LONG))
        times.append(time.thread_time() - started)
    assert sorted(times)[int(len(times) * 0.9)] < 0.005
