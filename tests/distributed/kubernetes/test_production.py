"""The production overlay, all of it running: a question goes its way, and verify.sh looks at every line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from learnflow.contracts.topics import wanted_partitions
from learnflow.kit.bus.kafka_address import KafkaAddress
from learnflow.kit.bus.kafka_topics import ensure_topics
from learnflow.runtime.embedded import free_port
from learnflow.runtime.servers.dapr import Sentry
from learnflow.runtime.servers.kafka import KafkaServer
from tests.architecture.source import ROOT
from tests.distributed.kubernetes.conftest import objects_of
from tests.distributed.kubernetes.deployed import NAMESPACE, Deployed
from tests.distributed.kubernetes.processes import secrets_of
from tests.distributed.kubernetes.production import Production
from tools.manifests.loaded import Loaded
from tools.manifests.secret_keys import ASKED_FOR

INJECTOR = Path(__file__).with_name("injector.yaml")
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def production(
    build: Callable[[str], str], broker_recipe: None, daprd: None, owner_dsn: str, tmp_path: Path
) -> Iterator[Production]:
    with ExitStack() as stack:
        broker = KafkaServer(tmp_path / "kafka", log_file=tmp_path / "kafka.log")
        stack.callback(broker.kill)
        broker.start()
        asyncio.run(ensure_topics(KafkaAddress(broker.servers), wanted_partitions()))
        (tmp_path / "sentry").mkdir()
        sentry = Sentry(tmp_path / "sentry")
        stack.callback(sentry.stop)
        sentry.start()
        (tmp_path / "run").mkdir()
        brought = {name: dict.fromkeys(keys, "of the tests") for name, keys in ASKED_FOR.items()}
        secrets = brought | secrets_of(owner_dsn, tmp_path / "secrets")
        made = Production(Loaded(objects_of(build("production"))), secrets, tmp_path / "run", broker.servers, sentry)
        made.migrate(stack)
        made.start(stack)
        made.wait_until_ready()
        yield made


@pytest.mark.plan("P-DEPLOY-production")
def test_the_production_overlay_answers_a_question_and_verify_finds_nothing_wrong(
    production: Production, deployed: Deployed, tmp_path: Path
) -> None:
    """The processes answer, the cluster has the objects: verify.sh looks at both, and not a line fails."""
    cluster = deployed.cluster
    cluster.kubectl("apply", "--server-side", "-f", str(ROOT / "deploy/k8s/base/namespace.yaml"))
    deployed.apply(objects_of(INJECTOR.read_text(encoding="utf-8")))
    try:
        deployed.apply_secrets(tmp_path / "cluster-secrets")
        done = deployed.run("deploy.sh", "production")
        assert done.returncode == 0, done.stdout + done.stderr
        seen = deployed.run("verify.sh", ADDRESSES=str(production.addresses()))
        assert [line for line in seen.stdout.splitlines() if not line.startswith("ok")] == [], seen.stdout
        assert seen.returncode == 0, seen.stderr
        _says_what_is_wrong(production, deployed)
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            cluster.kubectl("delete", kind, "--all")


def _says_what_is_wrong(production: Production, deployed: Deployed) -> None:
    """A service that is away, a component and a topic that are gone: a line each, and exit 1."""
    cluster = deployed.cluster
    cluster.kubectl("delete", "component.dapr.io", "statestore", *NAMESPACE)
    cluster.kubectl("delete", "kafkatopic.kafka.strimzi.io", "debug.requests", *NAMESPACE)
    addresses = production.folder / "wrong.txt"
    own = f":{production.ports['debug']}\n"
    addresses.write_text(production.addresses().read_text().replace(own, f":{free_port()}\n"))
    seen = deployed.run("verify.sh", ADDRESSES=str(addresses))
    failed = {": ".join(line[8:].split(": ")[:2]) for line in seen.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == {"component: statestore", "topic: debug.requests", "/health: debug", "/ready: debug"}
    assert seen.returncode == 1
