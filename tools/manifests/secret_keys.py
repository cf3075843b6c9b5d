"""Which Secrets a cluster has, and their keys."""

from __future__ import annotations

from learnflow.contracts.services import built_services
from tools.manifests.migration import OWNER
from tools.manifests.workload import MASTER_KEY, secret_of

API_TOKEN, APP_TOKEN, STATE = "learnflow-dapr-api", "learnflow-dapr-app", "learnflow-dapr-state"  # names, no secrets

POSTGRES_CA = "learnflow-postgres-ca"

MADE: dict[str, set[str]] = {
    **{
        secret_of(service): {"database-url", "direct-database-url", "service-secret"}
        for service in built_services()
        if service.database
    },
    OWNER: {"direct-database-url", "password", "roles.secret"},
    MASTER_KEY: {"master.key"},
    API_TOKEN: {"token"},
    APP_TOKEN: {"token"},
    STATE: {"connection-string"},
}
"""What `tools.deployment_secrets` makes."""

ASKED_FOR: dict[str, set[str]] = {
    "learnflow-kafka": {"user", "password", "ca.crt"},
    POSTGRES_CA: {"ca.crt"},
    "learnflow-tls": {"tls.crt", "tls.key"},
}
"""What a production cluster brings; deploy/README.md says how."""

KEYS = MADE | ASKED_FOR | {"learnflow-notification": MADE["learnflow-notification"] | {"smtp-url"}}
