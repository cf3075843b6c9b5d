"""The topics on Kafka: made with our number of partitions before the first event is sent."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

log = structlog.get_logger()


async def ensure_topics(servers: str, partitions: Mapping[str, int]) -> None:
    """Create what is missing; a broker that lets nobody create topics is expected to have them already."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        missing = set(partitions) - set(await admin.list_topics())
        if missing:
            answer = await admin.create_topics([_new_topic(name, partitions[name]) for name in sorted(missing)])
            refused = {name: for_code(code).__name__ for name, code, *_ in answer.topic_errors if code}
            log.info("kafka.topics.created", topics=len(missing) - len(refused), refused=refused)
    # not an error of ours to handle: sending tells whether the topics are there
    except Exception as error:  # noqa: BLE001 - aiokafka raises AttributeError at a broker without a controller
        log.warning("kafka.topics.not_created", error=type(error).__name__)
    finally:
        await admin.close()


def _new_topic(name: str, partitions: int) -> NewTopic:
    topic = NewTopic(name, partitions, 1)
    # the broker's own default number of copies; the constructor does not let it pass
    topic.replication_factor = -1
    return topic
