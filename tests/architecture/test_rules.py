"""The house rules hold in the product, and each of them sees a planted mistake."""

from __future__ import annotations

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule
from tests.architecture.source import parse, product

API = "learnflow.services.debug.api"
SERVICE = "learnflow.services.debug.service"

PLANTED: list[tuple[Rule, str, str]] = [
    (rules.routes_and_dependencies_are_async, API, "@router.get('/x')\ndef read(): ...\n"),
    (rules.routes_and_dependencies_are_async, API, "def who(): ...\nWho = Annotated[str, Depends(who)]\n"),
    (rules.functions_are_short, SERVICE, "def f():\n" + "    x = 1\n" * 50),
    (rules.files_are_short, SERVICE, "x = 1\n" * 401),
    (rules.modules_are_named_by_an_idea, "learnflow.services.debug.utils", ""),
    (rules.modules_are_named_by_an_idea, "learnflow.kit.helpers.time", ""),
    (rules.logs_hold_facts_and_keys, SERVICE, "log.info(f'asked {name}')\n"),
    (rules.logs_hold_facts_and_keys, SERVICE, "self._log.warning('asked %s' % name)\n"),
    (rules.sql_stands_in_repositories, SERVICE, "q = 'select id from questions where id = $1'\n"),
    (rules.sql_stands_in_repositories, SERVICE, "q = '''\n  insert into questions values ($1)'''\n"),
    (rules.sql_stands_in_repositories, SERVICE, "import asyncpg\n"),
    (rules.use_cases_never_see_http, SERVICE, "from fastapi import Request\n"),
    (rules.use_cases_never_see_http, "learnflow.services.debug.ladder", "import starlette.requests\n"),
    (
        rules.no_call_inside_a_transaction,
        SERVICE,
        "async def f():\n  async with self.database.transaction():\n    await self.invoker.call(DEBUG, 'GET', '/')\n",
    ),
    (rules.contracts_know_pydantic_only, "learnflow.contracts.events.x", "import fastapi\n"),
    (rules.contracts_know_pydantic_only, "learnflow.curriculum.x", "from asyncpg import connect\n"),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.routes_and_dependencies_are_async, API, "@router.get('/x')\nasync def read(): ...\n"),
    (rules.routes_and_dependencies_are_async, API, "@app.exception_handler(X)\ndef plain(): ...\n"),
    (rules.logs_hold_facts_and_keys, SERVICE, "log.info('question.asked', query_id=query_id)\nmath.log(1 + x)\n"),
    (rules.sql_stands_in_repositories, "learnflow.services.debug.repository", "q = 'select 1 from rungs'\n"),
    (rules.sql_stands_in_repositories, SERVICE, "'''Select the rung from the ladder.'''\nhint = 'Update your loop'\n"),
    (rules.use_cases_never_see_http, API, "from fastapi import APIRouter\n"),
    (rules.contracts_know_pydantic_only, "learnflow.curriculum.x", "import yaml, tomllib\n"),
    (
        rules.no_call_inside_a_transaction,
        SERVICE,
        "async def f():\n  await self.invoker.call(D, 'GET', '/')\n  async with db.transaction():\n    await f(q)",
    ),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    assert [finding for module in product() for finding in rule(module)] == []


@pytest.mark.parametrize(
    ("rule", "name", "text"), PLANTED, ids=[f"{r.__name__}-{i}" for i, (r, _, _) in enumerate(PLANTED)]
)
def test_a_planted_mistake_is_found(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parse(text, name)))


@pytest.mark.parametrize(
    ("rule", "name", "text"), ALLOWED, ids=[f"{r.__name__}-{i}" for i, (r, _, _) in enumerate(ALLOWED)]
)
def test_what_is_right_is_let_through(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parse(text, name))) == []


def test_every_rule_has_a_planted_mistake() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(rules.RULES)
