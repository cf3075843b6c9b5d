"""The house rules that no linter knows, each as a function from a module to the places that break it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator

from tests.architecture.source import Module, dotted, functions, imports

Rule = Callable[[Module], Iterator[str]]

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 400
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
HTTP_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "websocket", "api_route", "middleware"}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
SQL = re.compile(
    r"^\s*(select\b.+\bfrom\b|select\s+\w+\(|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b|with\s+\w+\s+as\b"
    r"|(create|alter|drop)\s+(table|index|role|schema|database|function)\b|listen\s+\w+$|truncate\s+\w+)",
    re.IGNORECASE | re.DOTALL,
)
PURE_STDLIB_ROOTS = {"pydantic", "learnflow", "typing_extensions", "annotated_types"}


def routes_and_dependencies_are_async(module: Module) -> Iterator[str]:
    """A sync `def` runs in the thread pool and costs a third of the throughput (stack.md 7)."""
    depended = set(_depended_names(module.tree))
    for function in functions(module):
        if isinstance(function, ast.FunctionDef) and (_is_route(function) or function.name in depended):
            yield f"{module.at(function)} {function.name}: a route or dependency is `async def`"


def _is_route(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in HTTP_METHODS
        and ("router" in dotted(decorator.func.value) or dotted(decorator.func.value) in {"app", "api"})
        for decorator in function.decorator_list
    )


def _depended_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in {"Depends", "Security"}:
            yield from (argument.id for argument in node.args if isinstance(argument, ast.Name))


def functions_are_short(module: Module) -> Iterator[str]:
    """Lines of the function itself: one inside it (a route in a router's factory) counts for itself."""
    for function in functions(module):
        inner = (node for node in ast.walk(function) if isinstance(node, FUNCTIONS) and node is not function)
        length = len(_lines(function).difference(*(_lines(node) for node in inner)))
        if length > MAX_FUNCTION_LINES:
            yield f"{module.at(function)} {function.name}: {length} lines, {MAX_FUNCTION_LINES} at most"


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    return set(range(function.lineno, (function.end_lineno or function.lineno) + 1))


def files_are_short(module: Module) -> Iterator[str]:
    if module.lines > MAX_FILE_LINES:
        yield f"{module.path}: {module.lines} lines, {MAX_FILE_LINES} at most: split it by idea"


def modules_are_named_by_an_idea(module: Module) -> Iterator[str]:
    vague = VAGUE_NAMES.intersection(module.parts)
    if vague:
        yield f"{module.path}: `{vague.pop()}` says nothing; name the idea"


def logs_hold_facts_and_keys(module: Module) -> Iterator[str]:
    """No f-string, format or % as a log's event name: values are keys."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _is_log_call(node) and node.args and not _is_plain(node.args[0]):
            yield f"{module.at(node)}: a log's event name is a plain string, values are keys"


def _is_log_call(node: ast.Call) -> bool:
    if not (isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS):
        return False
    return bool({"log", "logger", "_log", "_logger", "logging"}.intersection(dotted(node.func.value).split(".")))


def _is_plain(argument: ast.expr) -> bool:
    return not isinstance(argument, ast.JoinedStr | ast.BinOp) and not (
        isinstance(argument, ast.Call) and dotted(argument.func).endswith("format")
    )


def sql_stands_in_repositories(module: Module) -> Iterator[str]:
    """Rule 6: the text of queries and asyncpg only in `repository.py` or `<area>_repository.py` and in kit."""
    if _may_hold_sql(module):
        return
    for statement, name in imports(module):
        if name.split(".")[0] == "asyncpg":
            yield f"{module.at(statement)}: imports asyncpg"
    docstrings = set(_docstrings(module.tree))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings and SQL.match(str(node.value)):
            yield f"{module.at(node)}: SQL text"


def _may_hold_sql(module: Module) -> bool:
    if module.name.startswith(("learnflow.kit", "learnflow.runtime")):
        return True
    return module.service is not None and any("repository" in part for part in module.parts[3:])


def _docstrings(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def use_cases_never_see_http(module: Module) -> Iterator[str]:
    """Rule 5 for every file of a service: only `app`, `api`, `<area>_api` and `sockets` know the web."""
    if module.service is None or len(module.parts) < 4 or _is_edge(module.parts[-1]):
        return
    for node, name in imports(module):
        if name.split(".")[0] in {"fastapi", "starlette"}:
            yield f"{module.at(node)}: imports {name}"


def _is_edge(name: str) -> bool:
    return name in {"app", "api", "sockets"} or name.endswith("_api")


def no_call_inside_a_transaction(module: Module) -> Iterator[str]:
    """No HTTP or model call lexically inside a transaction; kit.database catches the rest at run time."""
    for block in ast.walk(module.tree):
        if isinstance(block, ast.AsyncWith) and _opens_transaction(block):
            for node in _inside(block):
                if _is_outside_call(node):
                    yield f"{module.at(node)}: {dotted(node.func)} inside a transaction"


def _opens_transaction(block: ast.AsyncWith) -> bool:
    return any(dotted(item.context_expr).endswith(".transaction") for item in block.items)


def _inside(block: ast.AsyncWith) -> Iterator[ast.Call]:
    for statement in block.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                yield node


def _is_outside_call(call: ast.Call) -> bool:
    chain = dotted(call.func).lower()
    owners = chain.split(".")[:-1]
    return chain.startswith("httpx.") or any(
        word in owner for owner in owners for word in ("invoker", "invoke", "http_client", "openai", "model_client")
    )


def contracts_know_pydantic_only(module: Module) -> Iterator[str]:
    """Rule 4 without a list of forbidden names: whatever is neither pydantic nor the standard library is refused."""
    allowed = _allowed_roots(module)
    if allowed is None:
        return
    for node, name in imports(module):
        if name.split(".")[0] not in allowed:
            yield f"{module.at(node)}: imports {name}"


def _allowed_roots(module: Module) -> set[str] | None:

    if module.name.startswith("learnflow.contracts"):
        return PURE_STDLIB_ROOTS | set(sys.stdlib_module_names)
    if module.name.startswith("learnflow.curriculum"):
        return PURE_STDLIB_ROOTS | set(sys.stdlib_module_names) | {"yaml"}
    return None


RULES: tuple[Rule, ...] = (
    routes_and_dependencies_are_async,
    functions_are_short,
    files_are_short,
    modules_are_named_by_an_idea,
    logs_hold_facts_and_keys,
    sql_stands_in_repositories,
    use_cases_never_see_http,
    no_call_inside_a_transaction,
    contracts_know_pydantic_only,
)
