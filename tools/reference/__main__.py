"""`python -m tools.reference [--check]`: write the generated files, or say which of them are behind the code."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from learnflow.kit.migrate import upgrade
from learnflow.runtime.embedded import EmbeddedPostgres
from tools.reference.documents import ROOT, differences, documents, write


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is behind the code")
    check = parser.parse_args().check
    wanted = _from_a_fresh_database()
    behind = differences(wanted)
    for name in behind:
        print(f"{'behind the code' if check else 'written'}: {name}")
    if not check:
        write(wanted)
        return 0
    if behind:
        print("Run `python -m tools.reference` and commit what it writes.")
    return 1 if behind else 0


def _from_a_fresh_database() -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="learnflow-reference-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, PostgreSQL runs as another user and has to get in
        postgres = EmbeddedPostgres(folder / "postgres", log_file=folder / "postgresql.log")
        dsn = postgres.start()
        try:
            return asyncio.run(_migrated_documents(dsn))
        finally:
            postgres.stop()


async def _migrated_documents(dsn: str) -> dict[str, str]:
    await upgrade(dsn, role_secret="reference")  # noqa: S106 - a database that lives for seconds
    return await documents(dsn, ROOT)


if __name__ == "__main__":
    sys.exit(main())
