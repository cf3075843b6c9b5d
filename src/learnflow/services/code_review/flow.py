"""Does control reach the end of a block? Answered from the text alone, and `yes` when it cannot be known."""

import ast
from collections.abc import Sequence

_ENDS = {"exit", "quit", "_exit"}


def falls_through(block: Sequence[ast.stmt]) -> bool:
    """True when the statement after the block can be reached from its last one."""
    return all(_passes(statement) for statement in block)


def _passes(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return False
    if isinstance(statement, ast.Expr):
        return not (isinstance(statement.value, ast.Call) and _called(statement.value) in _ENDS)
    if isinstance(statement, ast.If):
        return falls_through(statement.body) or falls_through(statement.orelse)
    return _block_passes(statement)


def _called(call: ast.Call) -> str:
    """The last name of what is called: `exit` for `sys.exit(1)`."""
    return str(getattr(call.func, "id", "") or getattr(call.func, "attr", ""))


def _block_passes(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.While | ast.For | ast.AsyncFor):
        return _loop_passes(statement)
    if isinstance(statement, ast.With | ast.AsyncWith):
        return falls_through(statement.body)
    if isinstance(statement, ast.Try | ast.TryStar):
        return _try_passes(statement)
    if isinstance(statement, ast.Match):
        return _match_passes(statement)
    return True


def _loop_passes(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    is_endless = isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return leaves_by_break(loop) or (not is_endless and falls_through(loop.orelse))


def leaves_by_break(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    """True when a `break` of this very loop stands in it."""
    waiting: list[ast.AST] = list(loop.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, ast.While | ast.For | ast.AsyncFor):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _try_passes(statement: ast.Try | ast.TryStar) -> bool:
    if not falls_through(statement.finalbody):
        return False
    if falls_through([*statement.body, *statement.orelse]):
        return True
    return any(falls_through(handler.body) for handler in statement.handlers)


def _match_passes(statement: ast.Match) -> bool:
    last = statement.cases[-1]
    takes_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
    return not takes_all or any(falls_through(case.body) for case in statement.cases)
