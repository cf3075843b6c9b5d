"""The gateway's composition root."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from learnflow.contracts import topics
from learnflow.contracts.events import AnswerFinished, AnswerPart, QuestionAsked
from learnflow.contracts.services import API_GATEWAY
from learnflow.curriculum import load_catalogue
from learnflow.curriculum.languages import in_languages
from learnflow.kit.app import create_app
from learnflow.kit.bus import Bus, make_bus
from learnflow.kit.database import Database, open_database
from learnflow.kit.expiry import Expiry
from learnflow.kit.idempotency import IdempotentPosts
from learnflow.kit.idempotency_store import open_answers
from learnflow.kit.invoke import Invoker
from learnflow.kit.part import Part
from learnflow.kit.sealed import Vault
from learnflow.kit.wakeups import Wakeups
from learnflow.services.api_gateway import operations_api
from learnflow.services.api_gateway.accounts import api as accounts_api
from learnflow.services.api_gateway.accounts import registration_api
from learnflow.services.api_gateway.accounts.assembly import AccountParts, build_accounts
from learnflow.services.api_gateway.classes import api as classes_api
from learnflow.services.api_gateway.classes.repository import ClassesRepository
from learnflow.services.api_gateway.learning import (
    agents_api,
    course_api,
    exercises_api,
    lessons_api,
    notifications_api,
    practice_api,
    progress_api,
)
from learnflow.services.api_gateway.learning.exercises import PublicExercises
from learnflow.services.api_gateway.learning.practice import Practice
from learnflow.services.api_gateway.learning.progress_events import ProgressEvents
from learnflow.services.api_gateway.privacy import api as privacy_api
from learnflow.services.api_gateway.privacy import consents_api
from learnflow.services.api_gateway.privacy.consents_repository import ConsentsRepository
from learnflow.services.api_gateway.privacy.erasure import Expiring
from learnflow.services.api_gateway.privacy.export import SECTIONS, Export, Section
from learnflow.services.api_gateway.privacy.repository import PrivacyRepository
from learnflow.services.api_gateway.public import PublicApi
from learnflow.services.api_gateway.questions import api as questions_api
from learnflow.services.api_gateway.questions.handlers import Handlers
from learnflow.services.api_gateway.questions.repository import Questions
from learnflow.services.api_gateway.questions.service import QuestionDesk
from learnflow.services.api_gateway.questions.waiting import CHANNEL, WaitingRoom
from learnflow.services.api_gateway.settings import Settings
from learnflow.services.api_gateway.teaching import alerts_api
from learnflow.services.api_gateway.teaching import api as teacher_api
from learnflow.services.api_gateway.teaching.service import TeacherDesk

EXPIRING = (
    "limits",
    "idempotency",
    "sessions",
    "revoked_sessions",
    "invitations",
    "reset_tokens",
    "account_messages",
    "roster_invitations",
)


def create(settings: Settings, *, invoker: Invoker | None = None, sections: Sequence[Section] = SECTIONS) -> FastAPI:
    """Everything of the gateway, put together; `invoker` and `sections` where no other service is asked."""
    database = open_database(settings)
    wakeups = Wakeups(database, is_alone=settings.replicas == 1)
    people = build_accounts(settings, database, wakeups)
    bus = make_bus(settings, database, API_GATEWAY, wakeups=wakeups)
    invoker = invoker or Invoker(settings)
    desk = _question_desk(database, bus, people.vault, wakeups)
    expiry = Expiry(database, *EXPIRING)
    api = PublicApi(settings, database, bus, desk, invoker)
    housekeeping: list[Part] = [expiry, people.mail(invoker), Expiring(people.erasure)]
    parts: list[Part] = [database, wakeups, people.revocations, bus, invoker, *housekeeping]
    app = create_app(
        API_GATEWAY,
        settings,
        routers=[
            # in the order of their load: routes are matched one after the other
            questions_api.make_router(api),
            course_api.make_router(database, in_languages(load_catalogue)),
            agents_api.make_router(api),
            exercises_api.make_router(PublicExercises(database, desk, invoker, settings.submissions_per_minute)),
            practice_api.make_router(Practice(invoker)),
            progress_api.make_router(api, ProgressEvents(database, bus, settings.progress_events_per_minute)),
            lessons_api.make_router(invoker),
            notifications_api.make_router(invoker),
            *account_routers(people),
            teacher_api.make_router(TeacherDesk(database, people.classes, ClassesRepository(database), invoker)),
            privacy_api.make_router(people.privacy, _export(people, desk, invoker, sections)),
            alerts_api.make_router(invoker),
            operations_api.make_router(parts),
        ],
        parts=parts,
        verifier=people.verifier,
    )
    app.state.forwarded_allow_ips = settings.trusted_proxies
    answers = open_answers(settings, database)
    app.user_middleware.append(
        Middleware(IdempotentPosts, answers=answers, vault=people.vault, master_key=people.master_key)
    )
    return app


def _export(people: AccountParts, desk: QuestionDesk, invoker: Invoker, sections: Sequence[Section]) -> Export:
    return Export(
        people.database,
        PrivacyRepository(people.database),
        ConsentsRepository(people.database),
        people.accounts,
        people.privacy,
        desk,
        people.vault,
        invoker,
        sections,
    )


def account_routers(people: AccountParts) -> list[APIRouter]:
    """The routes of accounts, of privacy and of classes."""
    return [
        accounts_api.make_router(people.accounts),
        registration_api.make_router(people.registration, people.reset),
        consents_api.make_router(people.consents),
        classes_api.make_router(people.classes),
    ]


def _question_desk(database: Database, bus: Bus, vault: Vault, wakeups: Wakeups) -> QuestionDesk:
    room = WaitingRoom()
    wakeups.on(CHANNEL, room.wake)
    desk = QuestionDesk(database, bus, vault, Questions(database), room, wakeups)
    handlers = Handlers(desk)
    bus.subscribe(topics.LEARNING_REQUESTS, API_GATEWAY.group, {QuestionAsked: handlers.on_question_asked})
    bus.subscribe(
        topics.LEARNING_RESPONSES,
        API_GATEWAY.group,
        {AnswerPart: handlers.on_answer_part, AnswerFinished: handlers.on_answer_finished},
    )
    return desk
