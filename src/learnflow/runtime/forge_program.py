"""The program of a forge: a warm interpreter that forks processes as the parent of `up` asks.

The first is exec'd with an empty environment, imports everything and knows nothing: code-execution is forked from it.
A second is forked from it and handed the environment and the secrets; it builds the other services and forks those.
So all share the memory of one import, and what runs students' code never had a secret in its memory. A forge has no
loop, thread or connection, and no socket but the one it is asked on.
"""

import asyncio
import gc
import json
import os
import pickle
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from learnflow.kit.logging import configure_logging
from learnflow.kit.migrate import upgrade
from learnflow.kit.serve import Built, Factory, load, run, serve
from learnflow.kit.settings import ServiceSettings
from learnflow.runtime.birth import answer_into, bring_forth, redirect_output
from learnflow.runtime.forge import LARGEST_REQUEST_BYTES, MOST_DESCRIPTORS
from learnflow.runtime.options import database_ca_file
from learnflow.runtime.processes import name_process
from learnflow.runtime.seed import seed_demo
from learnflow.runtime.warm import import_for_serving, keep_in_shared_memory
from learnflow.runtime.wiring import Wiring

NOT_FOR_SERVICES = ("LEARNFLOW_DATABASE_URL", "LEARNFLOW_DIRECT_DATABASE_URL", "LEARNFLOW_MASTER_KEY_FILE")

Work = Callable[..., Any]


def main() -> None:
    """`forge_program PARENT CONTROL_FD SERVICE...`, exec'd by the parent of `up`."""
    name_process("lf:forge")
    parent, control, *names = sys.argv[1:]
    gc.disable()
    import_for_serving()
    factories = {name: load(name) for name in names}
    keep_in_shared_memory()
    serve_requests(socket.socket(fileno=int(control)), CleanForge(int(parent), factories))


class CleanForge:
    """Holds no secret: what it passes on to a child it never reads."""

    def __init__(self, parent: int, factories: Mapping[str, Factory]) -> None:
        self._parent = parent
        self._factories = factories

    def serve(self, control: socket.socket, name: str, listening: int, log: int, settings: int) -> int:
        """Fork a service that reads its settings from a descriptor."""

        def work() -> None:
            control.close()
            redirect_output(log)
            with os.fdopen(settings, "rb") as file:
                told = json.load(file)
            factory = self._factories[name]
            run(Built.of(factory, factory.settings({"_env_file": None, **told})), [socket.socket(fileno=listening)])

        return bring_forth(work, name, self._parent)

    def inform(self, control: socket.socket, its_control: int, secrets: int) -> int:
        """Fork the forge that is told everything."""

        def work() -> None:
            control.close()
            with os.fdopen(secrets, "rb") as file:
                environment, folder, wiring = pickle.load(file)  # noqa: S301 - from our own parent, by a pipe of ours
            os.environ.update(environment)
            os.chdir(folder)
            gc.disable()
            informed = InformedForge(self._parent, self._factories, wiring)
            serve_requests(socket.socket(fileno=its_control), informed)

        return bring_forth(work, "services", self._parent)


class InformedForge:
    """Knows the environment, the instance's secrets and the owner's DSN; its children keep what is theirs."""

    def __init__(self, parent: int, factories: Mapping[str, Factory], wiring: Wiring) -> None:
        self._parent = parent
        self._factories = factories
        self._wiring = wiring
        self._built: dict[tuple[str, int], Built] = {}

    def written_out(self, _control: socket.socket, name: str) -> dict[str, Any]:
        """The settings of a service that is told no secret."""
        return self._wiring.written_out(self._factories[name])

    def build(self, _control: socket.socket, names: Sequence[str], replicas: int) -> None:
        """What is made after the fork is made, and kept, by every child for itself (8 MB)."""
        for name in names:
            for replica in range(1, replicas + 1):
                self._build(name, replica)
        settings = ServiceSettings()
        configure_logging(settings.log_level, settings.log_format)
        keep_in_shared_memory()

    def _build(self, name: str, replica: int) -> None:
        try:
            self._built[name, replica] = self._build_now(name, replica)
        except Exception:  # noqa: BLE001 - the child meets the same error, and says it in the service's own log
            self._built.pop((name, replica), None)

    def _build_now(self, name: str, replica: int) -> Built:
        factory = self._factories[name]
        return Built.of(factory, factory.settings(self._wiring.overrides(factory.service, replica)))

    def serve(self, control: socket.socket, name: str, listening: int, log: int, replica: int) -> int:
        """Fork one replica of a service that serves on the socket handed over."""

        def work() -> None:
            control.close()
            redirect_output(log)
            for variable in NOT_FOR_SERVICES:
                os.environ.pop(variable, None)
            built = self._built.get((name, replica)) or self._build_now(name, replica)
            serve(built, [socket.socket(fileno=listening)])

        return bring_forth(work, name, self._parent)

    def task(self, control: socket.socket, name: str, answer: int, log: int) -> int:
        """Fork a short piece of work; its loop, threads and connections never exist in here."""
        tasks: dict[str, Callable[[], object]] = {"migrations": self._migrate, "seed": self._seed}

        def work() -> None:
            control.close()
            redirect_output(log)
            answer_into(answer, tasks[name], name)

        return bring_forth(work, name, self._parent)

    def _migrate(self) -> list[str]:
        secret = self._wiring.secrets.role_secret
        return asyncio.run(upgrade(self._wiring.direct_owner_dsn, role_secret=secret, ca_file=database_ca_file()))

    def _seed(self) -> str:
        return asyncio.run(seed_demo(self._wiring))


def serve_requests(control: socket.socket, forge: object) -> None:
    """Do what is asked until the parent hangs up; each request is {"do": method, argument: value}."""
    control.send(b"{}")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, LARGEST_REQUEST_BYTES, MOST_DESCRIPTORS)
        if not message:
            return
        request = json.loads(message)
        # a descriptor travels beside the message, which says what each of them is
        told = dict(zip(request.pop("descriptors"), descriptors, strict=True))
        try:
            answer = {"result": getattr(forge, request.pop("do"))(control, **request, **told)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            answer = {"problem": f"{type(error).__name__}: {error}"}
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(json.dumps(answer).encode())
