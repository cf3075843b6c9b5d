"""docs/quickstart.md is a program: every block of it, in order, against a running platform."""

import os
import re
import subprocess

import pytest

from bench.platform import Platform
from tools.reference.documents import ROOT

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.plan("P-NUM-quickstart")
def test_a_students_day_by_curl_alone(platform: Platform) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8"))
    program = "\n".join(f"{block}echo '== end of block'" for block in blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", program],
        env={**os.environ, "LEARNFLOW": platform.address("web")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    said = [block.strip() for block in done.stdout.split("== end of block")]
    assert len(said) == len(blocks) + 1
    assert "for" in said[2], "the answer speaks of loops"
    assert said[3] == "x\n-"
    assert float(said[4].splitlines()[-1]) < 100, "a wrong program does not pass"
    assert 0 < float(said[5]) <= 100
    assert 0 <= float(said[6]) <= 100
    assert float(said[7]) >= 0
    assert said[8]
    assert int(said[9]) >= 0
