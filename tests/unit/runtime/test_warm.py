"""What children make lies together: the holes between the parent's objects are filled before they are forked."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest

from learnflow.runtime import warm

pytestmark = pytest.mark.skipif(sys.implementation.name != "cpython", reason="CPython's allocator")


def make_holes(size: int) -> None:
    made = [bytes(size - sys.getsizeof(b"")) for _ in range(20_000)]
    kept.append(made[::2])


kept: list[list[bytes]] = []


@pytest.mark.parametrize("size", [64, 240, 512])
def test_after_it_new_objects_of_a_size_lie_one_behind_the_other(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_holes", [])
    make_holes(size)
    assert gaps(size) > 50
    warm.fill_holes()
    assert gaps(size) < 20


def gaps(size: int) -> int:
    made = [bytes(size - sys.getsizeof(b"")) for _ in range(100)]
    return sum(after - before != size for before, after in pairwise(map(id, made)))
