"""What to learn next: a rule that holds for every student."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum import load_curriculum, load_exercises, load_lessons, load_quizzes
from learnflow.services.course_agent.course import FINISHED, Course, course_of
from learnflow.services.course_agent.next_step import done_topics, next_step
from learnflow.services.course_agent.standing import Standing, TopicStanding, read_standing

COURSE = course_of(load_curriculum(), load_exercises().values(), load_quizzes(), load_lessons())
TOPICS = list(COURSE.topics)
FOR_LOOPS, VARIABLES = "control-flow/for-loops", "basics/variables"
standings = st.dictionaries(
    st.sampled_from(TOPICS),
    st.builds(
        TopicStanding,
        mastery=st.integers(0, 100),
        started=st.booleans(),
        exercises=st.sampled_from([0.0, 50.0, 100.0]),
        quiz=st.sampled_from([0.0, 60.0, 100.0]),
    ),
).map(Standing)
lessons = st.sets(st.sampled_from(TOPICS))


def at(**mastery: int) -> Standing:
    return Standing({name.replace("__", "/").replace("_", "-"): TopicStanding(m, m > 0) for name, m in mastery.items()})


def test_a_topic_rests_only_on_topics_before_it() -> None:
    for number, topic in enumerate(COURSE.topics.values()):
        assert set(topic.needs) <= set(TOPICS[:number])
        assert topic.id not in COURSE.rests_on[topic.id]


@given(standings, lessons)
def test_what_comes_next_is_not_done_and_all_that_it_needs_is(standing: Standing, taught: set[str]) -> None:
    done = done_topics(COURSE, standing, taught)
    step = next_step(COURSE, standing, taught)
    if len(done) == len(TOPICS):
        assert step.action == "review"
    else:
        assert step.topic.id not in done
        assert done.issuperset(step.topic.needs)
        assert all(name in done for name in TOPICS[: TOPICS.index(step.topic.id)])
    assert step.reason.endswith(".")


@given(standings, lessons, st.sampled_from(list(COURSE.modules)))
def test_in_a_module_it_is_a_topic_of_that_module(standing: Standing, taught: set[str], module_id: str) -> None:
    assert next_step(COURSE, standing, taught, module_id=module_id).topic.module_id == module_id


@given(standings, lessons, st.sampled_from(TOPICS))
def test_who_learns_more_is_never_sent_back(standing: Standing, taught: set[str], topic_id: str) -> None:
    better = Standing({**standing.topics, topic_id: TopicStanding(100, started=True)})
    assert done_topics(COURSE, standing, taught) <= done_topics(COURSE, better, taught)


@given(lessons)
def test_every_student_reaches_the_end_of_the_course(taught: set[str]) -> None:
    seen: list[str] = []
    standing = Standing()
    while (step := next_step(COURSE, standing, taught)).action != "review":
        assert step.topic.id not in seen
        seen.append(step.topic.id)
        taught = taught | {step.topic.id}
        standing = Standing({**standing.topics, step.topic.id: TopicStanding(FINISHED, started=True)})
    assert set(seen) <= set(TOPICS)


def test_the_first_step_is_the_first_topic() -> None:
    step = next_step(COURSE, Standing())
    assert (step.topic.id, step.action) == (VARIABLES, "lesson")
    assert step.reason == "It is the first topic of the course."


def test_who_is_good_at_loops_is_not_sent_back_to_variables() -> None:
    step = next_step(COURSE, at(control_flow__for_loops=90))
    assert step.topic.id == "basics/data-types"


@pytest.mark.parametrize(("mastery", "is_done"), [(70, False), (71, True)])
def test_a_topic_is_finished_from_proficient(mastery: int, is_done: bool) -> None:
    done = done_topics(COURSE, at(control_flow__for_loops=mastery), ())
    assert (FOR_LOOPS in done) is is_done


def test_a_lesson_finishes_only_a_topic_that_nothing_else_can_finish() -> None:
    bare = replace(COURSE.topics[FOR_LOOPS], exercises=(), has_quiz=False)
    course = Course({**COURSE.topics, FOR_LOOPS: bare}, COURSE.modules, COURSE.cards)
    assert FOR_LOOPS not in done_topics(COURSE, Standing(), [FOR_LOOPS])
    assert FOR_LOOPS in done_topics(course, Standing(), [FOR_LOOPS])


@pytest.mark.parametrize(
    ("standing", "action"),
    [
        (TopicStanding(10, started=True), "exercise"),
        (TopicStanding(43, started=True, exercises=100), "quiz"),
        (TopicStanding(70, started=True, exercises=100, quiz=100), "lesson"),
        (TopicStanding(0), "lesson"),
    ],
)
def test_what_to_do_in_a_topic_follows_from_what_is_missing_in_it(standing: TopicStanding, action: str) -> None:
    assert next_step(COURSE, Standing({VARIABLES: standing})).action == action


def test_when_all_is_done_the_weakest_topic_is_gone_over() -> None:
    full = {name: TopicStanding(95, started=True) for name in TOPICS}
    step = next_step(COURSE, Standing({**full, FOR_LOOPS: TopicStanding(75, started=True)}))
    assert (step.topic.id, step.action, step.mastery) == (FOR_LOOPS, "review", 75)


def begun(**more: Any) -> Standing:
    rest = {
        name: TopicStanding(90, started=True)
        for name in TOPICS
        if name.startswith("basics") or name.endswith("conditionals")
    }
    return Standing({**rest, FOR_LOOPS: TopicStanding(45, started=True, exercises=50.0, **more)})


def test_a_belief_behind_wrong_answers_is_the_reason_for_a_lesson_and_then_for_practice() -> None:
    standing = begun(misconceptions=("gone", "range-includes-end"))
    step = next_step(COURSE, standing, module_id="control-flow")
    said = "You have begun it and are at 45 %. Your answers look as if you think that "
    assert (step.topic.id, step.action) == (FOR_LOOPS, "lesson")
    assert step.reason == f"{said}{COURSE.beliefs['range-includes-end']}, so begin with that."
    assert next_step(COURSE, standing, {FOR_LOOPS}, module_id="control-flow").action == "exercise"


def test_exercises_that_were_tried_in_vain_are_named() -> None:
    step = next_step(COURSE, begun(not_passed=("no/such/one", f"{FOR_LOOPS}/drums")), module_id="control-flow")
    assert step.action == "exercise"
    assert step.reason.endswith("You have tried “A drum pattern” and not passed yet.")


def test_when_all_is_done_what_went_wrong_is_gone_over_first() -> None:
    topics = {name: TopicStanding(95, started=True) for name in TOPICS}
    topics[FOR_LOOPS] = TopicStanding(99, started=True, misconceptions=("range-includes-end",))
    step = next_step(COURSE, Standing(topics))
    assert (step.topic.id, step.action) == (FOR_LOOPS, "review")
    assert COURSE.beliefs["range-includes-end"] in step.reason


@pytest.mark.parametrize("wrong", [None, "text", 5, [1, None], {"a": 1}])
def test_another_release_s_answer_says_nothing_went_wrong(wrong: object) -> None:
    topic = {"id": FOR_LOOPS, "mastery": 10, "misconceptions": wrong, "not_passed": wrong}
    read = read_standing({"modules": [{"topics": [topic]}]}).of(FOR_LOOPS)
    assert (read.misconceptions, read.not_passed) == ((), ())
