"""The page's colours can be read by everyone: WCAG 2.2, 1.4.3 and 1.4.11, computed from the tokens themselves."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import learnflow.web

STATIC = Path(learnflow.web.__file__).parent / "static"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
TEXT = 4.5
BORDER = 3.0


def palette(theme: str) -> dict[str, str]:
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", TOKENS.split("[data-theme")[0]))
    dark = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", TOKENS.split('[data-theme="dark"] {')[1].split("}")[0]))
    return light if theme == "light" else light | dark


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


PAIRS = [
    *product(("ink", "ink-2", "ink-3", "error"), ("paper", "canvas", "raised"), (TEXT,)),
    *product(("ink", "ink-2"), ("hover",), (TEXT,)),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-hover", TEXT),
    ("brand", "canvas", TEXT),
    ("error", "error-tint", TEXT),
    ("py-gutter", "paper", TEXT),
    *product(("edge", "brand", "level-1", "level-2", "level-3", "level-4"), ("paper", "canvas"), (BORDER,)),
]


@pytest.mark.plan("P-WEB-contrast")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_borders_stand_out_from_what_they_lie_on(theme: str) -> None:
    colours = palette(theme)
    weak = {
        (above, below): round(contrast(colours[above], colours[below]), 2)
        for above, below, least in PAIRS
        if contrast(colours[above], colours[below]) < least
    }
    assert weak == {}


def test_only_the_tokens_hold_colours() -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", (STATIC / "page.css").read_text(encoding="utf-8")) == []


def test_no_script_makes_markup_of_text() -> None:
    for script in STATIC.rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            script
        )


def test_no_file_names_another_origin() -> None:
    namespace = "http://www.w3.org/2000/svg"
    for path in STATIC.rglob("*.*"):
        assert not re.search(r"https?://", path.read_text(encoding="utf-8").replace(namespace, "")), path
