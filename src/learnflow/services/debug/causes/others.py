"""The rarer exceptions: keys, division, input that ends, recursion, files, imports, and errors raised on purpose."""

import ast
import re
from collections.abc import Iterator

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes.name_error import nearest
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.origins import calls_of, origin_of, returns_of
from learnflow.services.debug.program import FunctionNode, name_of, source_of
from learnflow.services.debug.values import UNKNOWN, read_value
from learnflow.services.debug.wording import code, count, listed, shown


def key_error(case: Case) -> list[Finding]:
    """A key that is not in the dictionary."""
    node = next((n for n in case.failing(ast.Subscript) if _is_dict(case, n.value)), None)
    key = read_value(case.message)
    if node is None:
        fact = f"{case.here} asks a dictionary for the key {shown(case.message)}. That key is not in it."
        question = "Which keys does the dictionary have at that moment?"
        return [
            Finding(
                "missing-key-is-zero", case.line, fact, question, "The key was never put in.", 0.6, is_seen=case.ran
            )
        ]
    name = code(source_of(node.value, 40))
    held = case.value(node.value)
    keys = list(held.literal) if held is not None and isinstance(held.literal, dict) else None
    fact = f"Line {case.line} asks {name} for the key {shown(case.message)}. " + _keys(name, keys)
    question = f"Which keys are in {name} when line {case.line} runs? Is {shown(case.message)} among them?"
    return [_by_key(case, name, keys, key.literal, fact, question)]


def _is_dict(case: Case, node: ast.expr) -> bool:
    value = case.value(node)
    return value is None or value.kind in {"dict", "defaultdict", "Counter"}


def _keys(name: str, keys: list[object] | None) -> str:
    if keys is None:
        return f"{name} has no such key."
    return f"{name} has {listed([repr(key) for key in keys])}." if keys else f"{name} is empty."


def _by_key(case: Case, name: str, keys: list[object] | None, key: object, fact: str, question: str
            ) -> Finding:  # fmt: skip
    texts = [other for other in keys or [] if isinstance(other, str)]
    if key is not UNKNOWN and any(str(other) == str(key) for other in keys or []):
        cause = (
            f"Line {case.line} asks with {shown(case.message)}. "
            f"{name} has a key that looks the same but has another type."
        )
        return Finding("key-has-another-type", case.line, fact, question, cause, 0.95, is_seen=case.ran)
    if isinstance(key, str) and nearest(key, texts) is not None:
        cause = f"Line {case.line} asks with {shown(case.message)}. {name} has a key that is spelt almost the same."
        return Finding("name-typo", case.line, fact, question, cause, 0.85, is_seen=case.ran)
    counted = isinstance(case.statement, ast.AugAssign)
    cause = f"Line {case.line} takes for granted that {name} has the key {shown(case.message)}. "
    cause += "No line that ran has put it in."
    if counted:
        cause = (
            f"Line {case.line} changes the value under {shown(case.message)}. For that the key must be there already."
        )
    return Finding("missing-key-is-zero", case.line, fact, question, cause, 0.85, is_seen=case.ran)


def _divisions(case: Case) -> Iterator[ast.BinOp]:
    """Divisions that can have failed: those by 2 cannot."""
    for node in case.likely(ast.BinOp):
        divisor = case.value(node.right)
        if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) and not (divisor is not None and divisor.literal):
            yield node


def _division(case: Case) -> ast.BinOp | None:
    """The division that failed: the one by 0 where the values tell, else the only one."""
    nodes = list(_divisions(case))
    by_zero = [node for node in nodes if case.number(node.right) == 0]
    return (by_zero or nodes)[0] if by_zero or len(nodes) == 1 else None


def zero_division(case: Case) -> list[Finding]:
    """A divisor that was 0, and where it came from."""
    node = _division(case)
    divisor = node.right if node is not None else None
    if divisor is None and isinstance(case.statement, ast.AugAssign) and not list(_divisions(case)):
        divisor = case.statement.value
    if divisor is None:
        fact = f"{case.here} divides by a value that was 0."
        return [
            Finding(
                "divisor-is-never-zero",
                case.line,
                fact,
                "Which value stands right of the division sign?",
                "The message proves that it was 0.",
                0.6,
                is_seen=case.ran,
            )
        ]
    name = code(source_of(divisor, 40))
    origin = origin_of(case, divisor) if name_of(divisor) else None
    fact = f"Line {case.line} divides by {name}. {name} was 0 at that moment."
    if isinstance(divisor, ast.Call) and source_of(divisor.func) == "len" and divisor.args:
        fact = f"Line {case.line} divides by {name}. That was 0: {code(source_of(divisor.args[0]))} was empty."
    question = f"When is {name} equal to 0? What should the program do in that case?"
    line = origin.line if origin is not None else case.line
    made = f"Line {origin.line} gives {name} its value. " if origin is not None and origin.line != case.line else ""
    cause = f"{made}Line {case.line} divides by it without looking at it first."
    return [Finding("divisor-is-never-zero", line, fact, question, cause, 0.85, is_seen=case.ran)]


def input_ended(case: Case) -> list[Finding]:
    """More calls of `input()` than lines of input."""
    asked = len(list(calls_of(case.program, "input")))
    fact = f"{case.here} asks for a line of input. No line was left to read."
    question = "How many lines of input does the program read, and how many did it get?"
    if case.program.is_whole and asked:
        question += f" It calls `input()` in {count(asked, 'place')}."
    cause = f"Each `input()` takes one line. When {case.the_line} ran, all lines had been taken."
    return [Finding("input-ends", case.line, fact, question, cause, 0.8, is_seen=case.ran)]


def recursion(case: Case) -> list[Finding]:
    """A function that calls itself without coming to an end."""
    function = case.function or case.program.functions.get(case.raised.function or "")
    if function is None:
        return []
    call = next((c for c in calls_of(case.program, function.name) if case.program.function_around(c) is function), None)
    if call is None:
        return [_by_way_of_others(case, function)]
    name = code(function.name)
    fact = (
        f"{name} called itself again and again, until Python stopped it. "
        f"The call stands on line {call.lineno}: {code(source_of(call))}."
    )
    question = f"For which value does {name} give an answer without calling itself? Does it ever get that value?"
    return [_why_no_end(case, function, call, fact, question)]


def _by_way_of_others(case: Case, function: FunctionNode) -> Finding:
    name = code(function.name)
    fact = f"Line {case.line}, in {name}, was reached over and over, until Python stopped the program."
    cause = f"{name} calls something that leads back to {name}, and no call comes to an end first."
    return Finding("recursion-needs-an-end", case.line, fact, f"Which line brings the program back into {name}?", cause,
                   0.7, is_seen=case.ran)  # fmt: skip


def _why_no_end(case: Case, function: FunctionNode, call: ast.Call, fact: str, question: str) -> Finding:
    name = code(function.name)
    if not _has_way_out(case, function):
        cause = (
            f"Each way through {name} (lines {function.lineno} to {function.end_lineno}) comes to line "
            f"{call.lineno}, the next call. None of them ends before."
        )
        return Finding("recursion-needs-an-end", function.lineno, fact, question, cause, 0.9, is_seen=case.ran)
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    same = [p for p, a in zip(names, call.args, strict=False) if source_of(a) == p]
    if names and len(same) == len(names):
        cause = (
            f"Line {call.lineno} hands {listed(same)} over unchanged. So the next call has exactly the same work to do."
        )
        return Finding("recursion-must-shrink", call.lineno, fact, question, cause, 0.95, is_seen=case.ran)
    held = _held(case, names)
    cause = (
        f"Line {call.lineno} hands over {listed([source_of(a) for a in call.args])}.{held} The case that ends it "
        "was never met."
    )
    return Finding("recursion-must-shrink", call.lineno, fact, question, cause, 0.85, is_seen=case.ran)


def _has_way_out(case: Case, function: FunctionNode) -> bool:
    """Whether some branch of the function leaves without calling it again."""
    ways = [r for r in returns_of(case.program, function) if not _calls(r, function.name)]
    guarded = [r for r in ways if case.program.branch_around(r) is not None]
    blocks = [n for n in ast.walk(function) if isinstance(n, ast.If) and _calls(n, function.name)]
    return bool(guarded or blocks)


def _calls(node: ast.AST, name: str) -> bool:
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
    return any(getattr(c.func, "id", getattr(c.func, "attr", None)) == name for c in calls)


def _held(case: Case, names: list[str]) -> str:
    parts = []
    for name in names[:2]:
        seen = [step.values[name] for step in case.steps if name in step.values and step.function != "<module>"]
        first = list(dict.fromkeys(seen))[:3]
        if first:
            parts.append(f" In the first calls {code(name)} was {listed(first)}.")
    return "".join(parts)


def missing_module(case: Case) -> list[Finding]:
    """An import of something that is not there."""
    match = re.search(r"No module named '([\w.]+)'|cannot import name '(\w+)'", case.message)
    name = (match[1] or match[2]) if match else "the module"
    fact = f"{case.here} imports {code(name)}. Python did not find it."
    question = f"Is {code(name)} part of Python, a package to install, or a file of yours? How is it spelt?"
    cause = f"{case.here} asks for exactly {code(name)}. Nothing of that name can be imported here."
    return [Finding("module-not-there", case.line, fact, question, cause, 0.8, is_seen=case.ran)]


def missing_file(case: Case) -> list[Finding]:
    """A file that is not where the program looks."""
    match = re.search(r"'([^']+)'\s*$", case.message)
    name = match[1] if match else "the file"
    fact = f"{case.here} opens {code(name)}. There is no file of that name where the program runs."
    question = "In which folder does the program run, and what is the file called there, letter by letter?"
    cause = f"{case.here} looks for exactly {code(name)} in the program's own folder."
    return [Finding("file-not-there", case.line, fact, question, cause, 0.8, is_seen=case.ran)]


def raised_on_purpose(case: Case) -> list[Finding]:
    """An error that a line of the program raises itself: `raise` or `assert`."""
    statement = case.statement
    if not isinstance(statement, ast.Raise | ast.Assert):
        return []
    word = "`assert`" if isinstance(statement, ast.Assert) else "`raise`"
    outer = case.program.branch_around(statement)
    test = statement.test if isinstance(statement, ast.Assert) else (outer.test if isinstance(outer, ast.If) else None)
    why = f" Its condition is {code(source_of(test))}." if test is not None else ""
    values = [f"{code(n)} was {shown(case.values[n].shown)}" for n in _names(test) if n in case.values]
    seen = f" {' and '.join(values[:3])}." if values else ""
    fact = f"Line {case.line} stopped the program on purpose, with {word}.{why}{seen}"
    question = f"Which value led to line {case.line}, and which value did you expect there?"
    cause = f"Line {case.line} works as written.{seen} The value was made on an earlier line."
    return [Finding("own-check", case.line, fact, question, cause, 0.8, is_seen=case.ran)]


def _names(node: ast.AST | None) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name)] if node is not None else []
