"""The nine import rules hold, and breaking any one of them turns the linter red."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SRC

PACKAGES = {
    "learnflow/services/planted_a/__init__.py": "",
    "learnflow/services/planted_b/__init__.py": "",
    "learnflow/services/planted_a/service.py": "",
}
PLANTS: dict[str, tuple[str, dict[str, str]]] = {
    "kit imports a service": ("rule-1-downwards", {"learnflow/kit/planted.py": "import learnflow.services.planted_a"}),
    "contracts import the kernel": ("rule-1-downwards", {"learnflow/contracts/planted.py": "import learnflow.kit"}),
    "a service imports the runtime": (
        "rule-1-downwards",
        {"learnflow/services/planted_a/app.py": "import learnflow.runtime"},
    ),
    "a service imports another": (
        "rule-2-services-apart",
        {"learnflow/services/planted_a/service.py": "import learnflow.services.planted_b"},
    ),
    "a repository imports the use cases": (
        "rule-3-inside-a-service",
        {"learnflow/services/planted_a/repository.py": "from learnflow.services.planted_a import service"},
    ),
    "handlers import the routes": (
        "rule-3-inside-a-service",
        {
            "learnflow/services/planted_a/api.py": "",
            "learnflow/services/planted_a/handlers.py": "import learnflow.services.planted_a.api",
        },
    ),
    "contracts import httpx": (
        "rule-4-contracts-know-pydantic-only",
        {"learnflow/contracts/planted.py": "import httpx"},
    ),
    "the curriculum imports asyncpg": (
        "rule-4-curriculum-knows-pydantic-only",
        {"learnflow/curriculum/planted.py": "import asyncpg"},
    ),
    "a use case imports fastapi": (
        "rule-5-use-cases-without-http",
        {"learnflow/services/planted_a/service.py": "from fastapi import Request"},
    ),
    "a handler imports starlette": (
        "rule-5-use-cases-without-http",
        {"learnflow/services/planted_a/handlers.py": "from starlette.requests import Request"},
    ),
    "a route imports asyncpg": (
        "rule-6-sql-in-repositories",
        {"learnflow/services/planted_a/api.py": "import asyncpg"},
    ),
    "a service imports the SDK": (
        "rule-7-one-road-to-the-sdk",
        {"learnflow/services/planted_a/service.py": "import openai"},
    ),
    "the socket imports the tutor": (
        "rule-8-tutor-for-agents",
        {"learnflow/services/websocket/planted.py": "import learnflow.tutor"},
    ),
    "the sandbox reaches the database by a detour": (
        "rule-9-the-sandbox-alone",
        {
            "learnflow/services/code_execution/planted.py": "import learnflow.kit.planted",
            "learnflow/kit/planted.py": "import learnflow.kit.database",
        },
    ),
    "the sandbox imports the tutor": (
        "rule-9-the-sandbox-alone",
        {"learnflow/services/code_execution/planted.py": "import learnflow.tutor"},
    ),
    "kit.app imports the database": (
        "rule-9-app-without-database",
        {"learnflow/kit/app.py": "import learnflow.kit.database"},
    ),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Per plant the contracts that broke; one process lints a copy of the package once for each."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(SRC / "learnflow", copy / "learnflow", ignore=shutil.ignore_patterns("__pycache__", "static"))
    plants = {name: PACKAGES | files for name, (_, files) in PLANTS.items()} | {"nothing": {}}
    command = [sys.executable, str(Path(__file__).with_name("plant.py")), str(copy), str(ROOT / "pyproject.toml")]
    run = subprocess.run(command, input=json.dumps(plants), capture_output=True, text=True, check=False, cwd=copy)
    assert run.returncode == 0, run.stderr
    verdicts: dict[str, list[str]] = json.loads(run.stderr)
    return verdicts


def test_the_product_keeps_all_nine_import_rules(verdicts: dict[str, list[str]]) -> None:
    assert verdicts["nothing"] == []


@pytest.mark.plan("P-RULE-imports")
@pytest.mark.parametrize("plant", PLANTS)
def test_breaking_an_import_rule_is_red(plant: str, verdicts: dict[str, list[str]]) -> None:
    assert PLANTS[plant][0] in verdicts[plant]


def test_each_of_the_nine_rules_has_a_plant() -> None:
    assert {rule.split("-")[1] for rule, _ in PLANTS.values()} == set("123456789")
