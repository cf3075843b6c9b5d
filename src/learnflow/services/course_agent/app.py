"""The composition root of the course agent."""

from fastapi import FastAPI

from learnflow.contracts.services import COURSE_AGENT
from learnflow.curriculum import load_curriculum
from learnflow.curriculum.languages import in_languages
from learnflow.kit.app import create_app
from learnflow.kit.bus import make_bus
from learnflow.kit.clock import system_clock
from learnflow.kit.database import open_database
from learnflow.kit.invoke import Invoker, ServiceTokens
from learnflow.kit.revocations import Revocations
from learnflow.kit.sealed import Vault, load_master_key
from learnflow.kit.state import open_state
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.wakeups import Wakeups
from learnflow.kit.work import WorkQueue
from learnflow.services.course_agent.api import make_router
from learnflow.services.course_agent.course import load_course
from learnflow.services.course_agent.handlers import Handlers
from learnflow.services.course_agent.progress import Progress
from learnflow.services.course_agent.service import CourseAgent
from learnflow.services.course_agent.settings import Settings
from learnflow.services.course_agent.shelf import Shelf
from learnflow.services.course_agent.subject import Subjects


def create(settings: Settings, *, keys: KeySource | None = None, invoker: Invoker | None = None) -> FastAPI:
    """Everything of the course agent, put together; `keys` and `invoker` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database)
    revocations = Revocations(database, wakeups)
    invoker = invoker or Invoker(settings, ServiceTokens(settings, COURSE_AGENT))
    bus = make_bus(settings, database, COURSE_AGENT, wakeups=wakeups)
    curriculum = load_curriculum()
    agent = CourseAgent(
        database,
        in_languages(load_course),
        Subjects(curriculum),
        Shelf(open_state(settings, database), settings.lessons_kept),
        Progress(invoker),
        bus,
        Vault(database, load_master_key(settings)),
        system_clock,
    )
    queue = WorkQueue(database, COURSE_AGENT.group, agent.answer)
    Handlers(queue).subscribe(bus)
    return create_app(
        COURSE_AGENT,
        settings,
        routers=[make_router(database, agent, settings.lessons_per_minute)],
        parts=[database, wakeups, revocations, invoker, queue, bus],
        verifier=TokenVerifier(keys or HttpKeySource(invoker), is_revoked=revocations.is_revoked),
    )
