"""Start an instance stage by stage: PostgreSQL, migrations, a process per service, the demo class."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnflow.contracts.services import CODE_EXECUTION, Service
from learnflow.runtime.broker import is_named, own_broker, own_sidecars, prepare_named, prepare_own
from learnflow.runtime.children import Task, fork_task, rotate
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.facts import instance_facts
from learnflow.runtime.forge import Forges
from learnflow.runtime.instance import Instance, unlock
from learnflow.runtime.options import Options, external_database, external_kafka
from learnflow.runtime.processes import adopt_orphans
from learnflow.runtime.readiness import wait_until_ready
from learnflow.runtime.stages import Stages
from learnflow.runtime.supervisor import FIRST_TO_STOP, Supervisor, hold_signals
from learnflow.runtime.wiring import Wiring, wire
from learnflow.runtime.worker import Turn, Worker

if TYPE_CHECKING:
    from learnflow.runtime.servers.kafka import KafkaServer
    from learnflow.runtime.servers.sidecars import Sidecars


@dataclass(slots=True)
class Launch:
    """One start of one instance by a process per service."""

    instance: Instance
    options: Options
    stages: Stages
    lock: int
    sockets: dict[str, socket.socket]
    tasks: list[Task] = field(default_factory=list, init=False)
    not_ready: dict[str, str] = field(default_factory=dict, init=False)
    postgres: EmbeddedPostgres | None = field(init=False)
    broker: KafkaServer | None = field(init=False)
    sidecars: Sidecars | None = field(init=False)
    supervisor: Supervisor = field(init=False)
    forges: Forges = field(init=False)
    wiring: Wiring = field(init=False)

    def __post_init__(self) -> None:
        log = self._log("postgresql")
        self.postgres = None if external_database() else EmbeddedPostgres(self.instance.postgres, log_file=log)
        self.broker = own_broker(self.instance, self.options)
        self.sidecars = own_sidecars(self.instance, self.options)
        self.supervisor = Supervisor(self.postgres, say=lambda text: print(text, flush=True), changed=self.write_facts)
        self.forges = Forges(self.options.services, self.options.replicas, self.instance.logs)

    def start(self) -> None:
        """All stages; whatever happens here, `stop` stops what has been started."""
        adopt_orphans()
        self._begin_with_kafka()
        with self.stages.stage("PostgreSQL") as stage:
            self._start_postgres()
            stage.note = self._postgres_note()
        servers = self.broker.servers if self.broker is not None else None
        self.wiring = wire(self.instance, self.options, self.postgres, servers, self.sidecars)
        with self.stages.stage("imports") as stage:
            self.forges.wait_until_ready()
            self.forges.inform(self.wiring)
            stage.note = "once, for all services"
        with self.stages.stage("migrations") as stage:
            applied = self._migrate()
            stage.note = f"{len(applied)} applied" if applied else "nothing to do"
        if self.broker is not None:
            with self.stages.stage("Kafka") as stage:
                stage.note = self._own_task(partial(prepare_own, self.broker), "kafka-topics").result()
        for sidecar in self.sidecars.workers() if self.sidecars is not None else ():
            self.supervisor.start(sidecar)
        seeding = self._task("seed") if self.options.demo else None
        with self.stages.stage("services") as stage:
            self._start_services()
            count = sum(worker.turn <= Turn.SERVICE for worker in self.supervisor.workers)
            stage.note = f"{count} processes, {self._ready_note()}"
        if seeding is not None:
            with self.stages.stage("demo class") as stage:
                stage.note = str(seeding.result())

    def _begin_with_kafka(self) -> None:
        if self.sidecars is not None:
            self.sidecars.build(partial(print, flush=True))
        # a named one is asked first of all, and our own starts beside PostgreSQL and the imports
        if is_named(self.options):
            with self.stages.stage("Kafka") as stage:
                stage.note = self._own_task(prepare_named, "kafka-topics").result()
        if self.broker is not None:
            self.broker.prepare()
            rotate(self._log("kafka"))
            broker = Worker("kafka", self.broker.spawn, turn=Turn.BROKER, reaped=self.broker.ended)
            self.supervisor.start(broker)

    def _start_postgres(self) -> None:
        if self.postgres is None:
            return
        if not self.postgres.is_made:
            self._own_task(self._make_cluster, "initdb").result()
        self.supervisor.start_postgres()
        self.postgres.wait_until_ready()

    def _migrate(self) -> list[str]:
        migrating = self._task("migrations")
        # meanwhile: it needs neither a table nor a key
        self._start(lambda service: service == CODE_EXECUTION)
        self.forges.build()
        applied: list[str] = migrating.result()
        return applied

    def _make_cluster(self) -> None:
        if self.postgres is not None:
            self.postgres.prepare()

    def _postgres_note(self) -> str:
        if self.postgres is None:
            return "not ours: LEARNFLOW_DATABASE_URL"
        return f"{self.postgres.version} on 127.0.0.1:{self.postgres.port}"

    def _own_task(self, work: Callable[[], object], name: str) -> Task:
        """In a child of our own, which a stop ends together with what it started."""
        self.tasks.append(task := fork_task(work, name, self._log(name), self._let_go))
        return task

    def _task(self, name: str) -> Task:
        self.tasks.append(task := self.forges.task(name, self._log(name)))
        return task

    def _start_services(self) -> None:
        self._start(lambda service: service != CODE_EXECUTION)
        self.write_facts()
        self.not_ready = wait_until_ready(self.options, self.options.services, self.supervisor.look_after)

    def _ready_note(self) -> str:
        return f"NOT ready: {', '.join(self.not_ready)}" if self.not_ready else "all ready"

    def _start(self, is_meant: Callable[[Service], bool]) -> None:
        for service in filter(is_meant, self.options.services):
            rotate(self._log(service.name))
            turn = Turn.EDGE if service.name in FIRST_TO_STOP else Turn.SERVICE
            for replica in range(1, self.options.replicas + 1):
                self.supervisor.start(Worker(service.name, partial(self._spawn, service, replica), replica, turn))

    def _spawn(self, service: Service, replica: int) -> int:
        return self.forges.serve(service, replica, self.sockets[service.name], self._log(service.name))

    def _let_go(self) -> None:
        """In a child of ours: the lock and the sockets."""
        unlock(self.lock)
        self._close_sockets()

    def _log(self, name: str) -> Path:
        return self.instance.logs / f"{name}.log"

    def write_facts(self) -> None:
        self.instance.write(self.facts())

    def facts(self) -> dict[str, Any]:
        workers = self.supervisor.all_workers
        secrets, pids = self.wiring.secrets, self.forges.pids
        kafka = self.wiring.kafka_servers or (external_kafka() if is_named(self.options) else None)
        return instance_facts(self.instance, self.options, secrets, self.postgres, workers, kafka, pids)

    def stop(self) -> None:
        """Stop what runs, the edge first and PostgreSQL last."""
        hold_signals()
        for task in self.tasks:
            task.cancel()
        self.supervisor.stop()
        self.forges.stop()
        self._close_sockets()
        self.instance.forget()

    def _close_sockets(self) -> None:
        for listening in self.sockets.values():
            listening.close()
