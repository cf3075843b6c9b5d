"""AttributeError: a name after a dot that the value does not have."""

import ast
import builtins
import re

from learnflow.services.debug.case import Case
from learnflow.services.debug.causes import nothing
from learnflow.services.debug.causes.name_error import nearest
from learnflow.services.debug.finding import Finding
from learnflow.services.debug.origins import Origin, origin_of
from learnflow.services.debug.program import FunctionNode, name_of, source_of
from learnflow.services.debug.wording import code, kind, shown

_OBJECT = re.compile(r"'(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'")
_TYPE = re.compile(r"type object '(?P<kind>\w+)' has no attribute '(?P<name>\w+)'")
_MODULE = re.compile(r"module '(?P<kind>[\w.]+)' has no attribute '(?P<name>\w+)'")
_FOREIGN = {
    "list": {
        "push", "add", "length", "size", "len", "addAll", "contains", "indexOf", "push_back", "delete", "put", "get",
    },
    "str": {"length", "size", "len", "substring", "substr", "charAt", "contains", "toUpperCase", "toLowerCase", "trim",
            "indexOf", "equals", "includes", "reverse", "push"},
    "dict": {"has_key", "add", "append", "put", "contains", "length", "iteritems", "push"},
    "set": {"append", "push", "insert", "length"},
    "int": {"length", "toString"},
}  # fmt: skip


def explain(case: Case) -> list[Finding]:
    """The cause of an AttributeError."""
    if "NoneType" in case.message:
        return nothing.explain(case)
    if match := _MODULE.search(case.message):
        return [_of_module(case, match["kind"], match["name"])]
    if match := _TYPE.search(case.message):
        return [_of_class(case, match["kind"], match["name"])]
    match = _OBJECT.search(case.message)
    return [_of_object(case, match["kind"], match["name"])] if match else []


def _place(case: Case, name: str) -> ast.Attribute | None:
    return next((node for node in case.failing(ast.Attribute) if node.attr == name), None)


def _whole(node: ast.Attribute | None) -> str:
    return code(source_of(node.value, 40)) if node is not None else "the value before the dot"


def _fact(case: Case, node: ast.Attribute | None, type_name: str, name: str) -> str:
    value = case.value(node.value) if node is not None else None
    held = f": {shown(value.shown)}" if value is not None and type_name not in case.program.classes else ""
    whole = _whole(node)
    return f"{case.here} asks {whole} for {code('.' + name)}. {_capital(whole)} is {kind(type_name)}{held}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_object(case: Case, type_name: str, name: str) -> Finding:
    if type_name in case.program.classes:
        return _of_own_object(case, type_name, name)
    node = _place(case, name)
    origin = origin_of(case, node.value) if node is not None else None
    if type_name in {"function", "method", "builtin_function_or_method", "type"}:
        return _of_function(case, node, type_name, name)
    built_in = getattr(builtins, type_name, None)
    near = nearest(name, [known for known in dir(built_in) if not known.startswith("_")]) if built_in else None
    fact = _fact(case, node, type_name, name)
    if near is not None:
        return _typo(case, fact, type_name, name)
    if name in _FOREIGN.get(type_name, ()):
        question = f"Which methods does {kind(type_name)} have in Python? Try {code('dir()')} on one."
        cause = (
            f"{case.here} uses {code('.' + name)}. "
            f"{_capital(kind(type_name))} does this in Python under another name, or in another way."
        )
        return Finding("method-of-other-language", case.line, fact, question, cause, 0.9, is_seen=case.ran)
    return _wrong_type(case, fact, node, origin, type_name, name)


def _typo(case: Case, fact: str, type_name: str, name: str) -> Finding:
    question = f"Which methods does {kind(type_name)} have? Is one of them spelt almost like {code(name)}?"
    cause = (
        f"{case.here} says {code('.' + name)}. {_capital(kind(type_name))} has a method that looks almost the same. "
    )
    cause += "Compare the spelling letter by letter, capitals too."
    return Finding("attribute-typo", case.line, fact, question, cause, 0.9, is_seen=case.ran)


def _wrong_type(
    case: Case, fact: str, node: ast.Attribute | None, origin: Origin | None, type_name: str, name: str
) -> Finding:
    whole = _whole(node)
    question = f"Which type did you expect {whole} to have{case.at}? Which type does it have?"
    made = ""
    if origin is not None and origin.line != case.line:
        made = f"Line {origin.line} gives {whole} its value, and that is {kind(type_name)}. "
        if origin.maker == "loop":
            made = f"Line {origin.line} gives {whole} one item in each round, and this one is {kind(type_name)}. "
        if origin.maker == "input":
            made = f"Line {origin.line} takes {whole} from `input()`, which gives back text. "
    cause = f"{made}{_capital(kind(type_name))} has no {code('.' + name)}."
    line = origin.line if origin is not None and not origin.is_handed_over else case.line
    chosen = "loop-gives-parts" if origin is not None and origin.maker == "loop" else "other-object"
    return Finding(chosen, line, fact, question, cause, 0.85, is_seen=case.ran and node is not None)


def _of_function(case: Case, node: ast.Attribute | None, type_name: str, name: str) -> Finding:
    whole = _whole(node)
    fact = f"{case.here} asks {whole} for {code('.' + name)}. {_capital(whole)} is {kind(type_name)}."
    question = f"Is {whole} the function itself, or what the function gives back?"
    origin = origin_of(case, node.value) if node is not None and name_of(node.value) else None
    made = f"Line {origin.line} stores a function in {whole}, not its result. " if origin is not None else ""
    if node is not None and name_of(node.value) in case.program.functions:
        made = f"{whole} is the name of a function. "
    cause = f"{made}A function has no {code('.' + name)}. Nothing on that line has called it."
    line = origin.line if origin is not None else case.line
    return Finding("name-is-call", line, fact, question, cause, 0.85, is_seen=case.ran and node is not None)


def _of_own_object(case: Case, class_name: str, name: str) -> Finding:
    node, owner = _place(case, name), case.program.classes[class_name]
    fact = (
        f"Line {case.line} asks {_whole(node)} for {code('.' + name)}. "
        f"This {code(class_name)} object has nothing of that name."
    )
    held = case.value(node.value) if node is not None else None
    if held is not None and held.shown.startswith(class_name + "("):
        fact += f" It was {shown(held.shown)}."
    setters = [b for b in case.program.bindings_of(f"self.{name}") if _inside(case, b.statement, owner)]
    if setters:
        return _not_set_yet(case, fact, class_name, name, setters[0].line)
    near = nearest(name, _members(case, owner))
    if near is not None:
        question = (
            f"Which attributes and methods does {code(class_name)} have? Compare them with {code(name)}, letter by "
            "letter."
        )
        cause = (
            f"Line {case.line} says {code('.' + name)}. "
            f"The class {code(class_name)} has a name that looks almost the same."
        )
        return Finding("attribute-typo", case.line, fact, question, cause, 0.9, is_seen=case.ran)
    return _local_only(case, fact, owner, name)


def _inside(case: Case, node: ast.AST, owner: ast.ClassDef) -> bool:
    return case.program.class_around(node) is owner


def _members(case: Case, owner: ast.ClassDef) -> list[str]:
    fields = [b.name.partition(".")[2] for b in case.program.bindings if b.name.startswith("self.")]
    return [*dict.fromkeys(fields), *(n.name for n in owner.body if isinstance(n, FunctionNode))]


def _not_set_yet(case: Case, fact: str, class_name: str, name: str, line: int) -> Finding:
    function = case.program.function_at(line)
    method = function.name if function is not None else ""
    question = f"Which line stores {code(name)} in the object? Did it run before line {case.line}?"
    cause = f"Line {line}, in {code(method)}, stores {code(name)} in the object. It had not run for this object."
    chosen = "attribute-not-set-yet"
    if method != "__init__" and "init" in method:
        chosen = "init-is-misspelt"
        cause += f" Python does not run {code(method)} by itself when a {code(class_name)} is made."
    return Finding(chosen, line, fact, question, cause, 0.9, is_seen=case.ran)


def _local_only(case: Case, fact: str, owner: ast.ClassDef, name: str) -> Finding:
    question = f"Which line stores {code(name)} in the object?"
    local = next((b for b in case.program.bindings_of(name) if _inside(case, b.statement, owner)), None)
    if local is not None:
        where = "is a name in the brackets of" if local.kind == "parameter" else "is a name inside"
        owner_name = local.function.name if local.function is not None else owner.name
        cause = f"On line {local.line} {code(name)} {where} {code(owner_name)}. No line stores it in the object."
        return Finding("attribute-not-set-yet", local.line, fact, question, cause, 0.9, is_seen=case.ran)
    cause = f"No line of the class {code(owner.name)} stores anything under {code(name)}."
    return Finding("attribute-not-set-yet", case.line, fact, question, cause, 0.8, is_seen=case.ran)


def _of_class(case: Case, class_name: str, name: str) -> Finding:
    node = _place(case, name)
    whole = _whole(node)
    fact = f"{case.here} asks the class {code(class_name)} for {code('.' + name)}. The class itself has no such name."
    if class_name not in case.program.classes:
        known = dir(getattr(builtins, class_name, object))
        if nearest(name, known) is not None:
            return _typo(case, fact, class_name, name)
    question = f"Is {whole} one object, or the plan from which objects are made?"
    cause = f"{whole} is the class. What is stored with `self` belongs to each object made from it."
    return Finding("call-needs-object", case.line, fact, question, cause, 0.8, is_seen=case.ran)


def _of_module(case: Case, module: str, name: str) -> Finding:
    fact = f"{case.here} asks the module {code(module)} for {code('.' + name)}. The module has no such name."
    if "partially initialized" in case.message or "circular" in case.message:
        question = f"What is the name of your own file? Is there another file called {code(module + '.py')}?"
        cause = (
            f"Python found a file {code(module + '.py')} beside the program and took it for the module {code(module)}."
        )
        return Finding("file-hides-module", case.line, fact, question, cause, 0.9, is_seen=case.ran)
    question = f"Which names does {code(module)} have? Try {code(f'dir({module})')} and compare letter by letter."
    cause = f"{case.here} says {code('.' + name)}. Nothing in {code(module)} is spelt like that. Capitals count too."
    return Finding("attribute-typo", case.line, fact, question, cause, 0.85, is_seen=case.ran)
