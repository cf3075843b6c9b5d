"""Smaller inputs made of a test's own: shorter lists and texts, smaller numbers; pure.

They come from public tests alone. An input that a hidden test has too is never among them, in whatever way it is
written: what it should give is not told. Nothing is made empty or zero where no public test is so: such edges are
what hidden tests ask for. Nor is a word cut that the task names, as one of those that there may be.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TypeVar

from learnflow.curriculum import Case, Task
from learnflow.services.exercise.grading.output import lines

MOST = 24
"""Half of those that are tried are only shorter, with their values as they were; the others are of any kind."""
EXPLORED = 200
_ITEMS = 6
_NAMED = re.compile(r"`['\"]?([^`]+?)['\"]?`")
_ZERO, _EMPTY = re.compile(r"(?<![\w.])0(?!\w|\.\d)"), re.compile(r"\[\]|\{\}|''|\"\"")

Item = TypeVar("Item")
State = TypeVar("State")
Typed = tuple[str, ...]
"""The lines of an input."""
Put = tuple[tuple[bool, ...], tuple[object, ...]]
"""Which statements of a call are kept, and the literals that are put into its calls."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which edges public tests have, so that they may be asked for; words that stay; whether values may change."""

    zero: bool
    empty: bool
    named: frozenset[str]
    values: bool = True


def smaller_cases(task: Task, case: Case) -> list[Case]:
    """The public case with smaller inputs, the smallest first; what they should give is not known yet."""
    told = "\n".join(f"{one.call or one.stdin}" for one in task.tests if not one.hidden)
    allowed = Allowed(_ZERO.search(told) is not None, _EMPTY.search(told) is not None, _named(task))
    step, name = (_smaller_calls, "call") if case.call is not None else (_smaller_inputs, "stdin")
    text = case.call or case.stdin or ""
    found = {*step(text, replace(allowed, values=False)), *step(text, allowed)}
    made = [case.model_copy(update={name: one}) for one in sorted(found, key=size)]
    secret = {signature(one) for one in task.tests if one.hidden}
    return [one for one in made if signature(one) not in secret]


def _named(task: Task) -> frozenset[str]:
    """Half of a word that the statement or the program names would be an input that the task does not allow."""
    constants = (node.value for node in ast.walk(ast.parse(task.reference)) if isinstance(node, ast.Constant))
    return frozenset(_NAMED.findall(task.statement)) | {one for one in constants if isinstance(one, str)}


def size(text: str) -> tuple[int, str]:
    """What is smaller is easier to think through: fewer characters."""
    return len(text), text


def signature(case: Case) -> str:
    """The same for two tests that put the same values in, however they are written."""
    if case.call is None:
        return "\n".join(lines(case.stdin or ""))
    tree = ast.parse(case.call)
    parts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            values = sorted(ast.dump(part) for part in _given(node))
            parts.append(f"{ast.dump(node.func)}({', '.join(values)})")
    return "\n".join(sorted(parts)) or ast.dump(tree)


def _explored(start: State, steps: Callable[[State], Iterable[State]]) -> list[State]:
    """What shrinking leads to, the smallest is shrunk further first; some of all sizes, without `start` itself."""
    known, heap = {repr(start): start}, [(0, 0, start)]
    while heap and len(known) < EXPLORED:
        for fresh in steps(heappop(heap)[2]):
            if (key := repr(fresh)) not in known:
                known[key] = fresh
                heappush(heap, (len(key), len(known), fresh))
    largest = len(repr(start))
    found = [known[key] for key in sorted(known, key=size) if len(key) < largest or key < repr(start)]
    some = MOST // 4
    rest = found[some:]
    return found[:some] + (rest if len(rest) <= some else [rest[len(rest) * at // some] for at in range(some)])


def _smaller_inputs(stdin: str, allowed: Allowed) -> list[str]:
    found = _explored(tuple(stdin.splitlines()), lambda given: _fewer_lines(given, allowed))
    return ["".join(f"{line}\n" for line in given) for given in found]


def _fewer_lines(given: Typed, allowed: Allowed) -> Iterator[Typed]:
    """One line less or shorter; where the first line says how many follow, it goes on saying so."""
    is_counted = len(given) > 1 and given[0] == str(len(given) - 1)
    for at, line in enumerate(given):
        if is_counted and not at:
            continue
        rest = (*given[:at], *given[at + 1 :])
        if len(rest) > 1 or not is_counted or allowed.zero:
            yield (str(len(rest) - 1), *rest[1:]) if is_counted else rest
        if allowed.values:
            yield from ((*given[:at], other, *given[at + 1 :]) for other in _smaller_line(line, allowed))


def _smaller_line(line: str, allowed: Allowed) -> Iterator[str]:
    if re.fullmatch(r"-?\d+", line):
        yield from (str(number) for number in _smaller_int(int(line), allowed))
    elif not re.fullmatch(r"-?\d+\.\d+", line):
        yield from (text for text in _smaller_str(line, allowed) if text.strip())


def _smaller_calls(call: str, allowed: Allowed) -> list[str]:
    """The call with smaller values, or without some of the statements before its value."""
    body = ast.parse(call).body
    whole: Put = (
        tuple(True for _ in body),
        tuple(ast.literal_eval(part) for _, part in _places(body)),
    )
    found = _explored(whole, lambda put: _smaller_put(put, body, allowed))
    return sorted({_written(call, put) for put in found}, key=size)


def _smaller_put(put: Put, body: Sequence[ast.stmt], allowed: Allowed) -> Iterator[Put]:
    kept, values = put
    for at, statement in enumerate(body[:-1]):
        if kept[at] and isinstance(statement, ast.Expr):
            yield (*kept[:at], False, *kept[at + 1 :]), values
    for at, (number, _) in enumerate(_places(body)):
        if kept[number]:
            yield from ((kept, (*values[:at], other, *values[at + 1 :])) for other in _smaller(values[at], allowed))


def _places(body: Sequence[ast.stmt]) -> list[tuple[int, ast.expr]]:
    """The literals that are put into calls, each with the number of its statement."""
    return [
        (number, part)
        for number, statement in enumerate(body)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        for part in _given(node)
        if _is_literal(part)
    ]


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True


def _written(call: str, put: Put) -> str:
    tree = ast.parse(call)
    kept, values = put
    fresh = {
        id(part): ast.parse(repr(value), mode="eval").body
        for (_, part), value in zip(_places(tree.body), values, strict=True)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.args = [fresh.get(id(part), part) for part in node.args]
            for keyword in node.keywords:
                keyword.value = fresh.get(id(keyword.value), keyword.value)
    left = [statement for statement, stays in zip(tree.body, kept, strict=True) if stays]
    one_line = not any(hasattr(statement, "body") for statement in left)
    return ("; " if one_line else "\n").join(map(ast.unparse, left))


def _smaller(value: object, allowed: Allowed) -> Iterator[object]:
    if isinstance(value, int | float | str):
        yield from _smaller_plain(value, allowed) if allowed.values else ()
    elif isinstance(value, list | tuple):
        yield from (type(value)(items) for items in _smaller_items(list(value), allowed))
    elif isinstance(value, dict):
        yield from (dict(items) for items in _fewer(list(value.items()), allowed))
        yield from ({**value, key: other} for key, item in value.items() for other in _smaller(item, allowed))


def _smaller_plain(value: int | float | str, allowed: Allowed) -> Iterator[object]:  # noqa: PYI041 - True is an int
    if isinstance(value, str):
        yield from _smaller_str(value, allowed)
    elif not isinstance(value, bool):
        yield from map(type(value), _smaller_int(int(value), allowed))


def _smaller_int(number: int, allowed: Allowed) -> Iterator[int]:
    sign, distance = (-1 if number < 0 else 1), abs(number)
    if allowed.zero and distance:
        yield 0
    for smaller in dict.fromkeys((1, 2, 10, distance // 2)):
        if 0 < smaller < distance:
            yield sign * smaller


def _smaller_str(text: str, allowed: Allowed) -> Iterator[str]:
    if text in allowed.named:
        return
    if allowed.empty and text:
        yield ""
    yield from dict.fromkeys(part for part in (text[:1], text[: len(text) // 2], text[:-1]) if part and part != text)


def _fewer(items: list[Item], allowed: Allowed) -> Iterator[list[Item]]:
    """Halves, and all items but one."""
    half = len(items) // 2
    shorter = [items[:half], items[half:], *([*items[:at], *items[at + 1 :]] for at in range(len(items)))]
    yield from (part for part in shorter if len(part) < len(items) and (part or allowed.empty))


def _smaller_items(items: list[object], allowed: Allowed) -> Iterator[list[object]]:
    yield from _fewer(items, allowed)
    for at, item in enumerate(items[:_ITEMS]):
        yield from ([*items[:at], other, *items[at + 1 :]] for other in _smaller(item, allowed))
