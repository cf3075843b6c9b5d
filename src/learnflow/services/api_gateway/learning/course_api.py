"""Routes of the course's catalogue: modules and topics."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from learnflow.contracts.errors import NotFound
from learnflow.curriculum import Catalogue, Module, Topic
from learnflow.curriculum.languages import InLanguages
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.kit.database import Database
from learnflow.kit.readers import language_of

PEOPLE = allow("student", "teacher", "admin")


LANGUAGE = Field(description="the language that title and summary are in")


class TopicView(BaseModel):
    """One topic of the course."""

    id: str
    module_id: str
    position: int
    title: str
    summary: str
    language: str = LANGUAGE


class ModuleView(BaseModel):
    """One module of the course with its topics in order."""

    id: str
    position: int
    title: str
    summary: str
    language: str = LANGUAGE
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


def make_router(database: Database, course: InLanguages[Catalogue]) -> APIRouter:
    """The routes under /api/v1 that show what there is to learn, in the reader's language."""

    async def catalogue_of(principal: CurrentPrincipal) -> Catalogue:
        return course.at(await language_of(database, principal.user_id))

    Read = Annotated[Catalogue, Depends(catalogue_of)]  # noqa: N806 - a type
    router = APIRouter(prefix="/api/v1", tags=["course"], dependencies=[PEOPLE])

    @router.get("/modules", summary="All modules of the course")
    async def modules(catalogue: Read) -> ModulePage:
        return ModulePage(items=[_module(module) for module in catalogue.modules], total=len(catalogue.modules))

    @router.get("/modules/{module_id}", summary="One module")
    async def module(module_id: str, catalogue: Read) -> ModuleView:
        return _module(_find(catalogue, module_id))

    @router.get("/modules/{module_id}/topics", summary="The topics of a module")
    async def topics(module_id: str, catalogue: Read) -> TopicPage:
        found = _find(catalogue, module_id).topics
        return TopicPage(items=[_topic(topic) for topic in found], total=len(found))

    @router.get("/topics/{topic_id:path}", summary="One topic")
    async def topic(topic_id: str, catalogue: Read) -> TopicView:
        found = catalogue.topics.get(topic_id)
        if found is None:
            raise NotFound("There is no such topic.")
        return _topic(found)

    return router
