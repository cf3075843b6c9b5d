"""Programs are read in threads: Python before 3.11.8 must not break one tree with another."""

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from learnflow.services.code_review.program import Program


class Pauses:
    """Rubbish whose removal lets another thread go on, wherever the collector happens to run."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        time.sleep(0)


@pytest.fixture
def eager_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(20)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("eager_collector")
def test_many_programs_are_read_at_once() -> None:
    source = "\n".join(f"if a{n} == (({n} + 1) * 2):\n    print([x for x in (a{n}, {n})])" for n in range(20))

    def read(_: int) -> Program:
        rubbish = [Pauses() for _ in range(20)]
        rubbish.clear()
        return Program(source)

    with ThreadPoolExecutor(8) as threads:
        programs = list(threads.map(read, range(200)))
    assert all(program.refusal is None for program in programs)
