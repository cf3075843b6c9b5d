"""Values as the sandbox shows them, read back."""

import pytest

from learnflow.services.debug.values import UNKNOWN, fields_of, read_value


@pytest.mark.parametrize(
    ("shown", "kind", "length"),
    [
        ("[1, 2, 3]", "list", 3),
        ("[]", "list", 0),
        ("'hello'", "str", 5),
        ("None", "NoneType", None),
        ("{'a': 1}", "dict", 1),
        ("set()", "set", 0),
        ("range(0, 5)", "range", 5),
        ("range(5, 0, -1)", "range", 5),
        ("nan", "float", None),
        ("12", "int", None),
        ("Dog(name='Rex')", "Dog", None),
        ("<generator>", "generator", None),
        ("[1, 2, \u2026 18 more]", "list", 20),
        ("[1, \u2026]", "list", None),
        ("'abc\u2026", "str", None),
        ("[[\u2026], \u2026 5 more]", "list", None),
        ("nonsense", "object", None),
    ],
)
def test_a_shown_value_keeps_its_type_and_its_length_where_that_is_known(
    shown: str, kind: str, length: int | None
) -> None:
    value = read_value(shown)
    assert (value.kind, value.length) == (kind, length)


def test_a_value_that_was_cut_is_not_taken_for_the_whole() -> None:
    assert read_value("[1, 2, \u2026 18 more]").literal is UNKNOWN
    assert read_value("'" + "x" * 155 + "'").literal is UNKNOWN


def test_the_fields_of_an_object_are_values_too() -> None:
    assert fields_of("Dog(name='Rex', friends=[1, 2])") == {"name": "'Rex'", "friends": "[1, 2]"}
    assert fields_of("Dog(name='Rex', …)") == {}
    assert fields_of("[1, 2]") == {}
