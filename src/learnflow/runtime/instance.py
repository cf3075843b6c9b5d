"""Where an instance keeps its files, whether it runs, and how the other commands find it."""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.secrets import InstanceSecrets, ensure_secrets, write_private

LOCK_TRIES = 5
CHECKOUT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Instance:
    """One data folder: secrets/, logs/, run/ and postgres/ beneath it."""

    data: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def file(self) -> Path:
        return self.run / "instance.json"

    @property
    def owner_dsn_file(self) -> Path:
        return self.data / "secrets" / "owner_dsn"

    def prepare(self) -> InstanceSecrets:
        """Make the folders and secrets that are missing."""
        self.data.mkdir(parents=True, exist_ok=True)
        # PostgreSQL's unprivileged user has to pass through when we are root; the rest is closed beneath
        self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.run):
            folder.mkdir(mode=0o700, exist_ok=True)
        return ensure_secrets(self.data / "secrets")

    def lock(self) -> int:
        """Take the instance for this process; the kernel frees it when the process ends, however it ends."""
        descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _ in range(LOCK_TRIES):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # perhaps only somebody who asks whether it runs
                time.sleep(0.02)
            else:
                return descriptor
        os.close(descriptor)
        raise RuntimeProblem(self._already_running())

    def _already_running(self) -> str:
        seen = self.read()
        where = next(iter(seen.get("addresses", {}).values()), "still starting")
        return f"LearnFlow already runs on {self.data} (process {seen.get('pid', '?')}, {where})."

    def is_running(self) -> bool:
        """Whether somebody holds the lock."""
        if not (self.run / "lock").exists():
            return False
        descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read(self) -> dict[str, Any]:
        """What `up` wrote; empty when there is nothing to read."""
        try:
            return dict(json.loads(self.file.read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def write(self, facts: dict[str, Any]) -> None:
        write_private(self.file, json.dumps(facts, indent=2) + "\n")

    def write_owner_dsn(self, dsn: str) -> None:
        """For the commands that work on the database itself; it holds the owner's password."""
        write_private(self.owner_dsn_file, dsn + "\n")

    def forget(self) -> None:
        self.file.unlink(missing_ok=True)


def unlock(descriptor: int) -> None:
    """In a forked child: let go of the parent's lock without freeing it."""
    os.close(descriptor)


def find_instance(data: Path | None = None) -> Instance:
    """`--data`, else LEARNFLOW_DATA, else .learnflow/ in the checkout (installed: in the working folder)."""
    named = data or (Path(os.environ["LEARNFLOW_DATA"]) if os.environ.get("LEARNFLOW_DATA") else None)
    home = CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()
    return Instance((named or home / ".learnflow").resolve())
