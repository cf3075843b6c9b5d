"""Listening sockets for all services, and who sits on a port that is taken."""

import errno
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from learnflow.contracts.services import Service
from learnflow.kit.listen import listen
from learnflow.runtime.errors import RuntimeProblem

LISTENING = "0A"
LOOPBACK_NAMES = {"127.0.0.1", "::1", "localhost"}


def bind_all(
    services: Sequence[Service], host_of: Callable[[Service], str], port_offset: int
) -> dict[str, socket.socket]:
    """One listening socket a service; if any port is taken all are given back and every holder is named."""
    sockets: dict[str, socket.socket] = {}
    taken: list[str] = []
    for service in services:
        host, port = host_of(service), service.port + port_offset
        try:
            sockets[service.name] = listen(host, port)
        except OSError as error:
            taken.append(_why(error, service, host, port))
    if taken:
        for listening in sockets.values():
            listening.close()
        raise RuntimeProblem(
            "\n".join(taken) + f"\nStop it, or start with --port-offset {port_offset + 1000} to use other ports."
        )
    return sockets


def _why(error: OSError, service: Service, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} ({service.name}) is in use by {holder_of(port) or 'a process that cannot be seen'}."
    return f"Port {port} ({service.name}) on {host} cannot be used: {error.strerror}."


def holder_of(port: int) -> str | None:
    """`process 123 (python -m http.server)` for whoever listens on the port, where /proc lets us see it.

    Of several the oldest: who opened it, and not the children who were given it.
    """
    inodes = _listening_inodes(port)
    every = Path("/proc").glob("[0-9]*") if inodes else ()
    holders = [folder for folder in every if inodes & _socket_inodes(folder)]
    if not holders:
        return None
    oldest = min(holders, key=_started)
    return f"process {oldest.name} ({_command(oldest)})"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for columns in map(str.split, lines):
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{columns[9]}]")
    return inodes


def _socket_inodes(process: Path) -> set[str]:
    links = set()
    try:
        for descriptor in (process / "fd").iterdir():
            links.add(str(descriptor.readlink()))
    except OSError:
        # it ended meanwhile, or belongs to somebody else
        return links
    return links


def _started(process: Path) -> float:
    """Ticks since the machine came up, by proc(5); a process that is gone counts as the youngest."""
    try:
        return float((process / "stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return float("inf")


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "?"
    return words[:120] or "?"


def is_loopback(host: str) -> bool:
    return host in LOOPBACK_NAMES or host.startswith("127.")
