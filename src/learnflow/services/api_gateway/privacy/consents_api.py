"""Routes of a guardian, who has no account: the link in our e-mail is the key."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict

from learnflow.contracts.text import Text
from learnflow.services.api_gateway.accounts.session_api import NetworkAddress
from learnflow.services.api_gateway.privacy.consents import Consents, Decided, Decision
from learnflow.services.api_gateway.privacy.consents_repository import ConsentState

LinkToken = Annotated[Text, Path(max_length=200)]


class ConsentView(BaseModel):
    """What is asked: may the child `name` use LearnFlow, and may a language model see what they write?"""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: ConsentState
    model: bool
    asked_at: datetime
    expires_at: datetime | None


class Decide(BaseModel):
    """The guardian's answer; `model` counts with the second confirmation, and may be changed after it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decision": "give", "model": False}]})

    decision: Decision
    model: bool = False


class DecidedView(BaseModel):
    """confirm_again: look for our second e-mail. given: the child may sign in. refused: everything is erased."""

    model_config = ConfigDict(from_attributes=True)

    state: str
    model: bool


def make_router(consents: Consents) -> APIRouter:
    """The routes under /api/v1/consents, open: who has the link is the guardian."""
    router = APIRouter(prefix="/api/v1/consents", tags=["privacy"])

    @router.get("/{token}", summary="What a guardian is asked")
    async def look(token: LinkToken, address: NetworkAddress) -> ConsentView:
        return ConsentView.model_validate(await consents.look(token, address))

    @router.post("/{token}", summary="Agree, confirm, change or take back")
    async def decide(token: LinkToken, body: Decide, address: NetworkAddress) -> DecidedView:
        decided: Decided = await consents.decide(token, body.decision, address, model=body.model)
        return DecidedView.model_validate(decided)

    return router
