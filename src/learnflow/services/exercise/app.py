"""The composition root of exercise."""

from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from learnflow.contracts.services import EXERCISE
from learnflow.curriculum import Curriculum, load_curriculum, load_exercises
from learnflow.curriculum.languages import in_languages
from learnflow.curriculum.templates import load_templates
from learnflow.kit import own_records
from learnflow.kit.app import create_app
from learnflow.kit.bus import Bus, make_bus
from learnflow.kit.database import Database, open_database
from learnflow.kit.invoke import Invoker, ServiceTokens
from learnflow.kit.own_records import OwnTable
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.turns import Turns
from learnflow.kit.wakeups import Wakeups
from learnflow.services.exercise.api import make_exercise_router, make_router
from learnflow.services.exercise.assignments import api as assignments_api
from learnflow.services.exercise.assignments.repository import Assignments
from learnflow.services.exercise.assignments.service import AssignmentDesk
from learnflow.services.exercise.bank import Bank
from learnflow.services.exercise.coaching import Coach
from learnflow.services.exercise.drafts import api as drafts_api
from learnflow.services.exercise.drafts.repository import Drafts
from learnflow.services.exercise.drafts.service import DraftDesk
from learnflow.services.exercise.exercises_repository import Exercises
from learnflow.services.exercise.generation import api as generation_api
from learnflow.services.exercise.generation.service import Generator
from learnflow.services.exercise.grading.grader import Grader
from learnflow.services.exercise.grading.sandbox import Sandbox
from learnflow.services.exercise.grading.smallest import Smallest
from learnflow.services.exercise.handlers import Handlers
from learnflow.services.exercise.importing import api as importing_api
from learnflow.services.exercise.importing.service import ImportDesk
from learnflow.services.exercise.practice import Lexicon
from learnflow.services.exercise.quizzes import api as quizzes_api
from learnflow.services.exercise.quizzes.service import QuizDesk, load_quiz_course
from learnflow.services.exercise.repository import Submissions
from learnflow.services.exercise.service import ExerciseDesk
from learnflow.services.exercise.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Room for a file of exercises to be imported; each text of a request has a limit of its own."""

GRADINGS_AT_ONCE, GRADINGS_OF_ONE = 4, 6
"""As many as the sandbox has slots for batches; of one person one at a time, and so many are kept waiting."""

OWN = {
    "submissions": OwnTable("student_id", leave_out=("report", "code_hash", "smallest")),
    "drafts": OwnTable("student_id", leave_out=("code_hash",)),
    "quizzes": OwnTable(leave_out=("seed", "content")),
    "attempts": OwnTable(),
    "assignments": OwnTable("student_id"),
}
"""What a student's export takes from here; a report would tell the hidden tests, a seed the right answers."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What every area of this service is built from."""

    database: Database
    bus: Bus
    vault: Vault
    exercises: Exercises
    bank: Bank
    grader: Grader
    sandbox: Sandbox
    turns: Turns
    curriculum: Curriculum
    lexicon: Lexicon


def create(settings: Settings, *, keys: KeySource | None = None, invoker: Invoker | None = None) -> FastAPI:
    """Everything of exercise, put together; `keys` and `invoker` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = invoker or Invoker(settings, ServiceTokens(settings, EXERCISE))
    bus = make_bus(settings, database, EXERCISE, wakeups=wakeups)
    exercises, sandbox, curriculum = Exercises(database), Sandbox(invoker), load_curriculum()
    shared = Shared(
        database=database,
        bus=bus,
        vault=Vault(database, load_master_key(settings)),
        exercises=exercises,
        bank=Bank(in_languages(load_exercises), exercises),
        grader=Grader(sandbox),
        sandbox=sandbox,
        turns=Turns(at_once=GRADINGS_AT_ONCE, most=GRADINGS_OF_ONE),
        curriculum=curriculum,
        lexicon=Lexicon(curriculum),
    )
    submissions = Submissions(database)
    desk = ExerciseDesk(
        database, bus, shared.vault, shared.bank, submissions, shared.grader, Smallest(sandbox), shared.turns
    )
    coach = Coach(bus, shared.vault, shared.bank, submissions, shared.lexicon, curriculum.catalogue)
    Handlers(coach).subscribe(bus)
    return create_app(
        EXERCISE,
        settings,
        # an area is a function from what is shared to its routes; the path of a single exercise comes last
        routers=[
            make_router(desk),
            *_areas(shared),
            own_records.make_router(database, shared.vault, OWN),
            make_exercise_router(desk),
        ],
        parts=[database, wakeups, revocations, invoker, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
        max_body_bytes=MAX_BODY_BYTES,
    )


def _areas(shared: Shared) -> list[APIRouter]:
    """The routes of each area beside exercises and submissions: add yours here."""
    database, vault, bank = shared.database, shared.vault, shared.bank
    return [
        drafts_api.make_router(DraftDesk(database, vault, bank, Drafts(database))),
        quizzes_api.make_router(QuizDesk(database, shared.bus, in_languages(load_quiz_course))),
        generation_api.make_router(_generator(shared)),
        importing_api.make_router(ImportDesk(database, shared.exercises, shared.grader)),
        assignments_api.make_router(AssignmentDesk(database, shared.bus, bank, Assignments(database))),
    ]


def _generator(shared: Shared) -> Generator:
    return Generator(
        shared.database,
        shared.bus,
        shared.exercises,
        shared.grader,
        shared.sandbox,
        shared.turns,
        in_languages(load_templates),
        shared.lexicon,
        shared.curriculum.catalogue,
    )
