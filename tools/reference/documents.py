"""All generated files at once: what they should say, what differs, and writing them."""

from __future__ import annotations

from pathlib import Path

from tools.manifests.documents import OWNED as OWNED_MANIFESTS
from tools.manifests.documents import manifest_documents
from tools.reference.apps import applications
from tools.reference.catalogue import read_catalogue
from tools.reference.curriculum import curriculum_document
from tools.reference.dapr import dapr_documents
from tools.reference.events import event_documents
from tools.reference.openapi import openapi_documents
from tools.reference.schema import database_documents
from tools.reference.services import service_documents, with_service_table

ROOT = Path(__file__).resolve().parents[2]
OWNED = (
    "deploy/dapr/*/*.yaml",
    "docs/reference/openapi/*.json",
    "docs/reference/events/*.json",
    "src/learnflow/services/*/README.md",
    *OWNED_MANIFESTS,
)
"""Folders whose files are all generated: one that is wanted no more goes."""


async def documents(owner_dsn: str, root: Path = ROOT) -> dict[str, str]:
    """File (from the root) -> text; `owner_dsn` is a migrated database."""
    catalogue = await read_catalogue(owner_dsn)
    with applications() as apps:
        files = openapi_documents(apps) | service_documents(apps, catalogue)
    readme = with_service_table((root / "README.md").read_text(encoding="utf-8"))
    generated = (
        dapr_documents()
        | manifest_documents()
        | event_documents()
        | database_documents(catalogue)
        | curriculum_document()
    )
    return files | generated | {"README.md": readme}


def differences(wanted: dict[str, str], root: Path = ROOT) -> list[str]:
    """Names of files that are missing, too many or other than they should be."""
    changed = [name for name, text in wanted.items() if _read(root / name) != text]
    return sorted(changed + _left_over(wanted, root))


def write(wanted: dict[str, str], root: Path = ROOT) -> None:
    for name, text in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in _left_over(wanted, root):
        (root / name).unlink()


def _left_over(wanted: dict[str, str], root: Path) -> list[str]:
    found = [str(path.relative_to(root)) for pattern in OWNED for path in root.glob(pattern)]
    return [name for name in found if name not in wanted]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
