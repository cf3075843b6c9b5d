"""A really running code-execution: a process of its own behind HTTP, watched from outside."""

from __future__ import annotations

import base64
import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from learnflow.contracts.services import API_GATEWAY
from learnflow.kit.listen import listen
from tests.hostile.kernel_filter import Rule

KEY = Ed25519PrivateKey.generate()
MAX_OFFSET = 50_000
_START_S, _END_S = 25, 15
_STEADY = 8
_NEW_NAMESPACES = 0x7E020080

NO_NAMESPACES = (
    Rule("unshare"),
    Rule("setns"),
    Rule("clone", bits=_NEW_NAMESPACES),
    Rule("clone3", errno.ENOSYS),
)
NO_LANDLOCK = (Rule("landlock_create_ruleset", errno.EOPNOTSUPP),)


@dataclass(frozen=True)
class Machine:
    """A machine as the service is to find it: what its kernel refuses or pretends, which folders are covered."""

    name: str
    rules: tuple[Rule, ...] = ()
    cover: tuple[str, ...] = ()
    settings: dict[str, object] = field(default_factory=dict, hash=False)


THIS = Machine("this machine")
ON_DEMAND = Machine("on demand", settings={"parked_runs": 0})
"""No child is parked: each run is brought forth when it is asked for."""
WITHOUT_NAMESPACES = Machine("without namespaces", NO_NAMESPACES)


class _Keys(BaseHTTPRequestHandler):
    """The one thing of the gateway that code-execution asks for."""

    def do_GET(self) -> None:
        x = base64.urlsafe_b64encode(KEY.public_key().public_bytes_raw()).decode().rstrip("=")
        body = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@contextmanager
def gateway() -> Iterator[int]:
    """Publishes the key that the tests' tokens are signed with; gives the port offset at which it is found."""
    while True:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Keys)
        offset = server.server_port - API_GATEWAY.port
        if 0 <= offset <= MAX_OFFSET:
            break
        server.server_close()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield offset
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def token(role: str = "service") -> str:
    """An access token as the gateway would sign it, for two hours."""
    now = datetime.now(UTC)
    claims = {"iss": "learnflow", "aud": "learnflow", "sub": str(uuid4()), "role": role, "iat": now, "jti": "j"}
    service = {"svc": "exercise"} if role == "service" else {}
    whole = {**claims, "exp": now + timedelta(hours=2), **service}
    return jwt.encode(whole, KEY, algorithm="EdDSA", headers={"kid": "k"})


class Service:
    """One running code-execution on a `machine`; `run` may be called by one thread at a time."""

    def __init__(self, machine: Machine, port_offset: int) -> None:
        self.machine = machine
        self._listening = listen("127.0.0.1", 0)
        self._is_ending = False
        self.port: int = self._listening.getsockname()[1]
        self.keeper = self._start(port_offset)
        headers = {"Authorization": f"Bearer {token()}"}
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=60)

    def _start(self, port_offset: int) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        settings = {"log_level": "error", "port_offset": port_offset, **self.machine.settings}
        os.write(writing, json.dumps(settings).encode())
        os.close(writing)
        command = [sys.executable, "-I", "-X", "utf8", "-m", "learnflow.services.code_execution"]
        command += ["--listen-fd", str(self._listening.fileno()), "--settings-fd", str(reading)]
        rules = [rule.as_list() for rule in self.machine.rules]
        job = {"command": command, "rules": rules, "cover": list(self.machine.cover)}
        keeper = [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), json.dumps(job)]
        try:
            return subprocess.Popen(keeper, cwd="/", pass_fds=(self._listening.fileno(), reading), process_group=0)
        finally:
            os.close(reading)

    def wait_until_up(self) -> dict[str, Any]:
        """Its `/health` once it answers; ready or not, the level says."""
        until = time.monotonic() + _START_S
        while True:
            try:
                health: dict[str, Any] = self.client.get("/health").json()
            except httpx.TransportError:
                assert time.monotonic() < until, "code-execution does not answer"
                assert self.keeper.poll() is None, "code-execution did not start"
                time.sleep(0.02)
            else:
                return health

    def post(self, body: dict[str, Any]) -> httpx.Response:
        return self.client.post("/execute", json=body)

    def run(self, code: str, **more: object) -> dict[str, Any]:
        """The result of one run, as the API gives it."""
        answer = self.post({"code": code, **more})
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def pid(self) -> int:
        """The service itself, without what it started."""
        return int(_children().get(self.keeper.pid, [0])[0])

    def processes(self) -> set[int]:
        """All processes beneath the keeper: the service, what it keeps in store, and what is left of runs."""
        children, found, waiting = _children(), set[int](), [self.keeper.pid]
        while waiting:
            below = children.get(waiting.pop(), [])
            found.update(below)
            waiting += below
        return found

    def end(self) -> None:
        """Ask it to stop, without waiting."""
        self._is_ending = True
        self.client.close()
        self.keeper.terminate()

    def stop(self) -> int:
        """The keeper's exit code: 0 when nothing outlived the service."""
        if not self._is_ending:
            self.end()
        code = self.keeper.wait(_END_S)
        self._listening.close()
        return code


def _children() -> dict[int, list[int]]:
    """Parent -> children, of every process that is not only waiting to be buried."""
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, parent = (folder / "stat").read_bytes().rpartition(b") ")[2].split()[:2]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        if state != b"Z":
            found.setdefault(int(parent), []).append(int(folder.name))
    return {parent: sorted(pids) for parent, pids in found.items()}


def settled(service: Service) -> int:
    """How many processes a service has when nothing runs: itself, and what it keeps in store."""
    counts: list[int] = []
    service.post({"code": "print(42)"})
    until = time.monotonic() + _START_S
    while len(counts) < _STEADY or len(set(counts[-_STEADY:])) > 1:
        assert time.monotonic() < until, f"the number of its processes does not settle: {counts[-_STEADY:]}"
        counts.append(len(service.processes()))
        time.sleep(0.05)
    return counts[-1]


@contextmanager
def running(machine: Machine, port_offset: int) -> Iterator[Service]:
    """A service on such a machine; it answers, and at the end nothing may be left of it."""
    service = Service(machine, port_offset)
    try:
        service.wait_until_up()
        yield service
    finally:
        left = service.stop()
    assert left == 0, "a process outlived the service"
