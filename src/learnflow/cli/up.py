"""`up`: set up and run everything in the foreground."""

import time
from pathlib import Path
from typing import Annotated

import typer

from learnflow.cli.output import DataOption
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import Instance, find_instance

EXAMPLE = "Example:  ./learnflow up --replicas 2 --port-offset 1000"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(up)


def up(
    data: DataOption = None,
    port_offset: Annotated[
        int, typer.Option(help="Added to every port", min=0, max=50000, envvar="LEARNFLOW_PORT_OFFSET")
    ] = 0,
    bus: Annotated[str | None, typer.Option(help="log, kafka or dapr; else LEARNFLOW_BUS, else log")] = None,
    only: Annotated[str, typer.Option(help="Start these services alone: A,B")] = "",
    replicas: Annotated[int, typer.Option(help="Processes for each service", min=1, max=8)] = 1,
    host: Annotated[
        str,
        typer.Option(
            help="Address of the pages; off loopback needs --no-demo. All other services stay on loopback",
            envvar="LEARNFLOW_HOST",
        ),
    ] = "127.0.0.1",
    in_process: Annotated[bool, typer.Option("--in-process", help="All services in one process")] = False,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Make no demo accounts")] = False,
) -> None:
    """Set up and run PostgreSQL and all services. Ctrl+C stops everything."""
    began = time.monotonic()
    # imported here: `up --help` needs none of it
    from learnflow.runtime.hand_over import hand_over
    from learnflow.runtime.options import Options, choose_services
    from learnflow.runtime.processes import can_supervise

    options = Options(choose_services(only), port_offset, bus, replicas, host, demo=not no_demo)
    instance = find_instance(Path(data) if data else None)
    _prepare(instance)
    if in_process or not can_supervise():
        from learnflow.runtime.run_in_one import run_in_one_process

        raise typer.Exit(run_in_one_process(instance, options, began))
    hand_over(instance, options, began)


def _prepare(instance: Instance) -> None:
    try:
        instance.prepare()
    except OSError as error:
        why = f"{error.filename or instance.data} cannot be used: {error.strerror}."
        raise RuntimeProblem(f"{why} Choose another folder: --data DIR") from None
