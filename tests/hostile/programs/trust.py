"""Programs that turn on what shares their interpreter: to forge a report, to find a secret, to spoil the next run."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

from tests.hostile.programs.hostile import ANYTHING, BROKEN, ERROR, KILLED, OK, family

trust = family("trust")

FORGED = """
import os
print("true output", flush=True)
for number in range(3, 64):
    for report in (b'{"done":{"code":0,"files":[]}}', b'{"failed":{"layer":"forged"}}', b'{"step":{"line":-1}}', b'{"error":7}', b'{"error":{"type":"forged"}}'):
        try: os.write(number, report + b"\\n")
        except OSError: pass
"""
FORGED_END = """
import os, struct
for number in range(3, 64):
    for report in (b'done', b'done 0\\n', struct.pack('i', 0), struct.pack('ii', 1, 0), b'\\0' * 64, b'["done", 0]\\n', b'{"code": 0}\\n'):
        try: os.write(number, report)
        except OSError: pass
os._exit(7)
"""
FORGED_END_THEN_ON = FORGED_END.replace("os._exit(7)", "while True: pass")
FORGED_BY_A_CHILD = """
import os, time
if os.fork() == 0:
    time.sleep(0.1)
    for number in range(3, 64):
        try: os.write(number, b'{"done":{"code":0,"files":[]}}\\n')
        except OSError: pass
    os._exit(0)
1 / 0
"""
FRAMES = """
import gc, sys
frame, names = sys._getframe(), []
while frame is not None:
    names += [str(value)[:200] for value in {**frame.f_locals, **frame.f_globals}.values()]
    frame = frame.f_back
names += [str(thing)[:200] for thing in gc.get_objects() if type(thing) is dict]
words = ("Bearer ", "eyJ", "LEARNFLOW_", "postgres", "-----BEGIN")
print("secrets", sum(word in name for name in names for word in words if name.find("words") < 0 and "Bearer" not in name))
"""
EVERY_TEXT = """
import gc
words = ['eyJ' + 'hbGci', 'BEGIN ' + 'PRIVATE', 'postgres' + '://', 'LEARNFLOW' + '_', 'service' + '_secret']
seen, found = set(), 0
waiting = list(gc.get_objects())[:60000]
for thing in waiting:
    for part in gc.get_referents(thing):
        if type(part) is str and id(part) not in seen:
            seen.add(id(part))
            found += any(word in part for word in words if part is not word)
print('texts', len(seen) > 100, 'secrets', found)
"""
OTHER_SOURCES = """
import gc
print('others', sum(type(t) is type((lambda: 0).__code__) and t.co_filename == 'main.py' and t.co_name == 'of_another' for t in gc.get_objects()))
"""
RAW_MEMORY = """
import ctypes
secret = 'print(42)'[::-1]
libc = ctypes.CDLL(None)
print('walked', bool(libc.getpid()))
"""
SHADOWS = """
for name in ('json', 'os', 'signal', 'marshal', 'traceback', 'linecache', 'struct', 'select', 'learnflow'):
    with open(name + '.py', 'w') as file: file.write('raise SystemExit("ESC" + "APED")\\nprint(1)\\n')
import sys
for name in ('json', 'traceback', 'linecache', 'struct'): sys.modules.pop(name, None)
1 / 0
"""
PATCHES = """
import builtins, io, os, sys
def lie(*_, **__): return None
for module in (os, io, sys):
    for name in ('write', 'close', '_exit', 'read', 'exc_info', 'getpid', 'open', 'fsync', 'wait4', 'dup2'):
        if hasattr(module, name):
            setattr(module, name, lie)
for name in ('print', 'open', 'compile', 'exec', 'isinstance', 'repr', 'str', 'type', 'len', 'getattr', 'dict', 'list'):
    setattr(builtins, name, lie)
1 / 0
"""
AUDIT = """
import sys
def refuse(*_): raise RuntimeError('no')
sys.addaudithook(refuse)
1 / 0
"""
IMPORTS = """
import sys
class Finder:
    def find_spec(self, *_): raise SystemExit(0)
sys.meta_path.insert(0, Finder())
sys.path_hooks.clear(); sys.path_importer_cache.clear()
import no_such_module_at_all
print('ESCAPED')
"""
OWN_MODULES = "import sys; print('ours', [n for n in sys.modules if 'learnflow' in n])"

PROGRAMS = [
    trust("patched_builtins", "import builtins\nbuiltins.len = builtins.open = None\nprint('said')", OK, says="said"),
    trust("everything_patched", PATCHES, ERROR, OK, KILLED, raises=BROKEN),
    trust("forged_report", FORGED, OK, says="true output", never="forged"),
    trust("forged_end", FORGED_END, ERROR, OK),
    trust("forged_end_that_goes_on", FORGED_END_THEN_ON, *ANYTHING, timeout_s=0.4),
    trust("forged_by_a_child", FORGED_BY_A_CHILD, ERROR, says=""),
    trust("walks_frames", FRAMES, OK, says="secrets 0"),
    trust("walks_texts", EVERY_TEXT, OK, says="secrets 0"),
    trust("sources_of_others", OTHER_SOURCES, OK, says="others 0"),
    trust("calls_by_number", RAW_MEMORY, OK, says="walked"),
    trust("shadowed_modules", SHADOWS, ERROR, says="ZeroDivisionError"),
    trust(
        "patched_json",
        "import json, sys\njson.dumps = None\nsys.excepthook = None\n1/0",
        ERROR,
        says="ZeroDivisionError",
    ),
    trust(
        "patched_traceback",
        "import traceback\ntraceback.print_exception = traceback.TracebackException = None\n1/0",
        ERROR,
    ),
    trust("audit_hook", AUDIT, ERROR, KILLED, OK),
    trust("hooked_imports", IMPORTS, OK, ERROR),
    trust(
        "hooked_build_of_classes",
        "import builtins\nbuiltins.__build_class__ = None\n1/0",
        ERROR,
        says="ZeroDivisionError",
    ),
    trust(
        "hooked_import_function",
        "import builtins\nbuiltins.__import__ = lambda *a, **k: exit(0)\n1/0",
        ERROR,
        says="ZeroDivisionError",
    ),
    trust("own_main_replaced", "import sys; sys.modules['__main__'] = None; 1/0", ERROR, says="ZeroDivisionError"),
    trust("own_file_name_lies", "exec(compile('1/0', '/etc/passwd', 'exec'))", ERROR, never="root:"),
    trust("line_beyond_the_source", "exec(compile('\\n' * 5_000_000 + '1/0', 'main.py', 'exec'))", ERROR),
    trust(
        "trace_of_our_own",
        "import sys; sys.settrace(lambda *a: sys.exit(0)); sys.setprofile(lambda *a: None)\n(lambda: 0)()\n1/0",
        OK,
        ERROR,
    ),
    trust("lying_repr", "class L:\n    def __repr__(self): print('ESCAPED'); return ''\nx = L()\n1/0", ERROR),
    trust("lying_message", "class E(Exception):\n    def __str__(self): raise self\nraise E()", ERROR, raises=("E",)),
    trust(
        "lying_name",
        "class M(type):\n    @property\n    def __name__(cls): raise SystemExit(0)\nclass E(Exception, metaclass=M): pass\nraise E()",
        ERROR,
        OK,
        KILLED,
        raises=("E", "RuntimeError", "SystemExit"),
    ),
    trust(
        "lying_class",
        "class E(Exception):\n    @property\n    def __class__(self): raise SystemExit(0)\nraise E()",
        ERROR,
        OK,
        raises=("E", *BROKEN),
    ),
    trust(
        "lying_traceback",
        "class E(Exception):\n    __traceback__ = property(lambda self: 1 / 0)\nraise E()",
        ERROR,
        raises=("E", *BROKEN),
    ),
    trust(
        "lying_locals",
        "class D(dict):\n    def items(self): raise SystemExit(0)\nx = D(a=1)\n1/0",
        ERROR,
        says="ZeroDivisionError",
    ),
    trust(
        "lying_text",
        "class S(str):\n    def encode(self, *a): raise SystemExit(0)\nraise ValueError(S('x'))",
        ERROR,
        says="ValueError",
    ),
    trust("lying_exit_code", "class I(int):\n    def __and__(self, o): return 0\nraise SystemExit(I(3))", ERROR, OK),
    trust("our_modules", OWN_MODULES, OK, says="ours []"),
    trust(
        "our_package",
        "try: import learnflow\nexcept ImportError: print('absent')\nelse: print('ESCAPED')",
        OK,
        says="absent",
    ),
    trust(
        "our_environment", "import os; print('environment', dict(os.environ), os.environb)", OK, says="environment {}"
    ),
    trust("our_arguments", "import sys; print(sys.argv, sys.orig_argv)", OK, never="learnflow"),
    trust("our_path", "import sys; print(sys.path)", OK, never="learnflow/"),
    trust("our_threads", "import threading; print('threads', threading.active_count())", OK, says="threads 1"),
    trust(
        "our_handlers",
        "import signal; print('default', signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)",
        OK,
        says="default True",
    ),
    trust(
        "our_mask",
        "import signal; print('blocked', signal.pthread_sigmask(signal.SIG_BLOCK, []))",
        OK,
        says="blocked set()",
    ),
    trust(
        "our_children",
        "import os\ntry: os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError: print('none')",
        OK,
        says="none",
    ),
    trust(
        "our_alarm",
        "import signal; print('alarm', signal.alarm(0), signal.getitimer(signal.ITIMER_REAL))",
        OK,
        says="alarm 0 (0.0, 0.0)",
    ),
    trust("our_modes", "import os; print('mask', oct(os.umask(0)), os.getcwd() != '/')", OK, says="True"),
]
