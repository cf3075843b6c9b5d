"""Programs that want more memory than there is for them."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from tests.hostile.programs.hostile import ERROR, KILLED, MEMORY, OK, OUT_OF_MEMORY, TIMEOUT, family, refused

memory = family("memory")

FILL_SCRATCH = """
for number in range(24):
    with open(f"fill{number}", "wb") as file:
        file.write(bytes(1 << 20))
print("ESCAPED")
"""
FILL_SHARED = """
import os
for number in range(24):
    with open(f"/dev/shm/fill{number}", "wb") as file:
        file.write(bytes(1 << 20))
print("ESCAPED")
"""
PIPES = """
import os
for _ in range(20):
    end = os.pipe()[1]
    os.set_blocking(end, False)
    try:
        while True: os.write(end, bytes(65536))
    except BlockingIOError: pass
"""
SOCKETS = """
import socket
kept = []
for _ in range(20):
    pair = socket.socketpair()
    kept.append(pair)
    pair[0].setblocking(False)
    try:
        while True: pair[0].send(bytes(65536))
    except BlockingIOError: pass
"""
CHILDREN = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(40 << 20)
        time.sleep(0.2)
        os._exit(0)
kept = bytearray(40 << 20)
time.sleep(0.3)
"""
STUBBORN = """
kept = []
while True:
    try: kept.append(bytearray(1 << 20))
    except MemoryError: pass
"""
C_ALLOCATION = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
at = libc.malloc(ctypes.c_size_t(300 << 20))
if at:
    ctypes.memset(at, 1, 300 << 20)
    print('ESCAPED')
"""
BREAK = """
import ctypes
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
libc.sbrk.argtypes = (ctypes.c_ssize_t,)
at = libc.sbrk(300 << 20)
if at != ctypes.c_void_p(-1).value:
    ctypes.memset(at, 1, 300 << 20)
    print('ESCAPED')
"""
MANY_MAPS = """
import mmap
kept = []
while True:
    page = mmap.mmap(-1, 1 << 20)
    page.write(bytes(1 << 20))
    kept.append(page)
"""
STACKS = """
import threading, time
threading.stack_size(200 << 20)
def deep(n): return deep(n - 1) if n else time.sleep(0.1)
for _ in range(4): threading.Thread(target=deep, args=(100,)).start()
print('ESCAPED')
"""
BOMB = """
import zlib
packed = zlib.compress(bytes(20 << 20))
print(len(zlib.decompress(packed)))
kept = [zlib.decompress(packed) for _ in range(20)]
print('ESCAPED')
"""

PROGRAMS = [
    memory("one_block", "x = bytearray(200 * 1024 * 1024)", MEMORY, KILLED),
    memory("growing_list", "x = []\nwhile True: x.append(' ' * 4096 + str(len(x)))", MEMORY, KILLED),
    memory("growing_dictionary", "x = {}\nwhile True: x[len(x)] = str(len(x)) * 100", MEMORY, KILLED),
    memory("doubling_text", "x = 'ab'\nwhile True: x += x", MEMORY, KILLED),
    memory("stubborn", STUBBORN, TIMEOUT, MEMORY, KILLED, timeout_s=1),
    memory("huge_power", "x = 10 ** (10 ** 9)", MEMORY, TIMEOUT, KILLED, timeout_s=1),
    memory("width_of_a_number", "x = '%300000000d' % 1", MEMORY, KILLED),
    memory("list_of_references", "x = [0] * 10 ** 8", MEMORY, KILLED),
    memory("list_of_itself", "x = []\nwhile True: x = [x, list(range(1000))]", MEMORY, KILLED),
    memory("unpacked", BOMB, MEMORY, KILLED),
    memory("compiled_source", "compile('x = ' + '1 + ' * 2_000_000 + '1', 'x', 'exec')", MEMORY, KILLED, ERROR),
    memory(
        "pattern",
        "import re; re.compile('(' * 90 + 'a{1,60000}' * 90 + ')' * 90 + 'b' * 5_000_000)",
        MEMORY,
        KILLED,
        ERROR,
        TIMEOUT,
    ),
    memory("all_combinations", "import itertools; list(itertools.product('ab', repeat=40))", MEMORY, KILLED),
    memory(
        "private_map",
        "import mmap; m = mmap.mmap(-1, 200 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.write(bytes(1 << 20) * 200); print('ESCAPED')",
        *OUT_OF_MEMORY,
    ),
    memory(
        "shared_map",
        "import mmap; m = mmap.mmap(-1, 200 << 20); m.write(bytes(1 << 20) * 200); print('ESCAPED')",
        *OUT_OF_MEMORY,
    ),
    memory("many_maps", MANY_MAPS, *OUT_OF_MEMORY),
    memory(
        "growing_map",
        "import mmap; m = mmap.mmap(-1, 4096)\nm.resize(300 << 20); m[200 << 20] = 1\nprint('ESCAPED' if m[200 << 20] and sum(m[::4096]) > 1e9 else 'a page')",
        OK,
        *OUT_OF_MEMORY,
        raises=("OSError", "SystemError", "MemoryError"),
    ),
    memory("allocated_in_c", C_ALLOCATION, OK, *OUT_OF_MEMORY),
    memory("moved_break", BREAK, OK, *OUT_OF_MEMORY),
    memory("deep_stacks", STACKS, *OUT_OF_MEMORY),
    memory(
        "locked",
        "import ctypes; r = ctypes.CDLL(None).mlockall(3); print('ESCAPED' if r == 0 else 'refused')",
        OK,
        says="refused",
    ),
    memory("memfd", "import os; os.memfd_create('x'); print('ESCAPED')", ERROR),
    memory(
        "shared_memory",
        refused("from multiprocessing.shared_memory import SharedMemory\nSharedMemory('x', True, 100 << 20)"),
        ERROR,
        MEMORY,
        KILLED,
    ),
    memory(
        "sysv_memory",
        "import ctypes; r = ctypes.CDLL(None).shmget(0, 1 << 20, 0o1666)\nprint('ESCAPED' if r >= 0 else 'refused')",
        OK,
        says="refused",
    ),
    memory("full_scratch", FILL_SCRATCH, ERROR, MEMORY, KILLED, alone=()),
    memory("full_shared_folder", FILL_SHARED, ERROR, MEMORY, KILLED, alone=()),
    memory("one_large_file", refused("open('x', 'wb').write(bytes(17 << 20))"), ERROR, MEMORY, KILLED),
    memory("sparse_file", refused("open('x', 'wb').truncate(1 << 30)"), ERROR),
    memory(
        "allocated_file",
        refused("import os; os.posix_fallocate(os.open('x', os.O_RDWR | os.O_CREAT), 0, 1 << 30)"),
        ERROR,
    ),
    memory(
        "map_of_a_large_file",
        refused("import mmap\nf = open('x', 'w+b'); f.truncate(64 << 20); mmap.mmap(f.fileno(), 64 << 20)"),
        ERROR,
    ),
    memory("pipes", "import os\nkept = [os.pipe() for _ in range(100)]; print('ESCAPED')", ERROR),
    memory("full_pipes", PIPES, OK, ERROR),
    memory("full_sockets", SOCKETS, OK, ERROR),
    memory("each_child_its_share", CHILDREN, OK, MEMORY, KILLED, alone=(ERROR,)),
]
