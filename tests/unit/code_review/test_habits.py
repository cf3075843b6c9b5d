"""Our own rules: each finds its own, and leaves alone what only looks like it."""

import pytest

from learnflow.services.code_review.habits import RULES, find_habits
from learnflow.services.code_review.program import Program
from learnflow.services.code_review.rulebook import load_rules

LONG = "def count(marks):\n" + "".join(f"    print({number})\n" for number in range(31))
MANY = "def choose(mark):\n" + "".join(f"    if mark == {number}:\n        return {number}\n" for number in range(10))
DEEP = "for a in b:\n for c in d:\n  if e:\n   while f:\n    if g:\n     h()\n"
FOUND = [
    ("missing-return", "def f(a):\n    if a:\n        return 1\n", 1),
    ("missing-return", "def f(a):\n    for b in a:\n        if b:\n            return b\n", 1),
    ("missing-return", "def f(a):\n    if a:\n        return\n    return 1\n", 1),
    ("missing-return", "def f(a):\n    try:\n        return int(a)\n    except ValueError:\n        print(a)\n", 1),
    ("missing-return", "def f(a):\n    while True:\n        if a:\n            break\n        return 2\n", 1),
    ("nothing-returned", "def add(a, b):\n    print(a + b)\n\n\nprint(add(2, 3))\n", 5),
    ("nothing-returned", "def add(a, b):\n    a + b\n\n\ntotal = add(2, 3)\n", 5),
    ("lost-value", "def add(a, b):\n    a + b\n", 2),
    ("none-kept", "marks = [2, 1]\nordered = marks.sort()\n", 2),
    ("none-returned", "def f(a):\n    return a.append(1)\n", 2),
    ("lost-result", "name = 'ida'\nname.upper()\n", 2),
    ("lost-result", "marks = [2, 1]\nsorted(marks)\n", 2),
    ("changes-while-looping", "for a in b:\n    if a:\n        b.remove(a)\n", 3),
    ("changes-while-looping", "for a in b:\n    del b[0]\n", 2),
    ("one-round", "def f(a):\n for b in a:\n  if b:\n   return 1\n  else:\n   return 2\n", 2),
    ("unchanged-condition", "n = 1\nwhile n < 5:\n    print(n)\n", 2),
    ("never-runs", "def f():\n    return 1\n    print(2)\n", 3),
    ("range-over-length", "for i in range(len(marks)):\n    print(marks[i])\n", 1),
    ("range-over-length", "for i in range(0, len(marks)):\n    print(marks[i])\n", 1),
    ("text-in-a-loop", "text = ''\nfor a in b:\n    text += a\n", 3),
    ("list-in-a-loop", "c = []\nfor a in b:\n    c = c + [a]\n", 3),
    ("search-in-a-loop", "c = [1]\nfor a in b:\n    if a in c:\n        print(a)\n", 3),
    ("sorting-in-a-loop", "for a in b:\n    print(sorted(c))\n", 2),
    ("insert-at-the-front", "for a in b:\n    c.insert(0, a)\n", 2),
    ("long-function", LONG, 1),
    ("many-ways", MANY, 1),
    ("deep-nesting", DEEP, 5),
    ("empty-name", "thing = 4\nprint(thing)\n", 1),
    ("empty-name", "list1 = [4]\nprint(list1)\n", 1),
    ("repeated-lines", "print(a, 1)\nprint(a, 2)\nprint(a, 3)\nprint(a, 4)\n", 1),
    ("no-function", "".join(f"print({number})\n" for number in range(41)), 1),
]  # fmt: skip
QUIET = [
    ("missing-return", "def f(a):\n    if a:\n        return 1\n    else:\n        return 2\n"),
    ("missing-return", "def f(a):\n    while True:\n        if a:\n            return 1\n"),
    ("missing-return", "def f(a):\n    if a:\n        return 1\n    raise ValueError(a)\n"),
    ("missing-return", "def f(a):\n    with open(a) as b:\n        return b.read()\n"),
    ("missing-return", "def f(a):\n match a:\n  case 1:\n   return 1\n  case _:\n   return 2\n"),
    ("missing-return", "def f(a):\n    if a:\n        return\n    print(a)\n"),
    ("missing-return", "def f(a):\n    print(a)\n"),
    ("missing-return", "def f(a):\n    yield a\n    return 3\n"),
    ("missing-return", "def f(a):\n    def g():\n        return 1\n    print(g)\n"),
    ("missing-return", "import sys\ndef f(a):\n    if a:\n        return 1\n    sys.exit(2)\n"),
    ("nothing-returned", "def show(a):\n    print(a)\n\n\nshow(2)\n"),
    ("nothing-returned", "def stop():\n    raise ValueError\n\n\nprint(stop())\n"),
    ("nothing-returned", "def give():\n    return 2\n\n\nprint(give())\n"),
    ("nothing-returned", "import functools\n\n\n@functools.cache\ndef f():\n    print(1)\n\n\nprint(f())\n"),
    ("lost-value", "'a' 'b'\n"),
    ("none-kept", "class Pile:\n    def append(self, a):\n        return a\n\n\nb = Pile().append(1)\n"),
    ("lost-result", "def len(a):\n    print(a)\n\n\nlen(3)\n"),
    ("lost-result", "marks.sort()\n"),
    ("changes-while-looping", "for a in b:\n    if a:\n        b.remove(a)\n        break\n"),
    ("changes-while-looping", "for a in b[:]:\n    b.remove(a)\n"),
    ("one-round", "def f(a):\n    for b in a:\n        if b:\n            continue\n        return b\n"),
    ("unchanged-condition", "n = 1\nwhile n < 5:\n    n += 1\n"),
    ("unchanged-condition", "while wait:\n    change(wait)\n"),
    ("unchanged-condition", "while True:\n    print(1)\n"),
    ("range-over-length", "for i in range(len(marks)):\n    marks[i] = 0\n"),
    ("range-over-length", "for i in range(len(marks)):\n    print(i, marks[i])\n"),
    ("range-over-length", "for i in range(len(marks)):\n    print(marks[i], names[i])\n"),
    ("text-in-a-loop", "total = 0\nfor a in b:\n    total += a\n"),
    ("search-in-a-loop", "c = [1]\nfor a in c:\n    print(a)\n"),
    ("search-in-a-loop", "c = {1}\nfor a in b:\n    print(a in c)\n"),
    ("sorting-in-a-loop", "for a in sorted(b):\n    print(a)\n"),
    ("deep-nesting", "if a:\n    b()\n" + "".join(f"elif c == {number}:\n    d()\n" for number in range(9))),
    ("empty-name", "for i in range(3):\n    x = i\n    print(x)\n"),
    ("repeated-lines", "print('a')\nprint('b')\nprint('c')\nprint('d')\n"),
    ("repeated-lines", "a = 1\nb = 2\nc = 3\nd = 4\n"),
]  # fmt: skip


def found(source: str) -> dict[str, int]:
    program = Program(source)
    assert program.refusal is None, source
    return {hit.rule: hit.line for hit in find_habits(program)}


@pytest.mark.parametrize(("rule", "source", "line"), FOUND)
def test_a_habit_is_found_on_its_line(rule: str, source: str, line: int) -> None:
    assert found(source).get(rule) == line


@pytest.mark.parametrize(("rule", "source"), QUIET)
def test_what_only_looks_like_it_is_left_alone(rule: str, source: str) -> None:
    assert rule not in found(source)


def test_every_rule_of_our_own_has_its_sentences_and_its_example() -> None:
    ours = {rule.code for rule in load_rules().values() if not rule.is_ruffs}
    by_evidence = {"syntax-error", "nothing-there", "run-error", "does-not-end", "stopped", "failed-tests"}
    assert {rule for rule, _, _ in FOUND} == ours - by_evidence


def test_columns_count_characters_from_one() -> None:
    program = Program("ä = 'ü'; thing = 1\nprint(ä, thing)\n")
    (hit,) = [hit for hit in find_habits(program) if hit.rule == "empty-name"]
    assert (hit.line, hit.column) == (1, 10)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_empty_program_has_no_habits(rule: object) -> None:
    assert find_habits(Program("")) == []
