"""Where Kafka is and what it asks for: servers, TLS, a user."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from learnflow.kit.settings import ServiceSettings

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """`options()` are the arguments that every client of aiokafka takes."""

    servers: str
    tls: bool = False
    ca_file: Path | None = None
    user: str | None = None
    password: SecretStr | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"

    @classmethod
    def of(cls, settings: ServiceSettings) -> KafkaAddress:
        return cls(
            servers=settings.kafka_servers,
            tls=settings.kafka_tls,
            ca_file=settings.kafka_ca_file,
            user=settings.kafka_user,
            password=settings.kafka_password,
            mechanism=settings.kafka_sasl_mechanism,
        )

    def options(self) -> dict[str, Any]:
        """Nothing but the servers where there is neither TLS nor a user."""
        options: dict[str, Any] = {"bootstrap_servers": self.servers}
        if self.tls:
            options["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
        if self.user is not None:
            password = self.password.get_secret_value() if self.password else ""
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": password,
            }
        protocol = ("SASL_" if self.user is not None else "") + ("SSL" if self.tls else "PLAINTEXT")
        return {**options, "security_protocol": protocol}
