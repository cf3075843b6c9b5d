"""A Kafka broker of our own: one node, on free ports of loopback, for `up --bus kafka` and the distributed tests."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from learnflow.runtime.embedded import free_port, port_is_free
from learnflow.runtime.servers.program import PATIENCE_S, Program
from learnflow.runtime.servers.recipe import JAVA, MAVEN, Recipe, Say, Step

FLAGS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""On a machine that we share the second compiler and a parallel collector took more than the broker itself."""
CLASSES = "classes.jsa"
DUMP_S = 60.0
CLUSTER = "LearnFlowOnOneMachine0"
"""22 characters of URL-safe base64: every broker of ours is a cluster of its own on loopback."""


def _fetch(step: Step) -> None:
    step.run(
        [
            *("mvn", "-q", "-B", "-f", str(step.recipe / "pom.xml"), "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={step.target / 'libs'}"),
        ]
    )
    # formatted once for all: it costs a whole start of Java, and what it writes names neither ports nor folders
    configuration = step.target / "server.properties"
    configuration.write_text(_filled((step.recipe / "server.properties").read_text(), 9092, 9093, step.target / "data"))
    step.run(
        [
            *("java", "-XX:TieredStopAtLevel=1", "-cp", f"{step.target / 'libs'}/*"),
            *("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(configuration)),
        ]
    )
    # classes that are read once and for all: a start takes a quarter of the CPU, and so does the way back from a crash
    step.run([sys.executable, "-m", __name__, str(step.target)])


def write_down_classes(made: Path) -> None:
    """Run a broker until it has taken a message and let its Java write down what it loaded."""
    archive = made / CLASSES
    with TemporaryDirectory(prefix="learnflow-kafka-") as folder:
        server = KafkaServer(Path(folder), log_file=Path(folder) / "kafka.log", made=made)
        server.prepare()
        server.spawn(f"-XX:ArchiveClassesAtExit={archive}")
        server.wait_until_ready()
        server.stop(DUMP_S)


def _filled(properties: str, port: int, controller_port: int, data: Path) -> str:
    values = {"PORT": port, "CONTROLLER_PORT": controller_port, "DATA": data}
    for name, value in values.items():
        properties = properties.replace(f"@{name}@", str(value))
    return properties


KAFKA = Recipe("kafka", _fetch, builders=(MAVEN, JAVA), runners=(JAVA,))


class KafkaServer:
    """One broker in `folder`; its data and its port outlive a restart and a kill -9."""

    def __init__(
        self,
        folder: Path,
        *,
        log_file: Path,
        say: Say = print,
        more: Mapping[str, str] | None = None,
        made: Path | None = None,
    ) -> None:
        """`more`: settings beside the recipe's, with the same @...@; `made`: what the recipe gave, if it is known."""
        self.folder = folder
        self._say = say
        self._more = dict(more or {})
        self._state_file = folder / "state.json"
        self._program = Program("Kafka", log_file)
        self._made = made
        self.port = 0

    @property
    def servers(self) -> str:
        """What LEARNFLOW_KAFKA_SERVERS would be."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._program.pid

    def prepare(self) -> None:
        """Fetch the broker if this machine has none yet, choose ports, make the data folder."""
        made = self._made = self._made or KAFKA.made(self._say)
        self.folder.mkdir(parents=True, exist_ok=True)
        state = json.loads(self._state_file.read_text()) if self._state_file.exists() else {}
        self.port, controller = (_free(state.get(name)) for name in ("port", "controller_port"))
        self._state_file.write_text(json.dumps({"port": self.port, "controller_port": controller}))
        self._configuration.write_text(self._properties(controller))
        if not (self.folder / "data" / "meta.properties").exists():
            shutil.copytree(made / "data", self.folder / "data")

    def spawn(self, classes: str = f"-XX:SharedArchiveFile={CLASSES}") -> int:
        """Start the broker without waiting and return its pid; `classes` is Java's word on where they are."""
        if self.port == 0:
            self.prepare()
        logging = f"-Dlog4j2.configurationFile={KAFKA.folder / 'log4j2.xml'}"
        # relative paths, since the archive knows its jars by them and the folder is renamed when it is finished
        command = ["java", *FLAGS, classes, logging, "-cp", "libs/*", "kafka.Kafka", str(self._configuration)]
        return self._program.spawn(command, cwd=self._made)

    def start(self) -> None:
        """Start and wait until it has taken a message."""
        self.spawn()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """An open port is not ready: a message has to be acknowledged. Runs a loop: not for who forks later."""
        import asyncio

        from learnflow.kit.bus.kafka_address import KafkaAddress
        from learnflow.kit.bus.kafka_topics import takes_a_message

        self._program.wait_until(lambda: asyncio.run(takes_a_message(KafkaAddress(self.servers))))

    def poll(self) -> int | None:
        """None while it runs, else its exit code."""
        return self._program.poll()

    def ended(self, exit_code: int) -> None:
        """The supervisor has reaped it."""
        self._program.ended(exit_code)

    def stop(self, patience_s: float = PATIENCE_S) -> None:
        """End it in order: three seconds, in which it writes down what a restart would have to find out."""
        self._program.stop(patience_s=patience_s)

    def kill(self) -> None:
        """kill -9, as a crash; `start` brings it back with all that it acknowledged."""
        self._program.stop(at_once=True)

    def last_words(self) -> str:
        return self._program.last_words()

    @property
    def _configuration(self) -> Path:
        return self.folder / "server.properties"

    def _properties(self, controller_port: int) -> str:
        text = (KAFKA.folder / "server.properties").read_text()
        text += "".join(f"{name}={value}\n" for name, value in self._more.items())
        return _filled(text, self.port, controller_port, self.folder / "data")


def _free(kept: int | None) -> int:
    return kept if kept and port_is_free(kept) else free_port()


if __name__ == "__main__":
    # a process of its own for the recipe, whose caller may have to fork: waiting for a broker runs a loop
    write_down_classes(Path(sys.argv[1]))
