"""Logs are one JSON object a line, and hold no values of errors."""

import subprocess
import sys

import orjson

_PROGRAM = """
import logging, structlog
from learnflow.kit.logging import configure_logging, log_as
configure_logging()
log_as("triage")
log = structlog.get_logger()
log.info("code.execution.finished", duration_ms=3)
try:
    raise ValueError("planted-secret")
except ValueError:
    log.exception("code.execution.failed")
    logging.getLogger("uvicorn.error").exception("planted stdlib failure")
log.debug("not.shown")
"""


def _lines() -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, check=True)
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_json_with_service_level_and_time() -> None:
    lines = _lines()
    assert [line["event"] for line in lines] == [
        "code.execution.finished",
        "code.execution.failed",
        "planted stdlib failure",
    ]
    assert all({"service", "level", "timestamp"} <= line.keys() for line in lines)


def test_errors_are_logged_with_type_and_stack_but_without_their_message() -> None:
    for line in _lines()[1:]:
        assert line["error"] == "ValueError"
        assert line["stack"] == ["<string>:9:<module>"]
        assert "planted-secret" not in orjson.dumps(line).decode()
