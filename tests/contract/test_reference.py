"""What is generated is what stands in the repository, and the generator gives the same bytes twice."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from learnflow.kit.database import Database
from tools.reference.documents import ROOT, differences, documents

SENTENCE = "run `python -m tools.reference` and commit what it writes"


@pytest.mark.plan("P-API-reference")
async def test_the_reference_is_what_the_code_says(owner_dsn: str) -> None:
    assert differences(await documents(owner_dsn)) == [], SENTENCE


async def test_the_generator_gives_the_same_twice(owner_dsn: str) -> None:
    assert await documents(owner_dsn) == await documents(owner_dsn)


async def test_a_change_of_a_table_is_seen(owner_dsn: str, owner_database: Database) -> None:
    await owner_database.execute("alter table users add column nickname text")
    changed = differences(await documents(owner_dsn))
    assert {"docs/reference/schema.sql", "docs/reference/data-model.md"} <= set(changed)


def test_every_reference_in_asyncapi_leads_somewhere() -> None:
    folder = ROOT / "docs/reference"
    document = yaml.safe_load((folder / "asyncapi.yaml").read_text(encoding="utf-8"))
    for message in document["components"]["messages"].values():
        assert (folder / message["payload"]["$ref"]).exists()
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]


def test_every_reference_in_the_merged_openapi_leads_somewhere() -> None:
    text = (ROOT / "docs/reference/openapi.yaml").read_text(encoding="utf-8")
    schemas = yaml.safe_load(text)["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/([\w.-]+)", text)) == set(schemas)


def test_the_merged_openapi_holds_every_path_of_every_service() -> None:
    folder = ROOT / "docs/reference"
    merged = yaml.safe_load((folder / "openapi.yaml").read_text(encoding="utf-8"))["paths"]
    for path in folder.glob("openapi/*.json"):
        for name, item in json.loads(path.read_text(encoding="utf-8"))["paths"].items():
            assert set(item) <= set(merged[name])
