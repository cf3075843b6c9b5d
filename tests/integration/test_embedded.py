"""PostgreSQL as our child: closed to strangers, safe against kills, gone when we are gone."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from learnflow.runtime.embedded import EmbeddedPostgres, choose_account
from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.postgres_binaries import Binaries, find_binaries, readable_copy

PARENT = """
import sys, time
from pathlib import Path
from learnflow.runtime.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]), log_file=Path(sys.argv[1]).parent / "log")
postgres.start()
print(postgres.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="learnflow-embedded-"))
    path.chmod(0o711)
    EmbeddedPostgres(path / "postgres", log_file=path / "log").prepare()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres", log_file=folder / "log")
    yield server
    server.stop()


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} lives on"
        time.sleep(0.02)


async def test_only_the_owner_with_the_password_gets_in(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.start()
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("show password_encryption") == "scram-sha-256"
    assert await connection.fetchval("show fsync") == "on"
    assert await connection.fetchval("show listen_addresses") == "127.0.0.1"
    await connection.close()
    for stranger in (dsn.replace(postgres.password, "wrong"), dsn.replace(f":{postgres.password}", "")):
        with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
            await asyncpg.connect(stranger)


async def test_what_was_committed_survives_a_kill(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.start()
    connection = await asyncpg.connect(dsn)
    await connection.execute("create table if not exists kept (id int); insert into kept values (7)")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until_gone(postgres.pid)
    assert postgres.poll() == -signal.SIGKILL
    connection.terminate()
    postgres.spawn()
    postgres.wait_until_ready()
    again = await asyncpg.connect(dsn)
    assert await again.fetchval("select count(*) from kept where id = 7") == 1
    await again.close()


def test_it_never_runs_as_root(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    owner = Path(f"/proc/{postgres.pid}").stat().st_uid
    assert owner == choose_account().uid != 0


def test_a_stop_leaves_nothing_running(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    pid = postgres.pid
    postgres.stop()
    assert pid is not None
    assert not is_alive(pid)
    assert postgres.poll() == 0


def test_a_killed_parent_leaves_no_orphan(folder: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder / "postgres")], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until_gone(pid)


def test_a_taken_port_is_left_alone(postgres: EmbeddedPostgres, folder: Path) -> None:
    postgres.start()
    port = postgres.port
    postgres.stop()
    with socket.create_server(("127.0.0.1", port)):
        other = EmbeddedPostgres(folder / "postgres", log_file=folder / "log")
        other.start()
        assert other.port != port
        other.stop()


def test_data_of_another_major_version_is_refused_with_what_to_do(postgres: EmbeddedPostgres) -> None:
    version_file = postgres.cluster / "PG_VERSION"
    right = version_file.read_text()
    version_file.write_text("13\n")
    try:
        with pytest.raises(RuntimeProblem, match=r"written by PostgreSQL 13.*pg_dump.*pg_restore"):
            postgres.start()
    finally:
        version_file.write_text(right)


def test_a_wrong_folder_of_programs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEARNFLOW_PG_BIN", str(tmp_path))
    with pytest.raises(RuntimeProblem, match="LEARNFLOW_PG_BIN"):
        find_binaries()


def test_programs_behind_a_closed_home_are_copied_to_where_the_other_user_can_read_them(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEARNFLOW_PG_BIN", raising=False)
    found = find_binaries()
    home = tmp_path / "home"
    install = home / "wheel" / "pginstall"
    shutil.copytree(found.folder.parent, install, symlinks=True)
    package = found.folder.parents[1]
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, home / "wheel.libs", symlinks=True)
    home.chmod(0o700)
    copied = readable_copy(Binaries(install / "bin", found.major, "wheel"), folder)
    account = choose_account()
    said = subprocess.run(
        [copied.program("postgres"), "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        **account.as_arguments(),
    ).stdout
    assert copied.folder.is_relative_to(folder)
    assert str(found.major) in said
