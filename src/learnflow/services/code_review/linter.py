"""ruff, run for one program: from stdin, without any file of the machine, with limits, a few at once."""

import asyncio
import keyword
import re
import resource
import time
from typing import Any

import orjson
import structlog
from ruff import find_ruff_bin

from learnflow.services.code_review.hits import Hit
from learnflow.services.code_review.rulebook import load_rules

log = structlog.get_logger()

AT_ONCE = 2
WAIT_S = 2.2  # with the queue: under load the answer does without, rather than come too late
_MEMORY_BYTES = 1 << 30
_CPU_S = 1
_LONGEST_NAME = 40
_NAME = re.compile(r"`([^`]*)`")


class Linter:
    """Finds what the rules of ruff in rules.yaml say about a program."""

    def __init__(self, program: str | None = None) -> None:
        self._program = program or find_ruff_bin()
        self._slots = asyncio.Semaphore(AT_ONCE)
        codes = ",".join(rule.code for rule in load_rules().values() if rule.is_ruffs)
        self._arguments = (
            "check", "--isolated", "--no-cache", "--ignore-noqa", "--preview", "--config",
            "lint.explicit-preview-rules=true", "--config", "lint.pycodestyle.max-line-length=79",
            "--config", "line-length=79", "--target-version", "py311", "--select", codes, "--output-format", "json",
            "--stdin-filename", "program.py", "--exit-zero", "--quiet", "-",
        )  # fmt: skip

    async def find(self, source: str, *, wait_s: float = WAIT_S) -> list[Hit] | None:
        """What ruff finds, by line; None when it failed or took too long: then nothing is claimed about style."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(wait_s), self._slots:
                output = await self._output(source)
            found = sorted(_hits(orjson.loads(output)), key=lambda hit: (hit.line, hit.column, hit.rule))
        except (TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("linter.failed", error=type(error).__name__)
            return None
        log.info("linter.finished", found=len(found), duration_ms=round((time.perf_counter() - started) * 1000, 1))
        return found

    async def _output(self, source: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            self._program,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"RAYON_NUM_THREADS": "1"},
            cwd="/",
        )
        try:
            _limit(process.pid)
            output, _ = await process.communicate(source.encode(errors="replace"))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise OSError(f"ruff ended with {process.returncode}")
        return output


def _limit(pid: int) -> None:
    """Bound the process before it is sent anything: until then it only waits for its input."""
    if hasattr(resource, "prlimit"):
        resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _hits(found: Any) -> list[Hit]:
    if not isinstance(found, list):
        raise TypeError("ruff writes a list")
    known = load_rules()
    return [_hit(entry) for entry in found if entry["code"] in known]


def _hit(entry: dict[str, Any]) -> Hit:
    place = entry["location"]
    named = (name for name in _NAME.findall(entry["message"]) if not keyword.iskeyword(name))
    return Hit(entry["code"], int(place["row"]), int(place["column"]), next(named, "")[:_LONGEST_NAME])
