"""`doctor`: what is wrong here, and the command that mends it."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from learnflow.cli.output import DataOption, JsonOption, print_json
from learnflow.cli.status import service_states
from learnflow.contracts.services import CODE_EXECUTION, built_services
from learnflow.runtime.embedded import port_is_free
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance, find_instance
from learnflow.runtime.options import Options, external_database
from learnflow.runtime.ports import holder_of
from learnflow.runtime.postgres_binaries import find_binaries
from learnflow.runtime.readiness import ask

EXAMPLE = "Example:  ./learnflow doctor --json"
LEAST_FREE_BYTES = 500_000_000
_HIGHER = {
    "L2": "run as root, or set LEARNFLOW_CODE_EXECUTION_CGROUP to a memory cgroup that is delegated to you",
    "L1": "allow user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0 user.max_user_namespaces=10000",
    "L0": "use a kernel of 5.13 or later with Landlock and seccomp",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; `mend` is the command that helps where it is not `ok`."""

    check: str
    ok: bool
    detail: str
    mend: str | None = None


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(doctor)


def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong and which command mends it. Exit code 1 when anything is wrong.

    Looks at the machine, and at each service where LearnFlow runs.
    """
    instance = find_instance(data)
    findings = list(examine(instance))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.check:<14} {finding.detail}")
            if not finding.ok and finding.mend:
                print(f"       {'':<14} mend it: {finding.mend}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def examine(instance: Instance) -> Iterator[Finding]:
    """All checks, cheapest first; what needs a running instance only where one runs."""
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], "PYTHON=python3.11 ./learnflow up")
    yield _postgresql()
    yield _disk(instance)
    yield from _secrets(instance)
    if not instance.is_running():
        yield Finding("instance", ok=True, detail=f"nothing runs on {instance.data}; start it: ./learnflow up")
        yield from _ports()
        return
    facts = instance.read()
    yield Finding("instance", ok=True, detail=f"process {facts.get('pid')} on {instance.data}")
    for state in service_states(facts):
        mend = f"./learnflow logs {state['name']}"
        yield Finding(state["name"], state["ready"], state["reason"] or "ready", None if state["ready"] else mend)
    if CODE_EXECUTION.name in facts["addresses"]:
        yield _sandbox(facts)
    yield _schema(instance.data)


def _sandbox(facts: dict[str, Any]) -> Finding:
    """The level of isolation, each layer with its reason, and what would raise it."""
    options = Options(port_offset=facts["port_offset"], host=facts["host"], demo=False)
    _, health = ask(options, CODE_EXECUTION, "/health")
    isolation = health.get("isolation")
    if not isolation:
        return Finding("sandbox", ok=False, detail="it does not answer", mend="./learnflow logs code-execution")
    layers = ", ".join(f"{name} {state}" for name, state in isolation["layers"].items())
    level = isolation["level"]
    higher = f"; higher: {_HIGHER[level]}" if level in _HIGHER else ""
    detail = f"{level}, memory {isolation['memory_limit']}: {layers}{higher}"
    return Finding("sandbox", level != "L0", detail, f"{isolation['reason']}: {_HIGHER['L0']}")


def _postgresql() -> Finding:
    if external_database():
        return Finding("postgresql", ok=True, detail="LEARNFLOW_DATABASE_URL")
    try:
        found = find_binaries()
    except RuntimeProblem as problem:
        return Finding("postgresql", ok=False, detail=str(problem), mend="rm -rf .venv && ./learnflow up")
    return Finding("postgresql", ok=True, detail=f"{found.major} from {found.origin}")


def _disk(instance: Instance) -> Finding:
    folder = next(path for path in [instance.data, *instance.data.parents] if path.exists())
    if not os.access(folder, os.W_OK):
        return Finding("data", ok=False, detail=f"{folder} cannot be written", mend="./learnflow up --data DIR")
    free = shutil.disk_usage(folder).free
    detail = f"{instance.data}, {free / 1e9:.1f} GB free"
    return Finding("data", free >= LEAST_FREE_BYTES, detail, "./learnflow up --data DIR, on a disk with 500 MB free")


def _secrets(instance: Instance) -> Iterator[Finding]:
    for path in sorted((instance.data / "secrets").glob("*")) if _can_enter(instance.data) else ():
        if path.stat().st_mode & 0o077:
            yield Finding(path.name, ok=False, detail="others may read this secret", mend=f"chmod 600 {path}")


def _can_enter(folder: Path) -> bool:
    return os.access(folder, os.X_OK) and os.access(folder / "secrets", os.R_OK)


def _ports() -> Iterator[Finding]:
    for service in built_services():
        if not port_is_free(service.port):
            detail = f"port {service.port} is in use by {holder_of(service.port) or 'a process that cannot be seen'}"
            yield Finding(service.name, ok=False, detail=detail, mend="./learnflow up --port-offset 1000")


def _schema(data: Path) -> Finding:
    import asyncio

    from learnflow.cli.database import wiring_of
    from learnflow.kit.migrate import MigrationError, pending

    try:
        missing = asyncio.run(pending(wiring_of(data).direct_owner_dsn))
    except (MigrationError, RuntimeProblem, OSError) as error:
        return Finding("schema", ok=False, detail=str(error), mend="./learnflow db check")
    detail = f"missing: {', '.join(missing)}" if missing else "up to date"
    return Finding("schema", not missing, detail, "./learnflow db upgrade")
