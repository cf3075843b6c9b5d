"""Progress' composition root."""

from fastapi import FastAPI

from learnflow.contracts.services import PROGRESS
from learnflow.curriculum import load_catalogue, load_curriculum, load_exercises
from learnflow.kit import own_records
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.bus.retention import Trimming
from learnflow.kit.clock import system_clock
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker
from learnflow.kit.own_records import OwnTable
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.state import open_state
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.kit.work import WorkQueue
from learnflow.services.progress import alerts_api, api, lessons_api
from learnflow.services.progress.alerts import AlertDesk
from learnflow.services.progress.alerts_repository import Alerts, Work
from learnflow.services.progress.course import Course, course_of
from learnflow.services.progress.export import Export
from learnflow.services.progress.handlers import Handlers
from learnflow.services.progress.lessons import Lessons
from learnflow.services.progress.repository import ActivityDays, FactLog
from learnflow.services.progress.scoring import Scorer
from learnflow.services.progress.scoring_repository import Scores
from learnflow.services.progress.service import FactKeeper, ProgressDesk
from learnflow.services.progress.settings import Settings
from learnflow.services.progress.watching import Watcher, WorkClock

OWN = {
    "events": OwnTable(),
    "activity_days": OwnTable(),
    "progress": OwnTable(),
    "progress_components": OwnTable(),
    "exercise_scores": OwnTable(),
    "quiz_scores": OwnTable(),
    "reported_scores": OwnTable(),
    "alerts": OwnTable(leave_out=("seen_ids",)),
    "open_work": OwnTable(),
}
"""What a student's export takes from here."""


def create(settings: Settings, *, keys: KeySource | None = None, course: Course | None = None) -> FastAPI:
    """Everything of progress, put together; `keys` where the gateway is not asked, `course` for another one."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = Invoker(settings)
    bus = make_bus(settings, database, PROGRESS, wakeups=wakeups)
    course = course or whole_course()
    facts, days, scores = FactLog(database), ActivityDays(database), Scores(database)
    vault = Vault(database, load_master_key(settings))
    titles = {card.card: card.title for card in load_curriculum().cards.values()}
    desk = ProgressDesk(facts, days, scores, course, bus, vault, system_clock, titles)
    scorer = Scorer(database, scores, days, bus, system_clock, course)
    lessons = Lessons(open_state(settings, database), system_clock)
    queue = WorkQueue(database, PROGRESS.group, lessons.follow)
    alerts, work = Alerts(database), Work(database)
    watcher = Watcher(alerts, work, bus, vault, course)
    Handlers(FactKeeper(facts, days, scorer, watcher), desk, queue).subscribe(bus)
    work_clock = WorkClock(database, alerts, work, scorer.lock, bus, system_clock, settings.work_clock_s)
    alert_desk = AlertDesk(database, alerts, work, scorer.lock, bus, system_clock)
    return create_app(
        PROGRESS,
        settings,
        routers=[
            api.make_router(database, desk, scorer, Export(facts, days, alerts)),
            lessons_api.make_router(database, lessons),
            alerts_api.make_router(database, alert_desk),
            own_records.make_router(database, vault, OWN),
        ],
        parts=[database, wakeups, revocations, invoker, queue, bus, Trimming(database), work_clock],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )


def whole_course() -> Course:
    """The course as the curriculum has it."""
    exercises = load_exercises().values()
    return course_of(load_catalogue(), [(one.exercise, one.topic_id, one.level.core) for one in exercises])
