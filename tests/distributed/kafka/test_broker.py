"""The broker as a program: ready when it says so, back after a kill -9, and never an orphan."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import takes_a_message
from learnflow.runtime.servers.kafka import KafkaServer

STARTER = """
import sys, time
from pathlib import Path
from learnflow.runtime.servers.kafka import KafkaServer
server = KafkaServer(Path(sys.argv[1]), log_file=Path(sys.argv[1]) / "kafka.log")
server.prepare()
print(server.spawn(), flush=True)
time.sleep(60)
"""


async def test_a_started_broker_takes_messages(kafka_server: KafkaServer) -> None:
    assert await takes_a_message(KafkaAddress(kafka_server.servers))


def test_a_killed_broker_comes_back_on_its_port(kafka_server: KafkaServer) -> None:
    servers, pid = kafka_server.servers, kafka_server.pid
    kafka_server.kill()
    kafka_server.start()
    assert kafka_server.servers == servers
    assert kafka_server.pid != pid


async def test_nobody_answering_is_seen_within_the_time_given() -> None:
    began = time.monotonic()
    assert not await takes_a_message(KafkaAddress("127.0.0.1:9"), within_s=1.0)
    assert time.monotonic() - began < 10


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word for a dead parent is Linux's")
def test_a_broker_whose_starter_is_killed_is_no_orphan(kafka_server: KafkaServer, tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    broker = int(starter.stdout.readline())
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    deadline = time.monotonic() + 10
    while _lives(broker):
        assert time.monotonic() < deadline, "the broker outlived its starter"
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
