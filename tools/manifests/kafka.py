"""The topics on Kafka: as Strimzi's KafkaTopic, and as the list that a single broker's Job makes."""

from __future__ import annotations

from learnflow.contracts.topics import TOPICS, Topic
from tools.manifests.objects import Object, made

CLUSTER = "learnflow"
COPIES, COPIES_IN_STEP = 3, 2


def topics() -> list[Object]:
    """One KafkaTopic for each topic and each dead letter."""
    return [_topic(topic, name, partitions) for topic, name, partitions in _all()]


def create_script() -> str:
    """Shell for one broker without Strimzi: makes what is missing and may run again."""
    lines = [
        "set -eu",
        'made() { /opt/kafka/bin/kafka-topics.sh --bootstrap-server "${BOOTSTRAP}" --create --if-not-exists "$@"; }',
    ]
    for topic, name, partitions in _all():
        config = f"--config retention.ms={_milliseconds(topic)}"
        lines.append(f"made --topic {name} --partitions {partitions} --replication-factor 1 {config}")
    return "\n".join(lines) + "\n"


def _all() -> list[tuple[Topic, str, int]]:
    """Topic, name and number of partitions: a dead letter has one."""
    return [
        one
        for topic in TOPICS.values()
        for one in ((topic, topic.name, topic.partitions), (topic, topic.dead_letter, 1))
    ]


def _topic(topic: Topic, name: str, partitions: int) -> Object:
    config = {"retention.ms": _milliseconds(topic), "min.insync.replicas": COPIES_IN_STEP}
    spec = {"topicName": name, "partitions": partitions, "replicas": COPIES, "config": config}
    return made("kafka.strimzi.io/v1", "KafkaTopic", name, labels={"strimzi.io/cluster": CLUSTER}, spec=spec)


def _milliseconds(topic: Topic) -> int:
    return int(topic.kept_for.total_seconds() * 1000)
