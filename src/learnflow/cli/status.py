"""`status`: what runs."""

from typing import Any

import typer

from learnflow.cli.output import DataOption, JsonOption, print_json, print_table
from learnflow.contracts.services import SERVICES
from learnflow.runtime.instance import find_instance
from learnflow.runtime.options import Options
from learnflow.runtime.readiness import why_not_ready

EXAMPLE = "Example:  ./learnflow status --json"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(status)


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Say what runs and whether it can work. Exit code 1 when anything is missing."""
    instance = find_instance(data)
    facts = instance.read() if instance.is_running() else {}
    services = service_states(facts)
    ok = bool(services) and all(service["ready"] for service in services)
    if as_json:
        print_json(
            {"running": bool(facts), "ready": ok, "data": str(instance.data), "services": services, **_of(facts)}
        )
    elif not facts:
        print(f"No LearnFlow runs on {instance.data}. Start it: ./learnflow up --data {instance.data}")
    else:
        _print(facts, services)
    raise typer.Exit(0 if ok else 1)


def service_states(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Each service with its address, its processes and the reason why it cannot work, if any."""
    if not facts:
        return []
    options = Options(port_offset=facts["port_offset"], host=facts["host"], demo=False)
    states = []
    for name, address in facts["addresses"].items():
        reason = why_not_ready(options, SERVICES[name])
        states.append(
            {
                "name": name,
                "address": address,
                "ready": reason is None,
                "reason": reason,
                "processes": facts.get("processes", {}).get(name, []),
            }
        )
    return states


def _of(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in ("pid", "started", "bus", "postgresql") if key in facts}


def _print(facts: dict[str, Any], services: list[dict[str, Any]]) -> None:
    print(f"LearnFlow {facts['version']} since {facts['started']}, process {facts['pid']}, bus {facts['bus']}")
    rows = []
    for service in services:
        pids = ",".join(str(process["pid"]) for process in service["processes"]) or "-"
        restarts = sum(process["restarts"] for process in service["processes"])
        rows.append((service["name"], service["address"], pids, restarts, service["reason"] or "ready"))
    print_table(rows, ("service", "address", "process", "restarts", "state"))
