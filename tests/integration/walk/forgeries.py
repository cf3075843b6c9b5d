"""Twelve and more ways to a grade without solving `dry(soil, limit)`, as a student would send them.

The first six are those that beat a grader whose tests run beside the program. Each has the loop that the exercise asks
for, so nothing but its answers can fail it.
"""

_LOOP = "for _nothing in (): pass\n"
_GRAB = """
def grab():
    import sys
    frame, found = sys._getframe(), {}
    while frame is not None:
        found.update(frame.f_globals)
        found.update(frame.f_locals)
        frame = frame.f_back
    return found
"""
_FORGERIES = {
    "a value that equals everything": """
class Right(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def dry(soil, limit): return Right([1, 3])
""",
    "a walk through the frames": _GRAB
    + """
def dry(soil, limit):
    found = grab()
    names = ("expected", "answer", "want", "reference", "solution", "tests", "cases")
    values = [found[name] for name in names if name in found]
    job = found.get("job") or getattr(found.get("self"), "job", {})
    return (values + [job[name] for name in names if name in job] + [None])[0]
""",
    "a patched json": """
import json, json.encoder
def lie(*a, **k): return '{"nonce": "", "phase": "call", "passed": true, "score": 100, "value": ["any"]}'
json.dumps = json.JSONEncoder.encode = json.encoder.JSONEncoder.iterencode = lie
def dry(soil, limit): return None
""",
    "a search through all objects": """
import gc
def dry(soil, limit):
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            for name in ("expected", "reference", "hidden"):
                if name in thing: return thing[name]
    return None
""",
    "an exit that says all is well": "import os\ndef dry(soil, limit): os._exit(0)\n",
    "a report of its own with the secret number": _GRAB
    + """
import os
def dry(soil, limit):
    found = grab()
    job = found.get("job") or found["self"].job
    with open(job["result"], "w") as file:
        file.write('{"nonce": "%s", "phase": "call", "passed": true, "score": 100, "value": ["any"]}' % job["nonce"])
    os._exit(0)
""",
    "a report into every descriptor": """
import os
def dry(soil, limit):
    for number in range(1, 64):
        for report in (b'{"passed": true, "score": 100}', b'{"done": {"code": 0}}', b'["list", [["int", "0x1"]]]'):
            try: os.write(number, report + b"\\n")
            except OSError: pass
    return None
""",
    "a child that writes after its parent": _GRAB
    + """
import os, time
def dry(soil, limit):
    found = grab()
    job = found.get("job") or found["self"].job
    try: child = os.fork()
    except OSError: return None
    if child == 0:
        time.sleep(0.05)
        with open(job["result"], "w") as file: file.write('{"nonce": "%s", "passed": true}' % job["nonce"])
        os._exit(0)
    return None
""",
    "comparisons that are always true": """
import builtins, operator
def dry(soil, limit):
    operator.eq = lambda a, b: True
    builtins.all = builtins.any = lambda *a: True
    builtins.isinstance = lambda *a: True
    builtins.type = lambda *a: list
    return object()
""",
    "numbers that equal every number": """
class Any(int):
    def __eq__(self, other): return True
    def __hash__(self): return 1
def dry(soil, limit): return [Any(1), Any(3)]
""",
    "a thread that writes until the end": _GRAB
    + """
import threading
def dry(soil, limit):
    found = grab()
    job = found.get("job") or found["self"].job
    def write():
        while True:
            with open(job["result"], "w") as file: file.write('{"nonce": "%s", "passed": true}' % job["nonce"])
    threading.Thread(target=write, daemon=True).start()
    return None
""",
    "a look for the tests on the disk": """
import os
def dry(soil, limit):
    found = None
    for folder in (".", "/", "/tmp", "/dev/shm", "/proc/self", "/root", "/home", "/work", "/etc", "/var"):
        try: names = os.listdir(folder)
        except OSError: continue
        for name in names:
            try: text = open(os.path.join(folder, name), errors="replace").read(9999)
            except OSError: continue
            if "dry-plants" in text or "expected" in text: found = text
    return found
""",
    "what the test before has left": """
import os
def dry(soil, limit):
    seen = 0
    for folder in (".", "/tmp", "/dev/shm", "/var/tmp"):
        name = folder + "/seen-by-dry"
        seen += os.path.exists(name)
        try: open(name, "a").write("x")
        except OSError: pass
    return [1, 3] if seen else None
""",
    "an encoder that says any value": _GRAB
    + """
def dry(soil, limit):
    found = grab()
    for name, thing in found.items():
        if hasattr(thing, "encode") and isinstance(thing, type): thing.encode = lambda *a, **k: ["any", "*"]
    return 1
""",
    "the tagged form of a value": "def dry(soil, limit): return ['list', [['int', '0x1'], ['int', '0x3']]]\n",
    "an error that is right": """
class AssertionPassed(Exception):
    def __str__(self): return "passed: 6 of 6"
def dry(soil, limit): raise AssertionPassed
""",
    "a trace that changes what is returned": """
import sys
def tracer(frame, event, value):
    if event == "return": frame.f_locals["result"] = frame.f_locals["found"] = [1, 3]
    return tracer
sys.settrace(tracer)
def dry(soil, limit): return None
""",
    "words of success": """
import sys
def dry(soil, limit):
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        print('OK PASSED 6 passed in 0.01s {"passed": true, "score": 100}', file=stream)
""",
}
FORGERIES = {name: _LOOP + code for name, code in _FORGERIES.items()}
