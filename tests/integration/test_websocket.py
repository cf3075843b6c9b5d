"""Sockets against a running service: sign in, ask, frames in order, resume, and every way to be sent away."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import jwt
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from learnflow.contracts.events import AnswerFinished, AnswerPart, ConceptExplained
from learnflow.contracts.sealed import SealedText
from learnflow.kit.database import Database
from learnflow.services.websocket.app import create
from learnflow.services.websocket.frames import NewFrame
from learnflow.services.websocket.repository import Frames
from learnflow.services.websocket.schemas import MAX_FRAME_BYTES
from learnflow.services.websocket.settings import Settings
from tests.integration.school import School, eventually, running


class Line:
    """A client's socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, frame: object) -> None:
        await self.socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def next(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of a kind."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                if kind in {None, frame["type"]}:
                    return frame

    async def ended(self) -> int | None:
        """Read until the service closes; its code."""
        async with asyncio.timeout(10):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None


class Service:
    """The running websocket service, and clients of it."""

    def __init__(self, address: str, school: School) -> None:
        self.address = address
        self.school = school
        self._open: list[ClientConnection] = []

    async def dial(self, path_id: object) -> Line:
        """Connect without signing in."""
        socket = await connect(f"ws://{self.address}/ws/chat/{path_id}", proxy=None, compression=None)
        self._open.append(socket)
        return Line(socket)

    async def sign_in(self, user_id: UUID, *, last_event_id: int | None = None, token: str | None = None) -> Line:
        line = await self.dial(user_id)
        hello = {"type": "auth", "token": token or await self.school.token(user_id)}
        await line.send(hello if last_event_id is None else {**hello, "last_event_id": last_event_id})
        assert (await line.next())["type"] == "ready"
        return line

    async def hang_up(self) -> None:
        await asyncio.gather(*(socket.close() for socket in self._open))


@pytest.fixture
def serving(
    school: School, settings_for: Callable[..., dict[str, Any]]
) -> Callable[..., AbstractAsyncContextManager[str]]:
    def start(**more: object) -> AbstractAsyncContextManager[str]:
        return running(create(Settings(**settings_for("websocket", **more)), keys=school.keys))

    return start


@pytest.fixture
async def service(school: School, serving: Callable[..., AbstractAsyncContextManager[str]]) -> AsyncIterator[Service]:
    async with serving(sign_in_within_s=0.5, questions_per_minute=5, sockets_per_user=3) as address:
        service = Service(address, school)
        yield service
        await service.hang_up()


async def answered(school: School, student_id: UUID, text: str) -> UUID:
    """The events of one answer: who, one part, the whole."""
    query_id = uuid4()
    sealed = await school.vault.seal(student_id, text)
    details = await school.vault.seal(student_id, '{"line": 3}')
    await school.publish(
        student_id,
        AnswerPart(query_id=query_id, agent="concepts", part_no=0, intent="concepts", confidence=0.9, reasons=("r",)),
        AnswerPart(query_id=query_id, agent="concepts", part_no=1, text=sealed),
        AnswerFinished(query_id=query_id, agent="concepts", answer=sealed, details=details, verified=True),
    )
    return query_id


@pytest.mark.plan("P-SVC-websocket", "P-TOPIC-learning.responses")
async def test_an_answer_arrives_as_agent_part_and_answer_with_its_texts_opened(
    school: School, service: Service, database_for: Callable[[str], Awaitable[Database]]
) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    query_id = await answered(school, student_id, "A zanzibarium is a list.")
    agent, part, answer = [await line.next() for _ in range(3)]
    assert [frame["type"] for frame in (agent, part, answer)] == ["agent", "part", "answer"]
    assert [frame["id"] for frame in (agent, part, answer)] == [1, 2, 3]
    assert agent["data"] == {
        "query_id": str(query_id), "agent": "concepts", "part_no": 0, "intent": "concepts", "confidence": 0.9,
        "reasons": ["r"],
    }  # fmt: skip
    assert part["data"]["text"] == "A zanzibarium is a list."
    assert answer["data"]["answer"] == "A zanzibarium is a list."
    assert answer["data"]["details"] == {"line": 3}
    stored = await (await database_for("websocket")).fetchval("select string_agg(data::text, '') from socket_frames")
    assert "zanzibarium" not in stored


async def test_a_notice_tells_what_else_happened(school: School, service: Service) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    await school.publish(student_id, ConceptExplained(concept="lists", topic_id="t", level="Beginner"))
    notice = await line.next("notice")
    assert notice["data"]["kind"] == "concept_explained"


@pytest.mark.plan("P-TOPIC-learning.requests")
async def test_a_question_is_accepted_and_published_sealed(school: School, service: Service) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    data = {"query": "why zanzibarium?", "code": "x = 1", "context": {"exercise_id": "e1"}}
    await line.send({"type": "ask", "data": data})
    accepted = await line.next("accepted")
    (event,) = await school.published("learning.requests", UUID(accepted["data"]["query_id"]))
    assert event["source"] == "/learnflow/websocket"
    assert event["subject"] == str(student_id)
    assert event["data"]["context"]["exercise_id"] == "e1"
    assert "zanzibarium" not in json.dumps(event)
    assert await school.vault.open(student_id, SealedText(event["data"]["query"])) == "why zanzibarium?"


async def test_the_same_named_question_is_asked_once(school: School, service: Service) -> None:
    student_id = await school.student()
    ids = set()
    for _ in range(2):
        line = await service.sign_in(student_id)
        for _ in range(4):
            await line.send({"type": "ask", "id": "mine-1", "data": {"query": "why?"}})
            ids.add((await line.next("accepted"))["data"]["query_id"])
    assert ids == {str(uuid5(student_id, "mine-1"))}
    count = await school.gateway.fetchval("select count(*) from bus_log where topic = 'learning.requests'")
    assert count == 1


@pytest.mark.plan("P-RULE-limits")
async def test_the_sixth_question_of_a_minute_waits_and_the_socket_stays(school: School, service: Service) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    for _ in range(6):
        await line.send({"type": "ask", "data": {"query": "why?"}})
    frames = [await line.next() for _ in range(6)]
    assert [frame["type"] for frame in frames] == ["accepted"] * 5 + ["error"]
    assert frames[5]["data"]["status"] == 429
    assert 1 <= frames[5]["data"]["retry_after_s"] <= 60
    await line.send({"type": "ping", "id": "p"})
    assert (await line.next("pong"))["data"] == {"id": "p"}


async def test_a_wrong_field_is_named_and_nothing_is_stored(school: School, service: Service) -> None:
    line = await service.sign_in(await school.student())
    await line.send({"type": "ask", "id": "q", "data": {"query": "why?", "code": "x" * 10_001}})
    problem = (await line.next("error"))["data"]
    assert (problem["status"], problem["id"]) == (422, "q")
    assert problem["fields"][0]["field"] == "data.code"
    assert await school.gateway.fetchval("select count(*) from bus_log") == 0


async def test_a_socket_goes_on_after_the_last_frame_it_saw(school: School, service: Service) -> None:
    student_id = await school.student()
    first = await service.sign_in(student_id)
    await answered(school, student_id, "one")
    seen = [await first.next() for _ in range(2)]
    await first.socket.close()
    await answered(school, student_id, "two")
    again = await service.sign_in(student_id, last_event_id=seen[-1]["id"])
    assert [(await again.next())["id"] for _ in range(4)] == [3, 4, 5, 6]


async def test_without_a_last_frame_only_news_are_sent(school: School, service: Service) -> None:
    student_id = await school.student()
    first = await service.sign_in(student_id)
    await answered(school, student_id, "one")
    await first.next("answer")
    second = await service.sign_in(student_id)
    await answered(school, student_id, "two")
    assert (await second.next())["id"] == 4
    assert (await first.next())["id"] == 4


async def test_a_long_absence_is_made_up_for_in_order_and_without_a_gap(school: School, service: Service) -> None:
    student_id = await school.student()
    sealed = await school.vault.seal(student_id, "x" * 500)
    query_id = uuid4()
    parts = [AnswerPart(query_id=query_id, agent="concepts", part_no=n, text=sealed) for n in range(1, 501)]
    await school.publish(student_id, *parts)

    async def all_kept() -> bool:
        seen = await school.gateway.fetchval("select count(*) from inbox where grp = 'websocket'")
        return bool(seen == 500)

    await eventually(all_kept)
    line = await service.sign_in(student_id, last_event_id=0)
    assert [(await line.next())["data"]["part_no"] for _ in range(500)] == list(range(1, 501))


async def test_two_students_frames_never_mix(school: School, service: Service) -> None:
    one, two = await school.student(), await school.student()
    first, second = await service.sign_in(one), await service.sign_in(two)
    await answered(school, one, "for one")
    await answered(school, two, "for two")
    assert (await first.next("answer"))["data"]["answer"] == "for one"
    assert (await second.next("answer"))["data"]["answer"] == "for two"


@pytest.mark.plan("P-API-chat")
async def test_a_socket_with_somebody_elses_id_is_refused(school: School, service: Service) -> None:
    student_id, other = await school.student(), await school.student()
    for path_id in (other, "me", uuid4(), f"{student_id}x"):
        line = await service.dial(path_id)
        await line.send({"type": "auth", "token": await school.token(student_id)})
        assert await line.ended() == 4403


async def test_an_admin_has_no_way_into_a_students_socket(school: School, service: Service) -> None:
    line = await service.dial(await school.student())
    await line.send({"type": "auth", "token": await school.token(uuid4(), "admin")})
    assert await line.ended() == 4403


async def test_forged_and_expired_tokens_are_refused(school: School, service: Service) -> None:
    student_id = await school.student()
    claims = {"sub": str(student_id), "role": "student", "iss": "learnflow", "aud": "learnflow",
              "iat": datetime.now(UTC), "exp": datetime.now(UTC) + timedelta(minutes=5)}  # fmt: skip
    good = await school.token(student_id)
    for token in (jwt.encode(claims, "", algorithm="none"), good[:-6] + "AAAAAA", "x", good + "."):
        line = await service.dial(student_id)
        await line.send({"type": "auth", "token": token})
        assert await line.ended() == 4401


async def test_silence_and_other_first_frames_do_not_sign_in(school: School, service: Service) -> None:
    student_id = await school.student()
    silent = await service.dial(student_id)
    eager = await service.dial(student_id)
    await eager.send({"type": "ask", "data": {"query": "why?"}})
    assert await eager.ended() == 4401
    assert await silent.ended() == 4401
    assert await school.gateway.fetchval("select count(*) from bus_log") == 0


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x00\x01", 4400), ("no json", 4400), ({"type": "shout"}, 4400), ('"' + "x" * MAX_FRAME_BYTES, 1009)],
)
async def test_malformed_frames_end_the_socket_and_the_service_lives(
    school: School, service: Service, frame: object, code: int
) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    await line.send(frame)
    assert await line.ended() == code
    await service.sign_in(student_id)


async def test_the_oldest_of_too_many_sockets_gives_way(school: School, service: Service) -> None:
    student_id = await school.student()
    lines = [await service.sign_in(student_id) for _ in range(4)]
    assert await lines[0].ended() == 1013
    await answered(school, student_id, "hi")
    assert (await lines[3].next("answer"))["id"] == 3


async def test_a_reader_that_takes_nothing_is_closed_and_can_go_on_from_where_it_was(
    school: School,
    serving: Callable[..., AbstractAsyncContextManager[str]],
    database_for: Callable[[str], Awaitable[Database]],
) -> None:
    student_id = await school.student()
    sealed = await school.vault.seal(student_id, "x" * 60_000)
    database = await database_for("websocket")
    frames = [NewFrame(student_id, "part", {"part_no": n, "text": sealed}) for n in range(1, 301)]
    async with database.transaction() as tx:
        await Frames(database).add(tx, frames)
    async with serving(slowest_send_s=0.3) as address:
        service = Service(address, school)
        slow = await service.sign_in(student_id, last_event_id=0)
        await asyncio.sleep(1.0)
        seen, code = await _read_to_the_end(slow)
        assert code == 1013
        assert 0 < len(seen) < 300
        again = await service.sign_in(student_id, last_event_id=seen[-1])
        seen += [(await again.next())["id"] for _ in range(300 - len(seen))]
        assert seen == list(range(1, 301))
        await service.hang_up()


async def _read_to_the_end(line: Line) -> tuple[list[int], int | None]:
    seen = []
    try:
        while True:
            seen.append((await line.next())["id"])
    except ConnectionClosed as closed:
        return seen, closed.rcvd.code if closed.rcvd else None


async def test_a_socket_ends_with_the_session_it_belongs_to(
    school: School, service: Service, owner_database: Database
) -> None:
    student_id, session_id = await school.student(), uuid4()
    line = await service.sign_in(student_id, token=await school.token(student_id, session_id=session_id))
    await owner_database.execute("select pg_notify('session_revoked', $1)", str(session_id))
    assert await line.ended() == 4401


async def test_a_stopping_service_asks_its_clients_to_come_back(
    school: School, serving: Callable[..., AbstractAsyncContextManager[str]]
) -> None:
    async with serving() as address:
        service = Service(address, school)
        line = await service.sign_in(await school.student())
    assert await line.ended() == 1012
    await service.hang_up()


async def test_a_frame_kept_by_one_instance_reaches_the_socket_on_the_other(
    school: School, serving: Callable[..., AbstractAsyncContextManager[str]]
) -> None:
    async with serving() as one, serving() as two:
        students = [await school.student() for _ in range(6)]
        services = [Service(one, school), Service(two, school)]
        lines = [await services[n % 2].sign_in(student) for n, student in enumerate(students)]
        for student in students:
            await answered(school, student, "hello")
        for line in lines:
            assert [(await line.next())["id"] for _ in range(3)] == [1, 2, 3]
        await asyncio.gather(*(service.hang_up() for service in services))


async def test_frames_older_than_a_day_go_and_numbers_go_on(
    school: School, service: Service, database_for: Callable[[str], Awaitable[Database]]
) -> None:
    student_id = await school.student()
    line = await service.sign_in(student_id)
    await answered(school, student_id, "old")
    await line.next("answer")
    database = await database_for("websocket")
    await database.execute("update socket_frames set created_at = now() - interval '25 hours'")
    assert await Frames(database).purge(24) == 3
    await answered(school, student_id, "new")
    assert (await line.next("agent"))["id"] == 4


async def test_a_class_s_questions_a_day_hold_for_the_socket_too(school: School, service: Service) -> None:
    student_id = await school.student()
    await school.teacher_of(student_id, questions_per_day=2)
    line = await service.sign_in(student_id)
    for _ in range(3):
        await line.send({"type": "ask", "data": {"query": "why?"}})
    frames = [await line.next() for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["accepted"] * 2 + ["error"]
    assert frames[2]["data"]["status"] == 429
