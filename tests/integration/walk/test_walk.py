"""One question end to end: through the topics, over real processes and a real PostgreSQL."""

import json
from typing import Any

import pytest

from bench.platform import Platform, Student
from learnflow.runtime.demo import TEACHER, DemoAccount

OFF_BY_ONE = """\
marks = [12, 15, 9]
total = 0
for position in range(len(marks) + 1):
    total = total + marks[position]
print(total)
"""
TYPO = """\
favourite_song = "Blue"
print(favorite_song)
"""
NONE_FROM_SORT = """\
scores = [3, 1, 2]
ordered = scores.sort()
print(ordered[0])
"""

UNTIDY = """\
def area(a,b):
    list=[a,b]
    return list[0]*list[1]
print(area(2, 3))
"""


@pytest.mark.plan("WALK-concepts", "P-SVC-concepts", "P-DAY-2", "P-DAY-3", "P-EP-query")
async def test_a_question_about_loops_is_answered_by_concepts(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("How do for loops work?")
    assert question["agent"] == "concepts"
    assert question["reasons"]
    assert "for" in question["answer"]["answer"]
    assert question["answer"]["details"]["examples"][0]["output"]


@pytest.mark.plan("WALK-debug", "P-SVC-debug")
@pytest.mark.parametrize(
    ("code", "own_name", "solution"),
    [
        (OFF_BY_ONE, "marks", "range(len(marks)):"),
        (TYPO, "favorite_song", "print(favourite_song)"),
        (NONE_FROM_SORT, "ordered", "sorted(scores)"),
    ],
    ids=["off by one", "misspelt name", "None from sort"],
)
async def test_a_failing_program_gets_a_hint_with_its_own_names_and_no_solution(
    platform: Platform, code: str, own_name: str, solution: str
) -> None:
    async with platform.student() as student:
        question = await student.ask("why does this fail?", code=code)
    answer = question["answer"]
    assert question["agent"] == "debug"
    assert own_name in answer["answer"]
    assert solution not in json.dumps(answer)
    assert answer["hint_level"] == 1
    assert answer["hint_levels"] == 4
    assert answer["verified"]


@pytest.mark.plan("P-EP-review")
async def test_working_code_is_reviewed_by_question_and_by_route_alike(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("please review my code", code=UNTIDY)
        route = await student.client.post("/api/v1/code/review", json={"code": UNTIDY})
    answer = question["answer"]
    assert question["agent"] == "code-review"
    assert route.status_code == 200, route.text
    assert answer["details"] == route.json()
    assert answer["verified"]
    assert "`list`" in answer["answer"]
    assert 0 < route.json()["quality_score"] < 100


async def test_a_review_without_code_is_asked_for_it(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("please review my code")
    assert question["agent"] == "code-review"
    assert "paste it here" in question["answer"]["answer"]


@pytest.mark.plan("WALK-lesson", "P-EP-lessons")
async def test_a_lesson_is_asked_for_in_words_and_by_route_and_is_kept(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("give me a lesson on for loops")
        asked = {"course_id": "control-flow", "topic_id": "control-flow/while-loops"}
        made = await student.client.post("/api/v1/lessons", json=asked)
        page = (await student.client.get("/api/v1/lessons")).json()
        kept = await student.client.get(f"/api/v1/lessons/{made.json()['lesson_id']}")
        step = await student.client.get("/api/v1/next-step")
    answer = question["answer"]
    assert question["agent"] == "course-agent"
    assert answer["answer"].startswith("# For loops")
    assert made.status_code == 201, made.text
    assert [item["lesson_id"] for item in page["items"]] == [made.json()["lesson_id"], answer["details"]["lesson_id"]]
    assert kept.json() == made.json()
    assert step.json()["reason"]


@pytest.mark.plan("P-EP-notifications")
async def test_an_assigned_exercise_is_a_notice_on_the_socket_and_in_the_list(platform: Platform) -> None:
    async with platform.student() as student, student.socket() as socket:
        teacher = {"Authorization": f"Bearer {await _signed_in(student, TEACHER)}"}
        made = await student.client.post("/api/v1/classes", json={"name": "Python 9b"}, headers=teacher)
        joined = await student.client.post("/api/v1/classes/join", json={"class_code": made.json()["class_code"]})
        assert joined.status_code < 300, joined.text
        body = {"exercise_id": "control-flow/for-loops/drums", "student_ids": [student.id]}
        assigned = await student.client.post("/api/v1/teacher/assignments", json=body, headers=teacher)
        assert assigned.status_code < 300, assigned.text
        frame = (await socket.until("notice"))[-1]["data"]
        page = (await student.client.get("/api/v1/notifications")).json()
        read = await student.client.post(f"/api/v1/notifications/{frame['notice_id']}/read")
        later = (await student.client.get("/api/v1/notifications")).json()
        listed = (await student.client.get("/api/v1/assignments")).json()
    assert (frame["kind"], frame["title"]) == ("assignment", "You have a new exercise")
    assert [(item["id"], item["is_read"]) for item in page["items"]] == [(frame["notice_id"], False)]
    assert (read.status_code, later["unread"]) == (204, 0)
    assert listed["items"][0]["exercise_id"] == "control-flow/for-loops/drums"


async def _signed_in(student: Student, account: DemoAccount) -> str:
    login = {"email": account.email, "password": account.password, "refresh_in": "body"}
    return str((await student.client.post("/api/v1/auth/login", json=login)).json()["access_token"])


@pytest.mark.plan("WALK-progress")
async def test_how_far_am_i_is_answered_from_what_was_done(platform: Platform) -> None:
    async with platform.student() as student:
        await student.ask("How do for loops work?")
        question = await student.ask("How far am I?")
    assert question["agent"] == "progress"
    assert any(character.isdigit() for character in question["answer"]["answer"])


async def test_a_greeting_is_answered_with_a_question_back(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("hello there")
    assert question["agent"] == "triage"
    assert question["answer"]["clarification"] or question["answer"]["answer"]


async def test_who_wants_to_practise_is_offered_exercises(platform: Platform) -> None:
    async with platform.student() as student:
        question = await student.ask("Please give me an exercise about for loops to practise.")
    assert question["agent"] == "exercise"
    assert question["answer"]["details"]["exercises"][0]["topic_id"] == "control-flow/for-loops"


@pytest.mark.plan("WALK-stream", "P-EP-stream")
async def test_the_stream_names_the_agent_then_brings_parts_then_the_whole_answer(platform: Platform) -> None:
    async with platform.student() as student:
        accepted = (
            await student.client.post("/api/v1/query", json={"query": "why does it fail?", "code": OFF_BY_ONE})
        ).json()
        events: list[tuple[str, dict[str, Any]]] = []
        async with student.client.stream("GET", accepted["links"]["stream"]) as stream:
            name = ""
            async for line in stream.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    events.append((name, json.loads(line.removeprefix("data: "))))
    assert events[0][0] == "agent"
    assert events[-1][0] == "done"
    assert events[0][1]["agent"] == "debug"
    assert events[-1][1]["answer"]["answer"]


@pytest.mark.plan("WALK-socket")
async def test_a_question_over_the_socket_is_answered_there_and_kept_by_the_gateway(platform: Platform) -> None:
    async with platform.student() as student:
        async with student.socket() as socket:
            await socket.send({"type": "ask", "id": "first", "data": {"query": "What is a list?"}})
            frames = await socket.until("answer")
        accepted = next(frame for frame in frames if frame["type"] == "accepted")
        kept = (await student.client.get(f"/api/v1/query/{accepted['data']['query_id']}")).json()
    assert frames[-1]["data"]["answer"] == kept["answer"]["answer"]


@pytest.mark.plan("WALK-resume")
async def test_a_socket_that_comes_back_gets_what_it_missed_and_nothing_twice(platform: Platform) -> None:
    async with platform.student() as student:
        async with student.socket() as socket:
            await socket.send({"type": "ask", "data": {"query": "What is a tuple?"}})
            seen = int((await socket.until("answer"))[-1]["id"])
        missed = await student.ask("How do while loops work?")
        async with student.socket(last_event_id=seen) as socket:
            frames = await socket.until("answer")
    assert all(int(frame["id"]) > seen for frame in frames if frame["type"] in {"agent", "part", "answer"})
    assert frames[-1]["data"]["query_id"] == missed["query_id"]


@pytest.mark.plan("P-EVT-one-answer", "P-RULE-idempotency")
async def test_the_same_idempotency_key_asks_once(platform: Platform) -> None:
    async with platform.student() as student:
        body, headers = {"query": "What is a set?"}, {"Idempotency-Key": "once"}
        first = await student.client.post("/api/v1/query", json=body, headers=headers)
        second = await student.client.post("/api/v1/query", json=body, headers=headers)
        page = (await student.client.get("/api/v1/conversations")).json()
    assert first.content == second.content
    assert page["total"] == 1


@pytest.mark.plan("P-EP-conversations")
async def test_conversations_are_paged_newest_first(platform: Platform) -> None:
    async with platform.student() as student:
        asked = [(await student.ask(f"What does print do? ({number})"))["query_id"] for number in range(3)]
        first = (await student.client.get("/api/v1/conversations?limit=2")).json()
        second = (await student.client.get(first["next"])).json()
    assert [item["query_id"] for item in first["items"] + second["items"]] == asked[::-1]
    assert first["total"] == 3


@pytest.mark.plan("WALK-run", "P-SVC-code-execution", "P-EP-execute", "P-API-execute", "P-DAY-4")
async def test_a_program_runs_in_the_sandbox_and_its_true_isolation_is_said(platform: Platform) -> None:
    async with platform.student() as student:
        answer = await student.client.post("/api/v1/code/execute", json={"code": "print(6 * 7)"})
    result = answer.json()
    assert result["status"] == "ok"
    assert result["stdout"] == "42\n"
    assert result["isolation"]["level"] in {"L0", "L1", "L2", "L3"}


async def test_a_run_has_what_its_exercise_makes_ready_and_errors_have_the_student_s_lines(platform: Platform) -> None:
    ready = {"preamble": "def fetch(path):\n    return path.upper()\n"}
    async with platform.student() as student:
        good = await student.client.post("/api/v1/code/execute", json={"code": "print(fetch('a'))", **ready})
        bad = await student.client.post("/api/v1/code/execute", json={"code": "x = 1\nfetch(x)\n", **ready})
        broken = await student.client.post("/api/v1/code/execute", json={"code": "x = 1\nx = = 2\n", **ready})
    assert (good.json()["status"], good.json()["stdout"]) == ("ok", "A\n")
    assert (bad.json()["error"]["type"], bad.json()["error"]["line"]) == ("AttributeError", 2)
    assert (broken.json()["error"]["type"], broken.json()["error"]["line"]) == ("SyntaxError", 2)


@pytest.mark.plan("P-EP-hint", "P-API-debug")
async def test_a_hint_can_be_asked_for_without_a_question(platform: Platform) -> None:
    async with platform.student() as student:
        answer = await student.client.post("/api/v1/debug/hint", json={"code": TYPO, "hint_level": 4})
    assert answer.status_code == 200
    assert answer.json()["hint_level"] == 1


@pytest.mark.plan("P-SVC-api-gateway", "P-EP-modules", "P-EP-concepts", "P-EP-progress")
async def test_all_routes_behind_the_gateway_answer(platform: Platform) -> None:
    async with platform.student() as student:
        for path in ("/progress", f"/progress/{student.id}", "/concepts", "/modules", "/topics/control-flow/for-loops"):
            answer = await student.client.get(f"/api/v1{path}")
            assert answer.status_code == 200, (path, answer.text)
        explained = await student.client.post("/api/v1/concepts/explain", json={"concept": "for loops"})
    assert explained.json()["examples"]
