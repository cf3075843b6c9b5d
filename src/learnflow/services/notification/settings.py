"""What notification may be told."""

from pydantic import AliasChoices, Field, SecretStr

from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_NOTIFICATION_<FIELD>."""

    smtp_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("smtp_url", "LEARNFLOW_NOTIFICATION_SMTP_URL"),
        description="smtp://user:password@host:587 or smtps://host:465; without it no e-mail goes out",
    )
    mail_from: str = Field(
        default="learnflow@localhost",
        max_length=254,
        validation_alias=AliasChoices("mail_from", "LEARNFLOW_NOTIFICATION_MAIL_FROM"),
        description="the sender's address",
    )
    notices_per_minute: int = Field(
        default=60,
        ge=1,
        validation_alias=AliasChoices("notices_per_minute", "LEARNFLOW_NOTIFICATION_NOTICES_PER_MINUTE"),
        description="that one person may publish",
    )
