"""What the sandbox may be told; nothing of it is a secret."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from learnflow.kit.settings import ServiceSettings


def _named(field: str) -> AliasChoices:
    return AliasChoices(field, f"LEARNFLOW_CODE_EXECUTION_{field.upper()}")


class Settings(ServiceSettings):
    """Settings of code-execution. No `.env.local` is read: it may hold the secrets of others."""

    model_config = SettingsConfigDict(
        env_prefix="LEARNFLOW_", env_file=None, extra="ignore", frozen=True, populate_by_name=True
    )

    lowest_level: int = Field(
        default=1,
        ge=0,
        le=3,
        validation_alias=_named("lowest_level"),
        description="below this level of isolation nothing is run; 0 runs students' programs without protection",
    )
    live_runs: int = Field(default=96, ge=1, le=96, validation_alias=_named("live_runs"))
    batch_runs: int = Field(default=32, ge=1, le=32, validation_alias=_named("batch_runs"))
    queued_runs: int = Field(default=256, ge=0, le=10_000, validation_alias=_named("queued_runs"))
    runs_per_student: int = Field(default=2, ge=1, le=64, validation_alias=_named("runs_per_student"))
    parked_runs: int = Field(
        default=2,
        ge=0,
        le=8,
        validation_alias=_named("parked_runs"),
        description="children that wait for their program, for each zygote; 6 MB each",
    )
    interpreter: Path | None = Field(
        default=None, validation_alias=_named("interpreter"), description="the Python that runs programs; default: ours"
    )
    cgroup: Path | None = Field(
        default=None,
        validation_alias=_named("cgroup"),
        description="a memory cgroup that is delegated to this user; default: beneath our own, where that is allowed",
    )
    scratch_dir: Path | None = Field(
        default=None,
        validation_alias=_named("scratch_dir"),
        description="for scratch folders where there is no tmpfs",
    )
