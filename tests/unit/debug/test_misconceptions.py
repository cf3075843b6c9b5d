"""The library of misconceptions: its examples run and print what they say."""

import contextlib
import io
import re

import pytest

from learnflow.tutor.misconceptions import MISCONCEPTIONS, Misconception

all_entries = pytest.mark.parametrize("entry", MISCONCEPTIONS.values(), ids=lambda entry: entry.id)


@all_entries
def test_the_example_prints_what_stands_beside_it(entry: Misconception) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(entry.code, "example.py", "exec", dont_inherit=True), {"__name__": "__main__"})
    assert printed.getvalue().strip() == entry.output.strip()


@all_entries
def test_an_entry_is_short_and_calm(entry: Misconception) -> None:
    assert len(entry.code.splitlines()) <= 8
    for text in (entry.idea, entry.belief, entry.say):
        assert len(text.split()) <= 60
        spoken = re.sub(r"`[^`]*`", "it", text)
        assert "!" not in spoken
        assert max(len(sentence.split()) for sentence in re.split(r"[.?:;]\s", spoken)) <= 25


def test_each_misconception_has_one_entry() -> None:
    assert len(MISCONCEPTIONS) >= 100
    assert all(re.fullmatch(r"[a-z]+(?:-[a-z]+)*", name) for name in MISCONCEPTIONS)
