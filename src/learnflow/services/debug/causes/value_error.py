"""ValueError: the type is right, the value is not."""

import ast
import re
from collections.abc import Callable

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.origins import Origin, origin_of
from learnflow.services.debug.program import name_of, source_of
from learnflow.services.debug.wording import code, count, shown

Match = re.Match[str]
_LITERAL = re.compile(r"(?:with base \d+|to (?:float|complex)): (?P<text>.*)$", re.DOTALL)
_DECIMAL = re.compile(r"\s*[-+]?\d*[.,]\d+\s*")
_SEVERAL = re.compile(r"\s*[-+]?\d+(?:[\s,;]+[-+]?\d+)+\s*")


def explain(case: Case) -> list[Finding]:
    """The causes of a ValueError, best first."""
    for pattern, detect in _BY_MESSAGE:
        match = re.search(pattern, case.message)
        if match is not None and (found := detect(case, match)):
            return found
    return []


def _conversion(case: Case, match: Match) -> list[Finding]:
    found = _LITERAL.search(case.message)
    text = found["text"] if found is not None else ""
    call = next((n for n in case.failing(ast.Call) if source_of(n.func) in {"int", "float"} and n.args), None)
    converter = source_of(call.func) if call is not None else match["converter"]
    node = call.args[0] if call is not None else None
    origin = origin_of(case, node) if node is not None else None
    fact = f"{case.here} asks {code(converter + '()')} to read the text {shown(text)} as a number."
    question = f"Which characters does {shown(text)} hold? Which of them are no part of a {_number(converter)}?"
    cause = f"{_came_from(case, node, origin)} {_why_not(text, converter)}"
    chosen = _kind_of_text(text, converter)
    line = origin.line if origin is not None and origin.maker == "method" else case.line
    return [Finding(chosen, line, fact, question, cause.strip(), 0.9, is_seen=case.ran)]


def _number(converter: str) -> str:
    return "whole number" if converter == "int" else "number"


def _came_from(case: Case, node: ast.expr | None, origin: Origin | None) -> str:
    if isinstance(node, ast.Constant):
        return ""
    if node is None or origin is None:
        return f"{case.here} got this text."
    name = code(source_of(node, 40))
    if origin.maker == "input":
        return f"What was typed in arrives on line {origin.line} as it is."
    if origin.maker == "loop":
        return f"Line {origin.line} hands over one part in each round. This time {name} was that text."
    if origin.line == case.line:
        return f"{name} gave this text."
    return f"Line {origin.line} gives {name} its value."


def _kind_of_text(text: str, converter: str) -> str:
    inner = text.strip("'\"")
    if not inner.strip():
        return "empty-text-is-zero"
    if converter == "int" and _DECIMAL.fullmatch(inner):
        return "int-reads-decimal-text"
    return "several-in-one-text" if _SEVERAL.fullmatch(inner) else "int-reads-any-text"


def _why_not(text: str, converter: str) -> str:
    kind = _kind_of_text(text, converter)
    if kind == "empty-text-is-zero":
        return "The text holds no digit at all, so there is no number to read."
    if kind == "int-reads-decimal-text":
        return f"{shown(text)} has a decimal point, and {code('int()')} reads whole numbers only."
    if kind == "several-in-one-text":
        return f"{shown(text)} holds several numbers, and {code(converter + '()')} reads exactly one."
    odd = sorted({c for c in text.strip("'\"") if not (c.isdigit() or c in "+-. ")})
    if not any(c.isdigit() for c in text):
        return f"The text holds no digit at all, so {code(converter + '()')} finds no number in it."
    which = (
        f"{' and '.join(code(c) for c in odd[:3])} is no digit"
        if len(odd) == 1
        else "Some of its characters are no digits"
    )
    return f"{which}, so {code(converter + '()')} refuses the whole text."


def _unpacking(case: Case, match: Match) -> list[Finding]:
    targets, value = _sides(case)
    wanted = int(match["wanted"])
    got = re.search(r"got (\d+)", case.message)
    held = case.value(value) if value is not None else None
    is_loop = isinstance(case.statement, ast.For)
    number = int(got[1]) if got else (held.length if held is not None and not is_loop else None)
    source = code(source_of(value, 40)) if value is not None else "the right side"
    whose = f"One item of {source}" if is_loop else source
    has = f" {whose[:1].upper()}{whose[1:]} has {count(number, 'value')}." if number is not None else ""
    names = f": {', '.join(code(source_of(target)) for target in targets)}" if targets else ""
    fact = f"{case.here} wants {count(wanted, 'value')}{names}.{has}"
    if held is not None:
        fact += f" {source} was {shown(held.shown)}."
    question = f"How many names stand on the left{case.at}? How many values come from {source}?"
    more = "fewer" if "not enough" in case.message else "more"
    cause = (
        f"{case.here} shares out {source} among {count(wanted, 'name')}. This time there were {more} values than names."
    )
    origin = origin_of(case, value) if value is not None and name_of(value) else None
    if origin is not None:
        cause += f" Line {origin.line} made {source}."
    if isinstance(case.statement, ast.For):
        cause = (
            f"In each round line {case.line} shares out one item of {source} among {count(wanted, 'name')}. "
            f"One item had {more} values."
        )
    return [Finding("unpack-counts", case.line, fact, question, cause, 0.9, is_seen=case.ran)]


def _sides(case: Case) -> tuple[list[ast.expr], ast.expr | None]:
    statement = case.statement
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        return statement.targets[0].elts, statement.value
    if isinstance(statement, ast.For) and isinstance(statement.target, ast.Tuple | ast.List):
        return statement.target.elts, statement.iter
    return [], None


def _not_in(case: Case, _match: Match) -> list[Finding]:
    named = [n for n in case.likely(ast.Call) if getattr(n.func, "attr", "") in {"remove", "index"} and n.args]
    call = named[0] if len(named) == 1 or (named and case.ran) else None
    if call is None or not isinstance(call.func, ast.Attribute):
        return []
    whole, thing = call.func.value, call.args[0]
    name, what = code(source_of(whole, 40)), _shown(case, thing)
    fact = (
        f"Line {case.line} wants to {_verb(call.func.attr)[0]} {what} {_verb(call.func.attr)[1]} {name}. "
        "It is not there."
    )
    held = case.value(whole)
    if held is not None:
        fact += f" {name} was {shown(held.shown)}."
    question = f"What does {name} hold just before line {case.line} runs?"
    cause = f"Line {case.line} takes for granted that {what} is in {name}. This time it was not."
    return [Finding("not-in-list", case.line, fact, question, cause, 0.9, is_seen=case.ran)]


def _verb(method: str) -> tuple[str, str]:
    return ("take", "out of") if method == "remove" else ("find", "in")


def _shown(case: Case, node: ast.expr) -> str:
    value = case.value(node)
    if value is None or isinstance(node, ast.Constant):
        return code(source_of(node, 40))
    return f"{code(source_of(node, 40))} ({shown(value.shown)})"


def _plain(misconception: str, what: str, why: str) -> Callable[[Case, Match], list[Finding]]:
    def detect(case: Case, _match: Match) -> list[Finding]:
        call = next(case.failing(ast.Call), None)
        argument = call.args[0] if call is not None and call.args else None
        got = f" {_shown(case, argument)} was handed over." if argument is not None else ""
        fact = f"{case.here} {what}.{got}"
        origin = origin_of(case, argument) if argument is not None and name_of(argument) else None
        made = f" Line {origin.line} gives it its value." if origin is not None else ""
        question = f"Which value reached {case.the_line} this time? Is it one that the function accepts?"
        return [Finding(misconception, case.line, fact, question, why + made, 0.8, is_seen=case.ran)]

    return detect


_BY_MESSAGE: tuple[tuple[str, Callable[[Case, Match], list[Finding]]], ...] = (
    (r"invalid literal for (?P<converter>int)\(\)", _conversion),
    (r"could not convert string to (?P<converter>float)", _conversion),
    (r"(?:too many|not enough) values to unpack \(expected (?:at least )?(?P<wanted>\d+)", _unpacking),
    (r"not in list|is not in|not in tuple|not in deque|substring not found|subsection not found", _not_in),
    (r"math domain error|expected a (?:non|positive)", _plain(
        "outside-the-domain", "calls a function of mathematics", "The function has no answer for this value.")),
    (r"arg is an empty sequence|arg is an empty|iterable argument is empty", _plain(
        "empty-has-no-first", "looks for the largest or smallest of several values",
        "There was nothing to choose from. The collection was empty.")),
    (r"range\(\) arg 3 must not be zero", _plain(
        "outside-the-domain", "counts with a step of 0", "With a step of 0 the count never moves.")),
    (r"empty range for rand|empty range in rand|Sample larger", _plain(
        "outside-the-domain", "asks for a random choice",
        "There is no value to choose: the smallest is above the largest.")),
    (r"empty separator", _plain(
        "outside-the-domain", "cuts a text at an empty text", "An empty text is no place at which to cut.")),
    (r"I/O operation on closed file", _plain(
        "file-not-there", "works with a file that was closed before", "The file was open only inside its block.")),
)  # fmt: skip
