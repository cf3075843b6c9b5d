"""The table of services and topics is the one that the product promises, word for word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from learnflow.contracts.services import SERVICES, built_services
from learnflow.contracts.topics import TOPICS

EVERY = " ".join(TOPICS)
# name, port, topics read, topics written
PROMISED = [
    ("api-gateway", 8180, "learning.requests learning.responses", "learning.requests progress.events"),
    (
        "triage",
        8100,
        "learning.requests",
        "concepts.requests debug.requests code.submissions exercise.requests progress.events learning.responses",
    ),
    ("concepts", 8101, "concepts.requests", "learning.responses progress.events"),
    ("course-agent", 8102, "concepts.requests", "learning.responses progress.events"),
    ("code-review", 8103, "code.submissions", "learning.responses progress.events"),
    ("debug", 8104, "debug.requests", "learning.responses progress.events"),
    (
        "exercise",
        8105,
        "exercise.requests",
        "exercise.generated code.submissions learning.responses progress.events",
    ),
    ("progress", 8106, EVERY, "struggle.detected progress.events learning.responses"),
    ("code-execution", 8107, "", ""),
    ("websocket", 8108, "learning.responses struggle.detected progress.events", "learning.requests"),
    ("notification", 8109, "struggle.detected progress.events", "progress.events"),
    ("web", 3000, "", ""),
]
FEWER_PARTITIONS = {"debug.requests", "exercise.generated", "struggle.detected"}
LONGER_KEPT = {"struggle.detected", "progress.events"}


@pytest.mark.parametrize(("name", "port", "reads", "writes"), PROMISED, ids=[row[0] for row in PROMISED])
def test_a_service_has_its_port_and_its_topics(name: str, port: int, reads: str, writes: str) -> None:
    service = SERVICES[name]
    assert service.port == port
    assert {topic.name for topic in service.reads} == set(reads.split())
    assert {topic.name for topic in service.writes} == set(writes.split())


def test_there_is_no_other_service() -> None:
    assert list(SERVICES) == [row[0] for row in PROMISED]


def test_ports_and_roles_are_each_service_s_own() -> None:
    assert len({service.port for service in SERVICES.values()}) == len(SERVICES)
    assert len({service.role for service in SERVICES.values()}) == len(SERVICES)


def test_a_module_is_named_like_its_service() -> None:
    names = {service.name: (service.module or "").rsplit(".", 1)[-1] for service in built_services()}
    assert names == {name: name.replace("-", "_") for name in names}


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_its_partitions_retention_and_dead_letters(name: str) -> None:
    topic = TOPICS[name]
    assert topic.partitions == (4 if name in FEWER_PARTITIONS else 8)
    assert topic.kept_for == timedelta(days=30 if name in LONGER_KEPT else 7)
    assert topic.dead_letter == f"{name}.dead-letter"


def test_there_are_the_plan_s_eight_topics_and_a_ninth() -> None:
    assert len(TOPICS) == 9


def test_the_sandbox_reaches_no_database_and_no_bus() -> None:
    sandbox = SERVICES["code-execution"]
    assert not sandbox.database
    assert sandbox.reads == sandbox.writes == ()
