"""`serve`: one service in the foreground, as in a container."""

import errno
import sys
from typing import Annotated

import typer

from learnflow.cli.output import wrong_call
from learnflow.contracts.services import SERVICES, built_services
from learnflow.runtime.errors import RuntimeProblem

NO_ADDRESS = {errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES}
EXAMPLE = "Example:  LEARNFLOW_DATABASE_URL=postgresql://... ./learnflow serve triage"


def register(app: typer.Typer) -> None:
    app.command(epilog=EXAMPLE)(serve)


def serve(name: Annotated[str, typer.Argument(help="Name of the service", metavar="NAME")]) -> None:
    """Run one service until Ctrl+C or SIGTERM. Its settings are LEARNFLOW_* variables; `config NAME` lists them."""
    if name not in SERVICES or SERVICES[name].module is None:
        wrong_call(f"{name}: no such service. There are: {', '.join(service.name for service in built_services())}.")
    from learnflow.kit.database import MissingDatabaseError
    from learnflow.kit.serve import main

    sys.argv = [name]
    try:
        main(name)
    except MissingDatabaseError as error:
        raise RuntimeProblem(str(error)) from None
    except OSError as error:
        if error.errno not in NO_ADDRESS:
            raise
        raise RuntimeProblem(f"{name} cannot listen: {error.strerror}. Try LEARNFLOW_PORT_OFFSET=1000.") from None
