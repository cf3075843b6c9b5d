"""What the pages may be told beside the common settings."""

from pydantic import Field

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_WEB_<FIELD>."""

    trusted_proxies: str = Field(
        default="",
        validation_alias="LEARNFLOW_WEB_TRUSTED_PROXIES",
        description="addresses or networks whose X-Forwarded-For is believed, with commas; empty: nobody's",
    )
    answer_within_s: float = Field(
        default=40,
        gt=0,
        validation_alias="LEARNFLOW_WEB_ANSWER_WITHIN_S",
        description="until the gateway begins to answer; it keeps a caller waiting for 30 s at most",
    )
    silent_for_s: float = Field(
        default=60,
        gt=0,
        validation_alias="LEARNFLOW_WEB_SILENT_FOR_S",
        description="how long an answer may pause; the gateway's streams say something more often",
    )
