"""What the gateway may be told beside the common settings."""

from pydantic import Field

from learnflow.contracts.services import WEB
from learnflow.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """LEARNFLOW_API_GATEWAY_<FIELD>; limits count per student and minute, over all instances together."""

    questions_per_minute: int = Field(default=60, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_QUESTIONS_PER_MINUTE")
    runs_per_minute: int = Field(default=60, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_RUNS_PER_MINUTE")
    progress_events_per_minute: int = Field(
        default=120, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_PROGRESS_EVENTS_PER_MINUTE"
    )
    submissions_per_minute: int = Field(
        default=20, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_SUBMISSIONS_PER_MINUTE"
    )
    longest_wait_s: float = Field(
        default=10, ge=0, le=30, validation_alias="LEARNFLOW_API_GATEWAY_LONGEST_WAIT_S", description="Prefer: wait="
    )
    sign_in_failures_per_account: int = Field(
        default=10, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_SIGN_IN_FAILURES_PER_ACCOUNT"
    )
    sign_in_failures_per_address: int = Field(
        default=100, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_SIGN_IN_FAILURES_PER_ADDRESS"
    )
    sign_in_window_s: int = Field(default=900, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_SIGN_IN_WINDOW_S")
    guests_per_address: int = Field(
        default=100, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_GUESTS_PER_ADDRESS", description="in an hour"
    )
    registrations_per_address: int = Field(
        default=1_000,
        ge=1,
        validation_alias="LEARNFLOW_API_GATEWAY_REGISTRATIONS_PER_ADDRESS",
        description="in an hour; a school is one address, and registers on one morning",
    )
    public_url: str | None = Field(
        default=None,
        validation_alias="LEARNFLOW_API_GATEWAY_PUBLIC_URL",
        description="where the pages are, links in e-mails begin with it; default: localhost and the port of web",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        validation_alias="LEARNFLOW_API_GATEWAY_TRUSTED_PROXIES",
        description="addresses or networks of web, with commas: whose word is taken for where a browser is",
    )
    password_memory_kib: int = Field(
        default=19_456, ge=8, validation_alias="LEARNFLOW_API_GATEWAY_PASSWORD_MEMORY_KIB", description="argon2id"
    )
    password_passes: int = Field(
        default=2, ge=1, validation_alias="LEARNFLOW_API_GATEWAY_PASSWORD_PASSES", description="argon2id"
    )

    @property
    def pages_url(self) -> str:
        """Where the pages are, without a slash at its end."""
        return (self.public_url or f"http://localhost:{WEB.port + self.port_offset}").rstrip("/")
