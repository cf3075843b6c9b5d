"""What progress may be told beside the common settings."""

from pydantic import Field

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_PROGRESS_<FIELD>."""

    work_clock_s: float = Field(
        default=5,
        gt=0,
        le=30,
        validation_alias="LEARNFLOW_PROGRESS_WORK_CLOCK_S",
        description="how often active time is looked at",
    )
