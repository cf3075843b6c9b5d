"""IndexError: a position that is not there, and the line that let it come to that."""

import ast
from dataclasses import dataclass

from learnflow.services.debug.case import Case
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.origins import origin_of
from learnflow.services.debug.program import name_of, source_of
from learnflow.services.debug.wording import code, positions, shown

_SHRINKING = {"pop", "remove", "clear"}


@dataclass(frozen=True, slots=True)
class Access:
    """One failing look-up: `whole[index]`, with the length and the position where the run showed them."""

    node: ast.Subscript
    length: int | None
    position: int | None

    @property
    def name(self) -> str:
        return source_of(self.node.value, 40)

    @property
    def index(self) -> str:
        return source_of(self.node.slice, 40)

    @property
    def is_known(self) -> bool:
        return self.length is not None and self.position is not None

    @property
    def is_outside(self) -> bool:
        if self.length is None or self.position is None:
            return False
        return not -self.length <= self.position < self.length


def explain(case: Case) -> list[Finding]:
    """The causes of an IndexError, best first."""
    if "pop" in case.message:
        return [_popped(case)]
    access = _access(case)
    if access is None:
        return []
    found = [detect(case, access) for detect in _DETECTORS]
    return [finding for finding in found if finding is not None]


def _access(case: Case) -> Access | None:
    made = [Access(n, case.length(n.value), case.number(n.slice)) for n in case.likely(ast.Subscript)]
    outside = next((access for access in made if access.is_outside), None)
    return outside or (made[0] if len(made) == 1 or (made and case.ran) else None)


def _fact(case: Case, access: Access) -> str:
    where = f"Line {case.line}"
    if access.length is None or access.position is None:
        return f"{where} asks {code(access.name)} for position {code(access.index)}. That position is not there."
    asked = f"{where} asked for position {access.position} of {code(access.name)}."
    if not isinstance(access.node.slice, ast.Constant | ast.UnaryOp):
        asked += f" {code(access.index)} was {access.position}."
    return f"{asked} {positions(access.length)}".replace("It has", f"{code(access.name)} has").replace(
        "It is empty", f"{code(access.name)} is empty"
    )


def _found(
    case: Case, access: Access, misconception: str, line: int | None, question: str, cause: str, sure: float = 0.9
) -> Finding:
    fact = _fact(case, access)
    return Finding(misconception, line, fact, question, cause, sure, is_seen=case.ran and access.is_outside)


def _size(access: Access) -> str:
    if access.length is None:
        return f"{code(access.name)} ends before that."
    if access.length == 0:
        return f"{code(access.name)} is empty."
    if access.length == 1:
        return f"{code(access.name)} has 1 item, and it is at position 0."
    return f"{code(access.name)} has {access.length} items, and the last one is at position {access.length - 1}."


def _popped(case: Case) -> Finding:
    calls = [n for n in case.likely(ast.Call) if getattr(n.func, "attr", "") == "pop"]
    call = calls[0] if len(calls) == 1 or (calls and case.ran) else None
    whole = call.func.value if call is not None and isinstance(call.func, ast.Attribute) else None
    name = code(source_of(whole)) if whole is not None else "the list"
    empty = "empty" in case.message
    fact = f"{case.here} takes an item out of {name}. " + (
        "It was empty at that moment." if empty else "The position it names is not there."
    )
    question = f"How many items does {name} hold just before {case.the_line}, in the last round?"
    cause = f"{case.here} runs once more after the last item has left {name}."
    return Finding(
        "empty-has-no-first" if empty else "position-not-there", case.line, fact, question, cause, is_seen=case.ran
    )


def _wrote_past_the_end(case: Case, access: Access) -> Finding | None:
    if "assignment" not in case.message:
        return None
    origin = origin_of(case, access.node.value)
    name = code(access.name)
    made = f"Line {origin.line} makes {name}. " if origin is not None else ""
    size = "It has no position at all" if access.length == 0 else "The place it writes to is not there"
    question = f"How many positions does {name} have just before line {case.line} runs?"
    cause = f"{made}Line {case.line} writes to one position of it. {size}, and writing to a position makes no new one."
    return _found(case, access, "list-grows-by-position", case.line, question, cause)


def _value_used_as_position(case: Case, access: Access) -> Finding | None:
    loop = _loop_that_binds(case, access.node.slice)
    if not isinstance(loop, ast.For) or source_of(loop.iter) != source_of(access.node.value):
        return None
    name, item = code(access.name), code(access.index)
    value = case.value(access.node.slice)
    held = f"{item} held {shown(value.shown)}, an item of {name}" if value else f"{item} holds an item of {name}"
    question = f"What does {item} hold in each round of line {loop.lineno}: a position, or an item?"
    cause = f"Line {loop.lineno} puts the items of {name} into {item}. On line {case.line} {held}, not a position."
    return _found(case, access, "index-is-value", case.line, question, cause, 0.95)


def _list_got_shorter(case: Case, access: Access) -> Finding | None:
    for loop in case.program.loops_around(access.node):
        line = _shrinks(loop, access.name)
        if isinstance(loop, ast.For) and line is not None and "len" in source_of(loop.iter):
            name = code(access.name)
            question = f"How long is {name} at the start of the loop, and how long is it now?"
            cause = (
                f"Line {loop.lineno} counts the items of {name} once, before the first round. "
                f"Line {line} makes {name} shorter during the loop. The last positions are gone by then."
            )
            return _found(case, access, "remove-while-looping", line, question, cause, 0.95)
    return None


def _shrinks(loop: ast.AST, name: str) -> int | None:
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SHRINKING:
            if source_of(node.func.value) == name:
                return node.lineno
        elif isinstance(node, ast.Delete) and any(_is_part_of(target, name) for target in node.targets):
            return node.lineno
    return None


def _is_part_of(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Subscript) and source_of(target.value) == name


def _counted_too_far(case: Case, access: Access) -> Finding | None:
    loop = _loop_that_binds(case, access.node.slice)
    if not isinstance(loop, ast.For) or not _is_range(loop.iter):
        return None
    numbers = case.value(loop.iter)
    last = numbers.literal[-1] if numbers and isinstance(numbers.literal, range) and numbers.literal else None
    if isinstance(access.node.slice, ast.BinOp):
        return _looked_ahead(case, access, loop, last)
    counter = code(source_of(loop.target))
    reach = f"lets {counter} run up to {last}" if last is not None else f"decides how far {counter} runs"
    name = code(access.name)
    question = f"Which number does {counter} reach last on line {loop.lineno}? Which positions does {name} have?"
    other = _measured(loop.iter)
    if other is not None and other != access.name:
        cause = f"Line {loop.lineno} counts the items of {code(other)} and {reach}. {_size(access)}"
        return _found(case, access, "other-length", loop.lineno, question, cause)
    cause = f"Line {loop.lineno} {reach}. {_size(access)}"
    return _found(case, access, "range-includes-end", loop.lineno, question, cause, 0.95)


def _looked_ahead(case: Case, access: Access, loop: ast.For, last: int | None) -> Finding:
    counter = code(source_of(loop.target))
    at = (
        f"When {counter} is {last}, {code(access.index)} is one that {code(access.name)} does not have. "
        if last
        else ""
    )
    question = f"In the last round of line {loop.lineno}, which position is {code(access.index)}?"
    cause = f"Line {case.line} uses {code(access.index)}. {at}Line {loop.lineno} lets {counter} run to the very end."
    return _found(case, access, "neighbour-past-the-end", loop.lineno, question, cause)


def _looped_too_long(case: Case, access: Access) -> Finding | None:
    names = _names_in(access.node.slice)
    for loop in case.program.loops_around(access.node):
        if isinstance(loop, ast.While) and names:
            return _while_finding(case, access, loop, min(names))
    return None


def _while_finding(case: Case, access: Access, loop: ast.While, counter: str) -> Finding:
    test, value = source_of(loop.test), case.number(ast.Name(counter))
    name = code(access.name)
    question = f"For which last value of {code(counter)} does the body of line {loop.lineno} run?"
    if counter not in _names_in(loop.test):
        cause = f"The condition {code(test)} on line {loop.lineno} does not look at {code(counter)}. {_size(access)}"
        return _found(case, access, "last-round-goes-too-far", loop.lineno, question, cause, 0.8)
    held = f"When {code(counter)} is {value}, the condition" if value is not None else "The condition"
    cause = f"{held} {code(test)} on line {loop.lineno} lets one more round begin. {_size(access)}"
    if len(loop.body) > 1 and _changed_before(case, loop, counter):
        cause = (
            f"Inside the loop of line {loop.lineno} {code(counter)} changes before line {case.line} uses it. "
            f"{_size(access)}"
        )
    question += f" Is there such a position in {name}?"
    return _found(case, access, "last-round-goes-too-far", loop.lineno, question, cause)


def _changed_before(case: Case, loop: ast.While, counter: str) -> bool:
    lines = [b.line for b in case.program.bindings_of(counter) if loop.lineno < b.line <= (loop.end_lineno or 0)]
    return any(line < (case.line or 0) for line in lines)


def _used_the_length(case: Case, access: Access) -> Finding | None:
    origin = origin_of(case, access.node.slice) if name_of(access.node.slice) else None
    source = origin.node if origin is not None else access.node.slice
    if not _is_len_of(source, access.name):
        return None
    line = origin.line if origin is not None else case.line
    question = f"How many items has {code(access.name)}? At which position is the last one?"
    cause = f"Line {line} uses the number of items as a position. {_size(access)}"
    return _found(case, access, "last-index-is-len", line, question, cause, 0.95)


def _too_few_parts(case: Case, access: Access) -> Finding | None:
    origin = origin_of(case, access.node.value)
    if origin is None or origin.maker != "method" or "split" not in origin.detail:
        return None
    value = case.value(access.node.value)
    held = f" This time that was {shown(value.shown)}." if value is not None else ""
    question = f"Into how many parts did line {origin.line} cut the text this time?"
    cause = f"Line {origin.line} cuts a text into {code(access.name)}.{held} {_size(access)}"
    return _found(case, access, "fewer-parts", origin.line, question, cause)


def _nothing_inside(case: Case, access: Access) -> Finding | None:
    if access.length != 0:
        return None
    origin = origin_of(case, access.node.value)
    where = f"Line {origin.line} gave {code(access.name)} its value. " if origin is not None else ""
    question = f"What is in {code(access.name)} when line {case.line} runs?"
    cause = f"{where}It was empty when line {case.line} asked for an item."
    other = _compared_with_other_kind(case, access)
    if other is not None:
        return other
    return _found(case, access, "empty-has-no-first", case.line, question, cause, 0.8)


def _compared_with_other_kind(case: Case, access: Access) -> Finding | None:
    """`if row == ():` for a list: the check for the empty case is there and never true."""
    kinds = {ast.List: "list", ast.Tuple: "tuple"}
    value = case.value(access.node.value)
    for node in case.program.nodes:
        if isinstance(node, ast.Compare) and source_of(node.left) == access.name and value is not None:
            side = node.comparators[0]
            kind = kinds.get(type(side))
            if kind and not getattr(side, "elts", None) and kind != value.kind and case.ran_line(node.lineno):
                question = (
                    f"What does {code(source_of(node))} on line {node.lineno} give when {code(access.name)} is "
                    f"{shown(value.shown)}?"
                )
                cause = (
                    f"Line {node.lineno} asks whether {code(source_of(node))}. "
                    f"{code(access.name)} was {shown(value.shown)}, "
                )
                cause += f"an empty {value.kind}. An empty {value.kind} and an empty {kind} are not equal."
                return _found(case, access, "empties-are-equal", node.lineno, question, cause, 0.95)
    return None


def _not_there(case: Case, access: Access) -> Finding | None:
    origin = origin_of(case, access.node.slice) if name_of(access.node.slice) else None
    where = f"Line {origin.line} gave {code(access.index)} its value. " if origin is not None else ""
    question = f"Which positions does {code(access.name)} have, and which one does line {case.line} ask for?"
    cause = f"{where}{_size(access)} Line {case.line} asks for another one."
    line = origin.line if origin is not None and access.is_known else case.line
    return _found(case, access, "position-not-there", line, question, cause, 0.7)


def _loop_that_binds(case: Case, index: ast.expr) -> ast.AST | None:
    names = _names_in(index)
    for loop in case.program.loops_around(case.statement) if case.statement is not None else ():
        if isinstance(loop, ast.For) and name_of(loop.target) in names:
            return loop
    if isinstance(case.statement, ast.For) and name_of(case.statement.target) in names:
        return case.statement
    return None


def _names_in(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} - {"len", "range"}


def _is_range(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _measured(node: ast.AST) -> str | None:
    """Whose length the expression uses: `a` in `range(len(a) - 1)`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "len" and inner.args:
            return source_of(inner.args[0], 40)
    return None


def _is_len_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and _measured(node) == name and source_of(node.func) == "len"


_DETECTORS = (
    _wrote_past_the_end,
    _value_used_as_position,
    _list_got_shorter,
    _counted_too_far,
    _used_the_length,
    _looped_too_long,
    _too_few_parts,
    _nothing_inside,
    _not_there,
)
