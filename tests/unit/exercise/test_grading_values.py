"""Values cross as data: they come out as they went in, equal only by type and value, and nonsense is no value."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learnflow.curriculum.literals import read_literal
from learnflow.services.exercise.grading.program import Encoder, TooLarge
from learnflow.services.exercise.grading.values import Unreadable, checked, printable, same, shown, tagged, type_name

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
HASHABLE = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.sets(HASHABLE, max_size=4)
    ),
    max_leaves=12,
)


def crossed(value: object) -> list[Any]:
    """The value as the grader gets it."""
    return checked(json.loads(json.dumps(Encoder().encode(value))))


@given(VALUES)
def test_a_value_is_the_same_after_it_crossed(value: object) -> None:
    assert same(tagged(value), crossed(value))


@given(VALUES, VALUES)
def test_values_are_the_same_only_when_python_calls_them_equal_and_their_types_are(one: object, other: object) -> None:
    if same(tagged(one), crossed(other)):
        assert type(one) is type(other)
        assert one == other or "nan" in repr(one)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=10))
def test_whatever_a_program_writes_is_a_value_or_unreadable_and_never_an_error(data: Any) -> None:
    try:
        tag = checked(data)
    except Unreadable:
        return
    assert same(tag, tag) or tag[0] == "other"
    shown(tag)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), ([1], (1,)), ("1", 1), (None, 0), ({1}, frozenset({1})), ({}, set()), (b"a", "a"),
     ({1: 2}, {True: 2}), (0.1 + 0.2, 0.3), ([[]], [()]), (Decimal(1), 1)],
)  # fmt: skip
def test_equal_is_not_enough_the_type_counts(one: object, other: object) -> None:
    assert not same(tagged(one), crossed(other))
    assert same(tagged(one), crossed(one))


@pytest.mark.parametrize(
    ("one", "other", "tolerance", "equal"),
    [(0.3, 0.1 + 0.2, 1e-9, True), (0.3, 0.31, 1e-9, False), ([1.0], [1.0000001], 1e-3, True), (1, 1.0, 1.0, False),
     (float("inf"), 1e308, 1.0, False), (float("nan"), float("nan"), None, True), (0.0, -0.0, None, True)],
)  # fmt: skip
def test_floats_may_differ_only_where_it_is_stated(one: object, other: object, tolerance: float, equal: bool) -> None:
    assert same(tagged(one), crossed(other), tolerance) is equal


@dataclass
class Pet:
    """A class of a student's."""

    name: str
    age: int


Pet.__module__ = "solution"


def test_an_object_is_compared_as_a_record_whatever_the_order_of_its_fields() -> None:
    assert same(tagged(read_literal("Pet(age=3, name='Rex')")), crossed(Pet("Rex", 3)))
    assert not same(tagged(read_literal("Pet(age=4, name='Rex')")), crossed(Pet("Rex", 3)))
    assert not same(tagged(read_literal("Dog(age=3, name='Rex')")), crossed(Pet("Rex", 3)))


def test_a_subclass_that_lies_is_no_list() -> None:
    class Lying(list[int]):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None

    got = crossed([Lying([1]), 2])
    assert not same(tagged([[1], 2]), got)
    assert shown(got) == "[<Lying>, 2]"


@pytest.mark.parametrize("value", [list(range(10_000)), "x" * 100_000, [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]])
def test_what_is_too_large_or_too_deep_is_not_sent(value: object) -> None:
    with pytest.raises(TooLarge):
        Encoder().encode(value)


def test_a_list_that_holds_itself_is_too_deep() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(TooLarge):
        Encoder().encode(endless)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", "[1, 'a']", "(1,)", "(1, (2, 3))", "{1: [2.5]}", "{1}", "None", "b'x'", "-3", "Pet(name='Rex')"],
)
def test_a_value_is_shown_as_python_writes_it(text: str) -> None:
    assert shown(tagged(read_literal(text))) == ("set()" if text == "set()" else text.replace("b'x'", "bytes('78')"))


def test_a_huge_number_and_half_a_character_can_be_shown() -> None:
    assert shown(crossed(10**5000)).startswith("<int of ")
    assert printable("a\x00\ud800").encode()
    assert type_name(crossed(range(3))) == "range"


@pytest.mark.parametrize(
    "data",
    [None, [], {}, "x", [1], ["int"], ["int", 5], ["int", "zz"], ["float", "x"], ["bool", 1], ["list", "ab"],
     ["list", [1]], ["dict", [[["str", "a"]]]], ["record", 5, []], ["record", "A", [[1, ["int", "0x1"]]]], ["any", "*"],
     ["decimal.Decimal", "x"], ["NoneType", 1]],
)  # fmt: skip
def test_what_is_no_tagged_value_is_unreadable(data: object) -> None:
    with pytest.raises(Unreadable):
        checked(data)
