"""The boundaries of the three depths are exact."""

import pytest

from learnflow.services.concepts.levels import Level, level_of


@pytest.mark.parametrize(
    ("mastery", "level"), [(0, "low"), (40, "low"), (41, "mid"), (70, "mid"), (71, "high"), (100, "high")]
)
def test_mastery_gives_the_level(mastery: int, level: Level) -> None:
    assert level_of(mastery) == level
