"""Start an instance stage by stage: PostgreSQL, migrations, a process per service, the demo class."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnflow.contracts.services import CODE_EXECUTION
from learnflow.runtime.children import Alone, Task, exec_service, fork_service, fork_task, rotate
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.facts import instance_facts
from learnflow.runtime.instance import Instance, unlock
from learnflow.runtime.options import Options, external_database
from learnflow.runtime.readiness import wait_until_ready
from learnflow.runtime.stages import Stages
from learnflow.runtime.supervisor import Supervisor, hold_signals
from learnflow.runtime.wiring import Wiring, wire
from learnflow.runtime.worker import Worker

if TYPE_CHECKING:
    # imported for good in `_import`, when PostgreSQL and the sandbox have been started already
    from learnflow.kit.serve import Built, Factory

RUNS_ALONE = CODE_EXECUTION.name


@dataclass(slots=True)
class Launch:
    """One start of one instance by a process per service; `factories` empty means those of the options' services."""

    instance: Instance
    options: Options
    stages: Stages
    lock: int
    sockets: dict[str, socket.socket]
    factories: list["Factory"] = field(default_factory=list)
    untold: list[Alone] = field(default_factory=list, init=False)
    tasks: list[Task] = field(default_factory=list, init=False)
    not_ready: dict[str, str] = field(default_factory=dict, init=False)
    postgres: EmbeddedPostgres | None = field(init=False)
    supervisor: Supervisor = field(init=False)
    wiring: Wiring = field(init=False)

    def __post_init__(self) -> None:
        log = self._log("postgresql")
        self.postgres = None if external_database() else EmbeddedPostgres(self.instance.postgres, log_file=log)
        self.supervisor = Supervisor(self.postgres, say=lambda text: print(text, flush=True), changed=self.write_facts)

    def start(self) -> None:
        """All stages; whatever happens here, `supervisor.stop` stops what has been started."""
        self._exec_what_runs_alone()
        with self.stages.stage("PostgreSQL") as stage:
            self._start_postgres_and_import()
            stage.note = self._postgres_note()
        self.wiring = wire(self.instance, self.options, self.postgres)
        with self.stages.stage("migrations") as stage:
            applied = self._task(self._migrate, "migrations").result()
            stage.note = f"{len(applied)} applied" if applied else "nothing to do"
        seeding = self._task(self._seed, "seed") if self.options.demo else None
        with self.stages.stage("services") as stage:
            self._start_services()
            stage.note = f"{len(self.supervisor.workers)} processes, {self._ready_note()}"
        if seeding is not None:
            with self.stages.stage("demo class") as stage:
                stage.note = str(seeding.result())

    def _exec_what_runs_alone(self) -> None:
        # first of all: it imports for itself what our children will have from us
        if CODE_EXECUTION not in self.options.services:
            return
        rotate(self._log(RUNS_ALONE))
        for replica in self._replicas:
            self.supervisor.start(Worker(RUNS_ALONE, self._exec_alone, replica))

    def _exec_alone(self) -> int:
        alone = exec_service(CODE_EXECUTION, self.sockets[RUNS_ALONE], self._log(RUNS_ALONE))
        self.untold.append(alone)
        if self.factories:
            self._tell_settings()
        return alone.pid

    def _tell_settings(self) -> None:
        # no address of a database is needed for them, and none goes into them
        wiring = Wiring(self.options, self.instance.prepare(), "", "")
        for factory in self.factories:
            while factory.service.name == RUNS_ALONE and self.untold:
                self.untold.pop().tell(wiring.written_out(factory))

    def _start_postgres_and_import(self) -> None:
        # the first time, initdb in a child and our imports share the two cores
        making = None
        if self.postgres is not None and not self.postgres.is_made:
            making = self._task(self._make_cluster, "initdb")
        elif self.postgres is not None:
            self.supervisor.start_postgres()
        self._import()
        self._tell_settings()
        if making is not None:
            making.result()
            self.supervisor.start_postgres()
        if self.postgres is not None:
            self.postgres.wait_until_ready()

    def _import(self) -> None:
        """Everything, once: each forked child has it already."""
        from learnflow.kit.serve import load
        from learnflow.runtime.warm import import_for_serving

        import_for_serving()
        self.factories = self.factories or [load(service.name) for service in self.options.services]

    def _make_cluster(self) -> None:
        if self.postgres is not None:
            self.postgres.prepare()

    def _postgres_note(self) -> str:
        if self.postgres is None:
            return "not ours: LEARNFLOW_DATABASE_URL"
        return f"{self.postgres.version} on 127.0.0.1:{self.postgres.port}"

    def _migrate(self) -> list[str]:
        from learnflow.kit.migrate import upgrade

        return asyncio.run(upgrade(self.wiring.direct_owner_dsn, role_secret=self.wiring.secrets.role_secret))

    def _seed(self) -> str:
        from learnflow.runtime.seed import seed_demo

        return asyncio.run(seed_demo(self.wiring))

    def _task(self, work: Callable[[], object], name: str) -> Task:
        self.tasks.append(task := fork_task(work, name, self._log(name), self._let_go))
        return task

    def _start_services(self) -> None:
        forked = [factory for factory in self.factories if factory.service.name != RUNS_ALONE]
        builders = {factory.service.name: [self._builder(factory) for _ in self._replicas] for factory in forked}
        gc.collect()
        gc.freeze()
        for factory in forked:
            self._start_service(factory.service.name, builders[factory.service.name])
        self.write_facts()
        services = [factory.service for factory in self.factories]
        self.not_ready = wait_until_ready(self.options, services, self.supervisor.look_after)

    def _ready_note(self) -> str:
        return f"NOT ready: {', '.join(self.not_ready)}" if self.not_ready else "all ready"

    @property
    def _replicas(self) -> range:
        return range(1, self.options.replicas + 1)

    def _builder(self, factory: "Factory") -> Callable[[], "Built"]:
        """Build one replica now: what is made after the fork is made, and kept, by every child for itself (8 MB)."""
        from learnflow.kit.serve import Built

        def build() -> "Built":
            return Built.of(factory, factory.settings(self.wiring.overrides(factory.service)))

        try:
            built = build()
        except Exception:  # noqa: BLE001 - the child meets the same error, and says it in the service's own log
            return build
        return lambda: built

    def _start_service(self, name: str, builders: Sequence[Callable[[], "Built"]]) -> None:
        rotate(self._log(name))
        for replica, builder in zip(self._replicas, builders, strict=True):
            self.supervisor.start(Worker(name, partial(self._spawn, name, builder), replica))

    def _spawn(self, name: str, build: Callable[[], "Built"]) -> int:
        listening = self.sockets[name]
        return fork_service(name, build, listening, self._log(name), lambda: self._let_go(keep=listening))

    def _let_go(self, keep: socket.socket | None = None) -> None:
        """In a child: the lock and the sockets that are not its own."""
        unlock(self.lock)
        for alone in self.untold:
            os.close(alone.pipe)
        _close(listening for listening in self.sockets.values() if listening is not keep)

    def _log(self, name: str) -> Path:
        return self.instance.logs / f"{name}.log"

    def write_facts(self) -> None:
        self.instance.write(self.facts())

    def facts(self) -> dict[str, Any]:
        workers = self.supervisor.all_workers
        return instance_facts(self.instance, self.options, self.wiring.secrets, self.postgres, workers)

    def stop(self) -> None:
        """Stop what runs, the edge first and PostgreSQL last."""
        hold_signals()
        for task in self.tasks:
            task.cancel()
        self.supervisor.stop()
        _close(self.sockets.values())
        self.instance.forget()


def _close(sockets: Iterable[socket.socket]) -> None:
    for listening in sockets:
        listening.close()
