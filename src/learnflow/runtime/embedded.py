"""PostgreSQL as a child process of ours: made, started, asked whether it is ready, and stopped in order.

Everything here is synchronous and starts no thread, so that the supervisor can fork afterwards.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.postgres_binaries import Binaries, find_binaries, readable_copy
from learnflow.runtime.processes import dying_with_parent, is_reachable_by_others

OWNER = "learnflow"
DATABASE = "learnflow"
SHARED_HOME = Path("/var/lib/learnflow")
READY_WITHIN_S = 30.0
STOP_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "jit": "off",
    "max_logical_replication_workers": "0",  # nobody replicates a laptop: one process less
    "max_pred_locks_per_transaction": "10",  # nothing here is SERIALIZABLE: 2 MB of shared memory less
    "wal_compression": "on",
    "idle_in_transaction_session_timeout": "15s",
    "fsync": "on",
    "password_encryption": "scram-sha-256",
    "log_error_verbosity": "terse",  # the detail of a failed row would be the row
    "log_timezone": "UTC",
    "timezone": "UTC",
}
FROM_18 = {
    "io_method": "sync",  # three processes less; what a class reads is in the cache
    "io_max_concurrency": "4",  # so no process has many reads under way: 2 MB of handles less
}
if sys.platform == "linux":
    # after a crash: one call for the file system instead of one for each of a thousand files (1.5 s on a busy disk)
    SERVER_SETTINGS["recovery_init_sync_method"] = "syncfs"


@dataclass(frozen=True, slots=True)
class Account:
    """The user that PostgreSQL runs as; `other` is False when that is ourselves."""

    uid: int
    gid: int
    other: bool

    def as_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}


def choose_account() -> Account:
    """Ourselves; as root, which PostgreSQL refuses, `postgres` or else `nobody`. No account is ever created."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, other=True)
    raise RuntimeProblem("PostgreSQL does not run as root, and there is neither a user postgres nor nobody here.")


class EmbeddedPostgres:
    """One cluster in `folder`; `start` makes it on first use and returns the owner's DSN."""

    def __init__(self, folder: Path, *, log_file: Path, settings: dict[str, str] | None = None) -> None:
        self.account = choose_account()
        self.folder = self._reachable(folder)
        self.cluster = self.folder / "data"
        self.log_file = log_file
        self._settings = {**SERVER_SETTINGS, **(settings or {})}
        self._state_file = self.folder / "state.json"
        self._process: subprocess.Popen[bytes] | None = None
        self._binaries: Binaries | None = None
        self.port = 0

    def _reachable(self, folder: Path) -> Path:
        # the other user cannot enter a home of mode 0700, and its mode is not ours to change
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.account.other or is_reachable_by_others(folder.parent):
            return folder
        return SHARED_HOME / sha256(str(folder.resolve()).encode()).hexdigest()[:12]

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def version(self) -> str:
        return f"{self._binaries.major} ({self._binaries.origin})" if self._binaries else "not started"

    @property
    def password(self) -> str:
        return str(self._state()["password"])

    def dsn(self, database: str = DATABASE) -> str:
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def start(self) -> str:
        """Start and wait until connections are accepted."""
        self.spawn()
        self.wait_until_ready()
        return self.dsn()

    def spawn(self) -> int:
        """Start the server without waiting and return its pid; the first time the cluster is made."""
        binaries = self._binaries or self.prepare()
        # a restart keeps its port: the services hold it in their addresses
        self.port = self.port or self._choose_port()
        known = {**(FROM_18 if binaries.major >= 18 else {}), **self._settings}
        arguments = [f"-c{name}={value}" for name, value in known.items()]
        with open(self.log_file, "ab", opener=partial(os.open, mode=0o600)) as log:
            self._process = subprocess.Popen(
                [binaries.program("postgres"), "-D", str(self.cluster), "-p", str(self.port), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                cwd="/",
                process_group=0,  # Ctrl-C reaches us alone: PostgreSQL stops last
                preexec_fn=dying_with_parent(signal.SIGINT),  # noqa: PLW1509 - the starter has no threads
                **self.account.as_arguments(),
            )
        return self._process.pid

    @property
    def is_made(self) -> bool:
        return (self.cluster / "PG_VERSION").exists() and self._state_file.exists()

    def prepare(self) -> Binaries:
        """Find the programs, make the cluster if there is none, refuse one of another major version."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755 if self.account.other else 0o700)
        found = find_binaries()
        self._binaries = readable_copy(found, self.folder) if self.account.other else found
        self._make_cluster(self._binaries)
        return self._binaries

    def ended(self, exit_code: int) -> None:
        """The supervisor has reaped it."""
        if self._process is not None:
            self._process.returncode = exit_code

    def poll(self) -> int | None:
        """None while it runs, else its exit code."""
        return self._process.poll() if self._process is not None else 0

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until a connection gets as far as being asked for a password."""
        deadline = time.monotonic() + within_s
        while not accepts_connections(self.port):
            if self.poll() is not None:
                raise RuntimeProblem(f"PostgreSQL stopped while starting. Its last words:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeProblem(f"PostgreSQL was not ready within {within_s:.0f} s; see {self.log_file}.")
            time.sleep(0.005)

    def stop(self, *, at_once: bool = False) -> None:
        """Fast stop first; harder when it does not end in time, or `at_once`."""
        process, self._process = self._process, None
        if process is None:
            return
        for signal_number, patience_s in STOP_STEPS[1:] if at_once else STOP_STEPS:
            if process.poll() is not None:
                return
            process.send_signal(signal_number)
            try:
                process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue

    def last_words(self, lines: int = 6) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def _state(self) -> dict[str, Any]:
        return dict(json.loads(self._state_file.read_text())) if self._state_file.exists() else {}

    def _write_state(self, **changes: object) -> None:
        fresh = self._state_file.with_suffix(f".{os.getpid()}")
        with open(fresh, "w", opener=partial(os.open, mode=0o600)) as file:
            json.dump({**self._state(), **changes}, file)
        fresh.replace(self._state_file)

    def _make_cluster(self, binaries: Binaries) -> None:
        if self.is_made:
            major = (self.cluster / "PG_VERSION").read_text().strip()
            if major != str(binaries.major):
                raise RuntimeProblem(other_version_sentence(self.cluster, major, binaries))
            return
        password = str(self._state().get("password") or secrets.token_urlsafe(24))
        self._write_state(password=password)
        self._run_initdb(binaries, password)

    def _run_initdb(self, binaries: Binaries, password: str) -> None:
        # made aside and renamed, so that a start killed half-way leaves no half cluster
        making = self.folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        password_file = making / "password"
        with open(password_file, "w", opener=partial(os.open, mode=0o600)) as file:
            file.write(password)
        for path in (making, password_file):
            os.chown(path, self.account.uid, self.account.gid)
        command = [binaries.program("initdb"), "-D", str(making / "data"), "-U", OWNER, "-A", "scram-sha-256"]
        made = subprocess.run(
            [*command, "--pwfile", str(password_file), "-E", "UTF8", "--no-locale"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            **self.account.as_arguments(),
        )
        if made.returncode != 0:
            raise RuntimeProblem(f"PostgreSQL's initdb failed in {self.folder}:\n{made.stderr.strip()[-800:]}")
        self._create_database(binaries, making / "data")
        (making / "data").rename(self.cluster)
        shutil.rmtree(making, ignore_errors=True)

    def _create_database(self, binaries: Binaries, cluster: Path) -> None:
        # single-user mode needs no password, no port and no client library
        made = subprocess.run(
            [binaries.program("postgres"), "--single", "-D", str(cluster), "postgres"],
            input=f"create database {DATABASE}\n",
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **self.account.as_arguments(),
        )
        if made.returncode != 0 or "ERROR" in made.stderr:
            raise RuntimeProblem(f"The database could not be made:\n{made.stderr.strip()[-800:]}")

    def _choose_port(self) -> int:
        kept = int(self._state().get("port", 0))
        port = kept if kept and port_is_free(kept) else free_port()
        if port != kept:
            self._write_state(port=port)
        return port


def other_version_sentence(cluster: Path, major: str, binaries: Binaries) -> str:
    """What to do when the data was written by another major version."""
    return (
        f"The data in {cluster} was written by PostgreSQL {major}, and PostgreSQL {binaries.major} "
        f"({binaries.origin}) cannot read it. Either set LEARNFLOW_PG_BIN to the programs of version {major}, or move "
        f"the data: start version {major}, then `pg_dump -Fc -d learnflow -f learnflow.dump`, start LearnFlow with an "
        "empty data folder, and `pg_restore --clean --if-exists -d learnflow learnflow.dump`."
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts_connections(port: int, *, timeout_s: float = 1.0) -> bool:
    """Begin to sign in: a server that is still starting or recovering answers with an error instead."""
    parameters = f"user\0{OWNER}\0database\0{DATABASE}\0\0".encode()
    hello = struct.pack("!ii", len(parameters) + 8, 196608) + parameters
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            connection.sendall(hello)
            # the whole question is read, or closing would reset the connection and the server would log it
            return connection.recv(4096)[:1] == b"R"
    except OSError:
        return False
