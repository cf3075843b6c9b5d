"""What a student may do works: the standard library is theirs."""

# ruff: noqa: E501 - a program on one line is read more easily than one cut in two

import pytest

from tests.hostile.conftest import Engine, Run

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
    outcome = run(CONTROLS[name])
    assert (outcome.status, outcome.stderr if name != "unittest" else "") == ("ok", "")
    assert "done" in outcome.stdout


@pytest.mark.parametrize("name", NEEDS_PROCESSES)
@pytest.mark.parametrize("chosen", ["strongest"], indirect=True)
def test_a_control_with_processes_works_where_there_are_namespaces(name: str, run: Run, chosen: Engine) -> None:
    if not chosen.plan.namespaces:
        pytest.skip("without namespaces no program may fork, and the level says so")
    outcome = run(NEEDS_PROCESSES[name])
    assert (outcome.status, outcome.stdout, outcome.stderr) == ("ok", "done\n", "")


def test_input_reads_what_was_given_and_then_ends(run: Run) -> None:
    outcome = run("print('hi', input('name? '))\ninput()", stdin="Ada\n")
    assert outcome.stdout == "name? hi Ada\n"
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.line) == ("EOFError", 2)


def test_given_files_are_read_and_written_files_come_back(run: Run) -> None:
    code = "import helper\nopen('out.txt', 'w').write(open('data/in.txt').read() + helper.MORE)"
    outcome = run(code, files={"data/in.txt": "a", "helper.py": "MORE = 'b'"})
    assert outcome.status == "ok", outcome.stderr
    assert [(file.name, file.text) for file in outcome.files] == [("out.txt", "ab")]


def test_nothing_of_one_run_is_seen_by_the_next(run: Run) -> None:
    run("open('left.txt', 'w').write('x')")
    assert run("import os; print(sorted(os.listdir('.')))").stdout == "['.shm', '.tmp', 'main.py']\n"


def test_the_environment_is_empty_and_seeds_differ(run: Run) -> None:
    code = "import os, random; print(dict(os.environ), hash('x'), random.random())"
    first, second = run(code).stdout, run(code).stdout
    assert first.startswith("{} ")
    assert first != second


def test_what_was_said_before_a_time_out_is_kept(run: Run) -> None:
    outcome = run("print('before')\nwhile True: pass", timeout_s=0.3)
    assert (outcome.status, outcome.stdout) == ("timeout", "before\n")
    assert outcome.peak_memory_bytes
