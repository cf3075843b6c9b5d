"""Reading grade by Flesch-Kincaid (Kincaid et al. 1975): 0.39 words/sentences + 11.8 syllables/words - 15.59."""

import re

_CODE = re.compile(r"`[^`]*`")
_SENTENCE = re.compile(r"[.!?:]+(?:\s|$)")
_WORD = re.compile(r"[A-Za-z']+")
_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Groups of vowels; a silent e at the end does not count."""
    word = word.lower().strip("'")
    groups = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1:
        groups -= 1
    return max(groups, 1)


def plain(text: str) -> str:
    """The prose of a text: a code word in backticks is read as one short word."""
    return _CODE.sub("code", text)


def grade(text: str) -> float:
    """The school year in which the text can be read."""
    prose = plain(text)
    sentences = max(len(_SENTENCE.findall(prose)), 1)
    words = _WORD.findall(prose)
    spoken = sum(syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * spoken / max(len(words), 1) - 15.59


def longest_sentence(text: str) -> int:
    """The number of words of the longest sentence."""
    return max(len(_WORD.findall(sentence)) for sentence in _SENTENCE.split(plain(text)))
