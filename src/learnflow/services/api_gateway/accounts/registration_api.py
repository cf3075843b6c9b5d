"""Routes that are open to whoever has no account, or has lost the way to it: register, be a guest, reset a password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from learnflow.kit.app import json_response
from learnflow.kit.auth import Principal, bearer_token
from learnflow.services.api_gateway.accounts.known_devices import KEPT
from learnflow.services.api_gateway.accounts.password_reset import PasswordReset
from learnflow.services.api_gateway.accounts.registration import Registration
from learnflow.services.api_gateway.accounts.rules import NewAccount
from learnflow.services.api_gateway.accounts.schemas import (
    AwaitsConsent,
    BeGuest,
    Profile,
    Register,
    ResetPassword,
    SignedInAnswer,
)
from learnflow.services.api_gateway.accounts.session_api import (
    DEVICE_COOKIE,
    NetworkAddress,
    set_cookie,
    signed_in_answer,
)

_ASK_GUARDIAN = "A parent or guardian has to agree first. We write to them now; sign in when they have answered."
_ASKED = {"detail": "If there is an account with this address, a link is on its way to it. It is good for an hour."}
_REGISTERED: dict[int | str, dict[str, Any]] = {
    202: {"model": AwaitsConsent, "description": "A child's account: a parent or guardian has to agree first"}
}
_RESET: dict[int | str, dict[str, Any]] = {
    202: {"description": "Asked: the same whether there is such an account or not"},
    204: {"description": "The password is set; sign in with it"},
}


async def _sender(request: Request) -> Principal | None:
    """Who is signed in, if anybody; a token that is sent has to be good, or a guest would lose their work unseen."""
    if "authorization" not in request.headers:
        return None
    principal: Principal = await request.app.state.verifier.verify(bearer_token(request))
    return principal


Sender = Annotated[Principal | None, Depends(_sender)]


def make_router(registration: Registration, reset: PasswordReset) -> APIRouter:
    """The routes under /api/v1/auth that make accounts and give them back."""
    router = APIRouter(prefix="/api/v1/auth", tags=["accounts"])

    @router.post(
        "/register",
        status_code=201,
        response_model=SignedInAnswer,
        responses=_REGISTERED,
        summary="A new account, signed in; a guest's own when it sends the guest's token",
    )
    async def register(
        body: Register, request: Request, response: Response, address: NetworkAddress, sender: Sender
    ) -> Any:
        new = NewAccount(**body.model_dump(exclude={"refresh_in"}))
        done = await registration.register(new, address, sender)
        if done.signed_in is None:
            waiting = AwaitsConsent(user=Profile.model_validate(done.user), detail=_ASK_GUARDIAN)
            return json_response(waiting.model_dump(mode="json"), 202)
        return signed_in_answer(request, response, done.user, done.signed_in, body.refresh_in)

    @router.post("/guest", status_code=201, summary="A student without an account, for 24 hours")
    async def guest(
        request: Request, response: Response, address: NetworkAddress, body: BeGuest | None = None
    ) -> SignedInAnswer:
        wish = body or BeGuest()
        user, signed_in = await registration.guest(address, wish.language, wish.timezone)
        return signed_in_answer(request, response, user, signed_in, wish.refresh_in)

    @router.post(
        "/password/reset", status_code=202, responses=_RESET, summary="Ask for a link, or set the password with it"
    )
    async def reset_password(body: ResetPassword, request: Request, address: NetworkAddress) -> Response:
        if body.email is not None:
            await reset.ask(body.email, address)
            return json_response(_ASKED, 202)
        mark = await reset.finish(body.token or "", body.new_password or "", address)
        answer = Response(status_code=204)
        if mark is not None:
            set_cookie(request, answer, DEVICE_COOKIE, mark, int(KEPT.total_seconds()))
        return answer

    return router
