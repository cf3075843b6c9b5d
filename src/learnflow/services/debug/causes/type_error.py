"""TypeError: an operation on values of the wrong type."""

import ast
import re
from collections.abc import Callable, Iterator

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import calls, nothing
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.operands import operand_of_kind
from learnflow.services.debug.origins import Origin, origin_of
from learnflow.services.debug.program import name_of, source_of
from learnflow.services.debug.wording import code, kind, shown

Match = re.Match[str]


def explain(case: Case) -> list[Finding]:
    """The causes of a TypeError, best first."""
    for pattern, detect in _BY_MESSAGE:
        match = re.search(pattern, case.message)
        if match is not None and (found := detect(case, match)):
            return found
    return []


def _described(case: Case, node: ast.expr | None, type_name: str) -> str:
    """`age` is text: `'12'`."""
    if node is None:
        return f"One value{case.at} is {kind(type_name)}."
    value = case.value(node)
    name = code(source_of(node, 40))
    if isinstance(node, ast.Constant):
        return f"{name} is {kind(type_name)}."
    held = f": {shown(value.shown)}" if value is not None else ""
    return f"{name} is {kind(type_name)}{held}."


def _origin_words(node: ast.expr, origin: Origin | None, type_name: str) -> str:
    name = code(source_of(node, 40))
    if origin is None:
        return f"{name} is {kind(type_name)}."
    if origin.maker == "input":
        return f"Line {origin.line} takes {name} from `input()`. What `input()` gives back is always text."
    if origin.maker == "loop":
        return f"In each round line {origin.line} gives {name} the next item, and this time that was {kind(type_name)}."
    return f"Line {origin.line} gives {name} its value, and that is {kind(type_name)}."


def _mixed(case: Case, left: str, right: str, sign: str, what: str) -> list[Finding]:
    """Two operands whose types do not go together."""
    if "NoneType" in {left, right}:
        return nothing.explain(case)
    first, second = _pair(case, left, right, sign)
    fact = f"{case.here} {what}. {_described(case, first, left)} {_described(case, second, right)}"
    text = second if right == "str" and left != "str" else first
    node = text if "str" in {left, right} else first
    origin = origin_of(case, node) if node is not None and name_of(node) else None
    misconception = _of_mixture(left, right, origin, case.message)
    question = f"Which type does each side have{case.at}? Which types did you expect?"
    made = [_made(case, first, left), _made(case, second, right)]
    cause = " ".join(words for words in made if words) or "The two sides have different types."
    cause += f" {case.here} {what}, and these two types do not go together."
    line = origin.line if origin is not None and origin.maker == "input" else case.line
    return [Finding(misconception, line, fact, question, cause, 0.9, is_seen=case.ran and first is not None)]


def _made(case: Case, node: ast.expr | None, type_name: str) -> str:
    if node is None:
        return ""
    if not name_of(node):
        return f"{code(source_of(node, 40))} is {kind(type_name)}."
    return _origin_words(node, origin_of(case, node), type_name)


def _pair(case: Case, left: str, right: str, sign: str) -> tuple[ast.expr | None, ast.expr | None]:
    """The two sides, where the values or the columns tell which operation it was, or where there is only one."""
    found = [pair for pair in _sides(case, sign) if _fits(case, pair, left, right)]
    sure = [pair for pair in found if _kind(case, pair[0]) == left and _kind(case, pair[1]) == right]
    if sure or len(found) == 1:
        return (sure or found)[0]
    if found or not case.ran:
        return None, None
    first = operand_of_kind(case, left)
    return first, (operand_of_kind(case, right) if right != left else None)


def _fits(case: Case, pair: tuple[ast.expr, ast.expr], left: str, right: str) -> bool:
    return _kind(case, pair[0]) in {left, None} and _kind(case, pair[1]) in {right, None}


def _sides(case: Case, sign: str) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What stands left and right of this sign; `5 > "a"` may be asked as `"a" < 5`."""
    kind = _OPERATORS.get(sign.removesuffix("=")) if sign not in _COMPARED else None
    for node in case.likely(ast.BinOp):
        if kind is not None and isinstance(node.op, kind):
            yield node.left, node.right
    if isinstance(case.statement, ast.AugAssign) and kind is not None and isinstance(case.statement.op, kind):
        yield case.statement.target, case.statement.value
    for compared in case.likely(ast.Compare):
        if kind is None:
            yield compared.left, compared.comparators[0]
            yield compared.comparators[0], compared.left


_COMPARED = {"<", ">", "<=", ">=", "in"}
_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod,
    "** or pow()": ast.Pow, "**": ast.Pow, "@": ast.MatMult, "|": ast.BitOr, "&": ast.BitAnd, "^": ast.BitXor,
    "<<": ast.LShift, ">>": ast.RShift,
}  # fmt: skip


def _kind(case: Case, node: ast.expr) -> str | None:
    value = case.value(node)
    return value.kind if value is not None else None


def _of_mixture(left: str, right: str, origin: Origin | None, message: str) -> str:
    if origin is not None and origin.maker == "input":
        return "input-gives-number"
    if "list" in {left, right} and ("+" in message or "concatenate" in message):
        return "plus-adds-item"
    if {left, right} <= {"str", "int", "float", "bool"} and ("+" in message or "concatenate" in message):
        return "text-plus-number"
    return "types-do-not-fit"


_VERBS = {
    "+": "adds two values with `+`", "-": "subtracts with `-`", "*": "multiplies with `*`", "/": "divides with `/`",
    "//": "divides with `//`", "%": "takes a rest with `%`", "** or pow()": "works out a power",
}  # fmt: skip


def _operator(case: Case, match: Match) -> list[Finding]:
    sign = match["sign"].removesuffix("=") or "="
    return _mixed(case, match["left"], match["right"], match["sign"], _VERBS.get(sign, f"works with {code(sign)}"))


def _concatenate(case: Case, match: Match) -> list[Finding]:
    return _mixed(case, match["left"], match["right"], "+", _VERBS["+"])


def _membership(case: Case, match: Match) -> list[Finding]:
    return _mixed(case, match["left"], "str", "in", "looks with `in` for one value inside another")


def _comparison(case: Case, match: Match) -> list[Finding]:
    return _mixed(case, match["left"], match["right"], match["sign"], f"compares two values with {code(match['sign'])}")


def _simple(misconception: str, what: str, question: str) -> Callable[[Case, Match], list[Finding]]:
    """A cause that needs one operand, its type and where it was made."""

    def detect(case: Case, match: Match) -> list[Finding]:
        type_name = match.groupdict().get("kind") or "str"
        if type_name == "NoneType":
            return nothing.explain(case)
        node = operand_of_kind(case, type_name)
        origin = origin_of(case, node) if node is not None and name_of(node) else None
        name = code(source_of(node, 40)) if node is not None else f"a value that is {kind(type_name)}"
        fact = f"{case.here} {what.format(name=name)}. {_described(case, node, type_name)}"
        cause = _origin_words(node, origin, type_name) if node is not None else f"The value is {kind(type_name)}."
        cause += f" {case.here} {what.format(name=name)}, and that does not work with {kind(type_name)}."
        chosen = "input-gives-number" if origin is not None and origin.maker == "input" else misconception
        is_earlier = chosen in {"input-gives-number", "whole-number-needed"} and origin is not None
        line = origin.line if origin is not None and is_earlier else case.line
        asked = question.format(name=name, at=case.at)
        return [Finding(chosen, line, fact, asked, cause, 0.85, is_seen=case.ran and node is not None)]

    return detect


def _indexed(case: Case, whole: str, wrong: str) -> ast.Subscript | None:
    """The square brackets that the message is about: those whose types are known to fit, else the only ones."""
    nodes = [n for n in case.likely(ast.Subscript) if _kind(case, n.value) in {whole, None}]
    nodes = [n for n in nodes if _kind(case, n.slice) in {wrong, None}]
    sure = [n for n in nodes if _kind(case, n.slice) == wrong]
    return (sure or nodes)[0] if sure or len(nodes) == 1 else None


def _indices(case: Case, match: Match) -> list[Finding]:
    whole, wrong = match["whole"].replace("string", "str"), match["kind"]
    node = _indexed(case, whole, wrong)
    if node is None:
        return []
    name, key = code(source_of(node.value, 40)), source_of(node.slice, 40)
    fact = f"Line {case.line} asks {name} for {code(key)}. {_described(case, node.slice, wrong)}"
    loop = next((b for b in case.program.bindings_of(key) if b.kind == "for"), None)
    question = f"What is {name}, and what can stand in its square brackets? What does {code(key)} hold?"
    if (
        loop is not None
        and isinstance(loop.statement, ast.For)
        and source_of(loop.statement.iter) == source_of(node.value)
    ):
        cause = (
            f"Line {loop.line} puts the items of {name} into {code(key)}. "
            f"Line {case.line} uses such an item as a position."
        )
        return [Finding("index-is-value", case.line, fact, question, cause, 0.95, is_seen=case.ran)]
    origin = origin_of(case, node.slice) if name_of(node.slice) else None
    where = _origin_words(node.slice, origin, wrong) if origin is not None else ""
    cause = f"{where} {name} is {kind(whole)}. Its positions are whole numbers, and {code(key)} is {kind(wrong)}."
    chosen = "input-gives-number" if origin is not None and origin.maker == "input" else "index-must-be-whole"
    return [Finding(chosen, case.line, fact, question, cause.strip(), 0.9, is_seen=case.ran)]


def _not_iterable(case: Case, match: Match) -> list[Finding]:
    if match["kind"] == "NoneType":
        return nothing.explain(case)
    node = operand_of_kind(case, match["kind"])
    statement = case.statement
    if isinstance(statement, ast.AugAssign) and case.raised.column in {None, statement.col_offset}:
        return _added_item(case, statement, match["kind"])
    what = "goes through {name} item by item"
    if "argument of type" in case.message:
        what = "looks with `in` for something inside {name}"
    elif isinstance(node, ast.Call) and source_of(node.func) == "len":
        what = "goes through {name}"
    return _simple("length-is-iterable", what, "How many things does {name} hold{at}: many, or one?")(case, match)


def _added_item(case: Case, statement: ast.AugAssign, wrong: str) -> list[Finding]:
    target, value = code(source_of(statement.target, 40)), statement.value
    fact = f"Line {case.line} adds to {target} with `+=`. {_described(case, value, wrong)}"
    question = f"What does `+=` want on its right side when {target} is a list?"
    cause = (
        f"{target} is a list. `+=` joins another list to it, item by item. "
        f"{_described(case, value, wrong)} It has no items."
    )
    return [Finding("plus-adds-item", case.line, fact, question, cause, 0.95, is_seen=case.ran)]


def _item_assignment(case: Case, match: Match) -> list[Finding]:
    chosen = "string-is-mutable" if match["kind"] == "str" else "tuple-is-mutable"
    if match["kind"] not in {"str", "tuple"}:
        chosen = "number-has-no-parts"
    return _simple(chosen, "wants to change one part of {name}", "Can {name} be changed after it was made?")(
        case, match
    )


def _not_whole(case: Case, match: Match) -> list[Finding]:
    in_range = any(source_of(call.func) == "range" for call in case.failing(ast.Call))
    wrong = match["kind"]
    if in_range and wrong in {"list", "tuple", "dict", "set"}:
        chosen, asked = "range-needs-number", "What does `range` need to know before it can count?"
    else:
        chosen, asked = "whole-number-needed", "Which type does {name} have{at}, and which line made it so?"
    return _simple(chosen, "needs a whole number and got {name}", asked)(case, match)


def _joined(case: Case, match: Match) -> list[Finding]:
    call = next((n for n in case.failing(ast.Call) if getattr(n.func, "attr", "") == "join" and n.args), None)
    items = code(source_of(call.args[0], 40)) if call is not None else "what it joins"
    value = case.value(call.args[0]) if call is not None else None
    held = f" {items} was {shown(value.shown)}." if value is not None else ""
    fact = f"{case.here} joins the items of {items} into one text.{held} One item is {kind(match['kind'])}."
    question = f"Which type does each item of {items} have?"
    cause = f"`join`{case.at} takes texts only. In {items} it met {kind(match['kind'])}."
    return [Finding("join-needs-text", case.line, fact, question, cause, 0.9, is_seen=case.ran and call is not None)]


_Q = "Which type does {name} have{at}? What did you expect it to be?"
_BY_MESSAGE: tuple[tuple[str, Callable[[Case, Match], list[Finding]]], ...] = (
    (r"unsupported operand type\(s\) for (?P<sign>.+?): '(?P<left>.+?)' and '(?P<right>.+?)'", _operator),
    (r"can only concatenate (?P<left>\w+) \(not \"(?P<right>\w+)\"\)", _concatenate),
    (r"'(?P<sign>in) <(?P<right>string)>' requires string as left operand, not (?P<left>\w+)", _membership),
    (r"'(?P<sign>[<>=!]+)' not supported between instances of '(?P<left>.+?)' and '(?P<right>.+?)'", _comparison),
    (r"(?P<whole>list|tuple|string) indices must be integers(?: or slices)?, not '?(?P<kind>\w+)'?", _indices),
    (r"'(?P<kind>[\w.]+)' object is not callable", calls.not_callable),
    (r"'(?P<kind>function|builtin_function_or_method|method|type)' object is not subscriptable", calls.indexed),
    (r"'(?P<kind>[\w.]+)' object is not subscriptable",
     _simple("number-has-no-parts", "asks for a part of {name} with square brackets", _Q)),
    (r"argument of type '(?P<kind>[\w.]+)' is not iterable", _not_iterable),
    (r"cannot unpack non-iterable (?P<kind>\w+) object",
     _simple("unpack-counts", "shares out {name} among several names", "How many values does {name} hold?")),
    (r"'(?P<kind>[\w.]+)' object is not iterable", _not_iterable),
    (r"object of type '(?P<kind>[\w.]+)' has no len\(\)",
     _simple("number-has-no-parts", "asks for the length of {name}", _Q)),
    (r"'(?P<kind>[\w.]+)' object does not support item (?:assignment|deletion)", _item_assignment),
    (r"unhashable type: '(?P<kind>\w+)'",
     _simple("key-can-be-anything", "uses {name} as a key or as an item of a set",
             "Can {name} change after it was made?")),
    (r"'(?P<kind>\w+)' object cannot be interpreted as an integer", _not_whole),
    (r"not all arguments converted during string formatting",
     _simple("format-by-percent", "uses `%` with {name} on its left", _Q)),
    (r"can't multiply sequence by non-int of type '(?P<kind>\w+)'",
     _simple("text-times-text", "multiplies with {name}", _Q)),
    (r"sequence item \d+: expected str instance, (?P<kind>\w+) found",
     _joined),
    (r"bad operand type for [\w() ]+.: '(?P<kind>\w+)'", _simple("types-do-not-fit", "calculates with {name}", _Q)),
    (r"int\(\) argument must be .*not '(?P<kind>\w+)'", _simple("int-reads-any-text", "hands {name} to `int`", _Q)),
    (r"float\(\) argument must be .*not '(?P<kind>\w+)'", _simple("int-reads-any-text", "hands {name} to `float`", _Q)),
    (r"must be real number, not (?P<kind>\w+)", _simple("types-do-not-fit", "calculates with {name}", _Q)),
    ((r"missing (?P<count>\d+) required|takes (?:from )?\d+.* positional arguments?|takes no arguments"
     r"|takes no keyword arguments|unexpected keyword argument|expected (?:at least|at most|exactly)?.*argument"
      r"|takes exactly|takes at (?:most|least)"), calls.argument_count),
)  # fmt: skip
