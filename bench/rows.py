"""One line of a bench: what was measured, against which goal and which base."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is value / base, both from the same run; `met` says whether the goal is reached, None without a goal."""

    name: str
    what: str
    value: float
    unit: str
    goal: str
    base: float | None = None
    ratio: float | None = None
    met: bool | None = None

    def line(self) -> str:
        """The row as one line of a table."""
        base = "" if self.base is None else f"base {self.base:,.1f}"
        ratio = "" if self.ratio is None else f"x {self.ratio:.2f}"
        met = {True: "met", False: "MISSED", None: ""}[self.met]
        return f"{self.what:<62} {self.value:>10,.2f} {self.unit:<5} goal {self.goal:<18} {base:<14} {ratio:<7} {met}"


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
