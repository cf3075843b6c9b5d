"""Text from outside that no table can hold is refused at the door."""

import json
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from learnflow.contracts.text import Text


class Note(BaseModel):
    text: Annotated[Text, Field(min_length=1, max_length=20)]


@pytest.mark.plan("P-NUM-question")
@pytest.mark.parametrize("sent", [r'"a\u0000b"', r'"\ud800"', r'"\udfffx"', r'"ok \udc80"'])
def test_nul_and_lone_surrogates_are_refused(sent: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Note(text=json.loads(sent))
    assert caught.value.errors()[0]["loc"] == ("text",)


def test_a_whole_surrogate_pair_is_an_ordinary_character() -> None:
    assert Note(text=json.loads(r'"\ud83d\ude00"')).text == "😀"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20))
def test_every_other_text_stays_what_it_was(text: str) -> None:
    assert Note(text=text).text == text
    assert text.encode().decode() == text


@pytest.mark.parametrize("length", [0, 21])
def test_lengths_hold_beside_it(length: int) -> None:
    with pytest.raises(ValidationError):
        Note(text="x" * length)
