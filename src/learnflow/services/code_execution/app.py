"""The composition root of code-execution."""

from fastapi import FastAPI

from learnflow.contracts.services import CODE_EXECUTION
from learnflow.kit.app import create_app
from learnflow.kit.auth import HttpKeySource, KeySource, TokenVerifier
from learnflow.kit.invoke import Invoker
from learnflow.services.code_execution.api import routes
from learnflow.services.code_execution.sandbox import Sandbox
from learnflow.services.code_execution.service import Executions
from learnflow.services.code_execution.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Room for a batch; each text of a request has a limit of its own."""


def create(settings: Settings, *, keys: KeySource | None = None) -> FastAPI:
    """The application; the invoker only fetches the gateway's public keys."""
    invoker = Invoker(settings)
    sandbox = Sandbox(settings)
    executions = Executions(settings, sandbox)
    return create_app(
        CODE_EXECUTION,
        settings,
        routers=[routes(executions)],
        parts=[invoker, sandbox],
        verifier=TokenVerifier(keys or HttpKeySource(invoker)),
        health_details=lambda: {"isolation": executions.isolation().model_dump()},
        max_body_bytes=MAX_BODY_BYTES,
    )
