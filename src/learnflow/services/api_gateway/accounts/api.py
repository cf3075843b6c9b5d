"""Routes of accounts: sign in, refresh, sign out, sessions, password, profile, service tokens, keys."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from learnflow.contracts.errors import Unauthenticated
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.services.api_gateway.accounts.password_check import From
from learnflow.services.api_gateway.accounts.schemas import (
    ChangePassword,
    ChangeProfile,
    Login,
    Profile,
    PublicKeys,
    Refresh,
    ServiceSignIn,
    Session,
    SessionPage,
    SessionTokens,
    SignedInAnswer,
    TokenAnswer,
)
from learnflow.services.api_gateway.accounts.service import Accounts
from learnflow.services.api_gateway.accounts.session_api import (
    DEVICE_COOKIE,
    REFRESH_COOKIE,
    NetworkAddress,
    forget_cookie,
    hand_over,
    signed_in_answer,
    token_shape,
    whoever,
)

PEOPLE = allow("student", "teacher", "admin")


def make_router(accounts: Accounts) -> APIRouter:
    """All routes of accounts under /api/v1."""
    router = APIRouter(prefix="/api/v1", tags=["accounts"])
    _add_open_routes(router, accounts)
    _add_session_routes(router, accounts)
    _add_own_routes(router, accounts)
    return router


def _add_open_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/login", summary="Sign in")
    async def login(body: Login, request: Request, response: Response, address: NetworkAddress) -> SignedInAnswer:
        source = From(address, request.cookies.get(DEVICE_COOKIE))
        user, signed_in = await accounts.login(body.email, body.password, source)
        return signed_in_answer(request, response, user, signed_in, body.refresh_in)

    @router.post("/auth/service-token", summary="A service's own access token")
    async def service_token(body: ServiceSignIn, response: Response) -> TokenAnswer:
        response.headers["Cache-Control"] = "no-store"
        return TokenAnswer(**token_shape(await accounts.service_token(body.service, body.secret)))

    @router.get("/auth/keys", summary="The public keys of access tokens (JWKS)")
    async def keys() -> PublicKeys:
        return PublicKeys.model_validate(await accounts.public_keys())


def _add_session_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/refresh", summary="The next pair of tokens")
    async def refresh(request: Request, response: Response, body: Refresh | None = None) -> SessionTokens:
        shown = body.refresh_token if body else request.cookies.get(REFRESH_COOKIE)
        if not shown:
            raise Unauthenticated("There is no refresh token, neither in the cookie nor in the body. Sign in again.")
        return hand_over(request, response, await accounts.refresh(shown), "body" if body else "cookie")

    @router.post("/auth/logout", status_code=204, summary="End this session")
    async def logout(request: Request, response: Response, body: Refresh | None = None) -> None:
        shown = body.refresh_token if body else request.cookies.get(REFRESH_COOKIE)
        principal = await whoever(request)
        await accounts.logout(shown, principal.session_id if principal else None)
        forget_cookie(response)

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
        forget_cookie(response)

    @router.delete("/auth/sessions/{session_id}", status_code=204, dependencies=[PEOPLE], summary="End one session")
    async def end_one(session_id: UUID, principal: CurrentPrincipal) -> None:
        await accounts.end_session(principal.user_id, session_id)


def _add_own_routes(router: APIRouter, accounts: Accounts) -> None:
    @router.post("/auth/password/change", status_code=204, dependencies=[PEOPLE], summary="Change the password")
    async def change(body: ChangePassword, principal: CurrentPrincipal, address: NetworkAddress) -> None:
        await accounts.change_password(
            principal.user_id,
            principal.session_id,
            body.current_password,
            body.new_password,
            From(address, session=str(principal.session_id) if principal.session_id else None),
        )

    @router.get("/me", dependencies=[PEOPLE], summary="Who you are")
    async def me(principal: CurrentPrincipal) -> Profile:
        return Profile.model_validate(await accounts.profile(principal.user_id))

    @router.patch("/me", dependencies=[PEOPLE], summary="Change name, language or time zone")
    async def change_me(body: ChangeProfile, principal: CurrentPrincipal) -> Profile:
        return Profile.model_validate(await accounts.update_profile(principal.user_id, **body.model_dump()))
