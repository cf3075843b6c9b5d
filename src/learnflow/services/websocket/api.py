"""The one address of the websocket service."""

from fastapi import APIRouter, WebSocket

from learnflow.services.websocket.sockets import Sockets


def make_router(sockets: Sockets) -> APIRouter:
    """`WS /ws/chat/{student_id}`: live chat of the signed-in user."""
    router = APIRouter()

    @router.websocket("/ws/chat/{student_id}")
    async def chat(websocket: WebSocket, student_id: str) -> None:
        await sockets.serve(websocket, student_id)

    return router
