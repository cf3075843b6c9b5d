"""The whole product over Kafka: `up --bus kafka` with a broker beside the services, used as people use it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import orjson
import pytest

from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.database import Database
from tests.distributed.records import all_records
from tests.integration.conftest import Up, run_command

READY_WITHIN_S = 240.0
QUESTION = "How do for loops work in Python?"
WALK = {
    ("api-gateway", "learning.requests", "learnflow.learning.question_asked.v1"),
    ("triage", "concepts.requests", "learnflow.concepts.concept_requested.v1"),
    ("concepts", "learning.responses", "learnflow.learning.answer_finished.v1"),
}


class UpOnKafka(Up):
    """An instance of its own with a broker of its own."""

    def __init__(self) -> None:
        super().__init__("--bus", "kafka")

    @property
    def servers(self) -> str:
        return str(self.facts()["kafka"]["servers"])

    async def records(self) -> list[tuple[str, bytes, bytes]]:
        return await all_records(self.servers)


@pytest.fixture(scope="module")
def kafka_instance(broker_recipe: None) -> Iterator[UpOnKafka]:
    started = UpOnKafka()
    try:
        yield started.wait_until_ready(READY_WITHIN_S)
    finally:
        started.stop()


def ask(instance: UpOnKafka, query: str, *words: str) -> dict[str, object]:
    done = instance.command("ask", query, "--json", *words, timeout_s=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return dict(json.loads(done.stdout))


def test_up_says_which_bus_it_runs_on(kafka_instance: UpOnKafka) -> None:
    assert f"Bus       kafka on {kafka_instance.servers}" in kafka_instance.said()
    assert f"{len(wanted_partitions())} topics" in kafka_instance.said()
    assert kafka_instance.facts()["bus"] == "kafka"


@pytest.mark.timeout(400)
def test_the_demo_runs_through_on_kafka(kafka_instance: UpOnKafka) -> None:
    done = kafka_instance.command("demo", "--json", timeout_s=300)
    rows = json.loads(done.stdout)
    assert [row for row in rows if row["ok"] is False] == []
    assert done.returncode == 0


def test_a_trace_is_the_same_as_on_every_bus(kafka_instance: UpOnKafka) -> None:
    question = ask(kafka_instance, QUESTION)
    hops = _way(kafka_instance, str(question["query_id"]))
    assert {(hop["service"], hop["topic"], hop["type"]) for hop in hops} >= WALK


def _way(instance: UpOnKafka, query_id: str) -> list[dict[str, object]]:
    """The hops, once the last of them is known: progress reads in its own time."""
    for _ in range(100):
        done = instance.command("trace", query_id, "--json")
        hops: list[dict[str, object]] = json.loads(done.stdout)["hops"] if done.stdout else []
        if {hop["type"] for hop in hops} >= {fact for *_, fact in WALK}:
            return hops
        time.sleep(0.2)
    raise AssertionError("the trace never became whole")


async def test_one_trace_runs_from_the_gateway_to_the_last_hop(kafka_instance: UpOnKafka) -> None:
    question = await asyncio.to_thread(ask, kafka_instance, QUESTION)
    await asyncio.to_thread(_way, kafka_instance, str(question["query_id"]))
    events = [orjson.loads(value) for *_, value in await kafka_instance.records()]
    way = [event for event in events if event["correlationid"] == question["query_id"]]
    traces = Counter(event["traceparent"].split("-")[1] for event in way if event.get("traceparent"))
    assert len(way) >= len(WALK)
    assert len(traces) == 1
    assert traces.total() == len(way)


async def test_a_planted_word_is_in_no_record(kafka_instance: UpOnKafka) -> None:
    planted = f"Zwiebelfisch{uuid4().hex[:6]}"
    await asyncio.to_thread(ask, kafka_instance, f"My name is {planted}. {QUESTION}")
    records = await kafka_instance.records()
    assert len(records) > 3
    assert [topic for topic, key, value in records if planted.encode() in key + value] == []


async def test_nobody_but_the_relay_reads_the_log(kafka_instance: UpOnKafka) -> None:
    database = Database((kafka_instance.data / "secrets" / "owner_dsn").read_text().strip())
    await database.start()
    groups = {row["grp"] for row in await database.fetch("select distinct grp from bus_cursor")}
    await database.stop()
    assert groups == {"relay"}


def test_the_lag_of_each_group_is_a_metric_in_seconds(kafka_instance: UpOnKafka) -> None:
    ask(kafka_instance, QUESTION)
    with urllib.request.urlopen(kafka_instance.facts()["addresses"]["triage"] + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert 'learnflow_bus_lag_seconds{group="triage",topic="learning.requests"}' in text


def test_a_killed_broker_is_started_again_and_questions_are_answered(kafka_instance: UpOnKafka) -> None:
    ask(kafka_instance, QUESTION)
    pid = int(kafka_instance.facts()["kafka"]["pid"])
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + READY_WITHIN_S
    while kafka_instance.facts()["kafka"]["pid"] in {pid, 0} or kafka_instance.command("status").returncode:
        assert time.monotonic() < deadline, kafka_instance.said()
        time.sleep(0.2)
    ask(kafka_instance, QUESTION)


@pytest.mark.parametrize("words", [(), ("--in-process",)], ids=["processes", "in-process"])
def test_a_broker_that_does_not_answer_is_named_within_seconds(words: tuple[str, ...]) -> None:
    done = run_command("up", "--bus", "kafka", *words, timeout_s=60, LEARNFLOW_KAFKA_SERVERS="127.0.0.1:9")
    assert done.returncode == 1
    assert "No Kafka answers at 127.0.0.1:9" in done.stderr
    assert "LEARNFLOW_KAFKA_SERVERS" in done.stderr


def test_another_bus_by_the_setting_is_refused_with_the_choice() -> None:
    done = run_command("up", timeout_s=60, LEARNFLOW_BUS="pigeon")
    assert done.returncode == 1
    assert "LEARNFLOW_BUS=pigeon: choose one of log, kafka" in done.stderr


@pytest.mark.timeout(400)
def test_everything_ends_with_up_the_broker_too(broker_recipe: None) -> None:
    instance = UpOnKafka().wait_until_ready(READY_WITHIN_S)
    broker = int(instance.facts()["kafka"]["pid"])
    assert instance.stop() == 0
    assert subprocess.run(["kill", "-0", str(broker)], capture_output=True, check=False).returncode != 0
