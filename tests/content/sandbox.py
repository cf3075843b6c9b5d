"""The real sandbox for the course's programs: code-execution's own, in this process, many runs at once."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from learnflow.services.code_execution.sandbox import Sandbox
from learnflow.services.code_execution.schemas import Run
from learnflow.services.code_execution.service import Executions
from learnflow.services.code_execution.settings import Settings

T = TypeVar("T")

AT_ONCE = 64
START_S, RUNS_S = 60, 120


class CourseSandbox:
    """A started sandbox with an event loop and a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="the course's sandbox")
        self._thread.start()
        settings = Settings()
        self._sandbox = Sandbox(settings)
        self._executions = Executions(settings, self._sandbox)
        self._awaited(self._sandbox.start(), START_S)

    def run(self, programs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What code-execution answers for each program, in order."""
        runs = [Run.model_validate(dict(program)) for program in programs]
        results = [self._awaited(self._executions.batch(some), RUNS_S) for some in _batches(runs)]
        return [json.loads(result.model_dump_json()) for batch in results for result in batch.results]

    def close(self) -> None:
        self._awaited(self._sandbox.stop(), START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _awaited(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)


def _batches(runs: list[Run]) -> list[list[Run]]:
    return [runs[start : start + AT_ONCE] for start in range(0, len(runs), AT_ONCE)]


@cache
def sandbox() -> CourseSandbox:
    """One for all tests."""
    return CourseSandbox()


def close_sandbox() -> None:
    """When the tests are over."""
    if sandbox.cache_info().currsize:
        sandbox().close()
        sandbox.cache_clear()
