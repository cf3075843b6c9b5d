"""Settings: from arguments, then LEARNFLOW_* variables, then .env.local, then the default."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

BusName = Literal["log", "kafka"]


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
    bus: BusName = "log"
    kafka_servers: str = "127.0.0.1:9092"
    master_key_file: Path | None = Field(default=None, description="32 random bytes, base64; wraps the students' keys")
    service_secret: SecretStr | None = Field(default=None, description="this service account's secret")
    host: str = "127.0.0.1"
    port_offset: int = Field(default=0, ge=0, le=50000)
    invoke_host: str = Field(default="127.0.0.1", description="where the other services are reached")
    cors_origins: tuple[str, ...] = ("http://localhost:3000",)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    demo: bool = Field(default=False, description="demo accounts and loopback only")
    replicas: int | None = Field(default=None, ge=1, description="processes of each service; None: nobody knows")
    pool_size: int = Field(default=6, ge=1, le=50, description="database connections of this process")
    instance: str | None = Field(
        default=None, description="which replica this is; stays the same over restarts (static membership on Kafka)"
    )
