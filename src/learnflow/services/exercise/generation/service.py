"""New exercises from templates: drafted from a seed, checked in the sandbox, and only then shown to anybody."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from uuid import uuid4

import structlog

from learnflow.contracts.errors import Unavailable
from learnflow.contracts.events import ExerciseGenerated
from learnflow.contracts.practice import GenerateExercises
from learnflow.contracts.services import EXERCISE
from learnflow.curriculum import Catalogue, Task
from learnflow.curriculum.drafting import Draft, draft, finish, weakness
from learnflow.curriculum.languages import InLanguages
from learnflow.curriculum.templates import Template
from learnflow.kit.bus.base import Bus, new_event
from learnflow.kit.database import Database
from learnflow.kit.limits import take
from learnflow.kit.principal import Principal
from learnflow.kit.readers import language_of
from learnflow.kit.turns import Turns
from learnflow.services.exercise.bank import Item
from learnflow.services.exercise.exercises_repository import Exercises, StoredExercise
from learnflow.services.exercise.generation.choosing import fitting
from learnflow.services.exercise.generation.schemas import GeneratedView
from learnflow.services.exercise.grading.grader import Grader
from learnflow.services.exercise.grading.sandbox import Sandbox
from learnflow.services.exercise.grading.verdict import Grade
from learnflow.services.exercise.practice import Lexicon
from learnflow.services.exercise.repository import Standing
from learnflow.services.exercise.schemas import ExerciseView
from learnflow.services.exercise.views import student_view

log = structlog.get_logger()

SOURCE = f"/learnflow/{EXERCISE.name}"
PER_MINUTE, PER_DAY, DAY_S = 10, 100, 86_400
DRAFTS = 8
"""So many drafts are tried for one exercise; more than two thirds of them are good (tests/content)."""
RUN_S = 2.0
HINTS_UP_TO = 70
"""Above this mastery an exercise comes without its hint."""
NOT_NOW = "New exercises cannot be checked just now, so none is shown. Try again in a moment."


class Generator:
    """Makes exercises that somebody asked for."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        exercises: Exercises,
        grader: Grader,
        sandbox: Sandbox,
        turns: Turns,
        templates: InLanguages[Mapping[str, Template]],
        lexicon: Lexicon,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._bus = bus
        self._exercises = exercises
        self._grader = grader
        self._sandbox = sandbox
        self._turns = turns
        self._templates = templates
        self._lexicon = lexicon
        self._catalogue = catalogue

    async def generate(self, principal: Principal, wish: GenerateExercises) -> GeneratedView:
        """New exercises for this person; Invalid for a topic without templates, Unavailable without a sandbox.

        No two have the same program, nor one that this person was given before, as long as there are others.
        """
        known = self._templates.at(await language_of(self._database, principal.user_id))
        templates = fitting(wish.topic, wish.difficulty, known, self._lexicon, self._catalogue)
        await take(self._database, name="generation", subject=str(principal.user_id), limit=PER_MINUTE, window_s=60)
        await take(
            self._database, name="generation-a-day", subject=str(principal.user_id), limit=PER_DAY, window_s=DAY_S
        )
        async with self._turns.of(principal.user_id):
            return await self._generated(principal, wish, templates)

    async def _generated(
        self, principal: Principal, wish: GenerateExercises, templates: Sequence[Template]
    ) -> GeneratedView:
        known = await self._exercises.visible(principal.user_id, templates[0].topic_id)
        taken = {one.task.reference for one in known}
        made: list[StoredExercise] = []
        for _ in range(wish.count):
            one, task = await self._one(templates, wish, taken)
            taken.add(task.reference)
            name = f"generated/{one.template.topic_id.rpartition('/')[2]}/{one.name}"
            made.append(StoredExercise(name, one.template.topic_id, "generated", task, principal.user_id))
        await self._keep(principal, made)
        return GeneratedView(items=[_view(one, principal) for one in made], total=len(made))

    async def _one(self, templates: Sequence[Template], wish: GenerateExercises, taken: set[str]) -> tuple[Draft, Task]:
        for tried in range(DRAFTS):
            one = _drafted(templates, wish, taken)
            task = await self._checked(one)
            if task is not None:
                log.info("exercise.drafted", template=one.template.template, seed=one.seed, drafts=tried + 1)
                return one, _for_level(task, wish.mastery_level)
        log.error("generation.failed", templates=[one.template for one in templates], difficulty=wish.difficulty)
        raise Unavailable("No good exercise was found this time. Try again in a moment.")

    async def _checked(self, one: Draft) -> Task | None:
        """The exercise with its results, or None: its reference must pass, its starter and believers must not."""
        try:
            why: str | None = "reference stops"
            task = await self._with_results(one)
            if task is not None:
                why = await self._fault(task)
        except Unavailable as error:
            raise Unavailable(NOT_NOW, retry_after_s=error.retry_after_s) from error
        if why is not None:
            log.info("draft.dropped", template=one.template.template, seed=one.seed, reason=why)
        return task if why is None else None

    async def _with_results(self, one: Draft) -> Task | None:
        """The exercise with what its reference gives on each test; None when it does not come to an end."""
        bodies = [{"code": p.program(one.reference), "stdin": p.stdin, "timeout_s": RUN_S} for p in one.probes]
        runs = await self._sandbox.run(bodies)
        return finish(one, [run["stdout"] for run in runs]) if all(run["status"] == "ok" for run in runs) else None

    async def _fault(self, task: Task) -> str | None:
        """What is wrong with an exercise, by the same grades that students will get."""
        # a wrong program has to fail where its author can see it, so the hidden tests need not run
        shown = task.model_copy(update={"tests": tuple(case for case in task.tests if not case.hidden)})
        right, starter, *wrong = await asyncio.gather(
            self._grader.grade(task, task.reference),
            self._grader.grade(task, task.starter),
            *(self._grader.grade(shown, one.code) for one in task.wrong),
        )
        if not right.passed:
            return "reference fails"
        passes = len(task.tests) - len(_failed(starter, task))
        return weakness(task, passes, [_failed(grade, shown) for grade in wrong])

    async def _keep(self, principal: Principal, made: Sequence[StoredExercise]) -> None:
        facts = [
            ExerciseGenerated(exercise_id=one.exercise_id, topic_id=one.topic_id, difficulty=one.task.level.difficulty)
            for one in made
        ]
        events = [
            new_event(fact, source=SOURCE, student_id=principal.user_id, correlation_id=uuid4()) for fact in facts
        ]
        async with self._database.transaction() as tx:
            await self._exercises.put(tx, made)
            await self._bus.publish(tx, events)


def _drafted(templates: Sequence[Template], wish: GenerateExercises, taken: set[str]) -> Draft:
    """A draft with a program that is not taken, unless the template seems to have no other."""
    for _ in range(DRAFTS):
        one = draft(secrets.choice(templates), secrets.randbits(40), wish.difficulty)
        if one.reference not in taken:
            break
    return one


def _failed(grade: Grade, task: Task) -> set[int]:
    """The numbers of the tests that were not passed; what is required besides is no test."""
    return {verdict.number for verdict in grade.verdicts if not verdict.passed and verdict.number <= len(task.tests)}


def _for_level(task: Task, mastery_level: int | None) -> Task:
    return task.model_copy(update={"hints": ()}) if (mastery_level or 0) > HINTS_UP_TO else task


def _view(one: StoredExercise, principal: Principal) -> ExerciseView:
    """As a student sees it; a teacher looks it over with its reference before they hand it out."""
    view = student_view(Item(one.exercise_id, one.topic_id, one.origin, one.task), Standing())
    return view if principal.role == "student" else view.model_copy(update={"reference": one.task.reference})
