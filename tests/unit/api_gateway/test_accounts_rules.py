"""What a person may be called."""

import pytest

from learnflow.contracts.errors import Invalid
from learnflow.services.api_gateway.accounts.rules import new_user


def _named(name: str) -> str:
    return new_user("ada@example.org", "a-long-password", name, "en", "UTC").name


@pytest.mark.parametrize("name", ["Zoë", "  Ada Lovelace ", "O'Neil-Łukasz", "李小龙", "سارا\u200cنور", "Ada 🙂"])
def test_names_of_all_scripts_are_welcome(name: str) -> None:
    assert _named(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "Ada\nBcc: all@example.org",
        "Ada\x1b[31m",
        "\u202eadA ecarG",
        "Ada\u2066",
        "\u200b\u200b",
        "Ada\u2028Grace",
        "--",
    ],
    ids=["line break", "escape", "override", "isolate", "invisible", "separator", "no letter"],
)
def test_a_name_that_would_disguise_itself_or_break_a_line_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        _named(name)
    assert refused.value.extra["field"] == "name"
