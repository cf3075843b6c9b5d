"""schema.sql and data-model.md out of the catalogue of a migrated database."""

from __future__ import annotations

from learnflow.contracts.services import SERVICES
from tools.reference.catalogue import Catalogue, Column, Table
from tools.reference.text import GENERATED, table

KERNEL = "kernel"


def database_documents(catalogue: Catalogue) -> dict[str, str]:
    return {
        "docs/reference/schema.sql": _schema_sql(catalogue),
        "docs/reference/data-model.md": _data_model(catalogue),
    }


def owner(entry: Table) -> str:
    """The one service that writes a table; `kernel` when several do, the migration's owner when none does."""
    if not entry.writers:
        return "migration"
    return service_of(entry.writers[0]) if len(entry.writers) == 1 else KERNEL


def service_of(role: str) -> str:
    return next((service.name for service in SERVICES.values() if service.role == role), role)


def _schema_sql(catalogue: Catalogue) -> str:
    head = f"-- {GENERATED}\n-- What all migrations together leave: tables, indexes, rights.\n"
    functions = [text + ";" for text in catalogue.functions]
    return "\n\n".join([head.rstrip(), *(_create(entry) for entry in catalogue.tables), *functions]) + "\n"


def _create(entry: Table) -> str:
    lines = [f"    {column.definition}" for column in entry.columns]
    lines += [f"    constraint {name} {text}" for name, text in entry.constraints]
    parts = [f"create table {entry.full_name} (\n" + ",\n".join(lines) + "\n);"]
    parts += _comments(entry)
    parts += [f"{text};" for text in (*entry.indexes, *entry.triggers)]
    if entry.has_own_rows:
        parts.append(f"alter table {entry.full_name} enable row level security;")
    parts += [f"{policy};" for policy in entry.policies]
    return "\n".join(parts + _grants(entry))


def _grants(entry: Table) -> list[str]:
    roles: dict[str, list[str]] = {}
    for role, rights in sorted(entry.grants.items()):
        roles.setdefault(", ".join(rights), []).append(role.lower())
    return [f"grant {rights} on {entry.full_name} to {', '.join(names)};" for rights, names in roles.items()]


def _comments(entry: Table) -> list[str]:
    found = [f"comment on table {entry.full_name} is {_quoted(entry.comment)};"] if entry.comment else []
    return found + [
        f"comment on column {entry.full_name}.{column.name} is {_quoted(column.comment)};"
        for column in entry.columns
        if column.comment
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _data_model(catalogue: Catalogue) -> str:
    overview = table(
        ["table", "written by", "only read by", "sealed columns", "what it holds"],
        (
            [
                f"[{entry.full_name}](#{entry.full_name.replace('.', '')})",
                owner(entry),
                ", ".join(service_of(role) for role in entry.readers if role != "PUBLIC") or "-",
                ", ".join(column.name for column in entry.columns if column.sealed) or "-",
                entry.comment,
            ]
            for entry in catalogue.tables
        ),
    )
    head = (
        f"# Data model\n\n{GENERATED}\n\nEach service has a PostgreSQL role that may write its own tables only; "
        "`kernel` marks tables that the kernel keeps for several services, `migration` what only a migration writes. "
        "A **sealed** column holds text encrypted with the student's own key (`lf1.…`): deleting the key erases it.\n"
    )
    return "\n".join([head, overview, *(_section(entry) for entry in catalogue.tables)])


def _section(entry: Table) -> str:
    columns = table(["column", "type", "required", "sealed", "remark"], (_row(column) for column in entry.columns))
    remark = f"{entry.comment}\n\n" if entry.comment else ""
    return f"## {entry.full_name}\n\n{remark}{columns}"


def _row(column: Column) -> list[str]:
    remarks = [remark for remark in (column.comment, column.default or "") if remark]
    return [
        f"`{column.name}`",
        column.type,
        "yes" if column.required else "",
        "yes" if column.sealed else "",
        "; ".join(remarks),
    ]
