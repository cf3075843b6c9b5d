"""The instance's own secrets: made at first start, 0600, in DATA/secrets."""

import base64
import os
import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from learnflow.contracts.services import Service
from learnflow.kit.service_accounts import service_secret


@dataclass(frozen=True, slots=True)
class InstanceSecrets:
    """`role_secret` yields the passwords of database roles and service accounts; the key file wraps students' keys."""

    role_secret: str
    master_key_file: Path

    def service_secret(self, service: Service) -> str:
        """What this service shows the gateway to get a token."""
        return service_secret(self.role_secret, service.name)


def ensure_secrets(folder: Path) -> InstanceSecrets:
    """Read the secrets in `folder`, making what is not there yet.

    LEARNFLOW_MASTER_KEY_FILE and LEARNFLOW_ROLE_SECRET_FILE name others.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    told = os.environ.get("LEARNFLOW_ROLE_SECRET_FILE")
    role_secret = _keep(Path(told) if told else folder / "roles.secret", secrets.token_urlsafe(32))
    named = os.environ.get("LEARNFLOW_MASTER_KEY_FILE")
    key_file = Path(named) if named else folder / "master.key"
    if not named:
        _keep(key_file, base64.b64encode(secrets.token_bytes(32)).decode())
    return InstanceSecrets(role_secret, key_file)


def _keep(path: Path, fresh: str) -> str:
    if not path.exists():
        write_private(path, fresh + "\n")
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner alone."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    with open(making, "w", opener=partial(os.open, mode=0o600)) as file:
        file.write(text)
    making.replace(path)
