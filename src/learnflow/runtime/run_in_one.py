"""`up --in-process` from the first lock to the last service."""

import asyncio
import sys

from learnflow.kit.logging import configure_logging
from learnflow.kit.migrate import MigrationError, upgrade
from learnflow.kit.serve import load
from learnflow.runtime.broker import is_named, own_broker, own_sidecars, prepare_named, prepare_own
from learnflow.runtime.embedded import EmbeddedPostgres
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.facts import instance_facts
from learnflow.runtime.in_process import InProcess
from learnflow.runtime.instance import Instance
from learnflow.runtime.options import Options, database_ca_file, external_database, external_kafka
from learnflow.runtime.ports import bind_all
from learnflow.runtime.readiness import wait_until_ready
from learnflow.runtime.run import take
from learnflow.runtime.seed import seed_demo
from learnflow.runtime.servers.kafka import KafkaServer
from learnflow.runtime.servers.sidecars import Sidecars
from learnflow.runtime.stages import Stages
from learnflow.runtime.summary import summary
from learnflow.runtime.supervisor import STOP_SIGNALS
from learnflow.runtime.wiring import Wiring, wire


def run_in_one_process(instance: Instance, options: Options, began: float) -> int:
    """Every service in this process until Ctrl+C; the exit code."""
    take(instance)
    stages = Stages(began=began)
    postgres, broker, sidecars = None, own_broker(instance, options), own_sidecars(instance, options)
    try:
        if broker is not None or is_named(options):
            with stages.stage("Kafka") as stage:
                stage.note = _start_kafka(broker)
        with stages.stage("PostgreSQL") as stage:
            if external_database() is None:
                postgres = EmbeddedPostgres(instance.postgres, log_file=instance.logs / "postgresql.log")
                postgres.start()
                stage.note = f"{postgres.version} on 127.0.0.1:{postgres.port}"
        if sidecars is not None:
            sidecars.build(print)
        asyncio.run(_serve_all(instance, options, postgres, broker, sidecars, stages))
    except MigrationError as error:
        raise RuntimeProblem(str(error)) from error
    finally:
        if sidecars is not None:
            sidecars.stop()
        if postgres is not None:
            postgres.stop()
        if broker is not None:
            broker.stop()
        instance.forget()
    return 0


def _start_kafka(broker: KafkaServer | None) -> str:
    if broker is None:
        return prepare_named()
    broker.start()
    return prepare_own(broker)


async def _serve_all(
    instance: Instance,
    options: Options,
    postgres: EmbeddedPostgres | None,
    broker: KafkaServer | None,
    sidecars: Sidecars | None,
    stages: Stages,
) -> None:
    servers = broker.servers if broker is not None else None
    wiring = wire(instance, options, postgres, servers, sidecars)
    stop = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    configure_logging(log_format="console" if sys.stdout.isatty() else "json")
    await _prepare_database(wiring, stages)
    if sidecars is not None:
        sidecars.spawn()
    with stages.stage("services") as stage:
        services = await _start(instance, options, wiring)
        stage.note = f"{len(services.factories)} in one process"
    try:
        await asyncio.to_thread(wait_until_ready, options, options.services, lambda: None)
        facts = instance_facts(instance, options, wiring.secrets, postgres, kafka=servers or _named(options))
        instance.write(facts)
        print(f"Ready in {stages.total_s:.2f} s\n\n{await asyncio.to_thread(summary, options, facts)}", flush=True)
        await stop.wait()
    finally:
        await services.stop()


async def _prepare_database(wiring: Wiring, stages: Stages) -> None:
    with stages.stage("migrations") as stage:
        applied = await upgrade(
            wiring.direct_owner_dsn, role_secret=wiring.secrets.role_secret, ca_file=database_ca_file()
        )
        stage.note = f"{len(applied)} applied" if applied else "nothing to do"
    if wiring.options.demo:
        with stages.stage("demo class") as stage:
            stage.note = await seed_demo(wiring)


async def _start(instance: Instance, options: Options, wiring: Wiring) -> InProcess:
    factories = [load(service.name) for service in options.services]
    sockets = bind_all(options.services, options.listens_on, options.port_offset)
    services = InProcess(factories, sockets, wiring.overrides, wiring.written_out, instance.logs)
    await services.start()
    return services


def _named(options: Options) -> str | None:
    return external_kafka() if is_named(options) else None
