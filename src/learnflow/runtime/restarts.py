"""When a process that died is started again: at once, then after growing pauses, then not any more."""

from dataclasses import dataclass, field

PAUSES_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
HEALTHY_AFTER_S = 10.0


@dataclass(slots=True)
class RestartPolicy:
    """Counts deaths soon after a start; a process that lived for `healthy_after_s` begins with a clean sheet."""

    pauses_s: tuple[float, ...] = PAUSES_S
    healthy_after_s: float = HEALTHY_AFTER_S
    gives_up: bool = True
    """False: what waits for another server by ending again and again is started for ever, after the last pause."""
    quick_deaths: int = field(default=0, init=False)

    def pause_after_death(self, lived_s: float) -> float | None:
        """Seconds to wait before the next start; None when it crashes again and again and is left alone."""
        if lived_s >= self.healthy_after_s:
            self.quick_deaths = 0
        if self.quick_deaths >= len(self.pauses_s):
            return None if self.gives_up else self.pauses_s[-1]
        pause = self.pauses_s[self.quick_deaths]
        self.quick_deaths += 1
        return pause
