"""Every sentence of the page stands in the message files, in every language; none in HTML or JavaScript."""

import gzip
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import learnflow.web

STATIC = Path(learnflow.web.__file__).parent / "static"
FILES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (STATIC / "messages").glob("*.json")}
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in (STATIC / "js").glob("*.js")}
PAGE = (STATIC / "index.html").read_text(encoding="utf-8")
FORMS = {"zero", "one", "two", "few", "many", "other"}
PLACE = re.compile(r"\{(\w+)\}")
FOR_THE_TUTOR = ("chips.", "helpQuestion", "newOn")
"""What is sent to the tutor and to the generator, who understand English alone."""
NO_SCRIPT = "LearnFlow needs JavaScript. Switch it on for this address, then load the page again."
NO_TEXT = {"LearnFlow", "main.py", "Ctrl Enter", NO_SCRIPT}
"""Names; and what a page without scripts says, which can ask for no message."""
SHELL_KB = 90


def leaves(messages: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | dict[str, str]]]:
    """Each key with its sentence, or with the forms of it."""
    for name, value in messages.items():
        if isinstance(value, dict) and "other" not in value:
            yield from leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def places(value: str | dict[str, str]) -> set[str]:
    texts = value.values() if isinstance(value, dict) else [value]
    return {name for text in texts for name in PLACE.findall(text)}


ENGLISH = dict(leaves(FILES["en"]))
OTHERS = {tag: dict(leaves(messages)) for tag, messages in FILES.items() if tag != "en"}


def used() -> tuple[set[str], set[str]]:
    """The keys that page and scripts name, and the groups of which they take one by a name from elsewhere."""
    keys = set(re.findall(r'data-t(?:-label|-hint)?="([^"]+)"', PAGE))
    groups: set[str] = set()
    for text in SCRIPTS.values():
        keys |= set(re.findall(r'\bt\("([^"]+)"', text))
        for one, other in re.findall(r'\bt\([\w.]+ \? "([^"]+)" : "([^"]+)"', text):
            keys |= {one, other}
        groups |= set(re.findall(r'\b(?:oneOf|names)\("([^"]+)"', text))
    return keys, groups


def test_every_key_that_is_used_exists_and_every_key_that_exists_is_used() -> None:
    keys, groups = used()

    assert keys <= ENGLISH.keys()
    assert groups <= FILES["en"].keys()
    assert {key for key in ENGLISH if key not in keys and key.partition(".")[0] not in groups} == {"language"}


@pytest.mark.parametrize("tag", OTHERS)
def test_every_language_has_the_same_keys_and_places(tag: str) -> None:
    other = OTHERS[tag]

    assert other.keys() == ENGLISH.keys()
    for key, value in ENGLISH.items():
        assert places(other[key]) == places(value), key
        assert isinstance(other[key], dict) == isinstance(value, dict), key
        if isinstance(value, dict):
            assert {"one", "other"} <= set(other[key]) <= FORMS, key


@pytest.mark.parametrize("tag", OTHERS)
def test_no_sentence_is_left_in_english(tag: str) -> None:
    same = {
        key
        for key, value in OTHERS[tag].items()
        if value == ENGLISH[key] and isinstance(value, str) and len(re.findall(r"[a-z]{2,}", PLACE.sub("", value))) > 2
    }
    assert {key for key in same if not key.startswith(FOR_THE_TUTOR)} == set()


def test_a_call_gives_each_place_its_value() -> None:
    for name, text in SCRIPTS.items():
        for key, given in re.findall(r'\bt\("([^"]+)"(?:, \{([^}]*)\})?\)', text):
            values = {part.split(":")[0].strip() for part in re.split(r",(?![^(]*\))", given) if part.strip()}
            assert values == places(ENGLISH[key]) | ({"n"} if isinstance(ENGLISH[key], dict) else set()), (name, key)


class _Words(HTMLParser):
    """What of a page is read: its text, and the attributes that are said."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._quiet = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._quiet = tag
        said = ("aria-label", "placeholder", "title", "alt")
        self.found |= {value for name, value in attrs if name in said and value}

    def handle_endtag(self, tag: str) -> None:
        self._quiet = ""

    def handle_data(self, data: str) -> None:
        if data.strip() and self._quiet not in {"script", "style"} and "{{" not in data:
            self.found.add(data.strip())


def test_no_sentence_is_written_into_the_page() -> None:
    words = _Words()
    words.feed(re.sub(r"<pre.*?</pre>", "", PAGE, flags=re.DOTALL))

    assert words.found - NO_TEXT == set()


def test_no_sentence_is_written_into_a_script() -> None:
    found = []
    for name, text in SCRIPTS.items():
        code = re.sub(r"//.*|/\*.*?\*/", "", text)
        for quoted in re.findall(r'"([^"\n]*)"|`([^`\n]*)`', code):
            words = re.sub(r"\$\{[^}]*\}+", " ", "".join(quoted))
            # a sentence has a capital and a space, or a word that stands between elements
            if re.search(r"^[A-Z][a-z]+(?: [a-z]+)+", words) or re.search(r"[a-z] [a-z]+ [a-z]+[.?]$", words):
                found.append((name, words))
    assert found == []


def test_the_shell_is_small() -> None:
    """As a browser gets it: one page, its scripts and styles, and the messages of one language."""
    parts = [path for path in STATIC.rglob("*") if path.suffix in {".html", ".js", ".css", ".svg"}]
    largest = max(len(gzip.compress(path.read_bytes())) for path in (STATIC / "messages").iterdir())
    size = sum(len(gzip.compress(path.read_bytes())) for path in parts) + largest

    assert size <= SHELL_KB * 1000
