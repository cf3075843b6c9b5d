"""TypeErrors about calls: what is no function, brackets of the wrong kind, and the number of arguments."""

import ast
import builtins
import re

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import nothing
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.operands import kind_of
from learnflow.services.debug.origins import last_binding
from learnflow.services.debug.program import FunctionNode, name_of, source_of
from learnflow.services.debug.wording import code, count, kind, shown

Match = re.Match[str]
_CALLED = re.compile(r"(?:(\w+)\.)?(\w+)\(\)")
_NUMBERS = re.compile(r"takes (?:from )?(?:\d+ to )?(\d+) positional arguments? but (\d+) (?:was|were) given")


def not_callable(case: Case, match: Match) -> list[Finding]:
    """Round brackets after something that cannot be called."""
    type_name = match["kind"]
    call = _called(case, type_name)
    if call is None:
        return [_bare(case, type_name)]
    if type_name == "NoneType":
        return nothing.explain(case)
    name = source_of(call.func, 40)
    if not name_of(call.func) and not isinstance(call.func, ast.Subscript):
        return [_missing_operator(case, call, type_name)]
    return [_hidden(case, call, type_name, name)]


def _called(case: Case, type_name: str) -> ast.Call | None:
    calls = case.likely(ast.Call)
    fitting = (call for call in calls if kind_of(case, call.func) == type_name)
    own = case.program.functions
    others = [c for c in calls if name_of(c.func) not in own and kind_of(case, c.func) in {type_name, None}]
    others = [c for c in others if case.ran or not _is_built_in(case, name_of(c.func))] or others[:1]
    return next(fitting, None) or (others[0] if len(others) == 1 or (others and case.ran) else None)


def _is_built_in(case: Case, name: str | None) -> bool:
    return name is not None and hasattr(builtins, name) and not case.program.bindings_of(name)


def _bare(case: Case, type_name: str) -> Finding:
    fact = f"{case.here} calls a value with round brackets. That value is {kind(type_name)}."
    question = "What stands right before the round brackets? Is it a function?"
    cause = f"The message proves that {kind(type_name)} stood before round brackets. It cannot be called."
    return Finding("value-is-called", case.line, fact, question, cause, 0.6)


def _missing_operator(case: Case, call: ast.Call, type_name: str) -> Finding:
    name = code(source_of(call.func, 40))
    fact = f"On line {case.line} round brackets follow right after {name}. That is {kind(type_name)}."
    question = f"What do you want to happen between {name} and the brackets?"
    cause = f"Line {case.line} reads as a call of {name}. No sign stands between {name} and the brackets."
    return Finding("value-is-called", case.line, fact, question, cause, 0.9, is_seen=case.ran)


def _hidden(case: Case, call: ast.Call, type_name: str, name: str) -> Finding:
    value = case.value(call.func)
    held = f" It was {shown(value.shown)}." if value is not None else ""
    fact = f"Line {case.line} calls {code(name)} with round brackets. {code(name)} is {kind(type_name)}.{held}"
    binding = last_binding(case, name)
    if binding is not None and (hasattr(builtins, name) or name in case.program.functions):
        whose = "Python's own" if hasattr(builtins, name) else "your"
        question = f"What does the name {code(name)} hold when line {case.line} runs? Which line put it there?"
        cause = (
            f"Line {binding.line} gives the name {code(name)} a new value. "
            f"From then on {code(name)} is no longer {whose} function."
        )
        return Finding("own-name-hides-builtin", binding.line, fact, question, cause, 0.95, is_seen=case.ran)
    if type_name in {"list", "tuple", "dict", "str"}:
        question = f"What do you want from {code(name)} on line {case.line}: to call it, or to get a part of it?"
        cause = (
            f"Line {case.line} puts round brackets after {code(name)}. "
            f"{code(name)} is {kind(type_name)}, which cannot be called."
        )
        return Finding("list-needs-brackets", case.line, fact, question, cause, 0.9, is_seen=case.ran)
    question = f"What do the brackets after {code(name)} mean to Python? What did you want them to mean?"
    cause = f"Line {case.line} reads as a call of {code(name)}, which is {kind(type_name)}."
    return Finding("value-is-called", case.line, fact, question, cause, 0.85, is_seen=case.ran)


def indexed(case: Case, match: Match) -> list[Finding]:
    """Square brackets after a function: brackets of the other kind, or a call that is missing."""
    node = next((n for n in case.failing(ast.Subscript) if not name_of(n.value) or case.value(n.value) is None), None)
    name = code(source_of(node.value, 40)) if node is not None else "the function"
    fact = f"{case.here} puts square brackets after {name}. {name[:1].upper()}{name[1:]} is {kind(match['kind'])}."
    question = f"What should happen with {name}{case.at}: call it, or take a part of it?"
    cause = f"Square brackets ask for a part. {name} is {kind(match['kind'])} and has no parts."
    return [Finding("list-needs-brackets", case.line, fact, question, cause, 0.85, is_seen=case.ran)]


def argument_count(case: Case, match: Match) -> list[Finding]:
    """A call that brings too many or too few values, or values under a wrong name."""
    called = _CALLED.search(case.message)
    name = called[2] if called else ""
    owner = called[1] if called else None
    if name == "__init__" or name in case.program.classes or "takes no arguments" in match[0]:
        return [_of_class(case, (owner if name == "__init__" else name) or "the class")]
    function = case.program.functions.get(name)
    if function is not None and case.program.class_around(function) is not None:
        return [_of_method(case, name, function)]
    return [_of_function(case, name, function)]


def _wanted(function: FunctionNode, skip: int = 0) -> str:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)][skip:]
    return f"{count(len(names), 'value')}: {', '.join(map(code, names))}" if names else "no value"


def _brought(case: Case, name: str) -> tuple[int, int | None]:
    called = (n for n in case.failing(ast.Call) if _ends_with(n.func, name))
    call = next(called, None)
    return (len(call.args) + len(call.keywords), call.lineno) if call is not None else (-1, case.line)


def _ends_with(node: ast.expr, name: str) -> bool:
    return getattr(node, "id", None) == name or getattr(node, "attr", None) == name


def _of_function(case: Case, name: str, function: FunctionNode | None) -> Finding:
    number, _ = _brought(case, name)
    what = code(name + "()") if name else "a function"
    brings = f" with {count(number, 'value')}" if number >= 0 else ""
    fact = f"{case.here} calls {what}{brings}."
    question = f"How many values does {what} want, and how many does {case.the_line} bring?"
    if function is None:
        cause = f"{case.here} calls {what}{brings}. Python says: {code(case.message)}."
        return Finding("argument-count", case.line, fact, question, cause, 0.7, is_seen=case.ran)
    fact += f" Line {function.lineno} says what {what} wants."
    cause = (
        f"Line {function.lineno} says that {what} wants {_wanted(function)}. Line {case.line} brings {max(number, 0)}."
    )
    if "keyword" in case.message:
        cause = (
            f"Line {function.lineno} says that {what} wants {_wanted(function)}. "
            f"Line {case.line} uses a name that is not among them."
        )
    return Finding("argument-count", case.line, fact, question, cause, 0.9, is_seen=case.ran)


def _of_method(case: Case, name: str, function: FunctionNode) -> Finding:
    first = function.args.args[0].arg if function.args.args else None
    number, _ = _brought(case, name)
    what = code(name + "()")
    if first != "self":
        fact = f"Line {case.line} calls the method {what}. Line {function.lineno} says which values it takes."
        question = f"Which object does {what} work on, and under which name does the method receive it?"
        cause = (
            f"On a call of {what} Python hands over the object first. Line {function.lineno} names "
            f"{count(len(function.args.args), 'value')}, and none of them is meant for the object."
        )
        return Finding("method-needs-self", function.lineno, fact, question, cause, 0.95, is_seen=case.ran)
    fact = f"Line {case.line} calls the method {what}" + (f" with {count(number, 'value')}." if number >= 0 else ".")
    question = f"How many values does {what} want besides the object itself?"
    cause = (
        f"Besides the object, line {function.lineno} wants {_wanted(function, 1)}. "
        f"Line {case.line} brings {max(number, 0)}."
    )
    return Finding("argument-count", case.line, fact, question, cause, 0.9, is_seen=case.ran)


def _of_class(case: Case, name: str) -> Finding:
    number, _ = _brought(case, name)
    node = case.program.classes.get(name)
    fact = f"{case.here} makes an object of the class {code(name)}"
    fact += f" with {count(number, 'value')}." if number >= 0 else "."
    init = next((f for f in _methods(node) if f.name == "__init__"), None)
    if init is not None:
        question = (
            f"Which values does {code(name)} want when an object is made, and which ones does line {case.line} bring?"
        )
        if not init.args.args or init.args.args[0].arg != "self":
            cause = f"Python hands over the new object first. Line {init.lineno} has no name for it."
            return Finding("method-needs-self", init.lineno, fact, question, cause, 0.95, is_seen=case.ran)
        cause = f"Line {init.lineno} wants {_wanted(init, 1)}. Line {case.line} brings {max(number, 0)}."
        return Finding("argument-count", case.line, fact, question, cause, 0.9, is_seen=case.ran)
    near = next((f for f in _methods(node) if "init" in f.name.lower()), None)
    question = f"Which method of {code(name)} should receive these values? How is its name written?"
    line = near.lineno if near is not None else (node.lineno if node is not None else case.line)
    cause = f"Line {line} " + (
        f"defines a method {code(near.name)}. Python does not know it as the one that receives the values."
        if near is not None
        else f"begins the class {code(name)}, which has no method that receives values when an object is made."
    )
    return Finding("init-is-misspelt", line, fact, question, cause, 0.9, is_seen=case.ran)


def _methods(node: ast.ClassDef | None) -> list[FunctionNode]:
    return [member for member in node.body if isinstance(member, FunctionNode)] if node is not None else []
