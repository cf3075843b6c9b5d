"""Rules of our own: what ruff has no word for, or says in words that learners do not know."""

from collections.abc import Callable, Iterator

import structlog

from learnflow.services.code_review.habits import costs, reading, results
from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.program import Program

log = structlog.get_logger()

Rule = Callable[[Program], Iterator[Hit]]
RULES: tuple[Rule, ...] = (*results.RULES, *costs.RULES, *reading.RULES)


def find_habits(program: Program) -> list[Hit]:
    """What our own rules find, by line; a rule that fails on a rare shape of program costs only itself."""
    return sorted((hit for rule in RULES for hit in _found(rule, program)), key=lambda hit: (hit.line, hit.rule))


def _found(rule: Rule, program: Program) -> list[Hit]:
    try:
        return list(rule(program))
    except Exception:  # a fault of ours in one rule must not cost the student the answer
        log.exception("rule.failed", rule=rule.__name__)
        return []
