"""`.env.local` counts for every command, after the environment."""

import os
import subprocess
import sys
from pathlib import Path


def _learnflow(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "learnflow.cli", *words]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LEARNFLOW_")}
    return subprocess.run(
        command, cwd=folder, env={**clean, **environment}, capture_output=True, text=True, check=False, timeout=20
    )


def test_a_value_of_the_file_is_used_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("LEARNFLOW_PORT_OFFSET=abc\n")
    done = _learnflow(tmp_path, "up", "--data", str(tmp_path / "data"))
    assert done.returncode == 2
    assert "LEARNFLOW_PORT_OFFSET" in done.stderr


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("LEARNFLOW_DATA=/from-the-file\n")
    done = _learnflow(tmp_path, "status", LEARNFLOW_DATA="/from-the-environment")
    assert "/from-the-environment" in done.stdout
    assert "/from-the-file" in _learnflow(tmp_path, "status").stdout
