"""How far a student is, in short true sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from learnflow.services.progress.mastery import Components
from learnflow.services.progress.overview import ModuleStanding
from learnflow.services.progress.streaks import Streak

MOST_FORMULAS = 8
_NO_STREAK = Streak(0, 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a student from the facts there are; `hints` counts by rung (1-4).

    By topic: `mistakes` are misconceptions that are not put right yet, `not_passed` exercises that were tried in vain.
    """

    questions: int = 0
    concepts: tuple[str, ...] = ()
    runs_ok: int = 0
    runs_failed: int = 0
    hints: Mapping[int, int] = field(default_factory=dict)
    active_days: int = 0
    active_days_last_30: int = 0
    streak: Streak = _NO_STREAK
    modules: tuple[ModuleStanding, ...] = ()
    passed: int = 0
    unaided: int = 0
    mistakes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_passed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        return self.runs_ok + self.runs_failed


def counted(number: int, thing: str, things: str | None = None) -> str:
    """`1 question`, `2 questions`."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def spoken(standing: Standing, titles: Mapping[str, str]) -> str:
    """The answer to "how far am I?" in Markdown: a sentence, mastery, a line for each count.

    `titles` are those of the cards by their ids; a card that has gone since is called by its id.
    """
    lines = [
        _activity(standing),
        "",
        *_mastery(standing),
        f"- You have asked {counted(standing.questions, 'question')}.",
    ]
    details = (_concepts(standing, titles), _runs(standing), _exercises(standing), _hints(standing))
    lines += [line for line in details if line]
    lines += _formulas(standing)
    if not _begun(standing):
        lines += ["", "You have no percentage yet. Solve an exercise or take a quiz, and it begins to grow."]
    return "\n".join(lines)


def _begun(standing: Standing) -> list[ModuleStanding]:
    return [module for module in standing.modules if any(topic.started for topic in module.topics)]


def _mastery(standing: Standing) -> list[str]:
    """A line for each module that is begun, with the topics in it."""
    lines = []
    for module in _begun(standing):
        topics = ", ".join(f"{topic.title} {topic.shown} %" for topic in module.topics if topic.started)
        lines.append(f"- {module.title}: {module.shown} % ({module.level.name}). {topics}.")
    return lines


def _formulas(standing: Standing) -> list[str]:
    """Why each percentage is what it is: its four parts, as they are counted."""
    begun = [topic for module in _begun(standing) for topic in module.topics if topic.started]
    formulas = [f"- {topic.title}: {_parts(topic.components)} = {topic.shown} %" for topic in begun[:MOST_FORMULAS]]
    return ["", "What a percentage is made of:", "", *formulas] if formulas else []


def _parts(parts: Components) -> str:
    named = (
        (40, parts.exercises, "exercises"),
        (30, parts.quiz, "quiz"),
        (20, parts.quality, "code quality"),
        (10, parts.consistency, "practice"),
    )
    return " + ".join(f"{weight} % of {have:.3g} ({name})" for weight, have, name in named)


def _exercises(standing: Standing) -> str:
    if not standing.passed:
        return ""
    return f"- You passed {counted(standing.passed, 'exercise')}, {standing.unaided} of them without help."


def _activity(standing: Standing) -> str:
    if not standing.active_days:
        return "You are just beginning: I know of no active day of yours yet."
    days = counted(standing.active_days, "day")
    if standing.streak.current > 1:
        longest = counted(standing.streak.longest, "day")
        return f"You were active on {days}, the last {standing.streak.current} in a row. Your longest row is {longest}."
    return f"You were active on {days} so far."


def _concepts(standing: Standing, titles: Mapping[str, str]) -> str:
    if not standing.concepts:
        return ""
    names = ", ".join(titles.get(name, name) for name in standing.concepts[:5]) + (
        " and more" if len(standing.concepts) > 5 else ""
    )
    return f"- You had {counted(len(standing.concepts), 'idea')} explained: {names}."


def _runs(standing: Standing) -> str:
    if not standing.runs:
        return "- You have not run a program here yet."
    outcome = f"{standing.runs_ok} went through, {standing.runs_failed} did not"
    return f"- You ran {counted(standing.runs, 'program')}: {outcome}."


def _hints(standing: Standing) -> str:
    if not standing.hints:
        return ""
    steps = ", ".join(f"{count} at step {rung}" for rung, count in sorted(standing.hints.items()))
    return f"- You took {counted(sum(standing.hints.values()), 'hint')}. Hints go from step 1 to step 4: {steps}."
