"""What the course agent may be told."""

from pydantic import AliasChoices, Field

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_COURSE_AGENT_<FIELD>."""

    lessons_per_minute: int = Field(
        default=20,
        ge=1,
        validation_alias=AliasChoices("lessons_per_minute", "LEARNFLOW_COURSE_AGENT_LESSONS_PER_MINUTE"),
        description="per person",
    )
    lessons_kept: int = Field(
        default=50,
        ge=1,
        le=500,
        validation_alias=AliasChoices("lessons_kept", "LEARNFLOW_COURSE_AGENT_LESSONS_KEPT"),
        description="of each student; the oldest one makes room",
    )
