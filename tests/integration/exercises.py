"""The exercise service of one test, with whatever stands in for, or is, the sandbox behind it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx

from learnflow.services.exercise.app import create
from learnflow.services.exercise.settings import Settings
from tests.answering import Reply
from tests.integration.school import School, service_with


def exercises_with(
    school: School, settings_for: Callable[..., dict[str, Any]], reply: Reply
) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A client of the running service, whose own calls to others end at `reply`."""
    return service_with(school, create, Settings(**settings_for("exercise")), reply)
