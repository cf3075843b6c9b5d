"""Debian's PgBouncer in transaction mode in front of the tests' PostgreSQL, as Neon puts one there."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from learnflow.runtime.embedded import free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
CONFIG = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_reset_query_always = 0
"""


@contextmanager
def pgbouncer(dsn: str, *, tls: tuple[str, str] | None = None) -> Iterator[str]:
    """The same DSN through a pooler that gives out a server's connection for one transaction at a time.

    `tls`: certificate and key as PEM; then nobody is served without.
    """
    parts = urlsplit(dsn)
    folder = Path(tempfile.mkdtemp(prefix="learnflow-pgbouncer-"))
    port = free_port()
    (folder / "users.txt").write_text(f'"{parts.username}" "{parts.password}"\n')
    (folder / "pgbouncer.ini").write_text(
        CONFIG.format(server=parts.port, port=port, folder=folder) + _encrypted(folder, tls)
    )
    _give_away(folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(PROGRAM), str(folder / "pgbouncer.ini")],
            stdout=log,
            stderr=log,
            user="nobody" if os.geteuid() == 0 else None,
        )
    try:
        _wait(port, process, folder)
        yield urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}"))
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _encrypted(folder: Path, tls: tuple[str, str] | None) -> str:
    if tls is None:
        return ""
    for name, text in zip(("cert", "key"), tls, strict=True):
        (folder / name).write_text(text)
    return f"client_tls_sslmode = require\nclient_tls_cert_file = {folder}/cert\nclient_tls_key_file = {folder}/key\n"


def _give_away(folder: Path) -> None:
    # it refuses to run as root
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "PgBouncer does not listen"
            time.sleep(0.02)
        else:
            return
