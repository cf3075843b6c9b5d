"""What the websocket service may be told beside the common settings."""

from pydantic import Field

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_WEBSOCKET_<FIELD>."""

    questions_per_minute: int = Field(
        default=60, ge=1, validation_alias="LEARNFLOW_WEBSOCKET_QUESTIONS_PER_MINUTE", description="per student"
    )
    sign_in_within_s: float = Field(default=5, gt=0, validation_alias="LEARNFLOW_WEBSOCKET_SIGN_IN_WITHIN_S")
    slowest_send_s: float = Field(
        default=10,
        gt=0,
        validation_alias="LEARNFLOW_WEBSOCKET_SLOWEST_SEND_S",
        description="a reader that takes no frame for so long is closed",
    )
    sockets_per_user: int = Field(default=10, ge=1, validation_alias="LEARNFLOW_WEBSOCKET_SOCKETS_PER_USER")
