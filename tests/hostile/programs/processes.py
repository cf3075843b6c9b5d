"""Programs that want to be many, to outlive their run, or to end and steer others."""

from tests.hostile.programs.hostile import ANYTHING, ERROR, FLOOD, KILLED, MEMORY, OK, TIMEOUT, family, refused

processes = family("processes")

EVERY_PID = """
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
ORPHAN = "import os, time\nif os.fork() == 0:\n    if os.fork() == 0: time.sleep(60)\n    os._exit(0)\nprint('done')"
RESPAWNING = "import os, time\nif os.fork() == 0:\n    while os.fork() == 0: pass\n    time.sleep(60)"
DAEMON = """
import os, time
if os.fork(): os._exit(0)
try: os.setsid()
except OSError: pass
try: os.setpgid(0, 0)
except OSError: pass
if os.fork(): os._exit(0)
os.closerange(0, 64)
while True: time.sleep(1)
"""
DEAF_CHILD = """
import os, signal, time
if os.fork() == 0:
    for number in range(1, 65):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    time.sleep(60)
print('done')
"""
GROUPS = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        os.setpgid(0, 0)
        time.sleep(60)
        os._exit(0)
print('done')
"""
ZOMBIES = """
import os
for _ in range(200):
    if os.fork() == 0: os._exit(0)
print('ESCAPED')
"""
THREADS = """
import threading, time
for _ in range(100): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
print('ESCAPED')
"""
FLEETING_THREADS = """
import threading, time
for _ in range(300):
    try: threading.Thread(target=time.sleep, args=(0.001,)).start()
    except RuntimeError: time.sleep(0.01)
print('done')
"""
POOL_BOMB = """
import multiprocessing
def again(n):
    for p in [multiprocessing.Process(target=again, args=(n + 1,)) for _ in range(4)]: p.start()
if __name__ == '__main__': again(0)
"""
SIGNALS_TO_PARENT = """
import os, signal
for number in (1, 2, 3, 6, 10, 12, 13, 14, 15, 19, 20, 21):
    for _ in range(50):
        try: os.kill(os.getppid(), number)
        except OSError: pass
print('done')
"""
SIGNALS_TO_ONE = SIGNALS_TO_PARENT.replace("os.getppid()", "1").replace("(1, 2", "(9, 1, 2")
CALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
PRCTL = CALL + "print('refused' if libc.prctl({}) == -1 else 'ESCAPED')"
LIMITS = """
import resource
for name in ('AS', 'NPROC', 'NOFILE', 'FSIZE', 'CPU', 'CORE', 'STACK', 'MEMLOCK', 'MSGQUEUE'):
    number = getattr(resource, 'RLIMIT_' + name, 12)
    soft, hard = resource.getrlimit(number)
    if hard == -1 and name != 'STACK':
        print('ESCAPED: no limit', name)
        continue
    try: resource.setrlimit(number, (soft, hard + 1 if hard >= 0 else 1 << 40))
    except (OSError, ValueError): continue
    if hard >= 0: print('ESCAPED', name)
print('tried')
"""
SIBLING = """
import os, signal, time
child = os.fork()
if child == 0: time.sleep(60)
os.kill(child, signal.SIGSTOP)
os.kill(child, signal.SIGTERM)
print('left it stopped')
"""

PROGRAMS = [
    processes("fork_bomb", "import os\nwhile True: os.fork()", ERROR, TIMEOUT, FLOOD, timeout_s=0.4),
    processes(
        "stubborn_fork_bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", TIMEOUT, MEMORY
    ),
    processes(
        "bomb_of_exits",
        "import os\nwhile True:\n    try:\n        if os.fork() == 0: os._exit(0)\n    except OSError: pass",
        TIMEOUT,
    ),
    processes("pool_bomb", POOL_BOMB, *ANYTHING, timeout_s=0.5),
    processes("zombies", ZOMBIES, ERROR),
    processes("orphan_holding_stdout", ORPHAN, OK, alone=(ERROR,)),
    processes("respawning_orphans", RESPAWNING, OK, ERROR, alone=(ERROR,)),
    processes("daemon", DAEMON, OK, alone=(ERROR,)),
    processes("deaf_child", DEAF_CHILD, OK, alone=(ERROR,), says="done"),
    processes("children_in_groups_of_their_own", GROUPS, OK, alone=(ERROR,), says="done"),
    processes("stopped_child", SIBLING, OK, alone=(ERROR,)),
    processes("kills_all", "import os; os.kill(-1, 9)", ERROR, KILLED, OK),
    processes("stops_all", "import os; os.kill(-1, 19)", ERROR, KILLED, OK, TIMEOUT, timeout_s=0.4),
    processes("kills_its_group", "import os; os.kill(0, 9)", KILLED, alone=(ERROR, KILLED)),
    processes("stops_its_group", "import os; os.kill(0, 19)", TIMEOUT, alone=(ERROR, TIMEOUT)),
    processes("kills_its_parent", "import os; os.kill(os.getppid(), 9)", OK, ERROR, KILLED),
    processes("kills_the_first", "import os; os.kill(1, 9)", OK, ERROR, KILLED),
    processes("asks_init_to_end", "import os, time; os.kill(os.getppid(), 15); time.sleep(1)", OK, KILLED, ERROR),
    processes("signals_to_its_parent", SIGNALS_TO_PARENT, OK, KILLED, ERROR, says=""),
    processes("signals_to_the_first", SIGNALS_TO_ONE, OK, KILLED, ERROR),
    processes("every_pid", EVERY_PID, OK, says="found 0"),
    processes("thread_signal_to_the_first", CALL + "print(libc.syscall(234, 1, 1, 9))", OK, KILLED),
    processes("many_threads", THREADS, ERROR, raises=("RuntimeError", "MemoryError")),
    processes("fleeting_threads", FLEETING_THREADS, OK, says="done"),
    processes("raises_priority", refused("import os; os.nice(-5)"), ERROR),
    processes("priority_of_another", refused("import os; os.setpriority(os.PRIO_PROCESS, 1, 19)"), ERROR),
    processes("real_time", refused("import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"), ERROR),
    processes("normal_again", refused("import os; os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))"), ERROR),
    processes("another_processor", refused("import os; os.sched_setaffinity(0, range(64))"), ERROR),
    processes("raises_limit", refused("import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 40, 1 << 40))"), ERROR),
    processes("raises_every_limit", LIMITS, OK, says="tried"),
    processes("limit_of_another", refused("import resource as r; r.prlimit(1, r.RLIMIT_CPU, (0, 0))"), ERROR),
    processes("shell", "import os; print('code', os.system('id'))", OK, ERROR, never="uid="),
    processes("popen", "import os; print(os.popen('id').read())", OK, ERROR, never="uid="),
    processes("subprocess", "import subprocess; subprocess.run(['/bin/id'])", ERROR, never="uid="),
    processes(
        "spawned", refused("import os; pid = os.posix_spawn('/bin/true', ['true'], {}); os.waitpid(pid, 0)"), ERROR
    ),
    processes(
        "its_own_interpreter",
        refused(
            "import os, sys; os.execv(sys.executable or '/usr/bin/python3', ['python', '-c', 'print(\"ESCAPED\")'])"
        ),
        ERROR,
    ),
    processes(
        "exec_of_dropped_file",
        "import os\nopen('x', 'w').write('#!/bin/sh\\necho ESC${x}APED')\nos.chmod('x', 0o755); os.execv('./x', ['x'])",
        ERROR,
    ),
    processes(
        "exec_of_the_loader", refused("import os; os.execv('/lib64/ld-linux-x86-64.so.2', ['ld', '/bin/true'])"), ERROR
    ),
    processes("becomes_root", refused("import os; os.setuid(0)"), ERROR),
    processes("becomes_another_user", refused("import os; os.setresuid(1000, 1001, 1002)"), ERROR),
    processes("another_group", refused("import os; os.setgroups([0])"), ERROR),
    processes(
        "is_root",
        "import os; print('ESCAPED' if 0 in (os.getuid(), os.geteuid(), os.getgid()) else 'nobody')",
        OK,
        says="nobody",
    ),
    processes(
        "new_session",
        refused("import os\nif os.getpid() == os.getpgid(0) and os.fork(): os._exit(1)\nos.setsid()"),
        ERROR,
    ),
    processes("outlives_its_parent", PRCTL.format("1, 0"), OK, says="refused"),
    processes("adopts_orphans", PRCTL.format("36, 1"), OK, says="refused"),
    processes("takes_a_new_filter", PRCTL.format("22, 1"), OK, says="refused"),
    processes("keeps_its_rights", PRCTL.format("8, 1"), OK, says="refused"),
    processes(
        "traces_its_parent",
        CALL + "import os\nprint('refused' if libc.ptrace(16, os.getppid(), 0, 0) == -1 else 'ESCAPED')",
        OK,
        says="refused",
    ),
    processes(
        "wants_to_be_traced",
        CALL + "print('refused' if libc.ptrace(0, 0, 0, 0) == -1 else 'ESCAPED')",
        OK,
        says="refused",
    ),
    processes("closes_everything", "import os; os.closerange(0, 1024)", OK, ERROR, KILLED),
    processes(
        "closes_everything_and_goes_on", "import os, time; os.closerange(0, 1024)\nwhile True: time.sleep(1)", TIMEOUT
    ),
    processes("waits_for_others", refused("import os; os.waitpid(-1, 0)"), ERROR),
]
