"""The whole matrix path x role x owner: every route of every built service, called by every kind of caller."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import websockets

from learnflow.contracts.services import built_services
from learnflow.kit.database import Database
from learnflow.kit.principal import service_id
from learnflow.kit.sealed import load_master_key
from learnflow.kit.service_accounts import service_secret
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.signing import SigningKeys
from tests.conftest import ROLE_SECRET
from tests.contract.access import CALLERS, Entry, read_table
from tests.contract.running import Running, all_services
from tools.reference.apps import applications, routes

BUILT = [service.name for service in built_services()]
PASSWORD = "correct horse battery"
ROLES = {"teacher": "teacher", "own_teacher": "teacher", "admin": "admin"}
CLOSED_AS = {4401: 401, 4403: 403}


class Cast:
    """The callers with their tokens, and what the owner has: made when a route first asks for it."""

    def __init__(self, running: Running, keys: SigningKeys, owner: Database) -> None:
        self._running = running
        self._keys = keys
        self._owner = owner
        self._http = httpx.AsyncClient(timeout=10, trust_env=False)
        self.ids: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self._query_id = ""
        self._made_lesson_id = ""
        self._submission_id = ""
        self._class: dict[str, Any] = {}

    async def assemble(self) -> None:
        for name in ("owner", "stranger", "teacher", "own_teacher", "admin"):
            signed_in = await self._register(f"{name}@example.org")
            self.ids[name] = signed_in["user"]["id"]
            role = ROLES.get(name, "student")
            await self._owner.execute("update users set role = $1 where id = $2", role, self.ids[name])
            self.tokens[name] = (await self._keys.issue(signed_in["user"]["id"], role)).token  # type: ignore[arg-type]  # one of the roles
        self._class = await self._enrol()
        self.tokens["service"] = (await self._keys.issue(service_id("triage"), "service", service="triage")).token

    async def _enrol(self) -> dict[str, Any]:
        """A class of own_teacher with the owner in it."""
        made = await self._post("/api/v1/classes", "own_teacher", {"name": "Python 9b"})
        await self._post("/api/v1/classes/join", "owner", {"class_code": made["class_code"]})
        return made

    async def _post(self, path: str, caller: str, body: object) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[caller]}"}
        answer = await self._http.post(self._running.url("api-gateway", path), json=body, headers=headers)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def close(self) -> None:
        await self._http.aclose()

    async def _register(self, email: str) -> dict[str, Any]:
        account = {"email": email, "password": PASSWORD, "name": "Some Body", "refresh_in": "body"}
        answer = await self._http.post(self._running.url("api-gateway", "/api/v1/auth/register"), json=account)
        assert answer.status_code == 201, answer.text
        signed_in: dict[str, Any] = answer.json()
        return signed_in

    async def value(self, word: str) -> str:
        """What a word in braces stands for; some are new at each use."""
        known = {"user_id": self.ids["owner"], "password": PASSWORD, "email": "owner@example.org"}
        if word in known:
            return known[word]
        makers: dict[str, Callable[[], Awaitable[str]]] = {
            "new_email": self._new_email,
            "refresh_token": self._refresh_token,
            "session_id": self._session_id,
            "query_id": self._asked,
            "lesson_id": self._lesson,
            "alert_id": self._alert,
            "made_lesson_id": self._made_lesson,
            "notice_id": self._notice,
            "submission_id": self._submitted,
            "class_id": self._class_id,
            "class_code": self._class_code,
            "left_class_id": self._left_class_id,
            "quiz_id": self._quiz,
            "unknown_id": self._unknown_id,
            "service_secret": self._service_secret,
        }
        return await makers[word]()

    async def _new_email(self) -> str:
        return f"{uuid4().hex}@example.org"

    async def _class_id(self) -> str:
        return str(self._class["id"])

    async def _class_code(self) -> str:
        return str(self._class["class_code"])

    async def _left_class_id(self) -> str:
        return str((await self._enrol())["id"])

    async def _unknown_id(self) -> str:
        return str(uuid4())

    async def _service_secret(self) -> str:
        return service_secret(ROLE_SECRET, "triage")

    async def _refresh_token(self) -> str:
        return str((await self._register(await self._new_email()))["refresh_token"])

    async def _session_id(self) -> str:
        login = {"email": "owner@example.org", "password": PASSWORD, "refresh_in": "body"}
        answer = await self._http.post(self._running.url("api-gateway", "/api/v1/auth/login"), json=login)
        return str(answer.json()["session_id"])

    async def _asked(self) -> str:
        if not self._query_id:
            headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
            url = self._running.url("api-gateway", "/api/v1/query")
            answer = await self._http.post(url, json={"query": "How do for loops work?"}, headers=headers)
            self._query_id = str(answer.json()["query_id"])
        return self._query_id

    async def _alert(self) -> str:
        alert_id, topic_id = uuid4(), uuid4().hex
        await self._owner.execute(
            """insert into alerts (id, user_id, trigger, topic_id, severity, since, last_seen_at, times, evidence)
               values ($1, $2, 'low_quiz', $3, 'low', now(), now(), 1, '{}')""",
            alert_id,
            self.ids["owner"],
            topic_id,
        )
        return str(alert_id)

    async def _lesson(self) -> str:
        lesson_id = str(uuid4())
        begun = {"lesson_id": lesson_id, "progress_percentage": 10, "status": "in_progress"}
        headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
        url = self._running.url("progress", "/update-progress")
        await self._http.post(url, json=begun | {"user_id": self.ids["owner"]}, headers=headers)
        return lesson_id

    async def _quiz(self) -> str:
        headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
        url = self._running.url("exercise", "/quizzes?topic_id=control-flow/for-loops")
        return str((await self._http.get(url, headers=headers)).json()["quiz_id"])

    async def _submitted(self) -> str:
        if not self._submission_id:
            headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
            handed_in = {"exercise_id": "control-flow/for-loops/drums", "code": "print("}
            url = self._running.url("exercise", "/exercises/submit")
            answer = await self._http.post(url, json=handed_in, headers=headers)
            self._submission_id = str(answer.json()["submission_id"])
        return self._submission_id

    async def _notice(self) -> str:
        body = {"user_id": self.ids["owner"], "kind": "message", "title": "Tomorrow", "message": "Bring your program."}
        headers = {"Authorization": f"Bearer {self.tokens['service']}"}
        url = self._running.url("notification", "/notifications/publish")
        return str((await self._http.post(url, json=body, headers=headers)).json()["notice_id"])

    async def _made_lesson(self) -> str:
        if not self._made_lesson_id:
            headers = {"Authorization": f"Bearer {self.tokens['owner']}"}
            body = {"course_id": "control-flow", "user_id": self.ids["owner"]}
            url = self._running.url("course-agent", "/generate-lesson")
            self._made_lesson_id = str((await self._http.post(url, json=body, headers=headers)).json()["lesson_id"])
        return self._made_lesson_id

    async def call(self, entry: Entry, caller: str) -> bool | int:
        """True when the caller was let through, else the status of the answer."""
        token = self.tokens.get(caller)
        path = entry.path.replace(":path}", "}")
        for name, given in entry.fill.items():
            path = path.replace("{" + name + "}", await self._filled(given))
        if entry.method == "WS":
            return await self._socket(self._running.url(entry.service, path, "ws"), token)
        body = None if entry.body is None else {name: await self._filled(given) for name, given in entry.body.items()}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self._running.url(entry.service, path)
        query = {name: await self._filled(given) for name, given in entry.query.items()}
        async with self._http.stream(entry.method, url, params=query, json=body, headers=headers) as answer:
            return answer.status_code < 400 or answer.status_code == entry.lets or answer.status_code

    async def _filled(self, given: Any) -> Any:
        if isinstance(given, list):
            return [await self._filled(one) for one in given]
        if isinstance(given, str) and given.startswith("{"):
            return await self.value(given.strip("{}"))
        return given

    async def _socket(self, url: str, token: str | None) -> bool | int:
        async with websockets.connect(url, proxy=None) as socket:
            hello = {"type": "auth", "token": token} if token else {"type": "ping"}
            await socket.send(json.dumps(hello))
            try:
                return bool(json.loads(await socket.recv())["type"] == "ready")
            except websockets.ConnectionClosed as closed:
                return CLOSED_AS[closed.rcvd.code] if closed.rcvd else 0


@pytest.fixture
async def cast(
    settings_for: Callable[..., dict[str, Any]],
    database_for: Callable[[str], Awaitable[Database]],
    owner_database: Database,
) -> Any:
    async with all_services(settings_for, ROLE_SECRET) as running:
        settings = ServiceSettings(**settings_for("api-gateway"))
        keys = SigningKeys(await database_for("api-gateway"), load_master_key(settings))
        cast = Cast(running, keys, owner_database)
        await cast.assemble()
        yield cast
        await cast.close()


# each route by each kind of caller: many hundred calls
@pytest.mark.timeout(120)
@pytest.mark.plan("P-RULE-access")
@pytest.mark.slow
@pytest.mark.timeout(120)  # seven callers of every route, and some of them run programs
async def test_every_path_lets_in_whom_it_should_and_nobody_else(cast: Cast) -> None:
    wrong = []
    for entry in read_table(BUILT):
        for caller in CALLERS:
            got = await cast.call(entry, caller)
            if got != entry.verdicts[caller]:
                wrong.append(f"{entry.service} {entry.route} by {caller}: {got}, not {entry.verdicts[caller]}")
    assert wrong == []


def test_every_route_has_an_entry_and_every_entry_a_route() -> None:
    with applications() as apps:
        existing = {f"{name} {route}" for name, app in apps.items() for route in routes(app)}
    listed = {f"{entry.service} {entry.route}" for entry in read_table(BUILT)}
    assert sorted(existing - listed) == [], "routes without an entry in tests/contract/access.yaml"
    assert sorted(listed - existing) == [], "entries of tests/contract/access.yaml without a route"


def test_an_entry_stands_once() -> None:
    names = [f"{entry.service} {entry.route}" for entry in read_table(BUILT)]
    assert sorted(names) == sorted(set(names))
