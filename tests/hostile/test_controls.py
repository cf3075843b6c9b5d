"""What a student may do works: the standard library is theirs."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

import pytest

from tests.hostile.conftest import Run
from tests.hostile.field import Kept
from tests.hostile.service import THIS

pytestmark = pytest.mark.timeout(120)  # the first one waits for every service to start

CONTROLS = {
    "threading": "import threading\nt = threading.Thread(target=lambda: print('in'))\nt.start(); t.join()\nprint('done')",
    "thread_pool": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    assert sum(pool.map(lambda n: n * n, range(100))) == 328350
print("done")
""",
    "asyncio": """
import asyncio
async def main():
    async with asyncio.timeout(1):
        await asyncio.gather(*(asyncio.sleep(0.01) for _ in range(10)))
    await asyncio.to_thread(print, "thread")
asyncio.run(main())
print("done")
""",
    "tempfile": """
import tempfile, pathlib
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "a").write_text("x")
with tempfile.NamedTemporaryFile("w+") as file:
    file.write("x")
print("done")
""",
    "sqlite3": """
import sqlite3
db = sqlite3.connect("school.db")
db.execute("create table t (n)"); db.executemany("insert into t values (?)", [(n,) for n in range(10)]); db.commit()
assert db.execute("select sum(n) from t").fetchone() == (45,)
print("done")
""",
    "dataclasses": """
from dataclasses import dataclass, field
import pickle, copy
@dataclass(order=True)
class P:
    x: int
    y: list = field(default_factory=list)
assert pickle.loads(pickle.dumps(P(1))) == copy.deepcopy(P(1)) and P(1) < P(2)
print("done")
""",
    "csv_and_json": """
import csv, json
with open("a.csv", "w", newline="") as f: csv.writer(f).writerows([["a", "b"], [1, 2]])
with open("a.csv", newline="") as f: assert list(csv.DictReader(f)) == [{"a": "1", "b": "2"}]
assert json.loads(json.dumps({"é": [1.5, None]})) == {"é": [1.5, None]}
print("done")
""",
    "many_modules": """
import argparse, ast, bisect, collections, contextlib, ctypes, datetime, decimal, difflib, dis, enum, fractions, functools
import hashlib, heapq, html, inspect, itertools, logging, lzma, math, operator, os, pathlib, pprint, random, re, secrets
import shutil, statistics, string, struct, subprocess, textwrap, time, timeit, traceback, types, typing, unittest
import bz2, uuid, zipfile, zlib
print("done")
""",
    "time_zones": "from zoneinfo import ZoneInfo\nimport datetime\ndatetime.datetime.now(ZoneInfo('Europe/Rome'))\nprint('done')",
    "unittest": """
import unittest
class T(unittest.TestCase):
    def test_it(self): self.assertEqual(1 + 1, 2)
unittest.main(exit=False)
print("done")
""",
    "get_source": "import inspect\ndef f():\n    return 1\nassert 'return 1' in inspect.getsource(f)\nprint('done')",
    "exit_and_help": "help\ntry:\n    exit(3)\nexcept SystemExit as e:\n    assert e.code == 3\nprint('done')",
    "hashing_and_secrets": "import hashlib, secrets; hashlib.sha256(secrets.token_bytes(8)).hexdigest(); print('done')",
    "main_guard": "def main():\n    print('done')\nif __name__ == '__main__':\n    main()",
    "own_exceptions": "class E(Exception): pass\ntry:\n    raise E('x') from ValueError(1)\nexcept E as e:\n    assert e.__cause__\nprint('done')",
    "generators": "def g():\n    yield from range(3)\nassert list(g()) == [0, 1, 2]\nprint('done')",
    "pathlib": "from pathlib import Path\nPath('d').mkdir()\nPath('d/a.txt').write_text('x')\nassert [p.name for p in Path('.').rglob('*.txt')] == ['a.txt']\nprint('done')",
    "logging": "import logging, sys\nlogging.basicConfig(stream=sys.stdout, level=20)\nlogging.info('done')",
    "signals": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print('done'))\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nsignal.pause()",
    "sockets_in_a_pair": "import socket\na, b = socket.socketpair()\na.sendall(b'x')\nassert b.recv(1) == b'x'\nprint('done')",
    "selectors": "import os, selectors\nr, w = os.pipe()\ns = selectors.DefaultSelector()\ns.register(r, selectors.EVENT_READ)\nos.write(w, b'x')\nassert s.select(1)\nprint('done')",
    "memory_within_its_limit": "x = bytearray(30 << 20)\nprint('done', len(x))",
    "dynamic_code": "names = {}\nexec(compile('y = 6 * 7', 'inner', 'exec'), names)\nassert eval('y', names) == 42\nprint('done')",
    "deep_recursion": "import sys\nsys.setrecursionlimit(5000)\ndef f(n): return n and f(n - 1)\nf(4000)\nprint('done')",
    "zip_and_tar": "import io, tarfile, zipfile\nwith zipfile.ZipFile('a.zip', 'w') as z: z.writestr('a', 'x')\nwith tarfile.open('a.tar.gz', 'w:gz') as t: t.add('main.py')\nprint('done')",
    "time_passes": "import time\nbegan = time.monotonic()\ntime.sleep(0.02)\nassert time.monotonic() - began >= 0.02\nprint('done')",
    "unicode": "print('grüße 🎉 done')",
}
NEEDS_PROCESSES = {
    "multiprocessing": """
import multiprocessing
def square(n): return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    print("done")
""",
    "fork_and_wait": "import os\npid = os.fork()\nif pid == 0: os._exit(3)\nassert os.waitstatus_to_exitcode(os.wait()[1]) == 3\nprint('done')",
}


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_works(name: str, run: Run) -> None:
    result = run(CONTROLS[name])
    assert (result["status"], result["stderr"] if name != "unittest" else "") == ("ok", "")
    assert "done" in result["stdout"]


@pytest.mark.parametrize("name", NEEDS_PROCESSES)
@pytest.mark.parametrize("kept", [THIS], indirect=True)
def test_a_control_with_processes_works_where_there_are_namespaces(name: str, run: Run, kept: Kept) -> None:
    if kept.level == "L1":
        pytest.skip("without namespaces no program may fork, and the level says so")
    result = run(NEEDS_PROCESSES[name])
    assert (result["status"], result["stdout"], result["stderr"]) == ("ok", "done\n", "")


def test_input_reads_what_was_given_and_then_ends(run: Run) -> None:
    result = run("print('hi', input('name? '))\ninput()", stdin="Ada\n")
    assert result["stdout"] == "name? hi Ada\n"
    assert (result["error"]["type"], result["error"]["line"]) == ("EOFError", 2)


def test_given_files_are_read_and_written_files_come_back(run: Run) -> None:
    code = "import helper\nopen('out.txt', 'w').write(open('data/in.txt').read() + helper.MORE)"
    result = run(code, files={"data/in.txt": "a", "helper.py": "MORE = 'b'"})
    assert result["status"] == "ok", result["stderr"]
    assert [(file["name"], file["text"]) for file in result["files"]] == [("out.txt", "ab")]


LEAVES = """
import os
for folder in ('.', '/tmp', '/dev/shm', '/var/tmp', '/'):
    try: open(os.path.join(folder, 'left-behind.txt'), 'w').write('x')
    except OSError: pass
"""
LOOKS = """
import os
print('seen', [f for f in ('.', '/tmp', '/dev/shm', '/var/tmp', '/') if os.path.exists(os.path.join(f, 'left-behind.txt'))])
"""


def test_nothing_of_one_run_is_seen_by_the_next(run: Run) -> None:
    run(LEAVES)
    assert run(LOOKS)["stdout"] == "seen []\n"


SPOILS = """
import builtins, json, random, sys
builtins.print = json.loads = random.random = None
sys.modules['math'] = sys.setrecursionlimit(77) or None
int_info = sys.set_int_max_str_digits(0)
"""


def test_what_one_run_breaks_is_whole_in_the_next(run: Run) -> None:
    run(SPOILS)
    code = "import json, math, random, sys\nprint(json.loads('1'), math.pi > 3, sys.getrecursionlimit() > 900)"
    assert run(code)["stdout"] == "1 True True\n"


def test_the_environment_is_empty_and_seeds_differ(run: Run) -> None:
    code = "import os, random, uuid; print(dict(os.environ)); print(random.random()); print(uuid.uuid4())"
    code += "; import secrets, tempfile; print(secrets.token_hex(8)); print(tempfile.mktemp())"
    first, second = (run(code)["stdout"].splitlines() for _ in range(2))
    assert first[0] == second[0] == "{}"
    assert [one for one, other in zip(first[1:], second[1:], strict=True) if one == other] == []


def test_what_was_said_before_a_time_out_is_kept(run: Run) -> None:
    result = run("print('before')\nwhile True: pass", timeout_s=0.3)
    assert (result["status"], result["stdout"]) == ("timeout", "before\n")
    assert result["peak_memory_bytes"]


def test_the_level_is_said_with_every_layer(run: Run) -> None:
    isolation = run("print(42)")["isolation"]
    assert isolation["level"] in {"L1", "L2", "L3"}
    assert {"pid", "mount", "network", "landlock", "seccomp", "rlimits", "cgroup"} <= isolation["layers"].keys()
    assert (isolation["level"] == "L3") == (isolation["memory_limit"] == "exact")
