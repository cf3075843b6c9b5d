"""The steps of a Dockerfile, replayed without an engine: each stage in a copy-on-write view of this machine.

A stage's root is an overlay of `/` in a mount namespace of its own (root alone may make one), so absolute paths are
what they are in the image and nothing is left behind. What the base image holds is not shown: here it is this machine.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_PYTHON = Path("/usr/bin/python3")


@dataclass
class Stage:
    """One FROM with its steps, and what they leave behind."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def read(path: Path) -> list[Stage]:
    """The stages of a Dockerfile; an instruction's continued lines are one."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: list[Stage] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name or f"stage-{len(stages)}"))
        elif word:
            stages[-1].steps.append((word, rest))
    return stages


class Replay:
    """Replays the stages in order; `root(name)` is what a stage left on top of this machine."""

    def __init__(self, folder: Path, context: Path) -> None:
        self._folder = folder
        self._context = context
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp"}
        self.workdir, self.user = "/", ""
        self.entrypoint: list[str] = []

    def left(self, stage: str) -> Path:
        return self._folder / stage / "upper"

    def run(self, stage: Stage) -> None:
        self.workdir, self.user, self.entrypoint = "/", "", []
        self._prepare(stage.name)
        for word, rest in stage.steps:
            getattr(self, f"_{word.lower()}")(stage.name, rest)

    def inside(self, stage: str, command: list[str], *, user: str = "") -> list[str]:
        """The command line that runs a command within what a stage left."""
        place = self._folder / stage
        uid, _, gid = user.partition(":")
        become = f"setpriv --reuid {uid} --regid {gid} --clear-groups -- " if user else ""
        environment = " ".join(shlex.quote(f"{name}={value}") for name, value in self.environment.items())
        inner = f"cd {shlex.quote(self.workdir)} && exec env -i {environment} {become}{shlex.join(command)}"
        script = (
            f"mount -t overlay overlay -o lowerdir=/,upperdir={place}/upper,workdir={place}/work {place}/view && "
            f"mount --rbind /proc {place}/view/proc && mount --rbind /dev {place}/view/dev && "
            f"exec chroot {place}/view sh -c {shlex.quote(inner)}"
        )
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]

    def _prepare(self, stage: str) -> None:
        for part in ("upper", "work", "view"):
            (self._folder / stage / part).mkdir(parents=True)
        # the interpreter of the base image, for which every user's Python of this machine stands in
        bin_ = self.left(stage) / "usr/local/bin"
        bin_.mkdir(parents=True)
        (bin_ / "python").symlink_to(SYSTEM_PYTHON if SYSTEM_PYTHON.exists() else Path(sys.executable).resolve())

    def _run(self, stage: str, rest: str) -> None:
        done = subprocess.run(self.inside(stage, ["sh", "-c", rest]), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"RUN {rest}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    def _copy(self, stage: str, rest: str) -> None:
        words = rest.split()
        source = self._context
        if words[0].startswith("--from="):
            source = self.left(words.pop(0).removeprefix("--from="))
        *names, target = words
        for name in names:
            self._copy_one(source / name.lstrip("/"), self.left(stage) / self._place(target), len(names) > 1)

    def _copy_one(self, source: Path, target: Path, several: bool) -> None:
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=ignore)
            return
        folder = target if several or not target.suffix else target.parent
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, folder / source.name)

    def _place(self, target: str) -> str:
        return str(Path(self.workdir) / target).lstrip("/")

    def _workdir(self, stage: str, rest: str) -> None:
        self.workdir = rest
        (self.left(stage) / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _env(self, _stage: str, rest: str) -> None:
        for word in shlex.split(rest):
            name, _, value = word.partition("=")
            self.environment[name] = value.replace("$PATH", self.environment["PATH"])

    def _user(self, _stage: str, rest: str) -> None:
        self.user = rest

    def _entrypoint(self, _stage: str, rest: str) -> None:
        self.entrypoint = json.loads(rest)

    def _cmd(self, _stage: str, rest: str) -> None:
        self.entrypoint = [*self.entrypoint, *json.loads(rest)]


@contextmanager
def replayed(dockerfile: Path, context: Path) -> Iterator[tuple[Replay, str]]:
    """Every stage replayed; the name of the last one."""
    folder = Path(tempfile.mkdtemp(prefix="learnflow-image-", dir="/dev/shm"))
    try:
        replay = Replay(folder, context)
        stages = read(dockerfile)
        for stage in stages:
            replay.run(stage)
        yield replay, stages[-1].name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
