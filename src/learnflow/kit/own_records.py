"""GET /export/{user_id}: a service's rows about a person, opened, for that person alone: what an export is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from learnflow.contracts.errors import NotFound
from learnflow.contracts.sealed import PREFIX, SealedText
from learnflow.kit.auth import CurrentPrincipal, allow
from learnflow.kit.database import Database
from learnflow.kit.sealed import KeyMissing, SealBroken, Vault

PEOPLE = allow("student", "teacher", "admin")
_STATE = """select 'state' as tab, jsonb_build_object('key', key, 'value', value) as record from state
where owner = current_user and strpos(key, $1::text) > 0
union all select * from dapr_state_of($1)"""


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table of the service: the column that says whose row it is, and those that are not handed out."""

    owner: str = "user_id"
    leave_out: tuple[str, ...] = ()


class OwnRecord(BaseModel):
    """One row; its sealed texts are opened, and None where they cannot be."""

    table: str
    record: dict[str, Any]


class OwnRecords(BaseModel):
    """A page of rows, table by table."""

    items: list[OwnRecord]
    total: int
    next: str | None


def make_router(database: Database, vault: Vault, tables: Mapping[str, OwnTable]) -> APIRouter:
    """The route for these tables and for the service's state of the person; nobody else's eyes, a teacher's neither."""
    router = APIRouter(tags=["privacy"])
    every = " union all ".join([*(_select(name, table) for name, table in tables.items()), _STATE])
    page = f"select * from ({every}) r order by 1, 2 limit $2 offset $3"  # noqa: S608 - names of our own tables
    count = f"select count(*) from ({every}) r"  # noqa: S608 - the same

    @router.get("/export/{user_id}", dependencies=[PEOPLE], summary="Everything this service keeps about you")
    async def export(
        user_id: UUID,
        request: Request,
        principal: CurrentPrincipal,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
        offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    ) -> OwnRecords:
        if principal.user_id != user_id:
            raise NotFound("There is nothing here that you may see.")
        rows = await database.fetch(page, user_id, limit, offset)
        total: int = await database.fetchval(count, user_id)
        items = [OwnRecord(table=row["tab"], record=await _opened(vault, user_id, row["record"])) for row in rows]
        following = offset + limit
        return OwnRecords(
            items=items,
            total=total,
            next=f"{request.url.path}?limit={limit}&offset={following}" if following < total else None,
        )

    return router


def _select(name: str, table: OwnTable) -> str:
    shown = "to_jsonb(t)" + "".join(f" - '{column}'" for column in table.leave_out)
    return f"select '{name}' as tab, {shown} as record from {name} t where t.{table.owner} = $1"  # noqa: S608 - the same


async def _opened(vault: Vault, user_id: UUID, value: Any) -> Any:
    """The value with every sealed text in it opened."""
    if isinstance(value, dict):
        return {key: await _opened(vault, user_id, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [await _opened(vault, user_id, inner) for inner in value]
    if isinstance(value, str) and value.startswith(PREFIX):
        try:
            return await vault.open(user_id, SealedText(value))
        except (KeyMissing, SealBroken):
            return None
    return value
