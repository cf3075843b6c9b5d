"""The student's own lines in words: what the construct that a card is about does in their program."""

import ast
from functools import singledispatch

from learnflow.curriculum import Card
from learnflow.services.concepts.markdown import listed, span
from learnflow.services.concepts.program import Program, Seen
from learnflow.services.concepts.search import Query


def find_place(query: Query, card: Card) -> Seen | None:
    """Where the program has what the card is about: on a line or in a function that the question names, or first."""
    if query.program is None:
        return None
    places = [seen for seen in query.program.seen if seen.sign in card.seen_in]
    for name in query.functions():
        node = query.program.functions[name]
        inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        places.sort(key=lambda seen: seen.line not in inside)
    if lines := query.lines():
        places.sort(key=lambda seen: seen.line not in lines)
    return places[0] if places else None


def in_words(program: Program, place: Seen) -> str:
    """One to three sentences about this place, with the student's names."""
    said = _describe(place.node, program)
    return said or f"Line {place.line} of your code uses it: {span(program.line_text(place.line))}."


def function_in_words(program: Program, name: str) -> str:
    """What can be said of a function of the student's without running it."""
    node = program.functions[name]
    return f"{_define(node, program)} {_inside(program, node)}"


@singledispatch
def _describe(_node: ast.AST, _program: Program) -> str:
    return ""


@_describe.register
def _for(node: ast.For, program: Program) -> str:
    item, items = span(program.text(node.target)), span(program.text(node.iter))
    return (
        f"Line {node.lineno} of your code begins a loop. Before each round, the next item of {items} goes into {item}. "
        f"Then Python runs {_lines(node.body)}."
    )


@_describe.register
def _while(node: ast.While, program: Program) -> str:
    return (
        f"Line {node.lineno} of your code begins a loop. Before each round, Python checks "
        f"{span(program.text(node.test))}. While that is true, it runs {_lines(node.body)}."
    )


@_describe.register
def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, program: Program) -> str:
    first = node.generators[0]
    item, items, taken = (span(program.text(part)) for part in (first.target, first.iter, node.elt))
    only = f" It keeps those for which {span(program.text(first.ifs[0]))} is true." if first.ifs else ""
    return f"Line {node.lineno} of your code goes through {items} and calls each item {item}.{only} It takes {taken}."


@_describe.register
def _define(node: ast.FunctionDef, program: Program) -> str:
    names = [span(argument.arg) for argument in node.args.args if argument.arg != "self"]
    takes = f"It takes {listed(names)}." if names else "It takes no values."
    return f"Line {node.lineno} of your code makes the function {span(node.name)}. {takes} {_calls(program, node.name)}"


def _calls(program: Program, name: str) -> str:
    calls = [node for node in ast.walk(program.tree) if isinstance(node, ast.Call) and _called(node) == name]
    if not calls:
        return "No line of this code calls it yet."
    first = min(calls, key=lambda node: node.lineno)
    return f"Line {first.lineno} calls it: {span(program.text(first))}."


def _called(node: ast.Call) -> str | None:
    return getattr(node.func, "id", None) or getattr(node.func, "attr", None)


def _inside(program: Program, node: ast.FunctionDef) -> str:
    gives = [part for part in ast.walk(node) if isinstance(part, ast.Return) and part.value is not None]
    gives.sort(key=lambda part: part.lineno)
    if not gives:
        return "It has no `return` with a value, so a call gives `None`."
    values = [f"{span(program.text(part.value))} (line {part.lineno})" for part in gives[:3] if part.value is not None]
    return f"It gives back {listed(values, 'or')}."


@_describe.register
def _if(node: ast.If, program: Program) -> str:
    other = f" If not, Python goes on at line {_first_line(node.orelse)}." if node.orelse else ""
    return (
        f"Line {node.lineno} of your code asks whether {span(program.text(node.test))} is true. "
        f"If so, Python runs {_lines(node.body)}.{other}"
    )


@_describe.register
def _return(node: ast.Return, program: Program) -> str:
    value = span(program.text(node.value)) if node.value is not None else "`None`"
    return f"Line {node.lineno} of your code ends the function and gives back {value}."


@_describe.register
def _class(node: ast.ClassDef, program: Program) -> str:
    methods = [span(part.name) for part in node.body if isinstance(part, ast.FunctionDef)]
    has = f" Its methods are {listed(methods)}." if methods else ""
    return f"Line {node.lineno} of your code makes the class {span(node.name)}.{has} {_calls(program, node.name)}"


@_describe.register
def _assign(node: ast.Assign, program: Program) -> str:
    name, value = span(program.text(node.targets[0])), span(program.text(node.value))
    return f"Line {node.lineno} of your code works out {value}. Then {name} stands for the result."


@_describe.register
def _call(node: ast.Call, program: Program) -> str:
    for seen in program.seen:
        if isinstance(seen.node, ast.Assign) and seen.node.value is node:
            return _assign(seen.node, program)
    return f"Line {node.lineno} of your code calls {span(program.text(node))}."


@_describe.register
def _try(node: ast.Try, program: Program) -> str:
    caught = [span(program.text(handler.type)) for handler in node.handlers if handler.type is not None]
    after = f" If {listed(caught, 'or')} comes up, it jumps to line {node.handlers[0].lineno}." if caught else ""
    return f"Line {node.lineno} of your code begins a try. Python runs {_lines(node.body)}.{after}"


def _lines(body: list[ast.stmt]) -> str:
    first, last = _first_line(body), body[-1].end_lineno or body[-1].lineno
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _first_line(body: list[ast.stmt]) -> int:
    return body[0].lineno
