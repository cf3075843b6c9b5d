"""Base of `bench gateway`: FastAPI, one JSON route, each token verified by PyJWT; nothing else.

Run alone: python -m bench.bases.bare_api PORT PUBLIC_KEY_HEX
"""

import sys
from typing import Annotated, Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel


class Topic(BaseModel):
    """The same shape as the gateway's."""

    id: str
    module_id: str
    position: int
    title: str
    summary: str


TOPIC = Topic(
    id="control-flow/for-loops",
    module_id="control-flow",
    position=2,
    title="For loops",
    summary="Run the same lines once for each item.",
)


def create(key: Ed25519PublicKey) -> FastAPI:
    """The app; tokens are verified against `key`."""
    app = FastAPI()

    async def claims(authorization: Annotated[str, Header()]) -> dict[str, Any]:
        try:
            token = authorization.removeprefix("Bearer ")
            verified: dict[str, Any] = jwt.decode(token, key, algorithms=["EdDSA"], audience="learnflow")
        except jwt.PyJWTError as error:
            raise HTTPException(401) from error
        return verified

    @app.get("/api/v1/topics/{topic_id:path}")
    async def topic(topic_id: str, claims: Annotated[dict[str, Any], Depends(claims)]) -> Topic:
        return TOPIC.model_copy(update={"id": topic_id, "summary": f"for {claims['role']}s"})

    return app


if __name__ == "__main__":
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(sys.argv[2]))
    uvicorn.run(create(public), port=int(sys.argv[1]), access_log=False, log_level="error", http="httptools")
