"""After the day: the student takes one whole topic, from the first step of its lesson to its mastery."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from learnflow.runtime.acceptance.own_programs import GUESSES, SOLUTIONS, TOPIC, TRIES
from learnflow.runtime.acceptance.past import take_quiz
from learnflow.runtime.acceptance.people import Failed, Person, until

MODULE = TOPIC.partition("/")[0]
QUIZ_RIGHT = 4
WEIGHTS = (("exercises", 0.4), ("quiz", 0.3), ("quality", 0.2), ("consistency", 0.1))
PRACTICE = ("exercise", "quiz")


@dataclass(slots=True)
class WholeTopic:
    """One student in one topic; `lesson` is what was put together for them, `done` the steps that they finished."""

    student: Person
    lesson: dict[str, Any] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)

    def takes_the_lesson(self) -> str:
        """Step by step, guessing where it asks for a guess, and trying where it wants a try."""
        self.lesson = self.student.call("POST", "/lessons", {"course_id": MODULE, "topic_id": TOPIC})
        guesses, tries = iter(GUESSES), iter(TRIES)
        for number, step in enumerate(self.lesson["steps"]):
            if step["kind"] == "predict":
                _guess(step, next(guesses))
            elif step["kind"] == "try":
                self._try(step, next(tries))
            if step["kind"] not in PRACTICE:
                self._finish(number)
        if next(guesses, None) is not None or next(tries, None) is not None:
            raise Failed(f"the lesson asked for less than is written in {TOPIC}: {self._kinds()}")
        return f"{self.lesson['title']}, {len(self.done)} of {self.lesson['step_count']} steps: {self._kinds()}"

    def _kinds(self) -> str:
        return ", ".join(step["kind"] for step in self.lesson["steps"])

    def _try(self, step: dict[str, Any], code: str) -> None:
        body = {"code": code, "stdin": step["stdin"], "context": {"topic_id": TOPIC}}
        result = self.student.call("POST", "/code/execute", body)
        if result["status"] != "ok" or result["stdout"].rstrip() != step["output"].rstrip():
            raise Failed(f"what was tried gave {result['stdout']!r}, not {step['output']!r}")

    def _finish(self, number: int) -> None:
        said = {"type": "step_done", "lesson_id": self.lesson["lesson_id"], "step": number, "topic_id": TOPIC}
        self.student.call("POST", "/progress/events", said)
        self.done.add(number)

    def _practised(self, kind: str) -> None:
        for number, step in enumerate(self.lesson["steps"]):
            if step["kind"] == kind:
                self._finish(number)

    def solves_the_exercises(self) -> str:
        """All core ones, with programs of the student's own."""
        listed = self.student.call("GET", f"/exercises?topic_id={TOPIC}&limit=100")["items"]
        core = [item for item in listed if item["core"]]
        for item in core:
            self._solve(item)
        self._practised("exercise")
        return f"{len(core)} of {len(core)} core exercises passed: {', '.join(item['title'] for item in core)}"

    def _solve(self, item: dict[str, Any]) -> None:
        code = SOLUTIONS.get(item["exercise_id"])
        if code is None:
            raise Failed(f"the student has no program for {item['exercise_id']}")
        grade = self.student.call("POST", f"/exercises/{item['exercise_id']}/submissions", {"code": code})
        if not grade["passed"]:
            raise Failed(f"{item['title']}: {grade['score']} %")

    def takes_the_quiz(self) -> str:
        quiz = take_quiz(self.student, TOPIC, QUIZ_RIGHT)
        if quiz["right"] != QUIZ_RIGHT:
            raise Failed(f"the quiz: {quiz['right']} of {quiz['questions']}")
        self._practised("quiz")
        return f"{quiz['right']} of {quiz['questions']}; {len(self.done)} of {self.lesson['step_count']} steps done"

    def sees_the_mastery(self) -> str:
        """The percentage that is shown is the one that its four parts come to."""
        topic = until(self._when_counted, f"all parts of {TOPIC} in GET /progress")
        parts = topic["components"]
        wanted = math.floor(round(sum(weight * parts[name] for name, weight in WEIGHTS), 6) + 0.5)
        if topic["mastery"] != wanted:
            raise Failed(f"{formula(topic)}, but it comes to {wanted} %")
        return f"{topic['title']}: {formula(topic)}"

    def _when_counted(self) -> dict[str, Any] | None:
        modules = self.student.call("GET", "/progress")["modules"]
        topic: dict[str, Any] = next(one for module in modules for one in module["topics"] if one["id"] == TOPIC)
        parts = topic["components"]
        is_whole = parts["exercises"] == 100 and parts["quiz"] == 20 * QUIZ_RIGHT and parts["quality"] > 0
        return topic if is_whole else None


def _guess(step: dict[str, Any], guess: str) -> None:
    chosen = next((option for option in step["options"] if option["answer"] == guess), None)
    if chosen is None or not chosen["right"]:
        raise Failed(f"the guess {guess!r} was not right: {chosen or 'it is none of the answers'}")


def formula(topic: dict[str, Any]) -> str:
    """A topic's mastery with its four parts, as GET /progress shows them."""
    parts = topic["components"]
    terms = " + ".join(f"{weight:.2f} x {parts[name]:.4g} ({name})" for name, weight in WEIGHTS)
    return f"{terms} = {topic['mastery']} %"
