"""From the command line to the supervisor, exec'd anew: it lives for days and needs no command line (15 MB).

The forge is begun before: it imports for a second, while the supervisor itself is loaded and PostgreSQL starts.
"""

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

from learnflow.contracts.services import SERVICES
from learnflow.runtime.forge import Forge, begin_forge
from learnflow.runtime.instance import Instance
from learnflow.runtime.options import Options


def hand_over(instance: Instance, options: Options, began: float) -> NoReturn:
    """Become the supervisor: the same process with the same terminal, environment and forge."""
    forge = begin_forge(options.services, instance.logs)
    told = {
        "forge": [forge.pid, forge.kept_across_exec()],
        "data": str(instance.data),
        "began": began,
        "services": [service.name for service in options.services],
        "port_offset": options.port_offset,
        "bus": options.bus,
        "replicas": options.replicas,
        "host": options.host,
        "demo": options.demo,
    }
    sys.stdout.flush()
    # fixed words and our own JSON
    os.execv(sys.executable, [sys.executable, "-P", "-m", "learnflow.runtime.run", json.dumps(told)])  # noqa: S606


def taken_over(argument: str) -> tuple[Instance, Options, float, Forge]:
    """What `hand_over` was given."""
    told = json.loads(argument)
    forge = Forge.kept(*told.pop("forge"))
    data, began = Path(told.pop("data")), float(told.pop("began"))
    services = tuple(SERVICES[name] for name in told.pop("services"))
    return Instance(data), Options(services, **told), began, forge
