"""Real servers for the tests in here, started once a session on free ports; made before the first test's time runs.

A fixture whose name stands in NEEDS makes its recipe known: where any chosen test asks for it (itself or by another
fixture), the recipe is made while pytest collects, with progress shown. Programs that are missing end the run with
TOOLS_MISSING, which `./learnflow test distributed` turns into exit code 2.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnflow.cli.tests import TOOLS_MISSING
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.servers.dapr import DAPRD
from learnflow.runtime.servers.kafka import KAFKA, KafkaServer
from learnflow.runtime.servers.kubernetes import KUBERNETES
from learnflow.runtime.servers.recipe import Recipe

LIMIT_S = 300
"""Of one test with the start of a session's server in it, on a machine that has other things to do."""
NEEDS: dict[str, Recipe] = {
    "kafka_server": KAFKA,
    "broker_recipe": KAFKA,
    "daprd": DAPRD,
    "kubernetes_made": KUBERNETES,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A real server is slower than the rest of the suite allows."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT_S))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what the chosen tests need; nothing is fetched for `--collect-only`."""
    asked = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    recipes = [recipe for name, recipe in NEEDS.items() if name in asked]
    if session.config.option.collectonly:
        return
    captured = session.config.pluginmanager.getplugin("capturemanager")
    with captured.global_and_fixture_disabled():
        missing = {tool.program: tool for recipe in recipes for tool in recipe.missing_tools()}
        if missing:
            lines = "\n".join(f"  {tool.program}: {tool.how}" for tool in missing.values())
            pytest.exit(f"The distributed tests need what is not installed here:\n{lines}", returncode=TOOLS_MISSING)
        try:
            for recipe in recipes:
                recipe.made(lambda text: print(text, flush=True))  # noqa: T201 - a build says how far it is
        except RuntimeProblem as problem:
            pytest.exit(str(problem), returncode=1)


@pytest.fixture(scope="session")
def broker_recipe() -> None:
    """The broker is in the cache, for who starts it by `up`."""


@pytest.fixture(scope="session")
def daprd() -> None:
    """Asked for by whoever starts sidecars: the recipe is made before the first test's time runs."""


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The session's broker. A test may kill it and start it again: data and port stay."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-kafka-"))
    server = KafkaServer(folder, log_file=folder / "kafka.log")
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
