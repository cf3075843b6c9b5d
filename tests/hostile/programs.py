"""Programs that attack the sandbox, by family, each with the outcome that is expected of it."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from dataclasses import dataclass

ERROR, OK, TIMEOUT, MEMORY, KILLED, FLOOD = "error", "ok", "timeout", "memory", "killed", "output_limit"


@dataclass(frozen=True, slots=True)
class Hostile:
    """`ends` are the allowed verdicts, `alone` those without namespaces (None: the same; empty: not tried there).

    `says` stands in its output (stdout, stderr or the error), `never` does not.
    """

    family: str
    name: str
    code: str
    ends: tuple[str, ...]
    alone: tuple[str, ...] | None = None
    says: str = ""
    never: str = "ESCAPED"
    timeout_s: float = 0.4

    @property
    def id(self) -> str:
        return f"{self.family}-{self.name}"


def _time() -> list[Hostile]:
    programs = {
        "endless_loop": "while True: pass",
        "deaf_to_signals": """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""",
        "sleeps": "import time; time.sleep(60)",
        "catches_everything": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "regular_expression": "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
        "at_exit": "import atexit\n@atexit.register\ndef again():\n    while True: pass",
        "finaliser": "class Stays:\n    def __del__(self):\n        while True: pass\nit = Stays()",
        "stops_itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "spinning_threads": """
import threading
def spin():
    while True: pass
for _ in range(6): threading.Thread(target=spin).start()
""",
        "message_never_ends": "class Slow(Exception):\n    def __str__(self):\n        while True: pass\nraise Slow()",
    }
    return [Hostile("time", name, code, (TIMEOUT,)) for name, code in programs.items()]


def _memory() -> list[Hostile]:
    return [
        Hostile("memory", "one_block", "x = bytearray(200 * 1024 * 1024)", (MEMORY,)),
        Hostile(
            "memory", "growing_list", "x = []\nwhile True: x.append(' ' * 4096 + str(len(x)))", (MEMORY,), timeout_s=4
        ),
        Hostile("memory", "doubling_text", "x = 'ab'\nwhile True: x += x", (MEMORY,), timeout_s=4),
        Hostile("memory", "huge_power", "x = 10 ** (10 ** 9)", (MEMORY, TIMEOUT)),
        Hostile("memory", "mmap", "import mmap; mmap.mmap(-1, 200 * 1024 * 1024); print('ESCAPED')", (ERROR,)),
        Hostile("memory", "memfd", "import os; os.memfd_create('x'); print('ESCAPED')", (ERROR,)),
        Hostile(
            "memory",
            "shared_memory",
            "from multiprocessing.shared_memory import SharedMemory\nSharedMemory('x', True, 100 << 20); print('ESCAPED')",
            (ERROR,),
        ),
        Hostile(
            "memory",
            "sysv_memory",
            "import ctypes; r = ctypes.CDLL(None).shmget(0, 1 << 20, 0o1666)\nprint('ESCAPED' if r >= 0 else 'refused')",
            (OK,),
            says="refused",
        ),
        Hostile("memory", "full_scratch", _FILL_SCRATCH, (ERROR,), alone=(), says="OSError"),
        Hostile("memory", "one_large_file", "open('x', 'wb').write(bytes(17 << 20)); print('ESCAPED')", (ERROR,)),
        Hostile("memory", "sparse_file", "open('x', 'wb').truncate(1 << 30); print('ESCAPED')", (ERROR,)),
        Hostile("memory", "pipes", "import os\nkept = [os.pipe() for _ in range(100)]; print('ESCAPED')", (ERROR,)),
    ]


_FILL_SCRATCH = """
for number in range(24):
    with open(f"fill{number}", "wb") as file:
        file.write(bytes(1 << 20))
print("ESCAPED")
"""


def _processes() -> list[Hostile]:
    return [
        Hostile("processes", "fork_bomb", "import os\nwhile True: os.fork()", (ERROR, TIMEOUT, FLOOD)),
        Hostile(
            "processes",
            "stubborn_fork_bomb",
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
            (TIMEOUT,),
        ),
        Hostile(
            "processes",
            "orphan_holding_stdout",
            "import os, time\nif os.fork() == 0:\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)\nprint('done')",
            (OK,),
            alone=(ERROR,),
            timeout_s=3,
        ),
        Hostile(
            "processes",
            "respawning_orphans",
            "import os, time\nif os.fork() == 0:\n    while os.fork() == 0: pass\n    time.sleep(60)",
            (OK, ERROR),
            alone=(ERROR,),
            timeout_s=3,
        ),
        Hostile("processes", "kills_all", "import os; os.kill(-1, 9)", (ERROR,)),
        Hostile("processes", "kills_its_group", "import os; os.kill(0, 9)", (KILLED,), alone=(ERROR,)),
        # inside a namespace nobody has a parent: 0 is the program's own process group
        Hostile("processes", "kills_its_parent", "import os; os.kill(os.getppid(), 9)", (KILLED,), alone=(ERROR,)),
        Hostile("processes", "kills_the_first", "import os; os.kill(1, 9)", (OK, ERROR), alone=(ERROR,)),
        Hostile(
            "processes",
            "asks_init_to_end",
            "import os, time; os.kill(os.getppid(), 15); time.sleep(9)",
            (KILLED,),
            alone=(ERROR,),
            timeout_s=3,
        ),
        Hostile("processes", "every_pid", _EVERY_PID, (OK,), says="found 0"),
        Hostile("processes", "raises_priority", "import os; os.nice(-5); print('ESCAPED')", (ERROR,)),
        Hostile(
            "processes",
            "raises_limit",
            "import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 40, 1 << 40)); print('ESCAPED')",
            (ERROR,),
        ),
        Hostile(
            "processes",
            "many_threads",
            "import threading, time\nfor _ in range(100): threading.Thread(target=time.sleep, args=(0.01,)).start()\n"
            "for _ in range(100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\nprint('ESCAPED')",
            (ERROR,),
            timeout_s=2,
        ),
        Hostile("processes", "shell", "import os; print('code', os.system('id'))", (OK, ERROR), never="uid="),
        Hostile("processes", "subprocess", "import subprocess; subprocess.run(['/bin/id'])", (ERROR,), never="uid="),
        Hostile(
            "processes",
            "exec_of_dropped_file",
            "import os\nopen('x', 'w').write('#!/bin/sh\\necho ESC${x}APED')\nos.chmod('x', 0o755); os.execv('./x', ['x'])",
            (ERROR,),
        ),
        Hostile("processes", "becomes_root", "import os; os.setuid(0); print('ESCAPED')", (ERROR,)),
    ]


_EVERY_PID = """
import os
found = 0
for pid in range(3, 5000):
    if pid == os.getpid():
        continue
    try:
        os.kill(pid, 0)
        found += 1
    except OSError:
        pass
print("found", found)
"""


def _files() -> list[Hostile]:
    reads = {
        "passwords": "open('/etc/passwd').read()",
        "environment": "open('/proc/self/environ').read()",
        "root_listing": "__import__('os').listdir('/')",
        "above": "open('../../../../etc/hostname').read()",
        "sys": "__import__('os').listdir('/sys')",
        "memory_of_the_machine": "open('/dev/mem', 'rb').read(1)",
        "through_a_link": "__import__('os').symlink('/etc/passwd', 'x') or open('x').read()",
        "hard_link": "__import__('os').link('/etc/passwd', 'x') or open('x').read()",
        "device_node": "__import__('os').mknod('x', 0o20666, 0x103) or open('x').read()",
        "standard_library": "open(__import__('os').__file__, 'a').write('x')",
        "beside_the_scratch": "open('/x', 'w').write('x')",
        "change_of_root": "__import__('os').chroot('.')",
    }
    odd = [
        Hostile(
            "files", "many_files", "for n in range(100000): open(f'{n}', 'w').close()", (ERROR,), alone=(), timeout_s=3
        ),
        Hostile(
            "files",
            "deep_tree",
            "import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')",
            (ERROR,),
            alone=(),
            timeout_s=3,
        ),
        Hostile("files", "output_is_a_link", "import os; os.symlink('/etc/passwd', 'out.txt')", (OK,), never="root:"),
        Hostile("files", "output_is_a_fifo", "import os; os.mkfifo('out.txt')", (OK,)),
        Hostile("files", "output_unreadable", "import os; open('o', 'w').write('x'); os.chmod('o', 0)", (OK,)),
        Hostile("files", "scratch_unreadable", "import os; os.chmod('.', 0)", (OK,)),
        Hostile("files", "leaked_descriptors", _DESCRIPTORS, (OK,), says="open 1"),
        Hostile("files", "lock_on_shared_file", _LOCK, (ERROR,)),
    ]
    return [Hostile("files", name, f"{code}\nprint('ESCAPED')", (ERROR,)) for name, code in reads.items()] + odd


_DESCRIPTORS = """
import os
found = 0
for number in range(3, 64):
    try:
        os.fstat(number)
        found += 1
    except OSError:
        pass
print("open", found)
"""
_LOCK = "import fcntl, os; fcntl.flock(open(os.__file__), fcntl.LOCK_EX); print('ESCAPED')"


def _network() -> list[Hostile]:
    attempts = {
        "tcp": "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
        "udp": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
        "listens": "import socket; socket.create_server(('127.0.0.1', 0))",
        "ipv6": "import socket; socket.socket(socket.AF_INET6)",
        "unix": "import socket; socket.socket(socket.AF_UNIX).connect('\\0abstract')",
        "datagram_pair": "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "netlink": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
        "packet": "import socket; socket.socket(17, socket.SOCK_RAW)",
        "crypto": "import socket; socket.socket(38, 5)",
        "vsock": "import socket; socket.socket(40, 1)",
        "fetches": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8180/health')",
    }
    calls = [Hostile("kernel", f"call_{name}", _call(*call), (OK,), says="refused") for name, call in _CALLS.items()]
    programs = [Hostile("network", name, f"{code}\nprint('ESCAPED')", (ERROR,)) for name, code in attempts.items()]
    return programs + calls


_CALLS: dict[str, tuple[str, tuple[int, ...]]] = {
    "unshare": ("unshare", (0x10000000,)),
    "setns": ("setns", (0, 0)),
    "ptrace": ("ptrace", (0, 0, 0, 0)),
    "mount": ("mount", (0, 0, 0, 0, 0)),
    "new_namespaces_by_clone": ("clone", (0, 0, 0x30000011, 0)),
    "persona": ("personality", (0x40000,)),
}


def _call(name: str, args: tuple[int, ...]) -> str:
    return f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
result = libc.{name}({", ".join(f"ctypes.c_void_p({value})" for value in args)})
print("refused" if result == -1 and ctypes.get_errno() in (1, 22) else f"ESCAPED {{result}} {{ctypes.get_errno()}}")
"""


def _output() -> list[Hostile]:
    return [
        Hostile("output", "flood", "while True: print('x' * 100)", (FLOOD,), timeout_s=4),
        Hostile(
            "output",
            "flood_of_errors",
            "import sys\nwhile True: print('x' * 99, file=sys.stderr)",
            (FLOOD,),
            timeout_s=4,
        ),
        Hostile("output", "one_long_line", "print('x' * 20_000_000)", (FLOOD,), timeout_s=4),
        Hostile("output", "invalid_utf8", "import os; os.write(1, b'ok \\xff\\xfe end')", (OK,), says="ok \ufffd"),
        Hostile("output", "nul", "print('a\\0b')", (OK,), says="a\u2400b"),
        Hostile("output", "half_surrogate", "print('before'); print('\\ud800')", (ERROR,), says="UnicodeEncodeError"),
        Hostile("output", "half_surrogate_in_error", "raise ValueError('\\ud800 x')", (ERROR,), says="ValueError"),
        Hostile("output", "closed_stdout", "import os; os.close(1); print('x')", (ERROR,)),
        Hostile("output", "floods_our_channel", _FLOODS_CHANNEL, (OK, TIMEOUT), timeout_s=2),
    ]


_FLOODS_CHANNEL = """
import os
for _ in range(200):
    for number in range(3, 64):
        try: os.write(number, b"[" * 60000 + b"\\n")
        except OSError: pass
"""


def _crashes() -> list[Hostile]:
    return [
        Hostile("crashes", "segfault", "import ctypes; print('before'); ctypes.string_at(0)", (KILLED,), says="before"),
        Hostile("crashes", "abort", "import os; os.abort()", (KILLED,)),
        Hostile("crashes", "recursion", "def f(): return f()\nf()", (ERROR,), says="RecursionError"),
        Hostile(
            "crashes",
            "deep_recursion",
            "import sys; sys.setrecursionlimit(10 ** 8)\ndef f(): return f()\nf()",
            (ERROR, MEMORY, KILLED),
            timeout_s=4,
        ),
        Hostile("crashes", "nested_parentheses", "(" * 1000 + ")" * 1000, (ERROR, MEMORY)),
        Hostile(
            "crashes",
            "bad_bytecode",
            "f = lambda: 0\nf.__code__ = f.__code__.replace(co_code=bytes(range(90, 120)))\nf()",
            (KILLED, ERROR, MEMORY, TIMEOUT, OK),
        ),
        Hostile("crashes", "quits_hard", "import os; os._exit(7)", (ERROR,)),
        Hostile("crashes", "null_source", "compile('\\0', 'x', 'exec')", (ERROR,)),
    ]


def _trust() -> list[Hostile]:
    return [
        Hostile(
            "trust",
            "patched_builtins",
            "import builtins\nbuiltins.len = builtins.open = None\nprint('said')",
            (OK,),
            says="said",
        ),
        Hostile("trust", "forged_report", _FORGED, (OK,), says="true output", never="forged"),
        Hostile("trust", "walks_frames", _FRAMES, (OK,), says="secrets 0"),
        Hostile("trust", "patched_json", "import json, sys\njson.dumps = None\nsys.excepthook = None\n1/0", (ERROR,)),
        Hostile(
            "trust",
            "lying_repr",
            "class L:\n    def __repr__(self): print('ESCAPED'); return ''\nx = L()\n1/0",
            (ERROR,),
        ),
        Hostile(
            "trust", "lying_message", "class E(Exception):\n    def __str__(self): raise self\nraise E()", (ERROR,)
        ),
    ]


_FORGED = """
import os
print("true output", flush=True)
for number in range(3, 64):
    for report in (b'{"done":{"code":0,"files":[]}}', b'{"failed":{"layer":"forged"}}', b'{"step":{"line":-1}}', b'{"error":7}'):
        try: os.write(number, report + b"\\n")
        except OSError: pass
"""
_FRAMES = """
import gc, sys
frame, names = sys._getframe(), []
while frame is not None:
    names += [str(value)[:200] for value in {**frame.f_locals, **frame.f_globals}.values()]
    frame = frame.f_back
names += [str(thing)[:200] for thing in gc.get_objects() if type(thing) is dict]
words = ("Bearer ", "eyJ", "LEARNFLOW_", "postgres", "-----BEGIN")
print("secrets", sum(word in name for name in names for word in words if name.find("words") < 0 and "Bearer" not in name))
"""

PROGRAMS: tuple[Hostile, ...] = (
    *_time(),
    *_memory(),
    *_processes(),
    *_files(),
    *_network(),
    *_output(),
    *_crashes(),
    *_trust(),
)
