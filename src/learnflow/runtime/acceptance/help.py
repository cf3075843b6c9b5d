"""The second half of the day: a student struggles, the teacher sees it, and an exercise made for it helps."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from learnflow.curriculum import load_exercises
from learnflow.runtime.acceptance.people import Failed, Person, until
from learnflow.runtime.acceptance.window import Frame, Window

EXERCISE = "data-structures/lists/double-portions"
TRIES = 3
WISH = "create easy exercises on list comprehensions"


@dataclass(slots=True)
class Help:
    """A teacher, one of their students, and what passes between them."""

    teacher: Person
    student: Person
    windows: dict[str, Window] = field(default_factory=dict)
    alert: dict[str, Any] = field(default_factory=dict)
    drafts: list[dict[str, Any]] = field(default_factory=list)

    def fails_three_times(self) -> str:
        self._meet_in_a_class()
        exercise = load_exercises()[EXERCISE]
        programs = [*(wrong.code for wrong in exercise.wrong), exercise.starter]
        tries = [programs[at % len(programs)] for at in range(TRIES)]
        grades = [self.student.call("POST", f"/exercises/{EXERCISE}/submissions", {"code": code}) for code in tries]
        passed = [grade["passed"] for grade in grades]
        if any(passed):
            raise Failed(f"a try passed that must not: {passed}")
        scores = ", ".join(f"{grade['score']:.0f} %" for grade in grades)
        return f"{len(grades)} tries on {exercise.title}: {scores}"

    def _meet_in_a_class(self) -> None:
        for person in (self.teacher, self.student):
            person.sign_in()
        made = self.teacher.call("POST", "/classes", {"name": f"Demo {uuid4().hex[:6]}"})
        self.student.call("POST", "/classes/join", {"class_code": made["class_code"]})
        self.windows = {"teacher": Window(self.teacher), "student": Window(self.student)}

    def sees_the_alert(self) -> str:
        self.windows["teacher"].waits_for(self._is_the_alert, "the alert")
        self.alert = until(self._open_alert, "the alert in GET /teacher/alerts")
        return f"told live: {self.alert['reason']} ({self.alert['severity']}, {self.alert['evidence']})"

    def _is_the_alert(self, frame: Frame) -> bool:
        return frame["type"] == "alert" and self.student.id in json.dumps(frame["data"])

    def _open_alert(self) -> dict[str, Any] | None:
        items = self.teacher.call("GET", "/teacher/alerts?status=open")["items"]
        return next((item for item in items if item["student_id"] == self.student.id), None)

    def asks_for_exercises(self) -> str:
        seen = self.teacher.call("GET", f"/teacher/students/{self.student.id}")
        attempts = [item for item in (seen["attempts"] or {}).get("items", []) if item.get("code")]
        if len(attempts) < TRIES:
            raise Failed(f"{len(attempts)} attempts with their code, missing: {seen['missing']}")
        self.drafts = self.teacher.call("POST", "/teacher/exercises/generate", {"request": WISH})["items"]
        titles = ", ".join(f"{draft['title']} ({draft['difficulty']})" for draft in self.drafts)
        return f"read {len(attempts)} programs; drafts: {titles}"

    def assigns(self) -> str:
        draft = self._draft()
        looked_over = self.teacher.call("GET", f"/exercises/{draft['exercise_id']}")
        body = {"exercise_id": draft["exercise_id"], "student_ids": [self.student.id]}
        self.teacher.call("POST", "/teacher/assignments", body)
        return f"looked over and assigned: {looked_over['title']}"

    def solves_it(self) -> str:
        draft = self._draft()
        told = self.windows["student"].waits_for(
            lambda frame: frame["type"] == "notice" and self._is_about(draft, frame), "the new exercise"
        )
        path = f"/exercises/{draft['exercise_id']}/submissions"
        grade = self.student.call("POST", path, {"code": draft["reference"]})
        if not grade["passed"]:
            raise Failed(f"the solution got {grade['score']} %")
        until(lambda: True if self._open_alert() is None else None, "the alert closed")
        return f"told live ({told['data'].get('kind', 'notice')}), solved, the alert is closed"

    def _is_about(self, draft: dict[str, Any], frame: Frame) -> bool:
        said = json.dumps(frame["data"])
        return draft["exercise_id"] in said or "assign" in said

    def _draft(self) -> dict[str, Any]:
        if not self.drafts:
            raise Failed("there is no draft to assign: step 8 made none")
        return self.drafts[0]

    def close(self) -> None:
        for window in self.windows.values():
            window.close()
        self.teacher.close()
        self.student.close()
