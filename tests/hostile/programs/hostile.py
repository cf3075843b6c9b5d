"""What a hostile program is: its code, how it may end, what it must and must not say."""

from collections.abc import Callable
from dataclasses import dataclass

OK, ERROR, TIMEOUT, MEMORY, KILLED, FLOOD = "ok", "error", "timeout", "memory", "killed", "output_limit"
ANYTHING = (OK, ERROR, TIMEOUT, MEMORY, KILLED, FLOOD)
"""Where only what follows counts: nothing left, the next run right, the service alive."""
OUT_OF_MEMORY = (MEMORY, KILLED, ERROR)

BROKEN = ("NameError", "TypeError", "AttributeError", "ZeroDivisionError", "SystemExit")
"""How a program may end that has broken what reports its end: `SystemExit` is an exit code without a report."""

MISTAKES = {"NameError", "SyntaxError", "IndentationError", "AttributeError", "TypeError", "ImportError"}
"""An attack that fails like this has proved nothing but a slip of whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """`ends` are the allowed verdicts, `alone` those without namespaces (None: the same; empty: not tried there).

    `says` stands in its output (stdout, stderr or the error), `never` does not.
    """

    family: str
    name: str
    code: str
    ends: tuple[str, ...]
    alone: tuple[str, ...] | None = None
    says: str = ""
    never: str = "ESCAPED"
    timeout_s: float | None = None
    raises: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.family}-{self.name}"

    @property
    def limit_s(self) -> float:
        """Short where the time limit is what is expected, else long enough for a busy machine."""
        return self.timeout_s or (0.4 if self.ends == (TIMEOUT,) else 5.0)


def family(name: str) -> Callable[..., Hostile]:
    """`make(name, code, *ends, ...)` for programs of that family."""

    def make(program: str, code: str, *ends: str, **more: object) -> Hostile:
        return Hostile(name, program, code, ends, **more)  # type: ignore[arg-type] # the fields above

    return make


def refused(code: str) -> str:
    """The program after which nothing may be printed: what it tries has to raise."""
    return f"{code}\nprint('ESCAPED')"
