"""A skip that nobody listed fails CI, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.skips import SkipWatch, read_allowed

SKIPPING = "import pytest\n\ndef test_needs_what_is_not_here() -> None:\n    pytest.skip('no such thing')\n"


def run_pytest(folder: Path, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_one.py").write_text(SKIPPING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.skips", "-p", "no:cacheprovider", "-c", os.devnull, "."]
    environment = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.plan("P-RULE-skips")
def test_an_unlisted_skip_fails_ci_and_its_reason_is_printed(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "true")
    assert run.returncode == 1, run.stdout
    assert "no such thing" in run.stdout


def test_an_unlisted_skip_is_a_skip_at_home(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "")
    assert run.returncode == 0
    assert "would fail .ci/run" in run.stdout


def test_a_listed_skip_passes(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed.txt"
    allowed.write_text("# why\ntests/hostile/*::test_as_root  # needs root\n", encoding="utf-8")
    watch = SkipWatch(read_allowed(allowed), strict=True)
    watch.record("tests/hostile/test_level.py::test_as_root", "not root")
    assert watch.unexpected == {}
    watch.record("tests/unit/test_other.py::test_as_root", "not root")
    assert list(watch.unexpected) == ["tests/unit/test_other.py::test_as_root"]


def test_without_a_list_nothing_is_allowed(tmp_path: Path) -> None:
    assert read_allowed(tmp_path / "missing.txt") == []
