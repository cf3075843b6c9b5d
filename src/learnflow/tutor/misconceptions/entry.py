"""The shape of one misconception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misconception:
    """A belief about Python that does not hold, and what helps against it.

    `idea` is the true picture in one or two sentences; it names no line. `belief` says the misconception in words,
    without blame. `code` is a worked example with names and data of its own; `output` is what it prints (a test runs
    it); `say` points at what to see in it. No example has the shape of a usual repair, so that none can be copied.
    """

    id: str
    idea: str
    belief: str
    code: str
    output: str
    say: str
