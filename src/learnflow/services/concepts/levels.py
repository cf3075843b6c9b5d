"""How deep an explanation goes: the three depths of a card by the shown mastery of its topic."""

from typing import Literal

Level = Literal["low", "mid", "high"]


def level_of(mastery: int) -> Level:
    """0-40 % low, 41-70 mid, 71-100 high."""
    if mastery <= 40:
        return "low"
    return "mid" if mastery <= 70 else "high"
