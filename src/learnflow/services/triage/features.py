"""What can be seen in a question without understanding it: its code, its error, its form."""

import keyword
import re
import warnings
from dataclasses import dataclass
from functools import cached_property

from learnflow.services.triage.cues import VOCABULARY

_READ_FROM_START = 600
_READ_FROM_END = 300
_PARSED_CHARACTERS = 4_000

_TRACEBACK = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\bFile \"[^\"\n]{1,200}\", line \d+"
    r"|\b(?:[A-Z][a-z]+)+(?:Error|Exception|Interrupt)\s{0,2}:\s{0,2}\S"
)
_EXCEPTION_NAME = re.compile(r"\b(?:[A-Z][a-z]+){1,4}Error\b|\b(?:StopIteration|KeyboardInterrupt)\b")
_FENCE = re.compile(r"```.{0,4000}?(?:```|\Z)", re.DOTALL)
_CODE_LINE = re.compile(
    r"^\s*(?:(?:def|class|for|while|if|elif|else|try|except|with)\b[^?\n]*:\s*$"
    r"|(?:import|from)\s+\w+|return\b(?![^\n]*\?)|print\s*\(|[\w.\[\]'\"]+\s*(?:[-+*/]?=)(?!=)\s*\S"
    r"|[\w.]+\([^?\n]*\)\s*$)"
)
_TOP_LEVEL = re.compile(r"^(?:def|class|import|from|for|while|if|with|try|@|print\b|[A-Za-z_]\w* ?=)", re.MULTILINE)
_NO_COLON = re.compile(
    r"^[ \t]*(?:def \w+\([^()\n]*\)|for \w+ in [\w.]+(?:\([^()\n]*\))?|else|try|finally)[ \t]*$", re.MULTILINE
)

_NAME = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|#[^\n]*|\b([a-z_]\w*)")
_OPEN_END = re.compile(r"was never closed|unterminated triple-quoted|unexpected EOF|expected an indented block")

_ASKING = frozenset(
    ("what", "why", "how", "when", "where", "which", "who", "is", "are", "does", "do", "did", "can", "could", "should")
)


@dataclass(frozen=True)
class Question:
    """What a student sent, opened: `query` is theirs to word, `code` the program open beside the chat."""

    query: str
    code: str | None = None
    error: str | None = None
    exercise_id: str | None = None


@dataclass(frozen=True)
class Features:
    """What is seen in one question; every field is a fact that a rule can use."""

    question: Question

    @cached_property
    def wording(self) -> str:
        """The question's own words in lower case: its ends if it is long, without code and tracebacks."""
        text = self.question.query
        if len(text) > _READ_FROM_START + _READ_FROM_END:
            text = text[:_READ_FROM_START] + "\n" + text[-_READ_FROM_END:]
        text = _FENCE.sub(" ", text)
        kept = [line for line in text.splitlines() if "?" in line or not _CODE_LINE.match(line)]
        kept = kept if any(map(str.strip, kept)) else [text]
        return " ".join(" ".join(kept).lower().replace("\u2019", "'").replace("\u2018", "'").split())

    @cached_property
    def words(self) -> list[str]:
        return re.findall(r"[a-z_']+(?:-[a-z]+)*", self.wording)

    @cached_property
    def has_code(self) -> bool:
        return bool(self.question.code and self.question.code.strip())

    @cached_property
    def quotes_code(self) -> bool:
        """The question itself holds lines of a program."""
        text = self.question.query
        return "```" in text or any(_CODE_LINE.match(line) for line in text.splitlines()[:60])

    @cached_property
    def _start_is_broken(self) -> bool:
        """Python cannot read what is looked at; compiled and never run, for a tree of objects takes far longer."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(self._parsed_code, "<student>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return not self._is_owed_to_the_cut(error)
        except (ValueError, RecursionError, MemoryError):
            return True
        return False

    def _is_owed_to_the_cut(self, error: SyntaxError) -> bool:
        """A bracket, a string or a block that is open where a long program was cut says nothing about the program."""
        if len(self._parsed_code) == len(self.question.code or ""):
            return False
        return _OPEN_END.search(error.msg) is not None or (error.lineno or 0) > self._parsed_code.count("\n")

    @cached_property
    def _parsed_code(self) -> str:
        """The program up to the last top-level statement that begins within the limit."""
        code = self.question.code or ""
        if len(code) <= _PARSED_CHARACTERS:
            return code
        starts = [found.start() for found in _TOP_LEVEL.finditer(code, 0, _PARSED_CHARACTERS)]
        cut = starts[-1] if starts and starts[-1] > 0 else code.rfind("\n", 0, _PARSED_CHARACTERS) + 1
        return code[: cut or _PARSED_CHARACTERS]

    @cached_property
    def is_broken(self) -> bool:
        """There is code and Python cannot read it; behind the part that is parsed only plain slips are seen."""
        return self.has_code and (self._start_is_broken or self._rest_is_broken)

    @cached_property
    def _rest_is_broken(self) -> bool:
        rest = (self.question.code or "")[len(self._parsed_code) :]
        return '"""' not in rest and "'''" not in rest and _NO_COLON.search(rest) is not None

    @cached_property
    def shows_traceback(self) -> bool:
        texts = (self.question.query, self.question.error or "")
        return any(_TRACEBACK.search(text[:2000]) or _TRACEBACK.search(text[-1000:]) for text in texts)

    @cached_property
    def has_error(self) -> bool:
        return bool(self.question.error and self.question.error.strip())

    @cached_property
    def names_exception(self) -> bool:
        return _EXCEPTION_NAME.search(self.question.query[:2000]) is not None

    @cached_property
    def python_words(self) -> int:
        """How many different words of Python's vocabulary the question holds."""
        return len(VOCABULARY.intersection(self.words))

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Names that the student's program defines or uses."""
        if not self.has_code or self._start_is_broken:
            return frozenset()
        return frozenset(filter(None, _NAME.findall(self._parsed_code.lower()))).difference(keyword.kwlist)

    @cached_property
    def asks_about_own_name(self) -> bool:
        """A word of the question is a name of the program and no everyday word."""
        return any(word in self.own_names for word in self.words if len(word) > 3 or "_" in word)

    @cached_property
    def is_question(self) -> bool:
        return "?" in self.question.query or bool(self.words and self.words[0] in _ASKING)
