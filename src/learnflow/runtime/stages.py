"""The stages of a start, each with its time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stage:
    """`note` is what is printed when the stage has ended."""

    note: str = ""


@dataclass(slots=True)
class Stages:
    """Prints a line per stage unless `quiet`; keeps all times for those who ask later."""

    quiet: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        begun = time.monotonic()
        stage = Stage()
        yield stage
        self.seconds[name] = round(time.monotonic() - begun, 3)
        if not self.quiet:
            print(f"  {name:<12} {stage.note:<52} {self.seconds[name]:6.2f} s", flush=True)

    @property
    def total_s(self) -> float:
        return time.monotonic() - self.began
