"""What the concepts service may be told."""

from typing import Literal

from pydantic import AliasChoices, Field

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The shared settings, and the depth for a student whose mastery is not known yet."""

    default_level: Literal["low", "mid"] = Field(
        default="low", validation_alias=AliasChoices("default_level", "LEARNFLOW_CONCEPTS_DEFAULT_LEVEL")
    )
