"""A student reads all that the public API gives them; no solution, hidden test or key is anywhere in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench.platform import Platform, Student
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum import Exercise, load_catalogue, load_exercises, load_lessons, load_quizzes
from learnflow.curriculum.exercises import PROGRAMS, lines_of

TASKS = load_exercises()
FORMS = [
    (name, task.as_variant(form))
    for name, task in TASKS.items()
    for form in (None, *(v.variant for v in task.variants))
]
"""Every exercise as it is written and in all its variants: neither one's own nor a neighbour's is told."""
PAGE = 100
LESSONS = 8
"""As many as a minute allows."""


def texts(value: Any) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def names(value: Any) -> Iterator[str]:
    """Every field's name in an answer."""
    if isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from names(part)
    elif isinstance(value, list):
        for part in value:
            yield from names(part)


def secrets(task: Exercise) -> Iterator[str]:
    """What is not to be seen before the exercise is passed."""
    if task.level.kind in PROGRAMS or task.level.kind == "parsons":
        yield "\n".join(lines_of(task.reference))
    public = [case.call for case in task.tests if not case.hidden]
    shown = f"{task.statement}\n{task.starter}\n{task.preamble}\n{public}"
    yield from (case.call for case in task.tests if case.hidden and case.call and case.call not in shown)


async def read(student: Student, path: str) -> Any:
    answer = await student.client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


async def practice(student: Student) -> list[Any]:
    """Every exercise in the lists, opened, with its draft."""
    pages = [await read(student, f"/api/v1/exercises?limit={PAGE}&offset={at}") for at in range(0, len(TASKS), PAGE)]
    listed = [item["exercise_id"] for page in pages for item in page["items"]]
    assert set(TASKS) <= set(listed)
    opened = [await read(student, f"/api/v1/exercises/{name}") for name in listed]
    drafts = [await read(student, f"/api/v1/exercises/{name}/draft") for name in listed]
    assert all(one["reference"] is None for one in opened)
    return [pages, opened, drafts]


async def wrong_answers(student: Student) -> list[Any]:
    """What is said about programs that do not pass, here and when they are read again."""
    programs = [task for task in TASKS.values() if task.level.kind in PROGRAMS][:LESSONS]
    graded = [
        (await student.client.post(f"/api/v1/exercises/{task.exercise}/submissions", json={"code": task.wrong[0].code}))
        .raise_for_status()
        .json()
        for task in programs
    ]
    assert not any(grade["passed"] for grade in graded)
    return [graded, *[await read(student, f"/api/v1/submissions/{grade['submission_id']}") for grade in graded]]


async def lessons(student: Student) -> list[Any]:
    made = []
    for topic_id in list(load_lessons())[:: len(load_lessons()) // LESSONS][:LESSONS]:
        wanted = {"course_id": topic_id.partition("/")[0], "topic_id": topic_id}
        made.append((await student.client.post("/api/v1/lessons", json=wanted)).raise_for_status().json())
    return made


@pytest.mark.timeout(120)
async def test_no_answer_to_a_student_holds_a_solution_or_a_hidden_test(platform: Platform) -> None:
    async with platform.student() as student:
        topics = [await read(student, f"/api/v1/topics/{topic_id}") for topic_id in load_catalogue().topics]
        seen = [topics, await practice(student), await wrong_answers(student), await lessons(student)]
        seen.append(await read(student, "/api/v1/me/export"))
    everything = "\n\0".join("\n".join(lines_of(text)) for text in texts(seen))

    found = [(name, one) for name, task in FORMS for one in secrets(task) if one in everything]
    assert found == []


async def test_no_quiz_holds_its_key_before_the_attempt(platform: Platform) -> None:
    async with platform.student() as student:
        quizzes = [await read(student, f"/api/v1/quizzes?topic_id={topic_id}") for topic_id in load_quizzes()]
    everything = "\n\0".join(texts(quizzes))

    assert not {"right", "why", "misconception", "key", "answer", "explanation"} & set(names(quizzes))
    told = [option.explanation for ones in load_quizzes().values() for one in ones for option in one.options]
    assert [text for text in told if text in everything] == []


async def test_the_whole_of_an_exercise_is_for_services_alone(platform: Platform) -> None:
    path = f"/exercises/{next(iter(TASKS))}/full"
    async with platform.student() as student:
        asked = await student.client.get(platform.address(EXERCISE.name) + path)
        passed_on = await student.client.get(f"/api/v1{path}")
    assert asked.status_code == 403
    assert passed_on.status_code in {403, 404}
