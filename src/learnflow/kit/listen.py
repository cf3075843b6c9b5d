"""Listening sockets, and how a program that is exec'd is told which one is its own."""

import socket

BACKLOG = 2048
SETTINGS_FD = "--settings-fd"
LISTEN_FD = "--listen-fd"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections queue in it while no process accepts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(BACKLOG)
    return listening
