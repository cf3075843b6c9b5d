"""`demo` plays the acceptance day on a running instance, twice: each run makes its own people."""

import json

import pytest

from tests.integration.conftest import Up


@pytest.mark.slow
@pytest.mark.plan("P-CLI-demo", "P-DAY-1", "P-DAY-5")
def test_the_day_is_played_on_a_running_instance_and_can_be_played_again(up: Up) -> None:
    for _ in range(2):
        said = up.command("demo", "--json", timeout_s=60)
        assert said.returncode == 0, said.stdout + said.stderr
        rows = {row["step"]: row for row in json.loads(said.stdout)}
        assert list(rows) == list(range(1, 11))
        assert set(rows[1]) == {"step", "does", "ok", "ms", "seen"}
        assert all(rows[step]["ok"] is True for step in range(1, 6))
        assert rows[1]["seen"] == "module 2: 60 %"
        assert "module 2: 68 %" in rows[5]["seen"]
        assert "0.40 x 100 + 0.30 x 80" in rows[5]["seen"]
