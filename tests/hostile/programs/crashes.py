"""Programs that break the interpreter itself."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from tests.hostile.programs.hostile import ANYTHING, BROKEN, ERROR, FLOOD, KILLED, MEMORY, OK, TIMEOUT, family

crashes = family("crashes")

EVERY_SIGNAL = """
import os, signal
for number in range(1, 65):
    if os.fork() == 0:
        os.kill(os.getpid(), number)
        os._exit(0)
    os.waitpid(-1, os.WUNTRACED)
print('end')
"""
C_RECURSION = """
import ctypes
kind = ctypes.CFUNCTYPE(ctypes.c_int)
def f(): return again()
again = kind(f)
again()
"""
NESTED_VALUE = """
x = []
for _ in range(10 ** 6): x = [x]
print('built')
repr(x)
"""
NESTED_COPY = "import copy\nx = []\nfor _ in range(10 ** 5): x = [x]\ncopy.deepcopy(x)"
NESTED_DELETION = """
class Node: pass
first = node = Node()
for _ in range(300_000):
    node.next = Node()
    node = node.next
del node, first
print('end')
"""
LOST_MODULES = "import sys; sys.modules.clear(); sys.path.clear(); sys.meta_path.clear()\n1 / 0"

PROGRAMS = [
    crashes("segfault", "import ctypes; print('before'); ctypes.string_at(0)", KILLED, says="before"),
    crashes("write_to_code", "import ctypes; ctypes.memset(id(len), 255, 200); len('x')", KILLED, ERROR),
    crashes("none_overwritten", "import ctypes; ctypes.memset(id(None) + 8, 0, 8); print(None is None)", *ANYTHING),
    crashes(
        "freed_twice",
        "import ctypes\nlibc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p\np = ctypes.c_void_p(libc.malloc(100)); libc.free(p); libc.free(p)",
        KILLED,
    ),
    crashes("abort", "import os; os.abort()", KILLED),
    crashes(
        "fault_of_the_bus",
        "import mmap\nf = open('x', 'w+b'); f.truncate(4096); m = mmap.mmap(f.fileno(), 4096); f.truncate(0); print(m[0])",
        KILLED,
    ),
    crashes("illegal_instruction", "import os; os.kill(os.getpid(), 4)", KILLED),
    crashes("floating_point", "import os; os.kill(os.getpid(), 8)", KILLED),
    crashes("bad_call", "import os; os.kill(os.getpid(), 31)", KILLED),
    crashes("hangs_up", "import os; os.kill(os.getpid(), 1)", KILLED),
    crashes("interrupts_itself", "import os, time; os.kill(os.getpid(), 2); time.sleep(1)", ERROR, KILLED),
    crashes("terminates_itself", "import os; os.kill(os.getpid(), 15)", KILLED),
    crashes("kills_itself", "import os; os.kill(os.getpid(), 9)", KILLED),
    crashes("every_signal", EVERY_SIGNAL, OK, alone=(ERROR,), says="end"),
    crashes("recursion", "def f(): return f()\nf()", ERROR, says="RecursionError"),
    crashes(
        "deep_recursion",
        "import sys; sys.setrecursionlimit(10 ** 8)\ndef f(): return f()\nf()",
        ERROR,
        MEMORY,
        KILLED,
        TIMEOUT,
    ),
    crashes(
        "recursion_through_c",
        "import sys; sys.setrecursionlimit(10 ** 8)\nclass C:\n    def __getattr__(self, n): return getattr(self, n)\nC().x",
        ERROR,
        MEMORY,
        KILLED,
    ),
    crashes("recursion_by_callback", C_RECURSION, *ANYTHING),
    crashes("recursion_in_repr", NESTED_VALUE, ERROR, MEMORY, KILLED, raises=("RecursionError",)),
    crashes("recursion_in_copy", NESTED_COPY, ERROR, MEMORY, KILLED, FLOOD, raises=("RecursionError",)),
    crashes("recursion_in_deletion", NESTED_DELETION, OK, MEMORY, KILLED),
    crashes("recursion_in_json", "import json; json.loads('[' * 100_000)", ERROR, raises=("RecursionError",)),
    crashes(
        "recursion_in_pickle",
        "import pickle\nx = []\nfor _ in range(10 ** 5): x = [x]\npickle.dumps(x)",
        ERROR,
        MEMORY,
        KILLED,
        raises=("RecursionError",),
    ),
    crashes(
        "recursion_in_a_pattern",
        "import re; re.compile('(' * 5000 + ')' * 5000)",
        ERROR,
        MEMORY,
        FLOOD,
        raises=("RecursionError", "error"),
    ),
    crashes("nested_parentheses", "(" * 1000 + ")" * 1000, ERROR, MEMORY, raises=("SyntaxError",)),
    crashes("nested_operators", "x = " + "-" * 9_000 + "1", *ANYTHING),
    crashes(
        "nested_blocks",
        "\n".join(" " * n + "if 1:" for n in range(110)) + "\n" + " " * 110 + "pass",
        ERROR,
        raises=("IndentationError", "SyntaxError"),
    ),
    crashes(
        "nested_comprehensions",
        "x = " + "[" * 190 + "1" + " for a in b]" * 190,
        *ANYTHING,
        raises=("NameError", "SyntaxError", "RecursionError"),
    ),
    crashes("nested_call", "eval('f(' * 90 + ')' * 90 + '(' * 190)", ERROR, MEMORY, raises=("SyntaxError",)),
    crashes("nested_texts", 'eval("f\'{" * 100 + "1" + "}\'" * 100)', ERROR, MEMORY, OK, raises=("SyntaxError",)),
    crashes(
        "bad_bytecode", "f = lambda: 0\nf.__code__ = f.__code__.replace(co_code=bytes(range(90, 120)))\nf()", *ANYTHING
    ),
    crashes("bad_bytecode_from_a_file", "import marshal; marshal.loads(b'\\xe3' + b'\\x7f' * 60)", *ANYTHING),
    crashes("null_source", "compile('\\0', 'x', 'exec')", ERROR, raises=("ValueError", "SyntaxError")),
    crashes("quits_hard", "import os; os._exit(7)", ERROR),
    crashes("quits_with_everything", "import os; os._exit(255)", ERROR),
    crashes("large_exit", "raise SystemExit(10 ** 30)", ERROR, OK),
    crashes("exit_with_words", "import sys; sys.exit('bye')", ERROR, says="bye"),
    crashes("exit_with_an_object", "class C:\n    def __str__(self): raise ValueError\nraise SystemExit(C())", ERROR),
    crashes(
        "exit_in_a_thread",
        "import threading, os; threading.Thread(target=os._exit, args=(3,)).start()\nwhile True: pass",
        ERROR,
    ),
    crashes("exit_at_exit", "import atexit, os; atexit.register(os._exit, 5)", ERROR, OK),
    crashes("keyboard_interrupt", "raise KeyboardInterrupt", ERROR, KILLED),
    crashes("end_of_generator", "raise GeneratorExit", ERROR),
    crashes("group_of_errors", "raise BaseExceptionGroup('all', [ValueError(1), KeyboardInterrupt()])", ERROR),
    crashes(
        "chain_of_errors",
        "e = None\nfor n in range(20_000):\n    new = ValueError(n); new.__cause__ = e; e = new\nraise e",
        ERROR,
        FLOOD,
        MEMORY,
        KILLED,
    ),
    crashes(
        "error_that_is_its_own_cause",
        "a, b = ValueError(1), ValueError(2)\na.__context__ = b; b.__context__ = a\nraise a",
        ERROR,
    ),
    crashes("modules_lost", LOST_MODULES, ERROR),
    crashes(
        "builtins_lost",
        "import builtins\nfor name in list(vars(builtins)):\n    delattr(builtins, name) if name not in ('delattr',) else None\n1 / 0",
        ERROR,
        raises=BROKEN,
    ),
    crashes(
        "collector_at_work",
        "import gc\ngc.set_threshold(1)\nclass C:\n    def __del__(self): gc.collect(); C()\nC(); print('end')",
        *ANYTHING,
        timeout_s=1,
    ),
    crashes(
        "threads_at_the_end",
        "import threading, time\nfor _ in range(8): threading.Thread(target=lambda: [time.sleep(0.001) for _ in range(99)], daemon=True).start()\nprint('end')",
        OK,
        says="end",
    ),
    crashes(
        "stack_of_a_thread",
        "import threading\nthreading.stack_size(32768)\ndef f(): return f()\nthreading.Thread(target=f).start()",
        *ANYTHING,
    ),
    crashes(
        "stopped_timer",
        "import signal; signal.setitimer(signal.ITIMER_REAL, 0.05)\nwhile True: pass",
        KILLED,
        TIMEOUT,
        ERROR,
    ),
    crashes(
        "own_cpu_limit",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        KILLED,
        TIMEOUT,
    ),
    crashes(
        "own_memory_limit",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1)); x = bytearray(1 << 20)",
        MEMORY,
        KILLED,
        ERROR,
    ),
    crashes(
        "own_descriptor_limit", "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)); 1 / 0", ERROR
    ),
]
