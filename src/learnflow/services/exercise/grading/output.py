"""What a program printed against what it should: spaces at line ends and the last line break aside."""

import ast

MAX_LINE = 120


def lines(text: str) -> list[str]:
    """The lines that are compared."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def difference(expected: str, got: str, tree: ast.AST | None = None) -> str | None:
    """None when both are the same, else a sentence that names the first line that differs."""
    wanted, found = lines(expected), lines(got)
    if wanted == found:
        return None
    if not found:
        return "It printed nothing."
    if tree is not None and lines(_without_prompts(got, tree)) == wanted:
        return "What is printed is right but for the text inside `input()`. Leave that text out: it is printed too."
    number = next((n for n, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other), None)
    if number is not None:
        return f"Line {number + 1} should be {_quoted(wanted[number])}. It is {_quoted(found[number])}."
    if len(found) > len(wanted):
        return f"It printed {len(found)} lines, {len(wanted)} are expected. The first one too many is {_quoted(found[len(wanted)])}."  # noqa: E501
    return f"It printed {len(found)} of {len(wanted)} lines. The next one should be {_quoted(wanted[len(found)])}."


def _quoted(line: str) -> str:
    return f"`{line if len(line) <= MAX_LINE else line[:MAX_LINE] + '…'}`"


def _without_prompts(text: str, tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input" and node.args:
            prompt = node.args[0]
            if isinstance(prompt, ast.Constant) and isinstance(prompt.value, str) and prompt.value:
                text = text.replace(prompt.value, "")
    return text
