"""`python -m tools.deployment_secrets compose|kubernetes FOLDER`: the keys and passwords of a deployment.

FOLDER keeps what must stay the same (the master key, the secret that roles and accounts come from) and is made when
it is not there. `compose` writes files for deploy/compose.yaml into it; `kubernetes` prints Secrets for kubectl:

    python -m tools.deployment_secrets kubernetes FOLDER --direct-url postgresql://owner:...@host/learnflow \\
        | kubectl apply --server-side -f -
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from learnflow.contracts.services import Service, built_services
from learnflow.kit.migrate import role_dsn
from learnflow.runtime.secrets import InstanceSecrets, ensure_secrets, write_private
from tools.manifests.migration import OWNER
from tools.manifests.objects import Object, dumped, made
from tools.manifests.secret_keys import API_TOKEN, APP_TOKEN, POSTGRES_CA, STATE
from tools.manifests.workload import MASTER_KEY, secret_of

NAMESPACE = "learnflow"


def main(words: list[str]) -> int:
    arguments = _parser().parse_args(words)
    kept = ensure_secrets(arguments.folder)
    if arguments.what == "compose":
        _compose(arguments.folder, kept)
        return 0
    direct = arguments.direct_url or arguments.url
    if direct is None:
        print("Name the owner's address: --direct-url postgresql://owner:password@host/learnflow", file=sys.stderr)
        return 2
    ca = arguments.ca_file.read_text() if arguments.ca_file else ""
    found = kubernetes(kept, arguments.folder, direct=_bare(direct), pooled=_bare(arguments.url or direct), ca=ca)
    print("---\n".join(dumped(one) for one in found), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.deployment_secrets", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("compose", "kubernetes"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--direct-url", help="the owner's address of PostgreSQL itself")
    parser.add_argument("--url", help="the owner's address through a transaction pooler, where there is one")
    parser.add_argument("--ca-file", type=Path, help="PEM of the authority behind PostgreSQL's certificate")
    return parser


def kubernetes(kept: InstanceSecrets, folder: Path, *, direct: str, pooled: str, ca: str = "") -> list[Object]:
    """Every Secret that the manifests name but those of the cluster's own (certificates, Kafka's user)."""
    own = [_secret(secret_of(service), _of_service(service, kept, direct, pooled)) for service in _with_database()]
    owner = {
        "direct-database-url": direct,
        "password": urlsplit(direct).password or "",
        "roles.secret": kept.role_secret,
    }
    return [
        *own,
        _secret(OWNER, owner),
        _secret(MASTER_KEY, {"master.key": kept.master_key_file.read_text().strip()}),
        *(_secret(name, {"token": _token(folder / f"{name}.token")}) for name in (API_TOKEN, APP_TOKEN)),
        _secret(STATE, {"connection-string": _verified(role_dsn(direct, None, kept.role_secret), ca)}),
        *([_secret(POSTGRES_CA, {"ca.crt": ca})] if ca else []),
    ]


def _of_service(service: Service, kept: InstanceSecrets, direct: str, pooled: str) -> dict[str, str]:
    known = {
        "database-url": role_dsn(pooled, service, kept.role_secret),
        "service-secret": kept.service_secret(service),
    }
    if direct != pooled:
        known["direct-database-url"] = role_dsn(direct, service, kept.role_secret)
    return known


def _compose(folder: Path, kept: InstanceSecrets) -> None:
    password = _token(folder / "postgres.password")
    owner = f"postgresql://learnflow:{password}@postgres:5432/learnflow"
    _write_environment(folder / "compose.env", {"LEARNFLOW_UID": str(os.getuid()), "LEARNFLOW_GID": str(os.getgid())})
    _write_environment(folder / "migrate.env", {"LEARNFLOW_DATABASE_URL": owner})
    for service in _with_database():
        known = {
            "LEARNFLOW_DATABASE_URL": role_dsn(owner, service, kept.role_secret),
            "LEARNFLOW_SERVICE_SECRET": kept.service_secret(service),
        }
        _write_environment(folder / f"{service.name}.env", known)
    print(f"Keys and passwords are in {folder}. Keep a copy of master.key in another place.")


def _with_database() -> list[Service]:
    return [service for service in built_services() if service.database]


def _bare(address: str) -> str:
    """Without sslmode: whose certificate is believed is said by LEARNFLOW_DATABASE_CA_FILE, for all alike."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"sslmode", "channel_binding"}]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _verified(address: str, ca: str) -> str:
    """Dapr's driver has no setting for it: its address says whose certificate is believed."""
    if not ca:
        return address
    return f"{address}?{urlencode({'sslmode': 'verify-full', 'sslrootcert': '/etc/learnflow/postgres/ca.crt'})}"


def _token(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    return path.read_text().strip()


def _write_environment(path: Path, values: Mapping[str, str]) -> None:
    write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def _secret(name: str, values: Mapping[str, str]) -> Object:
    found = made("v1", "Secret", name, type="Opaque", stringData=dict(values))
    found["metadata"]["namespace"] = NAMESPACE
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
