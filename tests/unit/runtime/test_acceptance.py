"""The figures of the day come from the formula, whatever the reviews of the programs come to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum import load_exercises, load_lessons, load_quizzes
from learnflow.runtime.acceptance import own_programs
from learnflow.runtime.acceptance.day import Day, Row, Step, play
from learnflow.runtime.acceptance.help import Help
from learnflow.runtime.acceptance.past import (
    AFTER,
    BEFORE,
    LAST_EXERCISE,
    TOPIC,
    WINDOW_DAYS,
    TopicPast,
    days_wanted,
    plan,
)
from learnflow.runtime.acceptance.people import Failed, Person
from learnflow.runtime.acceptance.quizzes import answers_to
from learnflow.runtime.acceptance.whole_topic import WholeTopic
from learnflow.runtime.demo import STUDENT
from learnflow.services.progress.mastery import (
    Components,
    completion,
    consistency,
    module_mastery,
    shown_percentage,
    topic_mastery,
)


def core(topic_id: str) -> int:
    return sum(one.level.core for one in load_exercises().values() if one.topic_id == topic_id)


def shown(past: list[TopicPast], quality: list[float], days: int) -> int:
    topics = [
        Components(
            completion(len(one.passed), core(one.topic_id)), 20.0 * (one.quiz_right or 0), reviewed, consistency(days)
        )
        for one, reviewed in zip(past, quality, strict=True)
    ]
    return shown_percentage(module_mastery([topic_mastery(topic) for topic in topics]))


@given(st.lists(st.floats(85, 100), min_size=4, max_size=4))
def test_module_2_shows_60_before_and_68_after_whatever_the_reviews_give(quality: list[float]) -> None:
    past = plan()
    parts = [
        {
            "exercises": completion(len(one.passed), core(one.topic_id)),
            "quiz": 20.0 * (one.quiz_right or 0),
            "quality": reviewed,
            "consistency": 3.3,
        }
        for one, reviewed in zip(past, quality, strict=True)
    ]
    days = days_wanted([{"components": each} for each in parts])
    assert 1 < days < WINDOW_DAYS
    assert shown(past, quality, days) == BEFORE
    solved = [
        TopicPast(one.topic_id, (*one.passed, LAST_EXERCISE), 4) if one.topic_id == TOPIC else one for one in past
    ]
    assert shown(solved, quality, days) == AFTER


def test_no_quiz_of_the_past_is_so_poor_that_it_calls_the_teacher() -> None:
    assert all(one.quiz_right is None or one.quiz_right * 20 >= 50 for one in plan())


@pytest.mark.parametrize("topic_id", load_quizzes())
@pytest.mark.parametrize("right", [0, 3, 5])
def test_a_quiz_is_answered_with_as_many_right_answers_as_are_wanted(topic_id: str, right: int) -> None:
    questions = load_quizzes()[topic_id][:5]
    shown_options = {
        one.id: [line.line for line in one.lines] or [option.shown for option in one.options] for one in questions
    }
    quiz: dict[str, Any] = {
        "topic_id": topic_id,
        "questions": [
            {
                "question_id": one.id,
                "options": [
                    {"option": letter, "text": text}
                    for letter, text in zip("abcdef", shown_options[one.id], strict=False)
                ],
            }
            for one in questions
        ],
    }
    answers = answers_to(quiz, right)
    keys = {
        one.id: [letter for letter, option in zip("abcdef", one.options, strict=False) if option.right]
        or list("abcdef"[: len(one.lines)])
        for one in questions
    }
    given_right = [
        name for name, answer in answers.items() if ([answer] if isinstance(answer, str) else answer) == keys[name]
    ]
    assert len(given_right) == right


class ShortDay(Day):
    def steps(self) -> list[Step]:
        return [
            Step(1, "goes well", ("/there",), lambda: "seen"),
            Step(2, "fails", ("/there",), self.fails),
            Step(3, "has no path", ("/there", "/missing"), lambda: "never"),
            Step(4, "goes on with what failed", ("/there",), lambda: "never", after=2),
            Step(5, "goes on with that", ("/there",), lambda: "never", after=4),
            Step(6, "goes on with what went well", ("/there",), lambda: "seen too", after=1),
        ]

    def fails(self) -> str:
        raise Failed("seen instead")


def test_a_step_says_what_was_seen_and_one_that_stands_on_a_failed_one_names_it() -> None:
    student, other, teacher = (Person("http://127.0.0.1:1", STUDENT) for _ in range(3))
    day = ShortDay(student, Help(teacher, other))
    rows: list[Row] = list(play(day, ["/api/v1/there"]))
    day.close()
    assert [(row.ok, row.seen) for row in rows] == [
        (True, "seen"),
        (False, "seen instead"),
        (None, "comes later: there is no /missing yet"),
        (False, "not played: step 2 failed"),
        (False, "not played: step 4 failed"),
        (True, "seen too"),
    ]


def test_the_student_has_written_every_core_exercise_of_the_whole_topic_themselves() -> None:
    known = load_exercises()
    wanted = {one.exercise for one in known.values() if one.topic_id == own_programs.TOPIC and one.level.core}
    assert set(own_programs.SOLUTIONS) == wanted
    copied = [name for name, code in own_programs.SOLUTIONS.items() if code.strip() == known[name].reference.strip()]
    assert copied == ["data-structures/lists/two-names"]  # what a program prints can be written in one way only


def test_the_student_has_an_answer_to_whatever_the_written_lesson_asks() -> None:
    steps = load_lessons()[own_programs.TOPIC].steps
    asked = [next(o for o in step.predict.options if o.right).shown for step in steps if step.predict is not None]
    assert list(own_programs.GUESSES) == asked
    assert len(own_programs.TRIES) == sum(step.attempt is not None for step in steps)


@pytest.mark.parametrize(("mastery", "right"), [(94, True), (93, False)])
def test_a_mastery_that_its_parts_do_not_come_to_is_not_taken(mastery: int, right: bool) -> None:
    parts = {"exercises": 100.0, "quiz": 80.0, "quality": 97.5, "consistency": 100.0}
    topic = {"id": own_programs.TOPIC, "title": "Lists", "mastery": mastery, "components": parts}
    student = Person("http://127.0.0.1:1", STUDENT)
    student.call = lambda *_: {"modules": [{"topics": [topic]}]}  # type: ignore[method-assign]
    whole = WholeTopic(student)
    if right:
        assert whole.sees_the_mastery().endswith("0.10 x 100 (consistency) = 94 %")
    else:
        with pytest.raises(Failed, match="comes to 94 %"):
            whole.sees_the_mastery()
    student.close()
