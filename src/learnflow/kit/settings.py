"""Settings: from arguments, then LEARNFLOW_* variables, then .env.local, then the default."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from learnflow.contracts.services import Service

BusName = Literal["log", "kafka", "dapr"]


class ServiceSettings(BaseSettings):
    """What every service may be told; a service's own class adds its fields.

    A field of a service's own class is read from LEARNFLOW_<SERVICE>_<FIELD> by naming it so
    (`validation_alias`); the fields here are shared by all.
    """

    model_config = SettingsConfigDict(
        env_prefix="LEARNFLOW_", env_file=".env.local", extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: SecretStr | None = Field(default=None, description="DSN with this service's own role")
    direct_database_url: SecretStr | None = Field(
        default=None, description="DSN past a transaction pooler, for LISTEN; default: database_url"
    )
    database_ca_file: Path | None = Field(
        default=None,
        description="PEM of the authority behind PostgreSQL's certificate: every connection is then verified in full",
    )
    bus: BusName = "log"
    kafka_servers: str = "127.0.0.1:9092"
    kafka_tls: bool = Field(default=False, description="TLS to Kafka; the broker's name is checked")
    kafka_ca_file: Path | None = Field(
        default=None, description="who signed Kafka's certificate; default: the system's"
    )
    kafka_user: str | None = Field(default=None, description="SASL user; None: nobody signs in")
    kafka_password: SecretStr | None = Field(default=None, description="the SASL user's password")
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    dapr_http_port: int = Field(
        default=3500,
        description="the sidecar beside this process; DAPR_HTTP_PORT, as Dapr itself says it, counts too",
        validation_alias=AliasChoices("dapr_http_port", "LEARNFLOW_DAPR_HTTP_PORT", "DAPR_HTTP_PORT"),
    )
    dapr_secret_name: str = Field(
        default="LEARNFLOW_SERVICE_SECRET",
        description="of this service account's secret in Dapr's secret store, asked where service_secret is not set",
    )
    dapr_api_token: SecretStr | None = Field(
        default=None,
        description="what we show to the sidecar; DAPR_API_TOKEN counts too",
        validation_alias=AliasChoices("dapr_api_token", "LEARNFLOW_DAPR_API_TOKEN", "DAPR_API_TOKEN"),
    )
    app_api_token: SecretStr | None = Field(
        default=None,
        description="what the sidecar shows to us with every event; APP_API_TOKEN counts too",
        validation_alias=AliasChoices("app_api_token", "LEARNFLOW_APP_API_TOKEN", "APP_API_TOKEN"),
    )
    master_key_file: Path | None = Field(default=None, description="32 random bytes, base64; wraps the students' keys")
    service_secret: SecretStr | None = Field(default=None, description="this service account's secret")
    host: str = "127.0.0.1"
    port_offset: int = Field(default=0, ge=0, le=50000)
    invoke_host: str = Field(
        default="127.0.0.1", description="where the other services are reached; {service} stands for each one's name"
    )
    cors_origins: tuple[str, ...] = ("http://localhost:3000",)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    demo: bool = Field(default=False, description="demo accounts and loopback only")
    replicas: int | None = Field(default=None, ge=1, description="processes of each service; None: nobody knows")
    pool_size: int = Field(default=6, ge=1, le=50, description="database connections of this process")
    instance: str | None = Field(
        default=None, description="which replica this is; stays the same over restarts (static membership on Kafka)"
    )

    def host_of(self, service: Service) -> str:
        """Where this process reaches the service: one host for all, or with {service} a host for each."""
        return self.invoke_host.replace("{service}", service.name)
