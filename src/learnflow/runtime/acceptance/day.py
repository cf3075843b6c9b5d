"""The steps of the day, in order; each says what was seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from learnflow.runtime.acceptance.help import Help
from learnflow.runtime.acceptance.past import (
    AFTER,
    BEFORE,
    LAST_EXERCISE,
    TOPIC,
    module_of,
    pass_exercise,
    take_quiz,
)
from learnflow.runtime.acceptance.people import Failed, Person, until
from learnflow.runtime.acceptance.whole_topic import WholeTopic, formula

QUESTION = "How do for loops work in Python?"
LOOP = "for day in range(1, 4):\n    print('day', day)\n"
PRINTED = "day 1\nday 2\nday 3\n"
LATER = "comes later: there is no {} yet"
NOT_PLAYED = "not played: step {} failed"


@dataclass(frozen=True, slots=True)
class Row:
    """How a step went; `ok` is None for one whose paths are not there yet."""

    step: int
    does: str
    ok: bool | None
    ms: float
    seen: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step: the public paths it stands on, what plays it, and the earlier step whose outcome it goes on with."""

    number: int
    does: str
    needs: tuple[str, ...]
    play: Callable[[], str]
    after: int | None = None


@dataclass(slots=True)
class Day:
    """One student's day, and what another and the teacher do; `answer` is that of step 2, for step 3."""

    student: Person
    help: Help
    answer: dict[str, Any] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        return [
            Step(1, f"A student signs in and sees module 2 at {BEFORE} %", ("/progress",), self.sees_module),
            Step(2, "They ask how for loops work in Python", ("/query",), self.asks),
            Step(3, "Concepts answers with examples that ran and the loop's steps", ("/query",), self.reads, after=2),
            Step(4, "They write a for loop and run it", ("/code/execute",), self.runs),
            Step(
                5,
                f"They solve its exercise, take the quiz with 4 of 5, and see module 2 at {AFTER} %",
                ("/exercises", "/quizzes"),
                self.solves,
            ),
            *self._steps_of_help(),
            *self._steps_of_a_topic(),
        ]

    def _steps_of_help(self) -> list[Step]:
        to_fail = ("/classes", "/classes/join", "/exercises")
        to_see = (*to_fail, "/teacher/alerts", "/notifications")
        to_ask = (*to_fail, "/teacher/students/{student_id}", "/teacher/exercises/generate")
        to_assign = (*to_ask, "/teacher/assignments")
        to_close = (*to_assign, "/teacher/alerts", "/notifications")
        return [
            Step(6, "Another student fails three list-comprehension tries", to_fail, self.help.fails_three_times),
            Step(7, "Within seconds the teacher's open page shows the alert", to_see, self.help.sees_the_alert, 6),
            Step(8, "The teacher reads the code and asks for easy exercises", to_ask, self.help.asks_for_exercises, 6),
            Step(9, "They look the draft over and assign it", to_assign, self.help.assigns, 8),
            Step(10, "The student is told live, solves it, the alert closes", to_close, self.help.solves_it, 9),
        ]

    def _steps_of_a_topic(self) -> list[Step]:
        topic = WholeTopic(self.student)
        to_learn = ("/lessons", "/progress/events", "/code/execute")
        to_solve = (*to_learn, "/exercises")
        to_answer = (*to_solve, "/quizzes")
        return [
            Step(11, "The first student takes the whole lesson on lists", to_learn, topic.takes_the_lesson),
            Step(12, "They solve all core exercises of lists", to_solve, topic.solves_the_exercises, 11),
            Step(13, "They take the quiz of lists", to_answer, topic.takes_the_quiz, 11),
            Step(
                14, "They see its mastery, as the formula says", (*to_answer, "/progress"), topic.sees_the_mastery, 13
            ),
        ]

    def close(self) -> None:
        self.student.close()
        self.help.close()

    def sees_module(self) -> str:
        self.student.sign_in()
        shown = module_of(self.student)["mastery"]
        _must(shown == BEFORE, f"module 2: {shown} %")
        return f"module 2: {shown} %"

    def asks(self) -> str:
        asked = self.student.call("POST", "/query", {"query": QUESTION, "context": {"topic_id": TOPIC}})
        began = time.monotonic()
        agent, named_after_ms, parts = "", 0.0, 0
        for name, data in self.student.answer_as_it_comes(asked["query_id"]):
            if name == "agent":
                agent, named_after_ms = data["agent"], (time.monotonic() - began) * 1000
            parts += name == "part"
            if name == "done":
                self.answer = data["answer"] or {}
        _must(agent == "concepts" and bool(self.answer), f"{agent or 'nobody'} answered")
        return f"{agent} after {named_after_ms:.0f} ms, {parts} parts, then the whole answer"

    def reads(self) -> str:
        details = self.answer.get("details") or {}
        examples = [example for example in details.get("examples", []) if example.get("output")]
        rounds = [line for line in self.answer.get("answer", "").splitlines() if line.startswith("| ")]
        _must(bool(self.answer.get("verified") and examples and rounds), "no examples that ran, or no steps")
        return f"{len(examples)} examples with their output, the loop's steps in {len(rounds) - 2} rounds"

    def runs(self) -> str:
        result = self.student.call("POST", "/code/execute", {"code": LOOP, "context": {"topic_id": TOPIC}})
        _must(result["status"] == "ok" and result["stdout"] == PRINTED, f"{result['status']}: {result['stdout']!r}")
        return f"{result['stdout'].split(chr(10))[:3]} in {result['duration_ms']:.0f} ms"

    def solves(self) -> str:
        pass_exercise(self.student, LAST_EXERCISE)
        quiz = take_quiz(self.student, TOPIC, 4)
        _must(quiz["right"] == 4, f"the quiz: {quiz['right']} of {quiz['questions']}")
        module = until(self._when_after, f"module 2 at {AFTER} % ({module_of(self.student)['mastery']} % now)")
        topic = next(topic for topic in module["topics"] if topic["id"] == TOPIC)
        return f"{quiz['right']} of {quiz['questions']}, module 2: {module['mastery']} %, for loops {formula(topic)}"

    def _when_after(self) -> dict[str, Any] | None:
        module = module_of(self.student)
        return module if module["mastery"] == AFTER else None


def play(day: Day, public_paths: Collection[str]) -> Iterator[Row]:
    """Each step as it has been played; one that goes on with a step that failed is not played, and fails too."""
    failed: set[int | None] = set()
    for step in day.steps():
        missing = [path for path in step.needs if not any(known.endswith(f"/api/v1{path}") for known in public_paths)]
        if missing:
            yield Row(step.number, step.does, None, 0.0, LATER.format(missing[0]))
            continue
        if step.after in failed:
            row = Row(step.number, step.does, False, 0.0, NOT_PLAYED.format(step.after))
        else:
            row = _played(step)
        if not row.ok:
            failed.add(step.number)
        yield row


def _played(step: Step) -> Row:
    began = time.monotonic()
    try:
        ok, seen = True, step.play()
    except Failed as failure:
        ok, seen = False, str(failure)
    return Row(step.number, step.does, ok, round((time.monotonic() - began) * 1000, 1), seen)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
