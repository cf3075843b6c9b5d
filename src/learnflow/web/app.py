"""The composition root of the pages."""

from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.responses import Response

from learnflow.contracts.errors import NotFound
from learnflow.contracts.services import WEB
from learnflow.kit.app import create_app
from learnflow.web.pages import Pages
from learnflow.web.passing import Gateway, Passed
from learnflow.web.settings import Settings
from learnflow.web.sockets import Sockets

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create(settings: Settings) -> FastAPI:
    """Everything of the pages, put together."""
    gateway = Gateway(settings)
    routers = [_pages(Pages()), _ways_on(gateway, Sockets(settings))]
    app = create_app(WEB, settings, routers=routers, parts=[gateway])
    app.state.forwarded_allow_ips = settings.trusted_proxies
    return app


def _pages(pages: Pages) -> APIRouter:
    # the links in our e-mails open the same page
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    @router.get("/reset-password")
    @router.get("/consent")
    async def index(request: Request) -> Response:
        return pages.index(request)

    @router.get("/assets/{version}/{name:path}")
    async def asset(request: Request, version: str, name: str) -> Response:
        found = pages.asset(request, version, name)
        if found is None:
            raise NotFound("There is no such file. Load the page again.")
        return found

    return router


def _ways_on(gateway: Gateway, sockets: Sockets) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/api/{path:path}", methods=_METHODS)
    async def pass_on(path: str) -> Response:  # noqa: ARG001 - the whole target goes on as it came
        return Passed(gateway)

    @router.websocket("/ws/chat/{student_id}")
    async def chat(browser: WebSocket, student_id: str) -> None:  # noqa: ARG001 - the same
        await sockets.serve(browser)

    return router
