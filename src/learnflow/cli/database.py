"""The instance's database for commands that work on it directly."""

import os
from pathlib import Path

from learnflow.cli.output import quiet_logs
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.instance import find_instance
from learnflow.runtime.options import Options, external_database
from learnflow.runtime.wiring import Wiring


def wiring_of(data: Path | None) -> Wiring:
    """The secrets and the owner's DSN of an instance that runs, or of LEARNFLOW_DATABASE_URL."""
    quiet_logs()
    instance = find_instance(data)
    external = external_database()
    if external is None and not instance.is_running():
        raise RuntimeProblem(f"No LearnFlow runs on {instance.data}. Start it: ./learnflow up --data {instance.data}")
    dsn = external or instance.owner_dsn_file.read_text().strip()
    facts = instance.read()
    options = Options(
        port_offset=facts.get("port_offset", 0), host=facts.get("host", "127.0.0.1"), demo=bool(facts.get("demo"))
    )
    # behind a transaction pooler the advisory lock of a migration needs the direct address
    direct = (external and os.environ.get("LEARNFLOW_DIRECT_DATABASE_URL")) or dsn
    return Wiring(options, instance.prepare(), dsn, direct)
