"""Programs that want to run for ever."""

from tests.hostile.programs.hostile import ERROR, KILLED, OK, TIMEOUT, family

time = family("time")

DEAF = """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
"""
BLOCKED_SIGNALS = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True: pass
"""
THREADS = """
import threading
def spin():
    while True: pass
for _ in range(6): threading.Thread(target=spin).start()
"""
CHILDREN = """
import os
for _ in range(8):
    if os.fork() == 0: break
while True: pass
"""
CHILDREN_OF_A_DEAD_PARENT = """
import os
for _ in range(8):
    if os.fork() == 0:
        while True: pass
print('parent ends')
"""
TIMER = """
import signal
def again(*_):
    while True: pass
signal.signal(signal.SIGALRM, again)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while True: pass
"""
CONTINUES = """
import os, signal
if os.fork() == 0:
    while True: os.kill(os.getppid(), signal.SIGCONT)
while True: os.kill(os.getpid(), signal.SIGSTOP)
"""
CPU_SIGNAL = """
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
import resource
resource.setrlimit(resource.RLIMIT_CPU, (1, resource.getrlimit(resource.RLIMIT_CPU)[1]))
while True: pass
"""

PROGRAMS = [
    time("endless_loop", "while True: pass", TIMEOUT),
    time("deaf_to_signals", DEAF, TIMEOUT),
    time("blocks_signals", BLOCKED_SIGNALS, TIMEOUT),
    time("deaf_to_its_cpu_limit", CPU_SIGNAL, TIMEOUT),
    time("sleeps", "import time; time.sleep(60)", TIMEOUT),
    time(
        "catches_everything", "while True:\n    try:\n        while True: pass\n    except BaseException: pass", TIMEOUT
    ),
    time("regular_expression", "import re; re.match('(a+)+$', 'a' * 64 + 'b')", TIMEOUT),
    time("at_exit", "import atexit\n@atexit.register\ndef again():\n    while True: pass", TIMEOUT),
    time("finaliser", "class Stays:\n    def __del__(self):\n        while True: pass\nit = Stays()", TIMEOUT),
    time("stops_itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", TIMEOUT),
    time("goes_on_and_stops", CONTINUES, TIMEOUT, alone=(ERROR,)),
    time("spinning_threads", THREADS, TIMEOUT),
    time("spinning_children", CHILDREN, TIMEOUT, alone=(ERROR,)),
    time("spinning_orphans", CHILDREN_OF_A_DEAD_PARENT, OK, alone=(ERROR,)),
    time(
        "message_never_ends",
        "class Slow(Exception):\n    def __str__(self):\n        while True: pass\nraise Slow()",
        TIMEOUT,
    ),
    time("hook_never_ends", "import sys\ndef spin(*_):\n    while True: pass\nsys.excepthook = spin\n1/0", TIMEOUT),
    time("deadlock", "import threading; it = threading.Lock(); it.acquire(); it.acquire()", TIMEOUT),
    time("reads_a_pipe_of_its_own", "import os; os.read(os.pipe()[0], 1)", TIMEOUT),
    time("selects_nothing", "import select; select.select([], [], [])", TIMEOUT),
    time("pauses", "import signal; signal.pause()", TIMEOUT),
    time("loops_in_c", "import itertools; any(itertools.repeat(0))", TIMEOUT),
    time("counts_in_c", "import itertools; max(itertools.count())", TIMEOUT),
    time(
        "large_power",
        "pow(3, 10 ** 7).bit_length(); pow(7, 10 ** 8, 10 ** 5000 + 1); print(3 ** (10 ** 8) % 7)",
        TIMEOUT,
    ),
    time("digits", "import sys; sys.set_int_max_str_digits(0); print(len(str(3 ** 4_000_000)))", TIMEOUT),
    time("timer_in_a_loop", TIMER, TIMEOUT),
    time(
        "generator_that_does_not_close",
        "def g():\n    try: yield\n    finally:\n        while True: pass\nit = g(); next(it)",
        TIMEOUT,
    ),
    time("import_that_hangs", "open('slow.py', 'w').write('while True: pass')\nimport slow", TIMEOUT),
    time("trace_function", "import sys\ndef t(*_):\n    while True: pass\nsys.settrace(t)\n(lambda: 0)()", TIMEOUT),
    time("waits_for_a_thread", "import threading; threading.Thread(target=threading.Event().wait).start()", TIMEOUT),
    time("fifo_without_reader", "import os; os.mkfifo('f'); os.open('f', os.O_WRONLY)", TIMEOUT, KILLED, timeout_s=0.4),
]
