"""The driver that the settings name."""

from __future__ import annotations

from learnflow.contracts.services import Service
from learnflow.kit.bus.base import Bus
from learnflow.kit.bus.log import LogBus
from learnflow.kit.database import Database
from learnflow.kit.settings import ServiceSettings
from learnflow.kit.wakeups import Wakeups


def make_bus(settings: ServiceSettings, database: Database, service: Service, *, wakeups: Wakeups | None = None) -> Bus:
    """The bus of one process; `wakeups` shares the process's LISTEN connection, if it has one already."""
    if settings.bus == "kafka":
        # aiokafka is 20 MB that the default never needs
        from learnflow.kit.bus.kafka import KafkaBus
        from learnflow.kit.bus.kafka_address import KafkaAddress

        return KafkaBus(KafkaAddress.of(settings), database, service, wakeups=wakeups, instance=settings.instance)
    if settings.bus == "dapr":
        from learnflow.kit.bus.dapr import dapr_bus

        return dapr_bus(settings, database, wakeups=wakeups)
    return LogBus(database, wakeups=wakeups, is_alone=settings.replicas == 1)
