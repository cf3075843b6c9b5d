"""Exercises drafted from a template: the same one for the same seed.

A draft knows its tests but not their results: those come from running its reference, outside of this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from learnflow.curriculum.exercises import Case, Difficulty, Level, Task, Wrong, lines_of
from learnflow.curriculum.templates import PLACE, Source, Template, Variant

Value = int | str | list[int] | list[str]
FEWEST_RESULTS = 2
DEEPEST = 4
"""A text may hold places whose texts hold places again, so deep at most."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One test without its result: a call in the program, or a run with this input."""

    call: str | None
    stdin: str
    hidden: bool
    preamble: str = ""

    def program(self, code: str) -> str:
        """The program whose output is the result."""
        whole = f"{self.preamble}\n{code}" if self.preamble else code
        return whole if self.call is None else f"{whole}\nprint(repr({self.call}))\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """An exercise whose tests have no results yet."""

    template: Template
    seed: int
    difficulty: Difficulty
    title: str
    statement: str
    example: str
    starter: str
    reference: str
    hint: str
    wrong: tuple[Wrong, ...]
    probes: tuple[Probe, ...]

    @property
    def name(self) -> str:
        """A name for it that no other draft has."""
        return f"{self.template.template.rpartition('/')[2]}-{self.seed:010x}"


def draft(template: Template, seed: int, difficulty: Difficulty) -> Draft:
    """The exercise of this seed; ValueError when the template has none of this difficulty."""
    mixer = Random(f"{template.template} {difficulty} {seed}")  # noqa: S311 - a mix of tasks is no secret
    chosen = mixer.choice(_combinations(template, difficulty))
    texts: dict[str, Value] = dict(mixer.choice(template.themes))
    for variant in chosen:
        texts |= variant.texts
    for name, source in template.constants.items():
        texts[name] = _drawn(source, texts, mixer)
    reference = _program(template.reference, texts)
    wrong = (Wrong(misconception=one.misconception, code=_program(one.code, texts)) for one in template.wrong)
    return Draft(
        template=template,
        seed=seed,
        difficulty=difficulty,
        title=_fill(template.title, texts),
        statement=" ".join(_fill(template.statement, texts).split()),
        example=template.example,
        starter=_program(template.starter, texts),
        reference=reference,
        hint=_fill(template.hint, texts),
        wrong=tuple(one for one in wrong if one.code != reference),
        probes=tuple(_probe(template, case.inputs, case.hidden, texts, mixer) for case in template.cases),
    )


def _combinations(template: Template, difficulty: Difficulty) -> list[tuple[Variant, ...]]:
    found = [
        variants
        for variants in product(*template.parameters.values())
        if template.levels.get(sum(one.weight for one in variants)) == difficulty
    ]
    if not found:
        raise ValueError(f"{template.template} has no {difficulty} exercise")
    return found


def _probe(
    template: Template, special: Mapping[str, Source], hidden: bool, texts: Mapping[str, Value], mixer: Random
) -> Probe:
    values = dict(texts)
    for name, usual in template.inputs.items():
        values[name] = _drawn(special.get(name, usual), values, mixer)
    call = None if template.call is None else _fill(template.call, values)
    return Probe(call, _fill(template.stdin or "", values), hidden, _ready(template, texts))


def _ready(template: Template, texts: Mapping[str, Value]) -> str:
    return _program(template.preamble, texts) if template.preamble else ""


def _drawn(source: Source, known: Mapping[str, Value], mixer: Random) -> Value:
    if source.number is not None:
        return mixer.randint(*source.number)
    if source.given is not None:
        return _fill(source.given, known)
    if source.of is not None:
        return _middle(known[source.of])
    size = mixer.randint(*source.length)
    if source.numbers is not None:
        return [mixer.randint(*source.numbers) for _ in range(size)]
    return [mixer.choice(str(known[str(source.words)]).split()) for _ in range(size)]


def _middle(items: Value) -> int:
    """The middle one of some numbers by size, so that others lie below and above it."""
    numbers = sorted(item for item in items if isinstance(item, int)) if isinstance(items, list) else []
    return numbers[len(numbers) // 2] if numbers else 0


def _program(text: str, values: Mapping[str, Value]) -> str:
    return "\n".join(line.rstrip() for line in _fill(text, values).rstrip().splitlines()) + "\n"


def _fill(text: str, values: Mapping[str, Value]) -> str:
    for _ in range(DEEPEST):
        filled = PLACE.sub(lambda match: _shown(values[match.group(1)], match.group(2)), text)
        if filled == text:
            break
        text = filled
    return text


def _shown(value: Value, part: str | None) -> str:
    if isinstance(value, list):
        if part == "lines":
            return "\n".join(map(str, value))
        return str(len(value)) if part == "count" else repr(value)
    return str(value)


def finish(one: Draft, results: Sequence[str]) -> Task:
    """The exercise with the results of its tests, in the order of the probes."""
    level = Level(kind="write", difficulty=one.difficulty, skills=one.template.skills)
    cases = [_case(probe, result.rstrip()) for probe, result in zip(one.probes, results, strict=True)]
    return Task(
        title=one.title,
        level=level,
        statement=f"{one.statement} {_example(one, results[0])}",
        starter=one.starter,
        preamble=one.probes[0].preamble,
        reference=one.reference,
        tests=tuple(cases),
        require=one.template.require,
        wrong=one.wrong,
        hints=(one.hint,),
        language=one.template.language,
    )


def _case(probe: Probe, result: str) -> Case:
    if probe.call is not None:
        return Case(call=probe.call, expected=result, hidden=probe.hidden)
    return Case(stdin=probe.stdin, stdout=result, hidden=probe.hidden)


def _example(one: Draft, result: str) -> str:
    shown = {
        "shown_call": one.probes[0].call or "",
        "shown_input": "`, `".join(lines_of(one.probes[0].stdin)),
        "shown_result": "`, `".join(lines_of(result)),
    }
    return PLACE.sub(lambda match: shown[match.group(1)], one.example)


def weakness(task: Task, starter_passes: int, wrong_failures: Sequence[set[int]]) -> str | None:
    """Why this draft is no good, or None: the tests have to differ, and to find out who believes wrongly.

    `wrong_failures` are the numbers of the failed tests, from 1, of each wrong program.
    """
    results = [case.expected or case.stdout or "" for case in task.tests]
    public = {number for number, case in enumerate(task.tests, start=1) if not case.hidden}
    if len({(case.call, case.stdin) for case in task.tests}) < len(task.tests):
        return "two tests are equal"
    if len(set(results)) < FEWEST_RESULTS:
        return "all tests have the same result"
    if starter_passes > 1:
        return "the starter passes more than one test"
    if not all(failed & public for failed in wrong_failures):
        return "a wrong program passes all tests that are shown"
    return None
