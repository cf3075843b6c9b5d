"""Words as the search compares them: lower case, without endings, with the commonest other names made one."""

import re

SYNONYMS = {
    "array": "list", "lst": "list", "dict": "dictionary", "dicts": "dictionary", "hashmap": "dictionary",
    "func": "function", "funcs": "function", "subroutine": "function", "param": "parameter", "params": "parameter",
    "arg": "argument", "args": "argument", "str": "string", "int": "integer", "bool": "boolean", "vs": "or",
    "versus": "or", "forloop": "for loop", "whileloop": "while loop", "cycle": "loop", "modulus": "modulo",
    "%": "modulo", "//": "floor division", "+=": "running total", "!=": "==",
}  # fmt: skip
_STOP_WORDS = """
    a an the this that these those it its is are was be been am do does did done how what why when where which who can
    could would should will may might i you we they he she me my your our their in on at to of by as from into about
    please explain tell mean means meaning work works python code program example use used using so then than there
    here have has had get got give very really understand know help want need one some any thing way up out hello hi
    thanks difference between task line for if elif else and or not while with try
"""
_TOKEN = re.compile(r"[a-z_][a-z_0-9]*\(?|//|[=!<>]=|\+=|%|(?<=\s)[=<>](?=\s|$)")
_KEEP = frozenset({"string", "thing", "this", "class", "is", "pass", "else", "none", "true", "false", "indexing"})


def tokens(text: str) -> list[str]:
    """All words of a text in order, stemmed; also the short ones that Python and English share."""
    found: list[str] = []
    for word in _TOKEN.findall(text.lower().replace("\u2019", "'")):
        if word.endswith("("):  # the name of a call is a name, and no short form of another word
            found.append(stem(word[:-1]))
            continue
        found.extend(stem(part) for part in SYNONYMS.get(word, SYNONYMS.get(stem(word), word)).split())
    return found


def content(words: list[str]) -> list[str]:
    """The words that say something."""
    return [word for word in words if word not in STOP_WORDS]


def stem(word: str) -> str:
    """A word without its commonest English endings; both sides of a comparison go through here."""
    if word in _KEEP or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    for ending, least in (("ing", 6), ("ed", 6)):
        if word.endswith(ending) and len(word) >= least:
            return _without_double(word[: -len(ending)])
    if word.endswith("s") and not word.endswith(("ss", "us")):
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _without_double(word: str) -> str:
    is_double = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl"
    return word[:-1] if is_double else word


STOP_WORDS = frozenset(_STOP_WORDS.split()) | frozenset(map(stem, _STOP_WORDS.split()))
