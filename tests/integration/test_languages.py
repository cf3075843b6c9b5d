"""Each student reads the course in the language of their account; what has no translation is English, and says so."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from learnflow.curriculum import load_exercises, load_quizzes
from learnflow.kit.readers import language_of
from learnflow.services.concepts.app import create as create_concepts
from learnflow.services.concepts.settings import Settings as ConceptsSettings
from learnflow.services.exercise.app import create
from learnflow.services.exercise.settings import Settings
from tests.integration.school import School, running

EXERCISE = "basics/variables/ticket-total"


@pytest.fixture
async def client(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        running(create(Settings(**settings_for("exercise")), keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


async def reader(school: School, language: str) -> tuple[UUID, dict[str, str]]:
    student_id = await school.student()
    await school.gateway.execute("update users set language = $2 where id = $1", student_id, language)
    return student_id, await school.headers(student_id)


async def got(client: httpx.AsyncClient, headers: dict[str, str], path: str, **query: str) -> dict[str, Any]:
    answer = await client.get(path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(("tag", "language"), [("es", "es"), ("es-MX", "es"), ("en", "en"), ("de", "en")])
async def test_an_exercise_is_told_in_the_reader_s_language(
    school: School, client: httpx.AsyncClient, tag: str, language: str
) -> None:
    _, headers = await reader(school, tag)
    expected = load_exercises(language=language)[EXERCISE]

    shown = await got(client, headers, f"/exercises/{EXERCISE}")
    page = await got(client, headers, "/exercises", topic_id="basics/variables")

    assert (shown["title"], shown["statement"], shown["language"]) == (expected.title, expected.statement, language)
    assert shown["starter"] == load_exercises()[EXERCISE].starter
    assert {item["language"] for item in page["items"]} == {language}
    assert expected.title in {item["title"] for item in page["items"]}


async def test_the_tests_of_an_exercise_are_sentences_of_the_reader_s_language(
    school: School, client: httpx.AsyncClient
) -> None:
    _, headers = await reader(school, "es")

    shown = await got(client, headers, f"/exercises/{EXERCISE}")

    assert shown["tests"][0]["text"] == "Con la entrada `4`, `3`, tu programa imprime `12`."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("0", "Eso no es lo que imprime. Síguelo línea por línea, y después mira otra vez."),
        ("150\n200", "Correcto."),
    ],
)
async def test_what_is_said_about_an_answer_is_in_the_reader_s_language(
    school: School, client: httpx.AsyncClient, answer: str, said: str
) -> None:
    _, headers = await reader(school, "es")
    body = {"exercise_id": "basics/variables/new-steps", "code": answer}

    grade = (await client.post("/exercises/submit", json=body, headers=headers)).json()
    kept = await got(client, headers, f"/submissions/{grade['submission_id']}")

    assert grade["tests"][0]["message"] == kept["grade"]["tests"][0]["message"] == said


async def test_what_is_not_translated_is_english_and_says_so(school: School, client: httpx.AsyncClient) -> None:
    _, headers = await reader(school, "es")

    shown = await got(client, headers, "/exercises/data-structures/lists/dry-plants")

    assert shown["language"] == "en"
    assert shown["tests"][0]["text"].endswith("gives `[1, 3]`.")


async def test_a_quiz_that_is_drawn_in_one_language_can_be_answered_in_another(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id, headers = await reader(school, "es")
    quiz = await got(client, headers, "/quizzes", topic_id="basics/variables")
    asks = {one.id: one.ask for one in load_quizzes(language="es")["basics/variables"]}
    assert quiz["language"] == "es"
    assert {one["question_id"]: one["ask"] for one in quiz["questions"]}.items() <= asks.items()

    await school.gateway.execute("update users set language = 'en' where id = $1", student_id)
    again = await got(client, headers, "/quizzes", topic_id="basics/variables")
    assert (again["quiz_id"], again["language"]) == (quiz["quiz_id"], "en")
    first = [[option["option"] for option in one["options"]] for one in quiz["questions"]]
    assert [[option["option"] for option in one["options"]] for one in again["questions"]] == first

    await school.gateway.execute("update users set language = 'es' where id = $1", student_id)
    answers = {
        one["question_id"]: [option["option"] for option in one["options"]]
        if one["kind"] == "order"
        else [one["options"][0]["option"]]
        for one in quiz["questions"]
    }
    marked = await client.post(f"/quizzes/{quiz['quiz_id']}/attempts", json={"answers": answers}, headers=headers)
    explained = {option["why"] for one in marked.json()["results"] for option in one["options"]}
    spanish = load_quizzes(language="es")["basics/variables"]
    known = {option.explanation for one in spanish for option in one.options} | {
        line.why for one in spanish for line in one.lines
    }
    assert marked.status_code == 200
    assert explained <= known


@pytest.fixture
async def concepts(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_concepts(ConceptsSettings(**settings_for("concepts")), keys=school.keys)
    async with (
        running(app) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


async def test_a_card_is_explained_in_the_reader_s_language(school: School, concepts: httpx.AsyncClient) -> None:
    _, spanish = await reader(school, "es")
    _, english = await reader(school, "en")
    wish = {"concept": "basics/variables/variable", "mastery_level": 10}

    told = (await concepts.post("/explain", json=wish, headers=spanish)).json()
    original = (await concepts.post("/explain", json=wish, headers=english)).json()
    page = await got(concepts, spanish, "/concepts", limit="100")

    assert (told["language"], original["language"]) == ("es", "en")
    assert told["explanation"].startswith("**Una variable es un nombre para un valor.")
    assert "**Un error común** es creer que el signo `=`" in told["explanation"]
    assert (told["examples"], told["check_questions"][0]["options"]) == (
        original["examples"],
        original["check_questions"][0]["options"],
    )
    assert {item["language"] for item in page["items"]} == {"es", "en"}


async def test_who_has_no_account_reads_english(school: School) -> None:
    assert await language_of(school.gateway, UUID(int=7)) == "en"
