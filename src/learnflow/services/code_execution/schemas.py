"""The HTTP shapes of code-execution."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from learnflow.contracts.events.code import RunStatus
from learnflow.contracts.text import Text
from learnflow.services.code_execution.reported import ErrorDetail, OutputFile, Step

MAX_CODE = 10_000
MAX_STDIN = 1_000_000
MAX_FILES = 10
MAX_FILE_CHARS = 100_000
MAX_ALL_FILES_CHARS = 200_000
MAX_PROGRAMS = 256
MAX_TIMEOUT_S = 5.0

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}"
FileName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART}){{0,3}}$")]
FileText = Annotated[Text, Field(max_length=MAX_FILE_CHARS)]


class Run(BaseModel):
    """A program and what it is given; `files` maps names inside its folder to texts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "print(input())", "stdin": "hello\n"}]})

    code: Annotated[Text, Field(max_length=MAX_CODE)]
    stdin: Annotated[Text, Field(max_length=MAX_STDIN)] = ""
    timeout_s: float = Field(default=MAX_TIMEOUT_S, gt=0, le=MAX_TIMEOUT_S)
    files: dict[FileName, FileText] = Field(default_factory=dict, max_length=MAX_FILES)
    trace: bool = False

    @field_validator("files")
    @classmethod
    def files_fit_beside_each_other(cls, files: dict[str, str]) -> dict[str, str]:
        folders = {name[:index] for name in files for index, character in enumerate(name) if character == "/"}
        if folders & (files.keys() | {"main.py"}):
            raise ValueError("a name is both a file and a folder")
        if "main.py" in files:
            raise ValueError("main.py is the program itself; send it as code")
        if sum(map(len, files.values())) > MAX_ALL_FILES_CHARS:
            raise ValueError(f"together longer than {MAX_ALL_FILES_CHARS} characters")
        return files


class ExecuteRequest(Run):
    """One run. `execution_id` may be chosen by the caller, so that the run can be stopped while it lasts."""

    execution_id: UUID | None = None
    context: dict[str, Any] | None = Field(default=None, description="the caller's own; not looked at")


class BatchRequest(BaseModel):
    """Many runs in one call, each in a sandbox of its own."""

    programs: Annotated[list[Run], Field(min_length=1, max_length=MAX_PROGRAMS)]


class IsolationReport(BaseModel):
    """What shut the program in. The level is what a canary saw on this machine, not what was configured."""

    level: Literal["L0", "L1", "L2", "L3"]
    layers: dict[str, str] = Field(description="active, absent or failed(reason)")
    memory_limit: Literal["exact", "per-process"] = Field(
        description="exact: a cgroup counts all processes of a run together; else each process for itself"
    )
    memory_limit_bytes: int = Field(description="for the program, beyond the interpreter's own base")
    memory_base_bytes: int = Field(description="the interpreter's own address space")
    reason: str | None = Field(default=None, description="why the level is not higher")


class RunResult(BaseModel):
    """How a run ended and what it said; each stream at most 64 kB."""

    execution_id: UUID
    status: RunStatus
    stdout: str
    stderr: str
    exit_code: int | None
    duration_ms: float
    peak_memory_bytes: int | None
    error: ErrorDetail | None
    files: list[OutputFile]
    trace: list[Step] | None = None
    trace_truncated: bool = False
    isolation: IsolationReport


class BatchResult(BaseModel):
    """The results in the order of the programs."""

    results: list[RunResult]
