"""The documents speak of files that exist, and stay short."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT

PAGES = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
CODE_PATH = re.compile(r"`([\w./-]+/[\w-]+\.(?:py|md|yaml|toml|sql|json|txt))`")
BASES = ("", "src/learnflow/")
LINES = {"README.md": 120, "ARCHITECTURE.md": 250}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    folder = (ROOT / page).parent
    assert [link for link in LINK.findall(text) if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {path for path in CODE_PATH.findall(text) if "<" not in path}
    assert sorted(path for path in named if not any((ROOT / base / path).exists() for base in BASES)) == []


@pytest.mark.parametrize(("page", "most"), LINES.items())
def test_a_page_stays_short(page: str, most: int) -> None:
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= most
