"""From a struggle to the teacher: the notice that is kept, and the frames on the teacher's open socket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import StruggleDetected, StruggleResolved
from learnflow.kit.database import Database
from learnflow.services.notification.app import create as create_notification
from learnflow.services.notification.settings import Settings as NotificationSettings
from learnflow.services.websocket.app import create as create_websocket
from learnflow.services.websocket.settings import Settings as WebsocketSettings
from tests.integration.school import School, running
from tests.integration.test_notification import teacher_of
from tests.integration.test_websocket import Service

TOPIC = "control-flow/for-loops"


@pytest.fixture
async def sockets(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[Service]:
    settings = WebsocketSettings(**settings_for("websocket"))
    async with running(create_websocket(settings, keys=school.keys)) as address:
        service = Service(address, school)
        yield service
        await service.hang_up()


@pytest.fixture
async def notification(school: School, settings_for: Callable[..., dict[str, Any]]) -> AsyncIterator[httpx.AsyncClient]:
    settings = NotificationSettings(**settings_for("notification"))
    async with (
        running(create_notification(settings, keys=school.keys)) as address,
        httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client


def detected(alert_id: UUID) -> StruggleDetected:
    return StruggleDetected(
        alert_id=alert_id,
        trigger="failed_runs",
        severity="medium",
        topic_id=TOPIC,
        since=datetime.now(UTC),
        evidence={"times": 5},
    )


@pytest.mark.plan("WALK-alert")
async def test_a_struggle_is_a_notice_and_two_frames_for_the_student_s_own_teacher(
    school: School, sockets: Service, notification: httpx.AsyncClient
) -> None:
    student_id, alert_id = await school.student(), uuid4()
    teacher_id = await teacher_of(school, student_id)
    line = await sockets.sign_in(teacher_id, token=await school.token(teacher_id, "teacher"))
    await school.publish(student_id, detected(alert_id))
    frames = {frame["type"]: frame["data"] for frame in [await line.next(), await line.next()]}
    headers = await school.headers(teacher_id, "teacher")
    (notice,) = (await notification.get(f"/notifications/{teacher_id}", headers=headers)).json()["items"]

    alert, told = frames["alert"], frames["notice"]
    assert (alert["alert_id"], alert["student_id"], alert["state"]) == (str(alert_id), str(student_id), "open")
    assert (alert["trigger"], alert["severity"], alert["evidence"]) == ("failed_runs", "medium", {"times": 5})
    assert (told["kind"], told["notice_id"]) == ("alert", notice["id"])
    assert told["title"] == notice["title"] == "One of your students needs help (medium)"
    assert told["message"] == notice["message"]


async def test_neither_the_student_nor_another_teacher_gets_the_alert(
    school: School, sockets: Service, database_for: Callable[[str], Awaitable[Database]]
) -> None:
    student_id, other = await school.student(), await school.student()
    teacher_id, stranger = await teacher_of(school, student_id), await teacher_of(school, other, "BCDEFGHJ")
    line = await sockets.sign_in(teacher_id, token=await school.token(teacher_id, "teacher"))
    alert_id = uuid4()
    await school.publish(student_id, detected(alert_id))
    await school.publish(student_id, StruggleResolved(alert_id=alert_id, trigger="failed_runs", reason="passed"))
    states = [(await line.next("alert"))["data"]["state"] for _ in range(2)]
    database = await database_for("websocket")
    users = await database.fetch("select distinct user_id from socket_frames")
    assert states == ["open", "resolved"]
    assert {row["user_id"] for row in users} == {teacher_id}
    assert stranger not in {row["user_id"] for row in users}
