"""What a migrated database holds, read from PostgreSQL's own catalogue: the same on every version from 15."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

import asyncpg

SCHEMAS = ["public", "keys"]

TABLES = """
select n.nspname as schema, c.relname as name, obj_description(c.oid, 'pg_class') as comment,
       c.relrowsecurity as own_rows, c.relpersistence as persistence
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname = any($1) order by n.nspname collate "C", c.relname collate "C"
"""
COLUMNS = """
select n.nspname as schema, c.relname as tab, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as default,
       a.attidentity::text as identity, a.attgenerated::text as generated, col_description(c.oid, a.attnum) as comment
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p') and n.nspname = any($1) and a.attnum > 0 and not a.attisdropped
order by n.nspname collate "C", c.relname collate "C", a.attnum
"""
CONSTRAINTS = """
select n.nspname as schema, c.relname as tab, k.conname as name, pg_get_constraintdef(k.oid, true) as text
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and k.contype in ('p', 'u', 'f', 'c', 'x')
order by n.nspname collate "C", c.relname collate "C", position(k.contype in 'pufcx'), k.conname collate "C"
"""
INDEXES = """
select n.nspname as schema, c.relname as tab, i.relname as name, pg_get_indexdef(i.oid) as text
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and not exists (select from pg_constraint k where k.conindid = i.oid)
order by n.nspname collate "C", c.relname collate "C", i.relname collate "C"
"""
GRANTS = """
select table_schema as schema, table_name as tab, grantee as role, array_agg(lower(privilege_type)) as rights
from information_schema.role_table_grants
where table_schema = any($1) and (grantee like 'lf\\_%' or grantee = 'PUBLIC') group by 1, 2, 3
"""
POLICIES = """
select schemaname as schema, tablename as tab, policyname as name, cmd, qual, with_check
from pg_policies where schemaname = any($1) order by 1, 2, 3
"""
FUNCTIONS = """
select pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any($1) and p.prokind in ('f', 'p') order by n.nspname collate "C", p.proname collate "C", p.oid
"""
TRIGGERS = """
select n.nspname as schema, c.relname as tab, pg_get_triggerdef(t.oid) as text
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and not t.tgisinternal order by 1, 2, t.tgname collate "C"
"""
RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain")
SEALED_CHECK = re.compile(r"\(?\(*(\w+)\)? ~~ 'lf1\.%'")


@dataclass
class Column:
    name: str
    type: str
    required: bool
    default: str | None
    comment: str
    sealed: bool = False

    @property
    def definition(self) -> str:
        tail = f" {self.default}" if self.default else ""
        return f"{self.name} {self.type}{' not null' if self.required else ''}{tail}"


@dataclass
class Table:
    """One table; `grants` is role -> rights in PostgreSQL's own order."""

    schema: str
    name: str
    comment: str
    has_own_rows: bool
    columns: list[Column] = field(default_factory=list)
    constraints: list[tuple[str, str]] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    grants: dict[str, list[str]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def writers(self) -> list[str]:
        return sorted(role for role, rights in self.grants.items() if set(rights) & {"insert", "update", "delete"})

    @property
    def readers(self) -> list[str]:
        return sorted(role for role, rights in self.grants.items() if set(rights) == {"select"})


@dataclass
class Catalogue:
    tables: list[Table]
    functions: list[str]


async def read_catalogue(owner_dsn: str) -> Catalogue:
    """Everything that the reference says about a database."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        tables = {(row["schema"], row["name"]): _table(row) for row in await connection.fetch(TABLES, SCHEMAS)}
        await _fill(connection, tables)
        functions = [row["text"].strip() for row in await connection.fetch(FUNCTIONS, SCHEMAS)]
    finally:
        await connection.close()
    for table in tables.values():
        _mark_sealed(table)
    return Catalogue(list(tables.values()), functions)


def _table(row: asyncpg.Record) -> Table:
    return Table(row["schema"], row["name"], row["comment"] or "", row["own_rows"])


async def _fill(connection: asyncpg.Connection[asyncpg.Record], tables: dict[tuple[str, str], Table]) -> None:
    rows = {name: await _grouped(connection, query) for name, query in _QUERIES.items()}
    for key, table in tables.items():
        table.columns = [_column(row) for row in rows["columns"][key]]
        table.constraints = [(row["name"], row["text"]) for row in rows["constraints"][key]]
        table.indexes = [row["text"] for row in rows["indexes"][key]]
        table.policies = [_policy(row) for row in rows["policies"][key]]
        table.triggers = [row["text"] for row in rows["triggers"][key]]
        table.grants = {row["role"]: sorted(row["rights"], key=RIGHTS.index) for row in rows["grants"][key]}


_QUERIES = {
    "columns": COLUMNS,
    "constraints": CONSTRAINTS,
    "indexes": INDEXES,
    "policies": POLICIES,
    "triggers": TRIGGERS,
    "grants": GRANTS,
}


async def _grouped(
    connection: asyncpg.Connection[asyncpg.Record], query: str
) -> dict[tuple[str, str], list[asyncpg.Record]]:
    grouped: dict[tuple[str, str], list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(query, SCHEMAS):
        grouped[row["schema"], row["tab"]].append(row)
    return grouped


def _column(row: asyncpg.Record) -> Column:
    return Column(row["name"], row["type"], row["required"], _default(row), row["comment"] or "")


def _default(row: asyncpg.Record) -> str | None:
    if row["identity"]:
        return f"generated {'always' if row['identity'] == 'a' else 'by default'} as identity"
    if row["default"] is None:
        return None
    return f"generated always as ({row['default']}) stored" if row["generated"] else f"default {row['default']}"


def _policy(row: asyncpg.Record) -> str:
    check = f" with check {row['with_check']}" if row["with_check"] else ""
    table = row["tab"] if row["schema"] == "public" else f"{row['schema']}.{row['tab']}"
    return f"create policy {row['name']} on {table} for {row['cmd'].lower()} using {row['qual']}{check}"


def _mark_sealed(table: Table) -> None:
    checked = {name for _, text in table.constraints for name in SEALED_CHECK.findall(text)}
    for column in table.columns:
        column.sealed = column.name in checked or column.comment.lower().startswith("sealed")
