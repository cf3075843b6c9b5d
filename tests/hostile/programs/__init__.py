"""Programs that attack the sandbox, by family, each with the outcome that is expected of it."""

from tests.hostile.programs import crashes, files, kernel, memory, network, output, processes, time, trust
from tests.hostile.programs.hostile import Hostile

__all__ = ["FAMILIES", "PROGRAMS", "Hostile"]

FAMILIES = (time, memory, processes, files, network, kernel, crashes, output, trust)
PROGRAMS: tuple[Hostile, ...] = tuple(program for family in FAMILIES for program in family.PROGRAMS)
