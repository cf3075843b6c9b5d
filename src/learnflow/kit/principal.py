"""Who asks: the holder of a verified token, free of any web framework so that use cases may know it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from learnflow.contracts.errors import NotFound

Role = Literal["student", "teacher", "admin", "service"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a token; `service` is its name when `role` is service, `session_id` a user's session."""

    user_id: UUID
    role: Role
    session_id: UUID | None
    service: str | None
    expires_at: datetime


def service_id(name: str) -> UUID:
    """The id that stands for a service account; no user ever has it."""
    return uuid5(NAMESPACE_URL, f"learnflow:service:{name}")


def own_or_404(principal: Principal, user_id: UUID) -> None:
    """Pass for one's own data and for services and admins; NotFound for everybody else, existing or not."""
    if principal.user_id != user_id and principal.role not in {"service", "admin"}:
        raise NotFound("There is nothing here that you may see.")
