"""Routes of accounts: register, sign in, refresh, sign out, sessions, password, profile, service tokens, keys."""

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from learnflow.contracts.errors import LearnFlowError, Unauthenticated
from learnflow.kit.auth import CurrentPrincipal, Principal, allow
from learnflow.kit.signing import AccessToken
from learnflow.services.api_gateway.accounts import REFRESH_TTL, Accounts, SignedIn
from learnflow.services.api_gateway.accounts_schemas import (
    ChangePassword,
    ChangeProfile,
    Login,
    Profile,
    PublicKeys,
    Refresh,
    Register,
    ServiceSignIn,
    Session,
    SessionPage,
    SessionTokens,
    SignedInAnswer,
    TokenAnswer,
)

REFRESH_COOKIE = "learnflow_refresh"
_COOKIE_PATH = "/api/v1/auth"
PEOPLE = allow("student", "teacher", "admin")


async def network_address(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, which is one household or school."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else host


NetworkAddress = Annotated[str, Depends(network_address)]


def make_router(accounts: Accounts) -> APIRouter:
    """All routes of accounts under /api/v1."""
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    _add_open_routes(router, accounts)
    _add_session_routes(router, accounts)
    _add_own_routes(router, accounts)
    return router


def _add_open_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/register", status_code=201, summary="A new student, signed in")
    async def register(body: Register, request: Request, response: Response) -> SignedInAnswer:
        user, signed_in = await accounts.register(**body.model_dump(exclude={"refresh_in"}))
        tokens = _hand_over(request, response, signed_in, body.refresh_in)
        return SignedInAnswer(**tokens.model_dump(), user=Profile.model_validate(user))

    @router.post("/auth/login", summary="Sign in")
    async def login(body: Login, request: Request, response: Response, address: NetworkAddress) -> SignedInAnswer:
        user, signed_in = await accounts.login(body.email, body.password, address)
        tokens = _hand_over(request, response, signed_in, body.refresh_in)
        return SignedInAnswer(**tokens.model_dump(), user=Profile.model_validate(user))

    @router.post("/auth/service-token", summary="A service's own access token")
    async def service_token(body: ServiceSignIn, response: Response) -> TokenAnswer:
        response.headers["Cache-Control"] = "no-store"
        return TokenAnswer(**_shape(await accounts.service_token(body.service, body.secret)))

    @router.get("/auth/keys", summary="The public keys of access tokens (JWKS)")
    async def keys() -> PublicKeys:
        return PublicKeys.model_validate(await accounts.public_keys())


def _add_session_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/refresh", summary="The next pair of tokens")
    async def refresh(request: Request, response: Response, body: Refresh | None = None) -> SessionTokens:
        shown = body.refresh_token if body else request.cookies.get(REFRESH_COOKIE)
        if not shown:
            raise Unauthenticated("There is no refresh token, neither in the cookie nor in the body. Sign in again.")
        return _hand_over(request, response, await accounts.refresh(shown), "body" if body else "cookie")

    @router.post("/auth/logout", status_code=204, summary="End this session")
    async def logout(request: Request, response: Response, body: Refresh | None = None) -> None:
        shown = body.refresh_token if body else request.cookies.get(REFRESH_COOKIE)
        principal = await _whoever(request)
        await accounts.logout(shown, principal.session_id if principal else None)
        _forget_cookie(response)

    @router.get("/auth/sessions", dependencies=[PEOPLE], summary="Where you are signed in")
    async def sessions(principal: CurrentPrincipal) -> SessionPage:
        rows = await accounts.sessions(principal.user_id)
        items = [
            Session(
                id=row.id,
                created_at=row.created_at,
                last_used_at=row.last_used_at,
                expires_at=row.expires_at,
                is_current=row.id == principal.session_id,
            )
            for row in rows
        ]
        return SessionPage(items=items, total=len(items))

    @router.delete("/auth/sessions", status_code=204, dependencies=[PEOPLE], summary="Sign out everywhere")
    async def end_all(principal: CurrentPrincipal, response: Response) -> None:
        await accounts.end_all_sessions(principal.user_id)
        _forget_cookie(response)

    @router.delete("/auth/sessions/{session_id}", status_code=204, dependencies=[PEOPLE], summary="End one session")
    async def end_one(session_id: UUID, principal: CurrentPrincipal) -> None:
        await accounts.end_session(principal.user_id, session_id)


def _add_own_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/password/change", status_code=204, dependencies=[PEOPLE], summary="Change the password")
    async def change(body: ChangePassword, principal: CurrentPrincipal, address: NetworkAddress) -> None:
        await accounts.change_password(
            principal.user_id, principal.session_id, body.current_password, body.new_password, address
        )

    @router.get("/me", dependencies=[PEOPLE], summary="Who you are")
    async def me(principal: CurrentPrincipal) -> Profile:
        return Profile.model_validate(await accounts.profile(principal.user_id))

    @router.patch("/me", dependencies=[PEOPLE], summary="Change name, language or time zone")
    async def change_me(body: ChangeProfile, principal: CurrentPrincipal) -> Profile:
        return Profile.model_validate(await accounts.update_profile(principal.user_id, **body.model_dump()))


async def _whoever(request: Request) -> Principal | None:
    """The holder of the access token if it is still good: signing out must work without."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    try:
        principal: Principal = await request.app.state.verifier.verify(token)
    except LearnFlowError:
        return None
    return principal


def _shape(access: AccessToken) -> dict[str, object]:
    expires_in = int((access.expires_at - datetime.now(UTC)).total_seconds())
    return {"access_token": access.token, "expires_in": expires_in}


def _hand_over(
    request: Request, response: Response, signed_in: SignedIn, refresh_in: Literal["cookie", "body"]
) -> SessionTokens:
    """The tokens as the body, with the refresh token there or in its cookie."""
    response.headers["Cache-Control"] = "no-store"
    if refresh_in == "cookie":
        response.set_cookie(
            REFRESH_COOKIE,
            signed_in.refresh_token,
            max_age=int(REFRESH_TTL.total_seconds()),
            path=_COOKIE_PATH,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
    in_body = signed_in.refresh_token if refresh_in == "body" else None
    return SessionTokens(**_shape(signed_in.access), session_id=signed_in.session_id, refresh_token=in_body)


def _forget_cookie(response: Response) -> None:
    response.delete_cookie(REFRESH_COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict")
