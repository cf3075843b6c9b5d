"""What is committed holds no addresses of registries, no paths of one machine, no secrets, and locks only hashes."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# written in two halves, so that this file does not find itself
REGISTRY = re.compile(
    r"(?:files\.pythonhosted|pypi|registry\.npmjs|registry\.yarnpkg|proxy\.golang)" + r"\.org|index-" + "url"
)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)" + r"/[\w.]")
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----|\bsk-[A-Za-z0-9]{32,}|AKIA[0-9A-Z]{16}")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

TEXT_SUFFIXES = {".png", ".ico", ".woff2", ".gif", ".jpg"}


@cache
def committed() -> dict[str, str]:
    """Every tracked text file."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name and Path(name).suffix not in TEXT_SUFFIXES]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths if path.is_file()}


def places(pattern: re.Pattern[str], files: dict[str, str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (REGISTRY, ("tools/lock",)),  # the option that leaves the address out of the lock
        (MACHINE_PATH, ("tests/hostile/",)),  # what hostile programs try to read
        (SECRET, ()),
        (UNFINISHED, ()),
    ],
    ids=["registry hosts", "paths of one machine", "secrets", "unfinished work"],
)
def test_no_committed_file_holds(pattern: re.Pattern[str], allowed: tuple[str, ...]) -> None:
    files = {name: text for name, text in committed().items() if not name.startswith(allowed)}
    assert places(pattern, files) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (REGISTRY, "--index-" + "url https://example.test/simple"),
        (MACHINE_PATH, "cd /work" + "/main"),
        (MACHINE_PATH, 'home = "/home/' + 'ada/learnflow"'),
        (SECRET, "-----BEGIN PRIVATE" + " KEY-----"),
        (UNFINISHED, "# TO" + "DO later"),
    ],
)
def test_a_planted_line_is_found(pattern: re.Pattern[str], line: str) -> None:
    assert places(pattern, {"x": line})


@pytest.mark.parametrize("lock", ["run.txt", "test.txt"])
def test_a_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    lines = (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==[\w.!+-]+( ; [^/]+)? \\")
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not pinned.fullmatch(line) and not hashed.fullmatch(line)] == []


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    wanted = set(re.findall(r'^  "([a-z0-9_-]+==[\w.]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    assert wanted
    locked = set(re.findall(r"^([a-z0-9._-]+==[\w.]+)", (ROOT / "requirements/test.txt").read_text(), re.MULTILINE))
    assert wanted - locked == set()


def test_the_locks_hold_neither_the_dapr_sdk_nor_grpc() -> None:
    locked = (ROOT / "requirements/test.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(?:dapr|grpcio)\S*", locked, re.MULTILINE) == []


def test_start_scripts_may_be_executed() -> None:
    listing = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    modes = {line.split("\t")[1]: line.split()[0] for line in listing.splitlines()}
    scripts = ["learnflow", ".ci/run", "tools/ci-packages", "tools/ci-as-user", "tools/lock"]
    assert {name: modes.get(name) for name in scripts} == dict.fromkeys(scripts, "100755")
