"""Programs that want to talk to somebody: over the network, or past it to other processes of the machine."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from tests.hostile.programs.hostile import ERROR, OK, family, refused

network = family("network")

ATTEMPTS = {
    "tcp": "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
    "tcp_outside": "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
    "udp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
    "broadcast": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('255.255.255.255', 9))",
    "listens": "import socket; socket.create_server(('127.0.0.1', 0))",
    "listens_on_ipv6": "import socket; socket.create_server(('::1', 0), family=socket.AF_INET6)",
    "ipv6": "import socket; socket.socket(socket.AF_INET6)",
    "raw": "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "ping": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)",
    "sctp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)",
    "unix": "import socket; socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')",
    "unix_abstract": "import socket; socket.socket(socket.AF_UNIX).connect('\\0abstract')",
    "unix_listens": "import socket; s = socket.socket(socket.AF_UNIX); s.bind('here'); s.listen()",
    "unix_abstract_listens": "import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0learnflow'); s.listen()",
    "datagram_pair": "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "sequence_pair": "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)",
    "pair_of_inet": "import socket; socket.socketpair(socket.AF_INET)",
    "netlink": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "audit": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)",
    "packet": "import socket; socket.socket(17, socket.SOCK_RAW)",
    "crypto": "import socket; socket.socket(38, 5)",
    "vsock": "import socket; socket.socket(40, 1)",
    "bluetooth": "import socket; socket.socket(31, 3, 1)",
    "can": "import socket; socket.socket(29, 3, 1)",
    "tipc": "import socket; socket.socket(30, 5)",
    "rds": "import socket; socket.socket(21, 5)",
    "xdp": "import socket; socket.socket(44, 3)",
    "names": "import socket; socket.getaddrinfo('localhost', 80, socket.AF_INET6, socket.SOCK_STREAM); socket.socket()",
    "resolves": "import socket; socket.gethostbyname('example.org')",
    "fetches": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8180/health')",
    "metadata_of_a_cloud": "import urllib.request; urllib.request.urlopen('http://169.254.169.254/latest/meta-data/', timeout=1)",
    "mail": "import smtplib; smtplib.SMTP('127.0.0.1', timeout=1)",
    "asyncio_server": "import asyncio\nif not asyncio.run(asyncio.start_server(lambda *_: None, '127.0.0.1', 0)).sockets: raise OSError",
    "manager": "from multiprocessing.managers import BaseManager; m = BaseManager(('127.0.0.1', 0)); m.get_server()",
}
TALKERS = {
    "semaphores": "libc.semget(0x4c46, 1, 0o1666)",
    "messages": "libc.msgget(0x4c46, 0o1666)",
    "memory": "libc.shmget(0x4c46, 4096, 0o1666)",
    "queue": "libc.syscall(mq_open, b'learnflow', 0o102, 0o666, 0)",
    "keyring": "libc.syscall(add_key, b'user', b'learnflow', b'x', 1, -3)",
    "session_keyring": "libc.syscall(keyctl, 1, 0)",
}
TALKS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
arm = os.uname().machine == 'aarch64'
mq_open, add_key, keyctl = (180, 217, 219) if arm else (240, 248, 250)
print('refused' if CALL == -1 else 'ESCAPED')
"""
FOUND = ("gaierror", "OSError", "PermissionError", "URLError", "FileNotFoundError")

PROGRAMS = [
    *(network(name, refused(code), ERROR, raises=FOUND) for name, code in ATTEMPTS.items()),
    *(network(f"ipc_{name}", TALKS.replace("CALL", call), OK, says="refused") for name, call in TALKERS.items()),
]
