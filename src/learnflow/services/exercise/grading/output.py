"""What a program printed against what it should: spaces at line ends and the last line break aside."""

import ast

from learnflow.curriculum.phrases import GradePhrases

MAX_LINE = 120


def lines(text: str) -> list[str]:
    """The lines that are compared."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def difference(expected: str, got: str, says: GradePhrases, tree: ast.AST | None = None) -> str | None:
    """None when both are the same, else a sentence that names the first line that differs."""
    wanted, found = lines(expected), lines(got)
    if wanted == found:
        return None
    if not found:
        return says.printed_nothing
    if tree is not None and lines(_without_prompts(got, tree)) == wanted:
        return says.prompt
    number = next((n for n, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other), None)
    if number is not None:
        return says.other_line.format(line=number + 1, wanted=_quoted(wanted[number]), found=_quoted(found[number]))
    if len(found) > len(wanted):
        return says.too_many_lines.format(found=len(found), wanted=len(wanted), line=_quoted(found[len(wanted)]))
    return says.too_few_lines.format(found=len(found), wanted=len(wanted), line=_quoted(wanted[len(found)]))


def _quoted(line: str) -> str:
    return f"`{line if len(line) <= MAX_LINE else line[:MAX_LINE] + '…'}`"


def _without_prompts(text: str, tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input" and node.args:
            prompt = node.args[0]
            if isinstance(prompt, ast.Constant) and isinstance(prompt.value, str) and prompt.value:
                text = text.replace(prompt.value, "")
    return text
