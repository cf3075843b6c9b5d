"""Skips are seen: under CI a skip that tests/skips-allowed.txt does not name fails the run.

A line of that file is `<pattern of the test's id>  # reason`; the pattern may hold `*`.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ALLOWED_FILE = Path(__file__).with_name("skips-allowed.txt")


class SkipWatch:
    """Collects the skips of a run and judges them at its end."""

    def __init__(self, allowed: list[str], *, strict: bool) -> None:
        self.allowed = allowed
        self.strict = strict
        self.unexpected: dict[str, str] = {}

    def record(self, nodeid: str, reason: str) -> None:
        if not any(fnmatchcase(nodeid, pattern) for pattern in self.allowed):
            self.unexpected[nodeid] = reason

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.record(report.nodeid, _reason(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.record(report.nodeid, _reason(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.strict and self.unexpected and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.unexpected:
            return
        verdict = "fail this run" if self.strict else "would fail .ci/run"
        terminalreporter.section(f"skips outside tests/skips-allowed.txt ({verdict})")
        for nodeid, reason in sorted(self.unexpected.items()):
            terminalreporter.line(f"{nodeid}: {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)


def read_allowed(path: Path) -> list[str]:
    """The patterns of a list of allowed skips, without their reasons."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.split("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def is_strict() -> bool:
    """CI is strict; elsewhere a skip prints its reason and is a skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipWatch(read_allowed(ALLOWED_FILE), strict=is_strict()), "learnflow-skips")
