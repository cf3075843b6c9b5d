"""What is fetched or built once per machine: kept in a cache by the hash of its recipe, made by one at a time.

A new server: a folder `tools/<name>` whose files say everything (versions pinned), and

    def _build(step: Step) -> None:
        step.run(["go", "build", "-o", str(step.target / "daprd"), "."])

    DAPRD = Recipe("daprd", _build, builders=(GO,))

`DAPRD.made(say)` returns the folder that holds the result; whoever comes second waits for the first. Nothing half-made
is ever seen: the work is done aside and renamed. A change of any file of the recipe is another folder.
"""

from __future__ import annotations

import fcntl
import inspect
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from learnflow.runtime.errors import MissingToolError, RuntimeProblem
from learnflow.runtime.instance import CHECKOUT
from learnflow.runtime.processes import dying_with_parent
from learnflow.runtime.servers.program import last_lines

FINISHED = ".finished"
SAY_EVERY_S = 10.0

Say = Callable[[str], None]
"""Shows one line of progress to whoever waits."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that a recipe needs, and how one gets it."""

    program: str
    how: str

    @property
    def is_there(self) -> bool:
        return shutil.which(self.program) is not None


JAVA = Tool("java", "Java 17 or newer. Debian, Ubuntu: apt install openjdk-17-jre-headless")
MAVEN = Tool("mvn", "Maven 3.8 or newer. Debian, Ubuntu: apt install maven")
GO = Tool(
    "go", "Go 1.26 or newer, from https://go.dev/dl: unpack it to /usr/local/go and add /usr/local/go/bin to PATH"
)


@dataclass(frozen=True, slots=True)
class Step:
    """What a recipe's build gets: where its files are, where the result belongs, and how to run a command."""

    name: str
    recipe: Path
    target: Path
    say: Say

    def run(self, command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Run a command with its output in a file, a line of progress every ten seconds; RuntimeProblem if it fails."""
        log = self.target / "build.log"
        began = time.monotonic()
        with log.open("ab") as out:
            process = subprocess.Popen(
                list(command),
                cwd=cwd or self.recipe,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the starter has no threads
            )
            self._wait(process, command[0], began)
        if process.returncode:
            raise RuntimeProblem(f"{self.name} could not be made: {command[0]} failed.\n{last_lines(log, 12)}")

    def _wait(self, process: subprocess.Popen[bytes], program: str, began: float) -> None:
        while True:
            try:
                process.wait(SAY_EVERY_S)
            except subprocess.TimeoutExpired:
                self.say(f"  {self.name}: {Path(program).name} works ({time.monotonic() - began:.0f} s)")
            except BaseException:
                process.kill()
                process.wait()
                raise
            else:
                return


@dataclass(frozen=True, slots=True)
class Recipe:
    """`tools/<name>` and the function that makes something of it.

    `builders` are needed to make it, `runners` whenever it runs.
    """

    name: str
    build: Callable[[Step], None]
    builders: tuple[Tool, ...]
    runners: tuple[Tool, ...] = ()

    @property
    def folder(self) -> Path:
        return CHECKOUT / "tools" / self.name

    @property
    def place(self) -> Path:
        """Where the result is kept, or will be."""
        return cache() / f"{self.name}-{_digest(self.folder, _text(self.build))}"

    @property
    def is_made(self) -> bool:
        return (self.place / FINISHED).exists()

    def missing_tools(self) -> list[Tool]:
        """What has to be installed before it can be made (if it is not yet) and run."""
        wanted = self.runners if self.is_made else dict.fromkeys((*self.runners, *self.builders))
        return [tool for tool in wanted if not tool.is_there]

    def made(self, say: Say) -> Path:
        """The folder of the result, made first where it is not there yet; MissingToolError names what is missing."""
        self._check()
        place = self.place
        if self.is_made:
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(place, say):
            if not self.is_made:
                self._make(place, say)
        return place

    def _check(self) -> None:
        if not self.folder.is_dir():
            raise RuntimeProblem(f"The recipe tools/{self.name} is part of the checkout, and this LearnFlow has none.")
        if missing := self.missing_tools():
            lines = "\n".join(f"  {tool.program}: {tool.how}" for tool in missing)
            raise MissingToolError(f"{self.name} needs what is not installed here:\n{lines}")

    def _make(self, place: Path, say: Say) -> None:
        making = place.with_name(f"{place.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)
        making.mkdir()
        say(f"  {self.name}: made once, kept in {place}")
        began = time.monotonic()
        self.build(Step(self.name, self.folder, making, say))
        (making / FINISHED).touch()
        making.rename(place)
        say(f"  {self.name}: done in {time.monotonic() - began:.0f} s")


def cache() -> Path:
    """LEARNFLOW_CACHE, else learnflow/ in the user's own cache folder; never inside the checkout."""
    named = os.environ.get("LEARNFLOW_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else home / "learnflow"


def _text(build: Callable[[Step], None]) -> str:
    return inspect.getsource(build) if inspect.isfunction(build) else type(build).__name__


def _digest(folder: Path, build: str) -> str:
    """Of every file of the recipe with its name, the build itself, and the kind of machine that it is for."""
    digest = sha256(f"{sys.platform} {platform.machine()} {build}".encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"\0{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _one_at_a_time(place: Path, say: Say) -> Iterator[None]:
    """A lock beside the place; the kernel frees it when its holder ends, however it ends."""
    descriptor = os.open(place.with_name(f"{place.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  waiting for another start that makes {place.name}")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
