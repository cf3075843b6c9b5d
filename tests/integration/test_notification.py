"""Notification on a real log: alerts, notices, subscriptions, and e-mails to a real SMTP server of the test's own."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from learnflow.contracts.events import ExerciseAssigned, Fact, MasteryChanged, StruggleDetected, StruggleResolved
from learnflow.contracts.sealed import SealedText
from learnflow.kit.bus.base import Event
from learnflow.kit.database import Database
from learnflow.kit.principal import service_id
from learnflow.services.notification.app import create
from learnflow.services.notification.settings import Settings
from tests.integration.school import School, eventually, running
from tests.integration.smtp_server import SmtpInbox, smtp_inbox

Opened = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
LOOPS = "control-flow/for-loops"
TEACH = """
with made as (insert into classes (id, name, join_code, created_by)
              values (gen_random_uuid(), 'lf1.x', $3, $1) returning id),
     taught as (insert into class_teachers (class_id, teacher_id, is_owner) select id, $1, true from made)
insert into enrolments (class_id, student_id) select id, $2 from made
"""


@pytest.fixture
def opened(school: School, settings_for: Callable[..., dict[str, Any]]) -> Opened:
    @asynccontextmanager
    async def open_with(**more: object) -> AsyncIterator[Any]:
        settings = Settings(**settings_for("notification", **more))
        async with (
            running(create(settings, keys=school.keys)) as address,
            httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
        ):
            yield client

    return open_with


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened() as client:
        yield client


@pytest.fixture
async def inbox() -> AsyncIterator[SmtpInbox]:
    async with smtp_inbox() as inbox:
        yield inbox


async def teacher_of(school: School, student_id: UUID, code: str = "ABCDEFGH") -> UUID:
    teacher_id = await person(school, "teacher")
    await school.gateway.execute(TEACH, teacher_id, student_id, code)
    return teacher_id


async def person(school: School, role: str = "student") -> UUID:
    """Somebody with a real address."""
    user_id = await school.student()
    email = await school.vault.seal(user_id, f"{role}@school.example")
    await school.gateway.execute("update users set role = $2, email = $3 where id = $1", user_id, role, email)
    return user_id


def detected(alert_id: UUID, **more: Any) -> StruggleDetected:
    given: dict[str, Any] = {
        "trigger": "same_error",
        "severity": "medium",
        "topic_id": LOOPS,
        "since": datetime.now(UTC),
    }
    given |= {"evidence": {"times": 3, "error_type": "NameError"}}
    return StruggleDetected(alert_id=alert_id, **(given | more))


def assigned(**more: Any) -> ExerciseAssigned:
    given: dict[str, Any] = {"exercise_id": f"{LOOPS}/drums", "topic_id": LOOPS, "assigned_by": uuid4()}
    return ExerciseAssigned(assignment_id=uuid4(), **(given | more))


def mastery(value: float, level: str) -> MasteryChanged:
    parts = {"exercises": 0.0, "quiz": 0.0, "quality": 0.0, "consistency": 0.0, "module_mastery": 0.0}
    return MasteryChanged(topic_id=LOOPS, module_id="control-flow", mastery=value, level=level, **parts)


async def handled(school: School, student_id: UUID, *facts: Fact) -> list[Event]:
    """Publish, and wait until notification has handled them all."""
    events = await school.publish(student_id, *facts)
    ids = [event.id for event in events]

    async def is_done() -> bool:
        done = await school.gateway.fetchval(
            "select count(*) from inbox where grp = 'notification' and event_id = any($1)", ids
        )
        return bool(done == len(ids))

    await eventually(is_done)
    return events


async def notices(client: httpx.AsyncClient, school: School, user_id: UUID) -> list[dict[str, Any]]:
    answer = await client.get(f"/notifications/{user_id}", headers=await school.headers(user_id))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def service(school: School, name: str = "api-gateway") -> dict[str, str]:
    token = (await school.keys.issue(service_id(name), "service", service=name)).token
    return {"Authorization": f"Bearer {token}"}


async def sent(school: School, user_id: UUID) -> list[dict[str, Any]]:
    rows = await school.gateway.fetch(
        "select ce from bus_log where topic = 'progress.events' and ce ->> 'subject' = $1"
        " and ce ->> 'type' like '%notice_sent%' order by xid, seq",
        str(user_id),
    )
    return [row["ce"] for row in rows]


def message_to(receiver: UUID, **more: object) -> dict[str, object]:
    body = {"user_id": str(receiver), "kind": "message", "title": "Zanzibar", "message": "Bring your zanzibar."}
    return {**body, **more}


@pytest.mark.plan("P-SVC-notification", "P-TOPIC-struggle.detected")
async def test_an_alert_reaches_each_of_the_student_s_own_teachers_and_nobody_else(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id, other_student = await person(school), await person(school)
    first, second = await teacher_of(school, student_id), await teacher_of(school, student_id, "BCDEFGHJ")
    stranger = await teacher_of(school, other_student, "CDEFGHJK")
    alert_id = uuid4()
    (event,) = await handled(school, student_id, detected(alert_id))

    for teacher_id in (first, second):
        (notice,) = await notices(client, school, teacher_id)
        assert (notice["kind"], notice["is_read"]) == ("alert", False)
        assert "NameError 3 times" in notice["message"]
        assert notice["about"]["alert_id"] == str(alert_id)
        assert notice["about"]["student_id"] == str(student_id)
        (fact,) = await sent(school, teacher_id)
        assert fact["correlationid"] == event.correlationid
        assert await school.vault.open(teacher_id, SealedText(fact["data"]["title"])) == notice["title"]
    assert await notices(client, school, stranger) == await notices(client, school, student_id) == []


async def test_further_evidence_changes_the_notice_and_sends_no_second_one_for_ten_minutes(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await person(school)
    teacher_id = await teacher_of(school, student_id)
    alert_id = uuid4()
    await handled(school, student_id, detected(alert_id))
    again = detected(alert_id, is_new=False, severity="high", evidence={"times": 5, "error_type": "NameError"})
    await handled(school, student_id, again)
    (notice,) = await notices(client, school, teacher_id)
    assert "5 times" in notice["message"]
    assert (notice["about"]["severity"], notice["about"]["evidence.times"]) == ("high", "5")
    assert len(await sent(school, teacher_id)) == 1

    await owner_database.execute("update notifications set created_at = now() - interval '10 minutes 1 second'")
    await handled(school, student_id, detected(alert_id, is_new=False))
    assert len(await notices(client, school, teacher_id)) == 2


async def test_a_resolved_alert_closes_its_notices_and_tells_those_who_did_not_do_it(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await person(school)
    first, second = await teacher_of(school, student_id), await teacher_of(school, student_id, "BCDEFGHJ")
    alert_id = uuid4()
    await handled(school, student_id, detected(alert_id))
    closed = StruggleResolved(
        alert_id=alert_id, trigger="same_error", topic_id=LOOPS, reason="resolved_by_teacher", resolved_by=first
    )
    await handled(school, student_id, closed)
    (own,) = await notices(client, school, first)
    news, old = await notices(client, school, second)
    assert own["closed_at"]
    assert own["is_read"]
    assert (news["kind"], old["kind"]) == ("alert_resolved", "alert")
    assert old["closed_at"]
    assert not news["is_read"]


async def test_an_assigned_exercise_is_told_to_the_student(school: School, client: httpx.AsyncClient) -> None:
    student_id = await person(school)
    await handled(school, student_id, assigned(due_at=datetime(2026, 12, 1, tzinfo=UTC)))
    (notice,) = await notices(client, school, student_id)
    assert (notice["kind"], notice["about"]["exercise_id"]) == ("assignment", f"{LOOPS}/drums")
    assert "It is due on 01 December 2026." in notice["message"]


async def test_a_new_level_is_told_once_and_a_step_down_never(school: School, client: httpx.AsyncClient) -> None:
    student_id = await person(school)
    steps = [(10, "Beginner"), (41, "Learning"), (60, "Learning"), (71, "Proficient"), (70, "Learning"),
             (72, "Proficient"), (99, "Wizard")]  # fmt: skip
    await handled(school, student_id, *(mastery(value, level) for value, level in steps))
    told = await notices(client, school, student_id)
    assert [notice["title"] for notice in told] == [
        "New level in For loops: Proficient",
        "New level in For loops: Learning",
    ]


async def test_the_same_event_twice_makes_one_notice(school: School, client: httpx.AsyncClient) -> None:
    student_id = await person(school)
    (event,) = await handled(school, student_id, assigned())
    await school.gateway.execute(
        "insert into bus_log (topic, part, key, ce) select topic, part, key, ce from bus_log where ce ->> 'id' = $1",
        str(event.id),
    )
    await handled(school, student_id, assigned())
    assert len(await notices(client, school, student_id)) == 2


@pytest.mark.parametrize("fact", [detected(uuid4()), assigned(due_at=datetime.now(UTC)), mastery(80, "Proficient"),
                                  StruggleResolved(alert_id=uuid4(), trigger="low_quiz", reason="passed")],
                         ids=lambda fact: str(type(fact).__name__))  # fmt: skip
async def test_an_event_with_a_field_more_and_every_optional_one_less_is_handled(
    school: School, client: httpx.AsyncClient, fact: Fact
) -> None:
    student_id = await person(school)
    teacher_id = await teacher_of(school, student_id)
    required = {name for name, field in type(fact).model_fields.items() if field.is_required()}
    data = {**fact.model_dump(mode="json", include=required), "a_field_of_tomorrow": {"deep": [1]}}
    (event,) = await handled(school, student_id, assigned())
    raw = {**event.model_dump(mode="json"), "id": str(uuid4()), "type": fact.event_type, "data": data}
    await school.gateway.execute(
        "insert into bus_log (topic, part, key, ce) select $1, part % 4, key, $2 from bus_log where ce ->> 'id' = $3",
        fact.topic.name,
        raw,
        str(event.id),
    )

    async def is_done() -> bool:
        query = "select count(*) from inbox where grp = 'notification' and event_id = $1"
        return bool(await school.gateway.fetchval(query, UUID(str(raw["id"]))))

    await eventually(is_done)
    told = len(await notices(client, school, student_id)) + len(await notices(client, school, teacher_id))
    assert told == (1 if isinstance(fact, StruggleResolved) else 2)
    assert await school.gateway.fetchval("select count(*) from bus_log where topic like '%.dead-letter'") == 0


async def test_an_alert_about_somebody_erased_is_dropped_and_the_next_event_is_handled(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id, other = await person(school), await person(school)
    teacher_id = await teacher_of(school, student_id)
    await handled(school, student_id, detected(uuid4()), assigned())
    await owner_database.execute("select erase_student($1)", student_id)
    assert await notices(client, school, teacher_id) == []
    await handled(school, student_id, assigned(), mastery(80, "Proficient"), detected(uuid4()))
    await handled(school, other, assigned())
    assert await owner_database.fetchval("select count(*) from notifications") == 1
    assert await owner_database.fetchval("select count(*) from bus_log where topic like '%.dead-letter'") == 0


async def test_what_is_stored_and_sent_is_sealed(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id = await person(school)
    answer = await client.post("/notifications/publish", json=message_to(student_id), headers=await service(school))
    assert answer.status_code == 201, answer.text
    rows = await owner_database.fetchval("select string_agg(n::text, '') from notifications n")
    log = await owner_database.fetchval("select string_agg(ce::text, '') from bus_log")
    assert "anzibar" not in rows + log
    assert (await notices(client, school, student_id))[0]["message"] == "Bring your zanzibar."


@pytest.mark.plan("P-API-notifications")
async def test_notices_are_paged_newest_first_and_are_read(school: School, client: httpx.AsyncClient) -> None:
    student_id, headers = await person(school), await service(school)
    made = [
        (await client.post("/notifications/publish", json=message_to(student_id), headers=headers)).json()["notice_id"]
        for _ in range(3)
    ]
    own = await school.headers(student_id)
    read = await client.post(f"/notifications/{made[0]}/read", headers=own)
    again = await client.post(f"/notifications/{made[0]}/read", headers=own)
    first = (await client.get(f"/notifications/{student_id}?limit=2", headers=own)).json()
    second = (await client.get(f"/notifications/{student_id}?limit=2&offset=2", headers=own)).json()
    assert (read.status_code, again.status_code) == (204, 204)
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert (first["total"], first["unread"], first["next"], second["next"]) == (3, 2, 2, None)
    assert [item["is_read"] for item in second["items"]] == [True]


async def test_somebody_else_s_notices_are_neither_seen_nor_read(school: School, client: httpx.AsyncClient) -> None:
    student_id, stranger = await person(school), await person(school)
    made = await client.post("/notifications/publish", json=message_to(student_id), headers=await service(school))
    headers = await school.headers(stranger)
    assert (await client.get(f"/notifications/{student_id}", headers=headers)).status_code == 404
    assert (await client.post(f"/notifications/{made.json()['notice_id']}/read", headers=headers)).status_code == 404
    assert (await notices(client, school, student_id))[0]["is_read"] is False


async def test_a_teacher_sends_messages_to_their_own_students_alone(school: School, client: httpx.AsyncClient) -> None:
    student_id, other = await person(school), await person(school)
    teacher_id = await teacher_of(school, student_id)
    headers = await school.headers(teacher_id, "teacher")

    async def status(body: dict[str, object]) -> int:
        return (await client.post("/notifications/publish", json=body, headers=headers)).status_code

    assert await status(message_to(student_id)) == 201
    assert await status(message_to(other)) == 404
    assert await status(message_to(student_id, kind="alert")) == 403
    assert await status(message_to(student_id, kind="account", email="a@example.org")) == 403


async def test_what_somebody_does_not_want_is_not_sent(school: School, client: httpx.AsyncClient) -> None:
    student_id = await person(school)
    own = await school.headers(student_id)
    before = (await client.get("/notifications/subscriptions", headers=own)).json()
    chosen = await client.post("/notifications/subscribe", json={"channel": "page", "topics": ["message"]}, headers=own)
    await handled(school, student_id, assigned())
    await client.post("/notifications/publish", json=message_to(student_id), headers=await service(school))
    assert before == {
        "page": ["alert", "alert_resolved", "assignment", "mastery", "message"],
        "email": [],
    }
    assert chosen.json() == {"page": ["message"], "email": []}
    assert [notice["kind"] for notice in await notices(client, school, student_id)] == ["message"]


async def test_a_kind_that_is_wanted_by_e_mail_goes_out_there_too(
    school: School, opened: Opened, inbox: SmtpInbox, owner_database: Database
) -> None:
    student_id = await person(school)
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}") as client:
        own = await school.headers(student_id)
        await client.post("/notifications/subscribe", json={"channel": "email", "topics": ["assignment"]}, headers=own)
        await handled(school, student_id, assigned(), mastery(80, "Proficient"))
        await inbox.until(1)
        await eventually_empty(owner_database)
    ((receiver, message),) = inbox.received
    assert receiver == "student@school.example"
    assert (message["To"], message["Subject"]) == ("student@school.example", "You have a new exercise")
    assert "A drum pattern" in message.get_content()
    assert [fact["data"]["channels"] for fact in await sent(school, student_id)] == [["page", "email"], ["page"]]


async def test_who_wants_a_kind_by_e_mail_alone_does_not_see_it_on_the_page(
    school: School, opened: Opened, inbox: SmtpInbox
) -> None:
    student_id = await person(school)
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}") as client:
        own = await school.headers(student_id)
        for channel, topics in (("page", []), ("email", ["message"])):
            await client.post("/notifications/subscribe", json={"channel": channel, "topics": topics}, headers=own)
        await client.post("/notifications/publish", json=message_to(student_id), headers=await service(school))
        await inbox.until(1)
        assert await notices(client, school, student_id) == []


async def eventually_empty(database: Database) -> None:
    async def is_empty() -> bool:
        return bool(await database.fetchval("select count(*) = 0 from email_deliveries"))

    await eventually(is_empty)


@pytest.mark.plan("P-RULE-account-mail")
async def test_a_letter_about_an_account_goes_by_e_mail_and_its_link_is_nowhere_else(
    school: School, opened: Opened, inbox: SmtpInbox, owner_database: Database
) -> None:
    student_id = await person(school)
    letter = message_to(student_id, kind="account", title="New password", message="Open https://x/#token=zanzibar")
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}") as client:
        answer = await client.post("/notifications/publish", json=letter, headers=await service(school))
        guardians = await client.post(
            "/notifications/publish", json={**letter, "email": "guardian@home.example"}, headers=await service(school)
        )
        await inbox.until(2)
        await eventually_empty(owner_database)
        shown = await notices(client, school, student_id)
    assert (answer.status_code, answer.json()["channels"]) == (201, ["page", "email"])
    assert (guardians.status_code, guardians.json()["channels"], len(shown)) == (201, ["email"], 1)
    assert {receiver for receiver, _ in inbox.received} == {"student@school.example", "guardian@home.example"}
    assert "zanzibar" in inbox.received[0][1].get_content()
    assert "zanzibar" not in json.dumps(shown)
    texts = [
        await school.vault.open(student_id, SealedText(e["data"]["message"])) for e in await sent(school, student_id)
    ]
    assert "zanzibar" not in " ".join(texts)


async def test_without_a_mail_server_a_letter_is_refused_and_notices_are_on_the_page(
    school: School, client: httpx.AsyncClient
) -> None:
    student_id = await person(school)
    own = await school.headers(student_id)
    await client.post("/notifications/subscribe", json={"channel": "email", "topics": ["message"]}, headers=own)
    letter = await client.post(
        "/notifications/publish", json=message_to(student_id, kind="account"), headers=await service(school)
    )
    notice = await client.post("/notifications/publish", json=message_to(student_id), headers=await service(school))
    assert letter.status_code == 503
    assert "LEARNFLOW_NOTIFICATION_SMTP_URL" in letter.json()["detail"]
    assert letter.headers["Retry-After"]
    assert notice.json()["channels"] == ["page"]


async def test_what_the_mail_server_puts_off_is_tried_again(
    school: School, opened: Opened, inbox: SmtpInbox, owner_database: Database
) -> None:
    student_id = await person(school)
    inbox.answers = ["451 later"]
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}") as client:
        letter = message_to(student_id, kind="account")
        await client.post("/notifications/publish", json=letter, headers=await service(school))
        await inbox.until(1)
        await eventually_empty(owner_database)
    assert (inbox.tried, len(inbox.received)) == (2, 1)


async def test_what_the_mail_server_refuses_for_good_is_dropped(
    school: School, opened: Opened, inbox: SmtpInbox, owner_database: Database
) -> None:
    student_id = await person(school)
    inbox.answers = ["550 no such mailbox"]
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}") as client:
        letter = message_to(student_id, kind="account")
        await client.post("/notifications/publish", json=letter, headers=await service(school))
        await eventually_empty(owner_database)
    assert (inbox.tried, inbox.received) == (1, [])


async def test_an_e_mail_waits_while_the_mail_server_is_away_and_goes_when_it_is_back(
    school: School, opened: Opened, inbox: SmtpInbox, owner_database: Database
) -> None:
    student_id = await person(school)
    async with opened(smtp_url="smtp://127.0.0.1:1") as client:
        letter = message_to(student_id, kind="account")
        await client.post("/notifications/publish", json=letter, headers=await service(school))

        async def was_tried() -> bool:
            return bool(await owner_database.fetchval("select attempts > 0 from email_deliveries"))

        await eventually(was_tried)
    async with opened(smtp_url=f"smtp://127.0.0.1:{inbox.port}"):
        await inbox.until(1)


WRONG: list[tuple[dict[str, object], str]] = [
    ({"user_id": "me"}, "user_id"),
    ({"kind": "song"}, "kind"),
    ({"title": ""}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"title": "a\x00"}, "title"),
    ({"message": "x" * 5001}, "message"),
    ({"message": "\ud800"}, "message"),
    ({"email": "nobody", "kind": "account"}, "email"),
    ({"surprise": 1}, "surprise"),
]


async def test_a_wrong_field_is_named_and_nothing_is_sent(
    school: School, client: httpx.AsyncClient, owner_database: Database
) -> None:
    student_id, headers = await person(school), await service(school)
    headers["Content-Type"] = "application/json"
    for change, field in WRONG:
        body = json.dumps(message_to(student_id, **change))
        answer = await client.post("/notifications/publish", content=body, headers=headers)
        assert answer.status_code == 422, (change, answer.text)
        assert answer.json()["fields"][0]["field"] == field
    assert (await client.post("/notifications/publish", json=message_to(uuid4()), headers=headers)).status_code == 404
    with_address = message_to(student_id, email="a@example.org")
    assert (await client.post("/notifications/publish", json=with_address, headers=headers)).status_code == 422
    assert await owner_database.fetchval("select count(*) from notifications") == 0


@pytest.mark.parametrize(
    "body",
    [{"channel": "pigeon", "topics": []}, {"channel": "page", "topics": ["account"]}, {"channel": "page"},
     {"channel": "page", "topics": ["message"] * 6}, {"channel": "page", "topics": [], "user_id": str(uuid4())}],
)  # fmt: skip
async def test_a_wrong_subscription_is_refused(school: School, client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    headers = await school.headers(await person(school))
    assert (await client.post("/notifications/subscribe", json=body, headers=headers)).status_code == 422
    assert (await client.post("/notifications/subscribe", json=body)).status_code == 401


async def test_messages_of_a_teacher_are_limited(school: School, opened: Opened) -> None:
    student_id = await person(school)
    headers = await school.headers(await teacher_of(school, student_id), "teacher")
    async with opened(notices_per_minute=1) as client:
        codes = [
            (await client.post("/notifications/publish", json=message_to(student_id), headers=headers)).status_code
            for _ in range(2)
        ]
    assert codes == [201, 429]
