"""What a client may send over its socket."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from learnflow.contracts.questions import Ask, Identifier

MAX_FRAME_BYTES = 262_144


class Hello(BaseModel):
    """The first frame, and any later one with a fresh token."""

    type: Literal["auth"]
    token: str = Field(min_length=1, max_length=8_192)
    last_event_id: int | None = Field(default=None, ge=0, le=2**62)


class AskFrame(BaseModel):
    """A question; `id` is the client's own name for it, and makes a repeat harmless."""

    type: Literal["ask"]
    id: Identifier | None = None
    data: Ask


class Ping(BaseModel):
    """A sign of life; answered by pong with the same id."""

    type: Literal["ping"]
    id: Identifier | None = None


ClientFrame = Annotated[Hello | AskFrame | Ping, Field(discriminator="type")]
CLIENT_FRAME: TypeAdapter[Hello | AskFrame | Ping] = TypeAdapter(ClientFrame)
