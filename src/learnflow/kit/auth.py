"""Authentication of requests: bearer token -> Principal -> role and ownership."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.params import Depends as Dependency
from fastapi.security.base import SecurityBase

from learnflow.contracts.errors import Forbidden, Unauthenticated
from learnflow.kit.principal import Principal, Role, own_or_404
from learnflow.kit.tokens import HttpKeySource, KeySource, TokenVerifier

__all__ = [
    "CallerToken",
    "CurrentPrincipal",
    "HttpKeySource",
    "KeySource",
    "Principal",
    "Role",
    "TokenVerifier",
    "allow",
    "bearer_token",
    "own_or_404",
]


class _Bearer(SecurityBase):
    """One flat dependency that reads the token, verifies it and checks the role: nested ones cost a third of a request.

    FastAPI documents it as the security scheme of every route that has it.
    """

    scheme_name = "HTTPBearer"
    model = HTTPBearerModel(description="An access token from POST /api/v1/auth/login")

    def __init__(self, roles: tuple[Role, ...] | None = None) -> None:
        self._roles = roles

    async def __call__(self, request: Request) -> Principal:
        principal: Principal | None = getattr(request.state, "principal", None)
        if principal is None:
            verifier: TokenVerifier = request.app.state.verifier
            principal = await verifier.verify(bearer_token(request))
            request.state.principal = principal
        if self._roles is not None and principal.role not in self._roles:
            raise Forbidden(f"Your role does not allow this; it takes: {', '.join(self._roles)}.")
        return principal


def bearer_token(request: Request) -> str:
    """The access token of this request as it was sent; Unauthenticated without one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("Sign in first: send the header Authorization: Bearer <access token>.")
    return token


async def _caller_token(request: Request) -> str:
    return bearer_token(request)


CallerToken = Annotated[str, Depends(_caller_token)]
"""The caller's own token, to be handed on with a service invocation; beside `allow`, which verifies it."""

CurrentPrincipal = Annotated[Principal, Depends(_Bearer())]
"""Who sent this request; Unauthenticated without a valid access token."""


def allow(*roles: Role) -> Dependency:
    """A dependency that lets these roles pass and nobody else: `dependencies=[allow("service", "admin")]`."""
    dependency: Dependency = Depends(_Bearer(roles))
    return dependency
