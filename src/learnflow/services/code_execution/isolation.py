"""What shuts programs in on this machine, as a canary saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Isolation:
    """The true level, its layers (active, absent or failed with the reason) and why it is not higher.

    `is_known` is False when the canary came to no judgement, as on a machine too busy to bring it back in time: then
    the level says that nothing was seen, and not that anything is missing.
    """

    level: int
    layers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    memory_limit: Literal["exact", "per-process"] = "per-process"
    memory_limit_bytes: int = 0
    memory_base_bytes: int = 0
    is_known: bool = True
