"""How values travel to and from PostgreSQL on every connection of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

ARRAYS = {
    "bool": (1000, 16),
    "bytea": (1001, 17),
    "int2": (1005, 21),
    "int4": (1007, 23),
    "int8": (1016, 20),
    "float8": (1022, 701),
    "date": (1182, 1082),
    "timestamptz": (1185, 1184),
    "uuid": (2951, 2950),
    "jsonb": (3807, 3802),
    "xid8": (271, 5069),
}
"""Object ids of arrays and of their elements: the same in every PostgreSQL (its catalog/pg_type.dat).

asyncpg would ask for each on every connection: 2.3 MB of a backend, and the longest query of its life.
"""


async def prepare_connection(connection: Connection) -> None:
    """json and jsonb by orjson, and the arrays that our queries are given."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
        )
    connection.get_settings().register_data_types([_array(name, *ids) for name, ids in ARRAYS.items()])


def _array(name: str, oid: int, element: int) -> dict[str, Any]:
    """A row as asyncpg's own question to the catalogue returns it."""
    nothing = dict.fromkeys(("basetype", "range_subtype", "attrtypoids", "attrnames"))
    return {"oid": oid, "ns": "pg_catalog", "name": f"_{name}", "kind": b"b", **nothing} | {
        "elemtype": element,
        "elemtype_name": name,
        "elemdelim": ",",
    }
