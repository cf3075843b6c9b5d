"""The table of services: name, port, module, topics read and written (product.md 1)."""

from dataclasses import dataclass

from learnflow.contracts import topics as t
from learnflow.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Service:
    """One row of the table.

    `module` is None for a service that the plan names and that is not built yet: nothing is routed to it.
    `database` is False for a service that reaches no database.
    """

    name: str
    port: int
    does: str
    module: str | None = None
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    database: bool = True

    @property
    def role(self) -> str:
        """The PostgreSQL role of this service."""
        return "lf_" + self.name.replace("-", "_")

    @property
    def group(self) -> str:
        """Its one consumer group."""
        return self.name


API_GATEWAY = Service(
    "api-gateway",
    8180,
    "accounts and tokens, the public REST API, limits; keeps questions and answers; waits for or streams them",
    "learnflow.services.api_gateway",
    reads=(t.LEARNING_REQUESTS, t.LEARNING_RESPONSES),
    writes=(t.LEARNING_REQUESTS, t.PROGRESS_EVENTS),
)
TRIAGE = Service(
    "triage",
    8100,
    "decides who answers, with confidence and reasons; asks when unsure",
    "learnflow.services.triage",
    reads=(t.LEARNING_REQUESTS,),
    writes=(
        t.CONCEPTS_REQUESTS,
        t.DEBUG_REQUESTS,
        t.CODE_SUBMISSIONS,
        t.EXERCISE_REQUESTS,
        t.PROGRESS_EVENTS,
        t.LEARNING_RESPONSES,
    ),
)
CONCEPTS = Service(
    "concepts",
    8101,
    "explains a concept at the student's level with examples that ran",
    "learnflow.services.concepts",
    reads=(t.CONCEPTS_REQUESTS,),
    writes=(t.LEARNING_RESPONSES, t.PROGRESS_EVENTS),
)
COURSE_AGENT = Service(
    "course-agent",
    8102,
    "lessons made of curriculum parts for one student; what to do next",
    "learnflow.services.course_agent",
    reads=(t.CONCEPTS_REQUESTS,),
    writes=(t.LEARNING_RESPONSES, t.PROGRESS_EVENTS),
)
CODE_REVIEW = Service(
    "code-review",
    8103,
    "correctness, PEP 8, efficiency, readability: findings by line, score 0-100",
    "learnflow.services.code_review",
    reads=(t.CODE_SUBMISSIONS,),
    writes=(t.LEARNING_RESPONSES, t.PROGRESS_EVENTS),
)
DEBUG = Service(
    "debug",
    8104,
    "finds the cause, hints before solutions, error patterns",
    "learnflow.services.debug",
    reads=(t.DEBUG_REQUESTS,),
    writes=(t.LEARNING_RESPONSES, t.PROGRESS_EVENTS),
)
EXERCISE = Service(
    "exercise",
    8105,
    "generates, serves and grades exercises and quizzes",
    "learnflow.services.exercise",
    reads=(t.EXERCISE_REQUESTS,),
    writes=(t.EXERCISE_GENERATED, t.CODE_SUBMISSIONS, t.LEARNING_RESPONSES, t.PROGRESS_EVENTS),
)
PROGRESS = Service(
    "progress",
    8106,
    'mastery, streaks, summaries, struggle; keeps the log of all facts; answers "how far am I?"',
    "learnflow.services.progress",
    reads=tuple(t.TOPICS.values()),
    writes=(t.STRUGGLE_DETECTED, t.PROGRESS_EVENTS, t.LEARNING_RESPONSES),
)
CODE_EXECUTION = Service(
    "code-execution",
    8107,
    "runs untrusted Python; no database, no bus, no secret: whoever called it publishes what happened",
    "learnflow.services.code_execution",
    database=False,
)
WEBSOCKET = Service(
    "websocket",
    8108,
    "live chat and live updates",
    "learnflow.services.websocket",
    reads=(t.LEARNING_RESPONSES, t.STRUGGLE_DETECTED, t.PROGRESS_EVENTS),
    writes=(t.LEARNING_REQUESTS,),
)
NOTIFICATION = Service(
    "notification",
    8109,
    "alerts to the student's own teachers, notices, e-mail, subscriptions",
    "learnflow.services.notification",
    reads=(t.STRUGGLE_DETECTED, t.PROGRESS_EVENTS),
    writes=(t.PROGRESS_EVENTS,),
)
WEB = Service(
    "web",
    3000,
    "the pages; the browser knows only this address, /api and /ws are passed on",
    "learnflow.web",
    database=False,
)

SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        API_GATEWAY,
        TRIAGE,
        CONCEPTS,
        COURSE_AGENT,
        CODE_REVIEW,
        DEBUG,
        EXERCISE,
        PROGRESS,
        CODE_EXECUTION,
        WEBSOCKET,
        NOTIFICATION,
        WEB,
    )
}
"""Every service of the plan by name, in the order in which tables show them."""


def built_services() -> list[Service]:
    """The services that exist and are started by `up`."""
    return [service for service in SERVICES.values() if service.module is not None]
