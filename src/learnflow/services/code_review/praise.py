"""One thing that is well done, and true of this very program: each is read off the tree before it is said."""

import ast
from collections.abc import Callable, Collection
from dataclasses import dataclass

from learnflow.services.code_review.flow import falls_through
from learnflow.services.code_review.program import FunctionNode, Loop, Program, own_nodes

Found = tuple[int, str]
"""The line, and a name from the program for the sentence."""


@dataclass(frozen=True, slots=True)
class _Praise:
    """A sentence with the test that it is true; not said beside a remark of these rules."""

    is_there: Callable[[Program], Found | None]
    sentence: str
    unless: frozenset[str] = frozenset()


def praise_of(program: Program, found: Collection[str]) -> str:
    """The first praise that holds; what is rarer among learners comes first."""
    if program.refusal is not None:
        return _of_unreadable(program)
    if not program.tree.body:
        return "You asked before you wrote much. That is a good time for a plan."
    for praise in _PRAISES:
        if praise.unless.isdisjoint(found) and (place := praise.is_there(program)) is not None:
            return praise.sentence.format(line=place[0], name=f"`{place[1]}`")
    return "Python can read every line of your program."


def _of_unreadable(program: Program) -> str:
    """How far Python understands the text; tried line by line backwards from where it stops."""
    line = (program.refusal.lineno if program.refusal else None) or 1
    for last in range(min(line - 1, len(program.lines)), max(line - 30, 0), -1):
        above = Program("\n".join(program.lines[:last]) + "\n")
        if above.refusal is None and above.tree.body:
            return f"Python understands what you wrote up to line {last}." if last > 1 else "Your first line is fine."
    return "You ask while the program is still unfinished. That is a good time to ask."


def _first(program: Program, *kinds: type[ast.AST]) -> ast.AST | None:
    found = [node for node in program.nodes if isinstance(node, kinds)]
    return min(found, key=lambda node: getattr(node, "lineno", 0), default=None)


def _at(node: ast.AST | None) -> Found | None:
    return (node.lineno, "") if isinstance(node, ast.stmt | ast.expr | ast.ExceptHandler) else None


def _open_with(program: Program) -> Found | None:
    for node in program.nodes:
        if isinstance(node, ast.With) and any(_calls(item.context_expr, "open") for item in node.items):
            return node.lineno, ""
    return None


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _special_except(program: Program) -> Found | None:
    handlers = [node for node in program.nodes if isinstance(node, ast.ExceptHandler)]
    plain = {"Exception", "BaseException"}
    for handler in handlers:
        if isinstance(handler.type, ast.Name) and handler.type.id not in plain:
            return handler.lineno, handler.type.id
    return None


def _docstring(program: Program) -> Found | None:
    for function in program.functions:
        if len(ast.get_docstring(function) or "") >= 10:
            return function.lineno, function.name
    return None


def _early_answer(program: Program) -> Found | None:
    """A function whose first `if` deals with a special case and leaves."""
    for function in program.functions:
        statements = function.body[1:] if ast.get_docstring(function) else function.body
        first = statements[0] if len(statements) > 1 else None
        if isinstance(first, ast.If) and not first.orelse and not falls_through(first.body):
            return first.lineno, function.name
    return None


def _used_again(program: Program) -> Found | None:
    """A function of the student's own that is called twice or more from outside itself."""
    for function in program.functions:
        inside = set(own_nodes(function))
        calls = [node for node in program.nodes if _calls(node, function.name) and node not in inside]
        if len(calls) >= 2:
            return function.lineno, function.name
    return None


def _walks_items(program: Program) -> Found | None:
    for node in program.nodes:
        for name in ("enumerate", "zip"):
            if isinstance(node, ast.For) and _calls(node.iter, name):
                return node.lineno, name
    return None


def _plain_items(program: Program) -> Found | None:
    for node in program.nodes:
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Name):
            return node.lineno, node.iter.id
    return None


def _telling_names(program: Program) -> Found | None:
    """All variables and functions that the student named have at least three letters."""
    names = [(node.lineno, node.id) for node in program.nodes
             if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]  # fmt: skip
    names += [(function.lineno, function.name) for function in program.functions]
    longest = max(names, key=lambda named: len(named[1]), default=None)
    if longest is None or len({name for _, name in names}) < 2:
        return None
    return longest if all(len(name) >= 3 for _, name in names) and len(longest[1]) >= 5 else None


def _takes_and_gives(program: Program) -> Found | None:
    for function in program.functions:
        returns = [node for node in own_nodes(function) if isinstance(node, ast.Return) and node.value is not None]
        if function.args.args and returns and not any(_calls(node, "print") for node in own_nodes(function)):
            return function.lineno, function.name
    return None


def _comment(program: Program) -> Found | None:
    for number, line in enumerate(program.lines, 1):
        text = line.strip()
        if text.startswith("# ") and len(text.split()) >= 4 and ":" not in text and not _in_text(program, number):
            return number, ""
    return None


def _in_text(program: Program, line: int) -> bool:
    """True when the line is inside a text over several lines: then it is no comment."""
    texts = (node for node in program.nodes if isinstance(node, ast.Constant | ast.JoinedStr))
    return any(node.lineno <= line <= (node.end_lineno or 0) for node in texts)


def _chain(program: Program) -> Found | None:
    for node in program.nodes:
        second = node.orelse[0] if isinstance(node, ast.If) and len(node.orelse) == 1 else None
        if isinstance(second, ast.If) and second.orelse:
            return second.lineno, ""
    return None


def _number_typed(program: Program) -> Found | None:
    for node in program.nodes:
        for kind in ("int", "float"):
            if isinstance(node, ast.Call) and _calls(node, kind) and node.args and _calls(node.args[0], "input"):
                return node.lineno, kind
    return None


def _class(program: Program) -> Found | None:
    for node in program.nodes:
        if isinstance(node, ast.ClassDef) and any(isinstance(item, FunctionNode) for item in node.body):
            return node.lineno, node.name
    return None


def _both_cases(program: Program) -> Found | None:
    for node in program.nodes:
        if isinstance(node, ast.If) and node.orelse and not isinstance(node.orelse[0], ast.If):
            return node.lineno, ""
    return None


def _loop(program: Program) -> Found | None:
    return _at(_first(program, *Loop.__args__))


def _function(program: Program) -> Found | None:
    function = program.functions[0] if program.functions else None
    return (function.lineno, function.name) if isinstance(function, FunctionNode) else None


def _f_string(program: Program) -> Found | None:
    found = [node for node in program.nodes if isinstance(node, ast.JoinedStr) and len(node.values) > 1]
    return _at(found[0]) if found else None


_RETURNS = frozenset({"missing-return", "none-returned", "never-runs", "one-round"})
_LOOPS = frozenset({"changes-while-looping", "one-round", "unchanged-condition", "does-not-end", "range-over-length"})
_NAMES = frozenset({"empty-name", "E741", "A001", "A002", "N801", "N802", "N803", "N806", "F821"})
_PRAISES = (
    _Praise(_open_with, "On line {line} you open the file in a way that also closes it, whatever happens."),
    _Praise(_special_except, "On line {line} you catch just one kind of error, {name}, and let the others be seen.",
            frozenset({"E722"})),
    _Praise(_docstring, "You wrote down what {name} is for. Readers need not guess."),
    _Praise(_early_answer, "{name} deals with a special case first, on line {line}. The rest gets simpler by that.",
            _RETURNS),
    _Praise(_used_again, "You wrote {name} once and use it more than once. That saves work and mistakes."),
    _Praise(_walks_items, "On line {line} you use {name}, so the loop gets just what it needs.", _LOOPS),
    _Praise(lambda program: _at(_first(program, ast.ListComp, ast.DictComp, ast.SetComp)),
            "On line {line} you make a whole collection in one sentence.", frozenset({"C416", "C419"})),
    _Praise(_telling_names, "Your names can be understood, for example {name}.", _NAMES),
    _Praise(_takes_and_gives, "{name} takes what it needs and gives its result back, so other programs can use it too.",
            _RETURNS),
    _Praise(_f_string, "On line {line} you put values right into the text where they belong.", frozenset({"F541"})),
    _Praise(_plain_items, "On line {line} your loop takes the items of {name} one by one, without counting positions.",
            _LOOPS),
    _Praise(_comment, "Your comment on line {line} says in words what comes next."),
    _Praise(_chain, "On line {line} you ask one case after the other, and what is left over is thought of too."),
    _Praise(_number_typed, "On line {line} you turn what was typed into a number before you work with it."),
    _Praise(_class, "{name} keeps data and what can be done with it in one place."),
    _Praise(_both_cases, "On line {line} your program decides, and has something to do in both cases.",
            frozenset({"SIM222", "F634", "SIM103"})),
    _Praise(_function, "You gave a piece of the program a name of its own, {name}.", _NAMES),
    _Praise(_loop, "On line {line} a loop does the work that you would else write again and again.", _LOOPS),
)  # fmt: skip
