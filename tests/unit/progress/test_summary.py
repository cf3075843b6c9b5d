"""How far a student is, in sentences."""

import re

from hypothesis import given
from hypothesis import strategies as st

from learnflow.services.progress.mastery import Components
from learnflow.services.progress.overview import ModuleStanding, TopicStanding
from learnflow.services.progress.streaks import Streak
from learnflow.services.progress.summary import Standing, counted, spoken

TITLES = {"control-flow/for-loops/for": "`for` loops"}
BUSY = Standing(
    questions=12,
    concepts=("control-flow/for-loops/for", "lists"),
    runs_ok=7,
    runs_failed=1,
    hints={1: 3, 2: 1},
    active_days=9,
    active_days_last_30=6,
    streak=Streak(3, 5),
)


def test_a_busy_student_reads_their_own_numbers() -> None:
    text = spoken(BUSY, TITLES)
    assert "12 questions" in text
    assert "2 ideas explained: `for` loops, lists" in text
    assert "8 programs: 7 went through, 1 did not" in text
    assert "4 hints. Hints go from step 1 to step 4: 3 at step 1, 1 at step 2" in text
    assert "9 days, the last 3 in a row" in text
    assert "longest row is 5 days" in text


def test_a_newcomer_is_told_so_without_a_row_of_zeros() -> None:
    text = spoken(Standing(), TITLES)
    assert "just beginning" in text
    assert "not run a program" in text
    assert "hint" not in text


def test_who_has_no_percentage_yet_is_told_what_makes_it_grow() -> None:
    assert "no percentage yet" in spoken(BUSY, TITLES)


def test_mastery_is_said_by_module_with_the_topics_that_are_begun() -> None:
    loops = TopicStanding("control-flow/for-loops", "For loops", 67.5, Components(100, 80, 10, 15), started=True)
    others = [TopicStanding(f"control-flow/{n}", f"T{n}", 0.0, Components(), started=False) for n in "abc"]
    modules = (ModuleStanding("control-flow", "Control flow", (loops, *others)),)
    text = spoken(Standing(active_days=1, modules=modules, passed=3, unaided=2), TITLES)
    assert "- Control flow: 17 % (Beginner). For loops 68 %." in text
    formula = "40 % of 100 (exercises) + 30 % of 80 (quiz) + 20 % of 10 (code quality) + 10 % of 15 (practice)"
    assert f"- For loops: {formula} = 68 %" in text
    assert "You passed 3 exercises, 2 of them without help." in text
    assert "no percentage" not in text


def test_one_is_singular() -> None:
    assert counted(1, "question") == "1 question"
    assert counted(0, "question") == "0 questions"


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_every_number_said_is_one_that_was_counted(questions: int, ok: int, failed: int) -> None:
    text = spoken(Standing(questions=questions, runs_ok=ok, runs_failed=failed), TITLES)
    assert {int(number) for number in re.findall(r"\d+", text)} <= {questions, ok, failed, ok + failed}


def test_sentences_are_short() -> None:
    sentences = re.split(r"[.\n]", spoken(BUSY, TITLES))
    assert max(len(sentence.split()) for sentence in sentences) <= 20
