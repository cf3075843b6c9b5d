"""Quizzes by HTTP on a real database: drawn for one person, marked once, the best attempt told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.curriculum import load_quizzes
from learnflow.kit.database import Database
from learnflow.services.exercise.app import create
from learnflow.services.exercise.quizzes.drawing import ask
from learnflow.services.exercise.settings import Settings
from tests.integration.school import School, running

TOPIC = "control-flow/for-loops"


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("exercise")


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(Settings(**settings_for("exercise")), keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


class Pupil:
    """A student who takes quizzes."""

    def __init__(self, student_id: UUID, headers: dict[str, str], client: httpx.AsyncClient, database: Database):
        self.id = student_id
        self.headers = headers
        self._client = client
        self._database = database

    async def quiz(self, topic_id: str = TOPIC) -> dict[str, Any]:
        answer = await self._client.get("/quizzes", params={"topic_id": topic_id}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        quiz: dict[str, Any] = answer.json()
        return quiz

    async def key(self, quiz: dict[str, Any]) -> dict[str, list[str]]:
        """The right answers; only the service's own row tells them."""
        seed = await self._database.fetchval("select seed from quizzes where quiz_id = $1", UUID(quiz["quiz_id"]))
        questions = {question.id: question for question in load_quizzes()[quiz["topic_id"]]}
        return {one["question_id"]: list(ask(questions[one["question_id"]], seed).key) for one in quiz["questions"]}

    async def send(self, quiz_id: str, answers: object) -> httpx.Response:
        return await self._client.post(f"/quizzes/{quiz_id}/attempts", json={"answers": answers}, headers=self.headers)

    async def answer_with(self, faults: int, topic_id: str = TOPIC) -> dict[str, Any]:
        """Take a quiz with so many wrong answers."""
        quiz = await self.quiz(topic_id)
        key = await self.key(quiz)
        for question in quiz["questions"][:faults]:
            key[question["question_id"]] = wrong(question, key[question["question_id"]])
        answer = await self.send(quiz["quiz_id"], key)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result


def wrong(question: dict[str, Any], right: list[str]) -> list[str]:
    if question["kind"] == "order":
        return right[::-1]
    return [next(option["option"] for option in question["options"] if option["option"] not in right)]


@pytest.fixture
async def pupil(school: School, client: httpx.AsyncClient, database: Database) -> Callable[[], Awaitable[Pupil]]:
    async def make() -> Pupil:
        student_id = await school.student()
        return Pupil(student_id, await school.headers(student_id), client, database)

    return make


MakePupil = Callable[[], Awaitable[Pupil]]


async def test_a_quiz_has_five_questions_and_tells_no_answer(pupil: MakePupil) -> None:
    quiz = await (await pupil()).quiz()

    assert len(quiz["questions"]) == 5
    assert (quiz["attempts"], quiz["best_score"], quiz["title"]) == (0, None, "For loops")
    for question in quiz["questions"]:
        assert set(question) == {"question_id", "kind", "ask", "code", "options"}
        assert all(set(option) == {"option", "text"} for option in question["options"])


async def test_the_open_quiz_is_given_again_also_to_two_calls_at_once(pupil: MakePupil) -> None:
    student = await pupil()

    quizzes = await asyncio.gather(*(student.quiz() for _ in range(5)))

    assert all(quiz == quizzes[0] for quiz in quizzes)
    assert await student.quiz() == quizzes[0]


@pytest.mark.plan("P-EP-quizzes")
async def test_four_of_five_are_eighty_percent_and_the_fault_is_explained(pupil: MakePupil, database: Database) -> None:
    student = await pupil()

    result = await student.answer_with(faults=1)

    assert (result["score"], result["right"], result["questions"], result["best_score"]) == (80, 4, 5, 80)
    assert [one["right"] for one in result["results"]] == [False, True, True, True, True]
    assert result["results"][0]["explanation"]
    event = await database.fetchval(
        "select ce from bus_log where ce ->> 'type' like '%quiz_graded%' and ce ->> 'subject' = $1", str(student.id)
    )
    chosen = result["results"][0]
    known = next(one for one in load_quizzes()[TOPIC] if one.id == chosen["question_id"])
    texts = {one["text"] for one in chosen["options"] if one["option"] in chosen["chosen"]}
    beliefs = [one.misconception for one in known.options if one.shown in texts and one.misconception]
    assert event["data"] == {
        "attempt_id": result["attempt_id"],
        "quiz_id": result["quiz_id"],
        "topic_id": TOPIC,
        "score": 80.0,
        "right": 4,
        "questions": 5,
        "misconceptions": beliefs,
    }


async def test_a_worse_attempt_leaves_the_best_as_it_is(pupil: MakePupil) -> None:
    student = await pupil()
    await student.answer_with(faults=1)

    second = await student.answer_with(faults=3)

    assert (second["score"], second["best_score"]) == (40, 80)
    quiz = await student.quiz()
    assert (quiz["attempts"], quiz["best_score"]) == (2, 80)


async def test_the_next_quiz_asks_other_questions_first(pupil: MakePupil) -> None:
    student = await pupil()
    first = {one["question_id"] for one in (await student.answer_with(faults=0))["results"]}

    second = {one["question_id"] for one in (await student.quiz())["questions"]}

    assert len(first & second) == 1, "nine questions: four are new"


async def test_a_quiz_is_answered_once_even_by_two_calls_at_once(pupil: MakePupil, database: Database) -> None:
    student = await pupil()
    quiz = await student.quiz()
    key = await student.key(quiz)

    answers = await asyncio.gather(*(student.send(quiz["quiz_id"], key) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await database.fetchval("select count(*) from attempts where user_id = $1", student.id) == 1
    assert await database.fetchval("select count(*) from bus_log where ce ->> 'subject' = $1", str(student.id)) == 1


async def test_somebody_else_s_quiz_is_not_there(pupil: MakePupil) -> None:
    owner, stranger = await pupil(), await pupil()
    quiz = await owner.quiz()

    answer = await stranger.send(quiz["quiz_id"], await owner.key(quiz))

    assert answer.status_code == 404
    assert (await stranger.send(str(uuid4()), {"tick": "a"})).json()["detail"] == answer.json()["detail"]


@pytest.mark.parametrize(
    "answers",
    [{}, {"tick": "a"}, {"no-such": "a"}, {"tick": "z"}, {"tick": 3}, {"tick": ["a"] * 9}, [], None, {"x" * 50: "a"}],
)
async def test_answers_that_are_none_are_refused_and_the_quiz_stays_open(pupil: MakePupil, answers: object) -> None:
    student = await pupil()
    quiz = await student.quiz()

    refused = await student.send(quiz["quiz_id"], answers)

    assert refused.status_code == 422
    assert refused.json()["fields"]
    assert (await student.quiz())["quiz_id"] == quiz["quiz_id"]


async def test_one_answer_too_many_is_refused(pupil: MakePupil) -> None:
    student = await pupil()
    quiz = await student.quiz()

    refused = await student.send(quiz["quiz_id"], await student.key(quiz) | {"one-more": ["a"]})

    assert refused.status_code == 422
    assert "one-more" in refused.json()["detail"]


async def test_a_topic_without_quiz_says_which_have_one(pupil: MakePupil, client: httpx.AsyncClient) -> None:
    student = await pupil()

    answer = await client.get("/quizzes", params={"topic_id": "libraries/nothing"}, headers=student.headers)

    assert answer.status_code == 404
    assert TOPIC in answer.json()["detail"]
    assert (await client.get("/quizzes", headers=student.headers)).status_code == 422


async def test_a_quiz_of_an_earlier_release_is_drawn_anew(pupil: MakePupil, database: Database) -> None:
    student = await pupil()
    quiz = await student.quiz()
    key = await student.key(quiz)
    await database.execute("update quizzes set content = 'old' where quiz_id = $1", UUID(quiz["quiz_id"]))

    assert (await student.send(quiz["quiz_id"], key)).status_code == 409
    assert (await student.quiz())["quiz_id"] != quiz["quiz_id"]
    assert (await student.send(quiz["quiz_id"], key)).status_code == 404


async def test_attempts_are_listed_newest_first_in_pages(pupil: MakePupil, client: httpx.AsyncClient) -> None:
    student = await pupil()
    for faults in (2, 1):
        await student.answer_with(faults)
    await student.answer_with(0, "basics/variables")

    async def page(**query: object) -> dict[str, Any]:
        params = {"user_id": str(student.id), **{name: str(value) for name, value in query.items()}}
        found: dict[str, Any] = (await client.get("/attempts", params=params, headers=student.headers)).json()
        return found

    first = await page(limit=2)
    assert [one["score"] for one in first["items"]] == [100, 80]
    assert (first["total"], first["next"]) == (3, 2)
    assert [one["score"] for one in (await page(limit=2, offset=2))["items"]] == [60]
    assert [one["score"] for one in (await page(topic_id=TOPIC))["items"]] == [80, 60]


async def test_an_erased_student_leaves_no_quiz(pupil: MakePupil, school: School, database: Database) -> None:
    student = await pupil()
    await student.answer_with(faults=0)
    await student.quiz()

    await school.gateway.execute("delete from users where id = $1", student.id)

    assert await database.fetchval("select count(*) from quizzes where user_id = $1", student.id) == 0
    assert await database.fetchval("select count(*) from attempts where user_id = $1", student.id) == 0


async def test_more_than_twenty_answers_a_minute_have_to_wait(pupil: MakePupil) -> None:
    student = await pupil()
    codes = [(await student.send(str(uuid4()), {"tick": "a"})).status_code for _ in range(21)]

    assert codes == [404] * 20 + [429]
