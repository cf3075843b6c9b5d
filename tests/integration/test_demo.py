"""`demo` plays the acceptance day on a running instance, with people of its own."""

import json

import pytest

from tests.integration.conftest import Up


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.plan("P-CLI-demo", "P-DAY-1", "P-DAY-5", "P-DAY-7", "P-DAY-8", "P-DAY-9")
def test_the_day_is_played_on_a_running_instance(up: Up) -> None:
    said = up.command("demo", "--json", timeout_s=90)
    assert said.returncode == 0, said.stdout + said.stderr
    rows = json.loads(said.stdout)
    assert [row["step"] for row in rows] == list(range(1, 11))
    assert [row["ok"] for row in rows] == [True] * 10
    assert set(rows[0]) == {"step", "does", "ok", "ms", "seen"}
    assert rows[0]["seen"] == "module 2: 60 %"
    assert "module 2: 68 %" in rows[4]["seen"]
    assert "0.40 x 100 + 0.30 x 80" in rows[4]["seen"]
