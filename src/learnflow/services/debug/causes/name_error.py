"""NameError: a name that nobody has made yet, or not here, or not spelt like that."""

import ast
import builtins
import re
import sys

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import never_made
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.program import Binding, FunctionNode
from learnflow.services.debug.wording import code

_LONGEST_NAME = 40  # two longer words are not compared: nobody misspells those, and it would take seconds
_QUOTED = re.compile(r"'([^']+)'")
_FOREIGN = {
    "true": "the value for yes",
    "false": "the value for no",
    "null": "the value for nothing",
    "nil": "the value for nothing",
    "none": "the value for nothing",
    "undefined": "the value for nothing",
    "TRUE": "the value for yes",
    "FALSE": "the value for no",
    "String": "the type of text",
    "string": "the type of text",
    "integer": "the type of whole numbers",
    "Integer": "the type of whole numbers",
    "boolean": "the type of yes and no",
    "printf": "showing something",
    "println": "showing something",
    "echo": "showing something",
    "cout": "showing something",
    "console": "showing something",
    "System": "showing something",
    "this": "the object itself",
    "length": "the number of items",
    "strlen": "the number of letters",
}
_WANT_NO_TEXT = {
    "len",
    "range",
    "enumerate",
    "sorted",
    "sum",
    "min",
    "max",
    "int",
    "float",
    "abs",
    "round",
    "list",
    "zip",
}
_INSIDE = {
    **dict.fromkeys(("sqrt", "floor", "ceil", "sin", "cos", "tan", "pi", "factorial", "gcd", "log"), "math"),
    **dict.fromkeys(("randint", "choice", "shuffle", "randrange", "sample", "uniform"), "random"),
    **dict.fromkeys(("Counter", "defaultdict", "deque", "namedtuple"), "collections"),
    **dict.fromkeys(("datetime", "date", "timedelta"), "datetime"),
    **dict.fromkeys(("sleep", "perf_counter"), "time"),
    **dict.fromkeys(("Path",), "pathlib"),
}


def explain(case: Case) -> list[Finding]:
    """The causes of a NameError, best first."""
    match = _QUOTED.search(case.message)
    if match is None:
        return []
    found = [detect(case, match[1]) for detect in _DETECTORS]
    return [finding for finding in found if finding is not None]


def _fact(case: Case, name: str) -> str:
    return f"{case.here} uses the name {code(name)}. Python did not know that name at that moment."


def _found(case: Case, misconception: str, line: int | None, question: str, cause: str, name: str, sure: float = 0.9,
           *, is_seen: bool | None = None) -> Finding:  # fmt: skip
    seen = case.ran if is_seen is None else is_seen
    return Finding(misconception, line, _fact(case, name), question, cause, sure, is_seen=seen)


def _foreign(case: Case, name: str) -> Finding | None:
    meaning = _FOREIGN.get(name)
    if meaning is None or case.program.bindings_of(name):
        return None
    question = f"How does Python itself write {meaning}?"
    cause = f"Line {case.line} says {code(name)}. In some languages that is {meaning}. Python spells it in another way."
    return _found(case, "other-language-word", case.line, question, cause, name, 0.9)


def _here(case: Case, name: str) -> list[Binding]:
    """Bindings in the failing function or at the module's level, class bodies and comprehensions apart."""
    found = [b for b in case.program.bindings_of(name) if b.function in {None, case.function}]
    return [b for b in found if b.kind != "comprehension" and not _in_class_body(case, b)]


def _in_class_body(case: Case, binding: Binding) -> bool:
    if binding.kind == "parameter":
        return False
    around = case.program.class_around(binding.statement)
    return around is not None and case.program.function_around(binding.statement) is None


def _deleted(case: Case, name: str) -> Finding | None:
    lines = [b.line for b in case.program.bindings if b.name == name and b.kind == "delete"]
    line = case.last_run(lines) or (lines[-1] if lines and case.run.is_cut else None)
    if line is None:
        return None
    question = f"Which lines before {case.the_line} do something with {code(name)}?"
    cause = f"Line {line} takes the name {code(name)} away. After that line nobody knows it."
    return _found(case, "name-was-deleted", line, question, cause, name)


def _not_run(case: Case, name: str) -> Finding | None:
    here = [b for b in _here(case, name) if b.line < (case.line or 0)]
    return never_made.skipped(case, name, here, _fact(case, name)) if here else None


def _later(case: Case, name: str) -> Finding | None:
    later = [b for b in _here(case, name) if b.line >= (case.line or 0)]
    if not later or (len(later) != len(_here(case, name)) and not case.function):
        return None
    line = later[0].line
    what = "defined" if later[0].kind in {"def", "class"} else "made"
    if line == case.line:
        cause = f"Line {line} wants to give {code(name)} a value, and reads {code(name)} to work that value out."
    else:
        cause = f"{code(name)} is {what} on line {line}. Line {_reached(case)} runs before line {line} does."
    question = (
        f"In which order do the lines run? Which comes first: the one that makes {code(name)}, or {case.the_line}?"
    )
    return _found(case, "used-before-made", case.line, question, cause, name, 0.95)


def _reached(case: Case) -> int | None:
    return case.line


def _inside_a_function(case: Case, name: str) -> Finding | None:
    inside = [b for b in case.program.bindings_of(name) if isinstance(b.function, FunctionNode)]
    others = [b for b in inside if b.function is not case.function and b.function is not None]
    if not others or _here(case, name):
        return None
    first = others[0]
    owner = first.function.name if first.function is not None else ""
    question = f"Where is {code(name)} made: in the same place as {case.the_line}, or inside a function?"
    how = "is a name in the brackets" if first.kind == "parameter" else f"gets its value on line {first.line}, inside"
    cause = f"{code(name)} {how} of the function {code(owner)}. Line {case.line} stands outside of {code(owner)}."
    cause = cause.replace("inside of the function", "inside the function")
    return _found(case, "local-is-global", first.line, question, cause, name, 0.95)


def _belongs_to_self(case: Case, name: str) -> Finding | None:
    if case.function is None or case.program.class_around(case.function) is None:
        return None
    attributes = {b.name.partition(".")[2] for b in case.program.bindings if b.name.startswith("self.")}
    owner = case.program.class_around(case.function)
    members = {n.name for n in owner.body if isinstance(n, FunctionNode)} if isinstance(owner, ast.ClassDef) else set()
    fields = {b.name for b in case.program.bindings if _in_class_body(case, b)}
    if name not in attributes | members | fields:
        return None
    question = f"To whom does {code(name)} belong: to this method, or to the object?"
    cause = (
        f"{code(name)} belongs to the object. Line {case.line} uses it as a bare name, "
        f"so Python looks for a name inside {code(case.function.name)}."
    )
    return _found(case, "needs-self", case.line, question, cause, name, 0.95)


def _of_comprehension(case: Case, name: str) -> Finding | None:
    made = [b for b in case.program.bindings_of(name) if b.kind in {"comprehension", "except"}]
    if not made:
        return None
    question = f"How long does {code(name)} live, once line {made[0].line} has made it?"
    cause = f"{code(name)} is made on line {made[0].line} and lives only inside that piece of code."
    return _found(case, "local-is-global", made[0].line, question, cause, name, 0.8)


def _not_imported(case: Case, name: str) -> Finding | None:
    if name not in sys.stdlib_module_names or not any(n.value for n in _attributes_of(case, name)):
        return None
    question = f"Which line of the program fetches {code(name)}?"
    cause = f"Line {case.line} uses {code(name)}, which is a module. No line has fetched it before."
    return _found(case, "needs-import", case.line, question, cause, name, 0.95)


def _attributes_of(case: Case, name: str) -> list[ast.Attribute]:
    attributes = (node for node in case.program.nodes if isinstance(node, ast.Attribute))
    return [node for node in attributes if isinstance(node.value, ast.Name) and node.value.id == name]


def _inside_a_module(case: Case, name: str) -> Finding | None:
    module = _INSIDE.get(name)
    if module is None:
        return None
    imports = [b for b in case.program.bindings_of(module) if b.kind == "import"]
    question = f"Where does {code(name)} come from? Does it stand alone, or inside a module?"
    if imports:
        cause = f"Line {imports[0].line} fetches the module {code(module)}. {code(name)} is inside it. "
        cause += f"Line {case.line} uses {code(name)} as if it stood alone."
        return _found(case, "import-gives-module", case.line, question, cause, name)
    cause = f"{code(name)} is not part of Python's own names. It lives in a module, and no line has fetched it."
    return _found(case, "needs-import", case.line, question, cause, name, 0.85)


def _typo(case: Case, name: str) -> Finding | None:
    near = nearest(name, known_names(case))
    if near is None:
        return None
    question = (
        f"Which names did your program make before {case.the_line}? Compare each with {code(name)}, letter by letter."
    )
    made = [b.line for b in case.program.bindings_of(near) if not _in_class_body(case, b)]
    if made:
        cause = f"Line {case.line} says {code(name)}. Line {made[0]} makes a name that looks almost the same. "
        cause += "Compare the two letter by letter, capitals too."
    else:
        cause = f"Line {case.line} says {code(name)}. Python has a name of its own that looks almost the same. "
        cause += "Compare the spelling letter by letter, capitals too."
    return _found(case, "name-typo", case.line, question, cause, name, 0.85)


def known_names(case: Case) -> list[str]:
    """The program's own names first, then Python's."""
    own = [b.name for b in case.program.bindings if "." not in b.name]
    return [*dict.fromkeys(own), *(n for n in dir(builtins) if not n.startswith("_"))]


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that looks most like this one; a short name must differ in capitals only."""
    same = [other for other in known if other.lower() == name.lower() and other != name]
    if same:
        return same[0]
    if len(name) < 3:
        return None
    rated = [(distance(name.lower(), other.lower()), other) for other in known if len(other) > 2 and other != name]
    best = min(rated, default=(99, ""), key=lambda pair: pair[0])
    return best[1] if best[0] <= (1 if len(name) < 6 else 2) else None


def distance(left: str, right: str) -> int:
    """How many slips lie between two words: a letter too many, too few, another, or two swapped."""
    if abs(len(left) - len(right)) > 2 or len(left) > _LONGEST_NAME:
        return 99
    before, row = [0] * (len(right) + 1), list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]


def _unquoted(case: Case, name: str) -> Finding | None:
    if not case.program.is_whole or case.program.bindings_of(name):
        return None
    node = next((n for n in case.failing(ast.Name) if n.id == name), None)
    parent = case.program.parents.get(node) if node is not None else None
    if node is None or parent is None or not _stands_like_a_word(case, node, parent):
        return None
    question = f"Is {code(name)} meant as a name that holds something, or as the word itself?"
    cause = f"Line {case.line} uses {code(name)} as a name. No line of the program gives a value to such a name."
    return _found(case, "text-needs-quotes", case.line, question, cause, name, 0.7)


def _stands_like_a_word(case: Case, node: ast.Name, parent: ast.AST) -> bool:
    """Whether a text would make sense there: shown, stored, compared with a text, and used nowhere else."""
    if sum(isinstance(n, ast.Name) and n.id == node.id for n in case.program.nodes) > 1:
        return False
    if isinstance(parent, ast.Call):
        return node is not parent.func and getattr(parent.func, "id", "own") not in _WANT_NO_TEXT
    if isinstance(parent, ast.Compare):
        other = parent.left if parent.left is not node else parent.comparators[0]
        value = case.value(other)
        return isinstance(parent.ops[0], ast.Eq | ast.NotEq | ast.In) and value is not None and value.kind == "str"
    if isinstance(parent, ast.BinOp):
        return any(
            isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (parent.left, parent.right)
        )
    return isinstance(parent, ast.Assign | ast.List | ast.Dict | ast.Tuple | ast.Set)


def _unknown(case: Case, name: str) -> Finding | None:
    question = f"Which line makes {code(name)}? Does it run before {case.the_line}, and is it spelt in the same way?"
    similar = _shares_a_part(case, name)
    if similar is not None:
        cause = f"No line of the program makes {code(name)}. Line {similar} makes a name that shares a part with it."
        return _found(case, "name-typo", case.line, question, cause, name, 0.6)
    where = f"No line of the program makes {code(name)}." if case.program.is_whole else "The message proves no more."
    cause = f"When {case.the_line} ran, nothing had the name {code(name)}. {where}"
    if case.program.bindings_of(name):
        cause = f"When {case.the_line} ran, nothing had the name {code(name)} there."
    return _found(case, "used-before-made", case.line, question, cause, name, 0.5)


def _shares_a_part(case: Case, name: str) -> int | None:
    """The line of a visible name that holds this one as a part, or is a part of it: `seq` and `sorted_seq`."""
    parts = {part for part in name.lower().split("_") if len(part) > 2}
    visible = [b for b in case.program.bindings if b.function in {None, case.function} and b.kind != "import"]
    similar = [b.line for b in visible if b.name != name and parts & set(b.name.lower().split("_"))]
    return similar[0] if similar else None


_DETECTORS = (
    _foreign,
    _deleted,
    _not_run,
    _later,
    _belongs_to_self,
    _inside_a_function,
    _of_comprehension,
    _not_imported,
    _inside_a_module,
    _typo,
    _unquoted,
    _unknown,
)
