"""librdkafka's mock broker: the wire protocol over real TCP, in this process."""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka

from learnflow.contracts.topics import PROGRESS_EVENTS

# long enough for readers that start together: the mock refuses a member that comes between join and sync
REBALANCE_DELAY_MS = 250


class MockKafka:
    """A cluster of one broker that lives as long as this object; close it."""

    def __init__(self) -> None:
        folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
        self._library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
        self._client = self._call("rd_kafka_new", 0, self._quiet_configuration(), None, 0)
        self._cluster = self._call("rd_kafka_mock_cluster_new", self._client, 1)
        self._call("rd_kafka_mock_group_initial_rebalance_delay_ms", self._cluster, REBALANCE_DELAY_MS)
        # others are made by the first message; each partition costs the mock 5 MB
        self.create_topic(PROGRESS_EVENTS.name, 4)
        bootstraps = ctypes.c_char_p(self._call("rd_kafka_mock_cluster_bootstraps", self._cluster)).value
        self.servers = (bootstraps or b"").decode()

    def create_topic(self, name: str, partitions: int) -> None:
        """Make a topic by hand, since the mock has no controller that would."""
        self._call("rd_kafka_mock_topic_create", self._cluster, name.encode(), partitions, 1)

    def go_down(self) -> None:
        """The broker closes its connections and refuses new ones."""
        self._call("rd_kafka_mock_broker_set_down", self._cluster, 1)

    def come_up(self) -> None:
        self._call("rd_kafka_mock_broker_set_up", self._cluster, 1)

    def close(self) -> None:
        self._call("rd_kafka_mock_cluster_destroy", self._cluster)
        self._call("rd_kafka_destroy", self._client)

    def _quiet_configuration(self) -> int:
        configuration = self._call("rd_kafka_conf_new")
        self._call("rd_kafka_conf_set", configuration, b"log_level", b"0", None, 0)
        return configuration

    def _call(self, name: str, *arguments: int | bytes | None) -> int:
        """Call a function of the library; numbers travel as pointers' width, which C's int accepts, too."""
        function = self._library[name]
        function.restype = ctypes.c_void_p
        typed = [ctypes.c_size_t(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
        return int(function(*typed) or 0)
