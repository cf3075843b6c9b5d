"""A lesson in another language: its texts, its headings and what stands between them."""

import pytest

from learnflow.curriculum import load_exercises, load_lessons
from learnflow.curriculum.languages import languages
from learnflow.curriculum.phrases import load_phrases
from learnflow.services.course_agent.composing import compose
from learnflow.services.course_agent.course import load_course

TOPIC = "basics/variables"


@pytest.mark.parametrize("language", languages()[1:])
def test_a_lesson_is_told_in_the_language_of_its_course(language: str) -> None:
    course, says = load_course(language), load_phrases(language=language).lesson
    lesson = load_lessons(language=language)[TOPIC]
    steps = compose(course, [course.topics[TOPIC]], "topic", "easy", frozenset())

    assert steps[0].title == says.idea
    assert lesson.steps[0].idea is not None
    assert steps[0].text == lesson.steps[0].idea.low
    assert says.prints in steps[1].text
    exercises = [step for step in steps if step.kind == "exercise"]
    told = load_exercises(language=language)
    assert exercises
    assert all(told[step.exercise_id or ""].statement in step.text for step in exercises)


@pytest.mark.parametrize("language", languages()[1:])
@pytest.mark.parametrize("lesson_type", ["topic", "overview", "review"])
def test_code_and_answers_are_the_same_in_every_language(language: str, lesson_type: str) -> None:
    english, course = load_course("en"), load_course(language)
    for topic_id in [name for name in english.topics if name.startswith("basics/")]:
        one = compose(english, [english.topics[topic_id]], lesson_type, "hard", frozenset())  # type: ignore[arg-type]
        other = compose(course, [course.topics[topic_id]], lesson_type, "hard", frozenset())  # type: ignore[arg-type]
        assert [(step.kind, step.code, step.output, step.card_id) for step in one] == [
            (step.kind, step.code, step.output, step.card_id) for step in other
        ]
        assert all(one_step.text != step.text for one_step, step in zip(one, other, strict=True))
