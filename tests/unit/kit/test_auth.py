"""Roles and ownership at the door of every service."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter

from learnflow.contracts.errors import NotFound, Unauthenticated
from learnflow.contracts.services import TRIAGE
from learnflow.kit.app import create_app
from learnflow.kit.auth import CallerToken, CurrentPrincipal, Principal, Role, allow, own_or_404
from learnflow.kit.settings import ServiceSettings

STUDENT = uuid4()


def principal(role: Role, user_id: UUID = STUDENT) -> Principal:
    return Principal(user_id, role, None, None, datetime.now(UTC) + timedelta(minutes=1))


class ByName:
    """A verifier for which a token is the role that it gives."""

    async def verify(self, token: str) -> Principal:
        if token == "student":
            return principal("student")
        if token == "service":
            return principal("service")
        raise Unauthenticated("This access token is not valid. Sign in again.")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter()

    @router.get("/who")
    async def who(current: CurrentPrincipal, token: CallerToken) -> dict[str, str]:
        return {"role": current.role, "token": token}

    @router.get("/services-only", dependencies=[allow("service", "admin")])
    async def services_only() -> dict[str, str]:
        return {}

    app = create_app(TRIAGE, ServiceSettings(), routers=[router], verifier=ByName())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize("header", [None, "student", "Basic c3R1ZGVudA==", "Bearer", "Bearer ", "Bearer wrong"])
async def test_without_a_good_bearer_token_it_is_401(client: httpx.AsyncClient, header: str | None) -> None:
    answer = await client.get("/who", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthenticated"


async def test_a_good_token_says_who_asks_and_can_be_handed_on(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who", headers={"Authorization": "Bearer student"})
    assert answer.json() == {"role": "student", "token": "student"}


async def test_another_role_is_403_and_the_right_one_passes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/services-only", headers={"Authorization": "Bearer student"})).status_code == 403
    assert (await client.get("/services-only", headers={"Authorization": "Bearer service"})).status_code == 200
    assert (await client.get("/services-only")).status_code == 401


@pytest.mark.parametrize("role", ["student", "teacher", "admin", "service"])
def test_everybody_sees_their_own(role: Role) -> None:
    own_or_404(principal(role), STUDENT)


@pytest.mark.parametrize("role", ["student", "teacher"])
def test_other_peoples_data_are_not_there(role: Role) -> None:
    with pytest.raises(NotFound):
        own_or_404(principal(role), uuid4())


@pytest.mark.parametrize("role", ["admin", "service"])
def test_services_and_admins_see_everybodys(role: Role) -> None:
    own_or_404(principal(role), uuid4())
