"""Routes of classes: make, list, join, invite, change, leave."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from learnflow.contracts.errors import Invalid
from learnflow.kit.app import json_response
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.kit.problems import invalid_input
from learnflow.services.api_gateway.classes.rosters import RosterLine, read_csv, read_people
from learnflow.services.api_gateway.classes.schemas import (
    ChangeClass,
    ClassPage,
    ClassView,
    CoTeachers,
    JoinClass,
    NewClass,
    Roster,
    RosterResult,
    RosterResults,
)
from learnflow.services.api_gateway.classes.service import ClassChange, Classes
from learnflow.services.api_gateway.classes.view import SchoolClass

TEACHERS = allow("teacher")
LEARNERS = allow("student", "teacher")
_CSV_EXAMPLE = "name,email\nAda Lovelace,ada@example.org\n"
_ROSTER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Roster.model_json_schema()},
            "text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
        },
    }
}


def make_router(classes: Classes) -> APIRouter:
    """The routes under /api/v1 that deal with classes."""
    router = APIRouter(prefix="/api/v1", tags=["classes"])
    _add_teachers_routes(router, classes)

    @router.get("/classes", dependencies=[LEARNERS], summary="Your classes")
    async def mine(
        request: Request,
        principal: CurrentPrincipal,
        archived: bool = False,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> ClassPage:
        found, total = await classes.mine(principal, archived=archived, limit=limit, offset=offset)
        following = f"?archived={str(archived).lower()}&limit={limit}&offset={offset + limit}"
        return ClassPage(
            items=[_view(each) for each in found],
            total=total,
            next=f"{request.url.path}{following}" if offset + limit < total else None,
        )

    @router.post("/classes/join", dependencies=[allow("student")], summary="Join a class by its code")
    async def join(body: JoinClass, principal: CurrentPrincipal) -> ClassView:
        return _view(await classes.join(principal.user_id, body.class_code))

    @router.delete(
        "/classes/{class_id}/students/{student_id}",
        status_code=204,
        dependencies=[LEARNERS],
        summary="Leave a class; or, as its teacher, take out a student or an invitation",
    )
    async def remove(class_id: UUID, student_id: UUID, principal: CurrentPrincipal) -> None:
        await classes.remove(principal, class_id, student_id)

    return router


def _add_teachers_routes(router: APIRouter, classes: Classes) -> None:
    @router.post("/classes", status_code=201, dependencies=[TEACHERS], summary="Make a class")
    async def create(body: NewClass, principal: CurrentPrincipal) -> ClassView:
        return _view(await classes.create(principal.user_id, body.name))

    @router.patch(
        "/classes/{class_id}",
        dependencies=[TEACHERS],
        responses={204: {"description": "You do not teach this class any more"}},
        response_model=ClassView,
        summary="Name, limits, co-teachers, archive, a new code",
    )
    async def change(class_id: UUID, body: ChangeClass, principal: CurrentPrincipal) -> ClassView | Response:
        changed = await classes.change(principal.user_id, class_id, _change(body))
        return Response(status_code=204) if changed is None else _view(changed)

    @router.post(
        "/classes/{class_id}/roster",
        dependencies=[TEACHERS],
        response_model=RosterResults,
        openapi_extra=_ROSTER_BODY,
        summary="Invite students by name and address, as JSON or CSV; all or, when a line is wrong, none",
    )
    async def roster(class_id: UUID, request: Request, principal: CurrentPrincipal) -> Response:
        await classes.taught(class_id, principal.user_id)
        try:
            lines = await _lines(request)
        except ValidationError as error:
            return invalid_input([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
        results = await classes.invite(principal.user_id, class_id, lines)
        items = [
            RosterResult(line=line.number, name=line.person.name, email=line.person.email, result=result)
            for line, result in zip(lines, results, strict=True)
        ]
        return json_response(RosterResults(items=items, total=len(items)).model_dump(mode="json"))


def _view(found: SchoolClass) -> ClassView:
    return ClassView.model_validate(asdict(found))


def _change(body: ChangeClass) -> ClassChange:
    shared = body.co_teachers or CoTeachers()
    return ClassChange(
        name=body.name,
        settings=body.settings.model_dump(exclude_unset=True) if body.settings else {},
        add_teachers=shared.add,
        remove_teachers=shared.remove,
        archived=body.archived,
        new_code=body.new_code,
    )


async def _lines(request: Request) -> list[RosterLine]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind == "text/csv":
        return read_csv(_text(body))
    people = Roster.model_validate_json(body).students
    return read_people((number, person.model_dump()) for number, person in enumerate(people, 1))


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Invalid("This file is not UTF-8. Save it as CSV UTF-8 and send it again.", field="body") from error
