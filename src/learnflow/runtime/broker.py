"""The servers of the bus: Kafka, our own or one that was named, with every topic of the table, and Dapr's sidecars.

The default needs none of them, and the supervisor lives for days: what they need (4 MB) is imported with them.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance
from learnflow.runtime.options import ON_KAFKA, Options

if TYPE_CHECKING:
    from learnflow.kit.bus.kafka_address import KafkaAddress
    from learnflow.runtime.servers.kafka import KafkaServer
    from learnflow.runtime.servers.sidecars import Sidecars

OWN_WITHIN_S = 240.0
NAMED_WITHIN_S = 4.0


def own_broker(instance: Instance, options: Options) -> KafkaServer | None:
    """The broker that `up` starts, or None where the bus needs none or LEARNFLOW_KAFKA_SERVERS names one."""
    if not options.needs_own_broker:
        return None
    from learnflow.runtime.servers.kafka import KafkaServer

    return KafkaServer(instance.data / "kafka", log_file=instance.logs / "kafka.log")


def own_sidecars(instance: Instance, options: Options) -> Sidecars | None:
    """Those that `up` starts; None on every other bus."""
    if options.bus_name != "dapr":
        return None
    from learnflow.runtime.servers.sidecars import Sidecars

    return Sidecars(instance.data / "dapr", instance.logs, options.services, options.port_offset)


def is_named(options: Options) -> bool:
    """Whether the events go over a Kafka that is not ours."""
    return options.bus_name in ON_KAFKA and not options.needs_own_broker


def prepare_own(server: KafkaServer) -> str:
    """Wait until our broker takes a message and make the topics; a note for the stage. Runs a loop: in a task."""
    import asyncio

    from learnflow.kit.bus.kafka_address import KafkaAddress
    from learnflow.kit.bus.kafka_topics import takes_a_message

    address, deadline = KafkaAddress(server.servers), time.monotonic() + OWN_WITHIN_S
    while not asyncio.run(takes_a_message(address)):
        if time.monotonic() > deadline:
            raise RuntimeProblem(f"Kafka was not ready within {OWN_WITHIN_S:.0f} s:\n{server.last_words()}")
        time.sleep(0.05)
    return f"4.1 on {server.servers}, {asyncio.run(_topics(address))}"


def prepare_named() -> str:
    """Ask the Kafka of LEARNFLOW_KAFKA_SERVERS and make what is missing there; RuntimeProblem when nobody answers."""
    import asyncio

    from learnflow.kit.bus.kafka_address import KafkaAddress
    from learnflow.kit.bus.kafka_topics import missing_topics, quiet_aiokafka
    from learnflow.kit.settings import ServiceSettings

    quiet_aiokafka()
    address = KafkaAddress.of(ServiceSettings())
    try:
        asyncio.run(asyncio.wait_for(missing_topics(address), NAMED_WITHIN_S))
    except Exception as error:  # noqa: BLE001 - aiokafka raises errors of many families; the way out is the same
        raise RuntimeProblem(_nobody_answers(address.servers, error)) from None
    return f"not ours: {address.servers}, {asyncio.run(_topics(address))}"


async def _topics(address: KafkaAddress) -> str:
    from learnflow.contracts.topics import wanted_partitions
    from learnflow.kit.bus.kafka_topics import ensure_topics, missing_topics

    await ensure_topics(address, wanted_partitions())
    missing = await missing_topics(address)
    if missing:
        raise RuntimeProblem(
            f"Kafka at {address.servers} lacks topics and lets us make none: {', '.join(sorted(missing))}. "
            "Make them there (partitions and retention: docs/reference), then start again."
        )
    return f"{len(wanted_partitions())} topics"


def _nobody_answers(servers: str, error: Exception) -> str:
    why = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    with_tls = " with TLS" if os.environ.get("LEARNFLOW_KAFKA_TLS") else ""
    return (
        f"No Kafka answers at {servers}{with_tls} ({why}). Start it or correct LEARNFLOW_KAFKA_SERVERS; "
        "without that setting `up` starts a broker of its own."
    )
