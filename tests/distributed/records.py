"""What a broker holds, read raw."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer

from learnflow.contracts.topics import wanted_partitions


async def all_records(servers: str) -> list[tuple[str, bytes, bytes]]:
    """Topic, key and value of everything on our topics."""
    consumer = AIOKafkaConsumer(
        *wanted_partitions(), bootstrap_servers=servers, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[tuple[str, bytes, bytes]] = []
    try:
        left = sum((await consumer.end_offsets(consumer.assignment())).values())
        while len(found) < left:
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                found += [(record.topic, record.key or b"", record.value or b"") for record in batch]
    finally:
        await consumer.stop()
    return found
