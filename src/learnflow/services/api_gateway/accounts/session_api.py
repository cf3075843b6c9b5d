"""What the routes of accounts share: tokens and cookies on the way out, and where a request comes from."""

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Request, Response

from learnflow.contracts.errors import LearnFlowError
from learnflow.kit.auth import Principal
from learnflow.kit.signing import AccessToken
from learnflow.services.api_gateway.accounts.known_devices import KEPT
from learnflow.services.api_gateway.accounts.schemas import Profile, SessionTokens, SignedInAnswer
from learnflow.services.api_gateway.accounts.service import REFRESH_TTL, SignedIn, User

REFRESH_COOKIE = "learnflow_refresh"
DEVICE_COOKIE = "learnflow_device"
_COOKIE_PATH = "/api/v1/auth"


async def network_address(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, which is one household or school."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


NetworkAddress = Annotated[str, Depends(network_address)]


async def whoever(request: Request) -> Principal | None:
    """The holder of the access token if it is still good: signing out must work without."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    try:
        principal: Principal = await request.app.state.verifier.verify(token)
    except LearnFlowError:
        return None
    return principal


def token_shape(access: AccessToken) -> dict[str, object]:
    expires_in = int((access.expires_at - datetime.now(UTC)).total_seconds())
    return {"access_token": access.token, "expires_in": expires_in}


def hand_over(
    request: Request, response: Response, signed_in: SignedIn, refresh_in: Literal["cookie", "body"]
) -> SessionTokens:
    """The tokens as the body, with the refresh token there or in its cookie; a page's browser is known from now on."""
    response.headers["Cache-Control"] = "no-store"
    if refresh_in == "cookie":
        set_cookie(request, response, REFRESH_COOKIE, signed_in.refresh_token, int(REFRESH_TTL.total_seconds()))
        _mark_device(request, response, signed_in.device_mark)
    in_body = signed_in.refresh_token if refresh_in == "body" else None
    return SessionTokens(**token_shape(signed_in.access), session_id=signed_in.session_id, refresh_token=in_body)


def _mark_device(request: Request, response: Response, mark: str | None) -> None:
    if mark is not None:
        set_cookie(request, response, DEVICE_COOKIE, mark, int(KEPT.total_seconds()))


def signed_in_answer(
    request: Request, response: Response, user: User, signed_in: SignedIn, refresh_in: Literal["cookie", "body"]
) -> SignedInAnswer:
    """The tokens and who that is."""
    tokens = hand_over(request, response, signed_in, refresh_in)
    return SignedInAnswer(**tokens.model_dump(), user=Profile.model_validate(user))


def set_cookie(request: Request, response: Response, name: str, value: str, max_age_s: int) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=_COOKIE_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def forget_cookie(response: Response) -> None:
    response.delete_cookie(REFRESH_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict")
