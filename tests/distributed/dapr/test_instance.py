"""The whole product on Dapr: `up --bus dapr` with Kafka and a sidecar beside each service, used as people use it."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator

import pytest

from learnflow.contracts.services import CONCEPTS
from learnflow.kit.database import Database
from learnflow.runtime.servers.dapr_files import with_sidecar
from tests.integration.conftest import Up

READY_WITHIN_S = 240.0
QUESTION = "How do for loops work in Python?"
WALK = {
    ("api-gateway", "learning.requests", "learnflow.learning.question_asked.v1"),
    ("triage", "concepts.requests", "learnflow.concepts.concept_requested.v1"),
    ("concepts", "learning.responses", "learnflow.learning.answer_finished.v1"),
}
EVERY_START = "mTLS is disabled|Actor runtime disabled|No scheduler host|mail.off|no matching secret store"
"""What sidecars and services without these parts say each time."""
pytestmark = pytest.mark.timeout(400)


class UpOnDapr(Up):
    """An instance of its own with a broker and sidecars of its own."""

    def __init__(self) -> None:
        super().__init__("--bus", "dapr")

    def ask(self) -> str:
        """The id of a question that was answered."""
        done = self.command("ask", QUESTION, "--json", timeout_s=90)
        assert done.returncode == 0, done.stderr + done.stdout
        return str(json.loads(done.stdout)["query_id"])

    def complaints(self) -> str:
        """The last warnings and errors of services and sidecars, which end with the instance."""
        lines = [
            f"{log.name}: {line[:240]}"
            for log in sorted((self.data / "logs").glob("*.log"))
            for line in log.read_text(errors="replace").splitlines()
            if re.search(r"\b(warning|error|fatal)\b", line) and not re.search(EVERY_START, line)
        ]
        return "\n".join(lines[-30:])

    def sidecar_pid(self, service: str) -> int:
        (pid,) = [facts["pid"] for name, facts in self.facts()["sidecars"].items() if name == f"dapr:{service}"]
        return int(pid)


@pytest.fixture(scope="module")
def instance(kafka_server: object, daprd: None) -> Iterator[UpOnDapr]:
    started = UpOnDapr()
    try:
        yield started.wait_until_ready(READY_WITHIN_S)
    finally:
        started.stop()


def test_every_service_has_a_sidecar_and_the_same_address(instance: UpOnDapr) -> None:
    facts = instance.facts()
    assert facts["bus"] == "dapr"
    assert set(facts["sidecars"]) == {f"dapr:{service.name}" for service in with_sidecar()}
    assert facts["addresses"]["concepts"].endswith(str(CONCEPTS.port + instance.offset))


def test_a_question_goes_its_way_and_its_trace_is_the_same_as_on_every_bus(instance: UpOnDapr) -> None:
    query_id, deadline = instance.ask(), time.monotonic() + 60
    hops: set[tuple[str, str, str]] = set()
    # the log of all facts is a reader of its own, which may be behind the answer
    while not hops >= WALK:
        assert time.monotonic() < deadline, hops
        done = instance.command("trace", query_id, "--json", timeout_s=60)
        hops = {
            (hop["service"], hop["topic"], hop["type"]) for hop in json.loads(done.stdout or '{"hops": []}')["hops"]
        }


async def test_nobody_but_the_relay_reads_the_log(instance: UpOnDapr) -> None:
    instance.ask()
    database = Database((instance.data / "secrets" / "owner_dsn").read_text().strip())
    await database.start()
    groups = await database.fetch("select distinct grp from bus_cursor")
    await database.stop()
    assert [row["grp"] for row in groups] == ["relay"]


def test_a_killed_sidecar_is_started_again_and_questions_go_on(instance: UpOnDapr) -> None:
    before = instance.sidecar_pid(CONCEPTS.name)
    os.kill(before, signal.SIGKILL)
    assert instance.ask()
    assert instance.sidecar_pid(CONCEPTS.name) != before


def test_the_demo_runs_through(instance: UpOnDapr) -> None:
    done = instance.command("demo", "--json", timeout_s=300)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{instance.complaints()}"
