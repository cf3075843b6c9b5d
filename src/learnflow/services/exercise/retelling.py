"""A task in other words, made of what a student may see: never of the reference, never of a hidden test."""

import ast

from learnflow.curriculum import Case
from learnflow.services.exercise.bank import Item
from learnflow.services.exercise.grading.constructs import Unparsed, parse, worded
from learnflow.services.exercise.grading.wording import PHRASES

SHOWN = 3


def retell(item: Item) -> str:
    """What to do, what goes in and comes out, cases to follow by hand, and a first step. Markdown."""
    task = item.task
    parts = [f"**{task.title}**, in other words:", *_way(item)]
    cases = [case for case in task.tests if not case.hidden][:SHOWN]
    if cases:
        parts.append("What has to happen:\n\n" + "\n".join(f"- {PHRASES.source.test.say(case)}" for case in cases))
    if rules := [f"use {worded(name, PHRASES.source.grade)}" for name in task.require] + [
        f"do without {worded(name, PHRASES.source.grade)}" for name in task.forbid
    ]:
        parts.append(f"One rule: {' and '.join(rules)}.")
    parts.append(f"The task itself says: {task.statement}")
    parts.append(_first_step(item, cases))
    return "\n\n".join(parts)


def _way(item: Item) -> list[str]:
    kind = item.task.level.kind
    if kind == "predict":
        return ["You only read here. Say exactly what the program prints, line by line."]
    if kind == "parsons":
        return ["All lines are there. Put them in order; a line may be one too many."]
    if kind == "project":
        return ["It has several parts, and each is judged alone. Take them in order, and run each before the next."]
    begin = "Mend the program that is there." if kind == "fix" else "You write the lines that are missing."
    function = _function(item.task.starter)
    if function is None:
        return [f"{begin} It reads its input and prints its result, nothing else."]
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    given = " and ".join(f"`{name}`" for name in names)
    takes = f"It is given {given}. " if names else ""
    return [f"{begin} The heart of it is `{function.name}`. {takes}It gives its result back with `return`."]


def _function(starter: str) -> ast.FunctionDef | None:
    tree = parse(starter)
    if isinstance(tree, Unparsed):
        return None
    return next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), None)


def _first_step(item: Item, cases: list[Case]) -> str:
    if item.task.level.kind == "parsons":
        return "First step: which line has to run before all others?"
    if item.task.level.kind == "predict":
        return "First step: write down each variable, and its value after each line."
    if not cases:
        return "First step: what is the smallest input, and what comes out for it?"
    return "First step: take the first case and follow it on paper. Which value do you need to remember as you go?"
