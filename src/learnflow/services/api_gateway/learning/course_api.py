"""Routes of the course's catalogue: modules and topics."""

from fastapi import APIRouter
from pydantic import BaseModel

from learnflow.contracts.errors import NotFound
from learnflow.curriculum import Catalogue, Module, Topic
from learnflow.kit.auth import allow

PEOPLE = allow("student", "teacher", "admin")


class TopicView(BaseModel):
    """One topic of the course."""

    id: str
    module_id: str
    position: int
    title: str
    summary: str


class ModuleView(BaseModel):
    """One module of the course with its topics in order."""

    id: str
    position: int
    title: str
    summary: str
    topics: list[TopicView]


class ModulePage(BaseModel):
    """All modules; the course has few, so there is one page."""

    items: list[ModuleView]
    total: int
    next: None = None


class TopicPage(BaseModel):
    """All topics of one module."""

    items: list[TopicView]
    total: int
    next: None = None


def _topic(topic: Topic) -> TopicView:
    return TopicView.model_validate(topic, from_attributes=True)


def _module(module: Module) -> ModuleView:
    return ModuleView.model_validate(module, from_attributes=True)


def _find(catalogue: Catalogue, module_id: str) -> Module:
    for module in catalogue.modules:
        if module.id == module_id:
            return module
    raise NotFound("There is no such module.")


def make_router(catalogue: Catalogue) -> APIRouter:
    """The routes under /api/v1 that show what there is to learn."""
    all_topics = catalogue.topics
    router = APIRouter(prefix="/api/v1", tags=["course"], dependencies=[PEOPLE])

    @router.get("/modules", summary="All modules of the course")
    async def modules() -> ModulePage:
        return ModulePage(items=[_module(module) for module in catalogue.modules], total=len(catalogue.modules))

    @router.get("/modules/{module_id}", summary="One module")
    async def module(module_id: str) -> ModuleView:
        return _module(_find(catalogue, module_id))

    @router.get("/modules/{module_id}/topics", summary="The topics of a module")
    async def topics(module_id: str) -> TopicPage:
        found = _find(catalogue, module_id).topics
        return TopicPage(items=[_topic(topic) for topic in found], total=len(found))

    @router.get("/topics/{topic_id:path}", summary="One topic")
    async def topic(topic_id: str) -> TopicView:
        if topic_id not in all_topics:
            raise NotFound("There is no such topic.")
        return _topic(all_topics[topic_id])

    return router
