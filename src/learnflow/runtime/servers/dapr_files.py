"""What Dapr reads: components, subscriptions, resiliency, configuration; made from the tables of services and topics.

`up` writes them for this machine, `python -m tools.reference` for a cluster (deploy/dapr): one text, two places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from learnflow.contracts.services import API_GATEWAY, CONCEPTS, COURSE_AGENT, PROGRESS, Service, built_services
from learnflow.contracts.topics import TOPICS, Topic

PUBSUB, STATE, SECRETS = "pubsub", "statestore", "secrets"
KEEPS_STATE = (API_GATEWAY, CONCEPTS, COURSE_AGENT, PROGRESS)
"""Who keeps something in the state store: answers of repeated requests, explanations, lessons, lesson progress."""

SERVICE_SECRET = "LEARNFLOW_SERVICE_SECRET"  # noqa: S105 - a name
STATE_DSN = "LEARNFLOW_STATE_DSN"
V1, V2 = "dapr.io/v1alpha1", "dapr.io/v2alpha1"
MAX_EVENT_BYTES = 1_048_576

Document = dict[str, Any]
Secret = tuple[str, str]
"""Name and key in the secret store; in a component's metadata it stands in place of a value."""


@dataclass(frozen=True, slots=True)
class Place:
    """What differs from one place to another: Kafka's address and sign-in, the secret store, how names are found."""

    kafka: Mapping[str, str | Secret]
    secret_store: str
    state_dsn: Secret
    resolution: Document | None = None
    mtls: Document | None = None
    session: str = "10s"
    heartbeat: str = "3s"
    group: str = "{appID}"
    apps: tuple[str, ...] | None = None
    """Whom the components are open to; None: as the table of services says."""
    metrics: bool = True
    """Whether somebody collects its figures; to count them is a tenth of what a sidecar does for an event."""


def with_sidecar() -> list[Service]:
    """Every service but the pages, which pass browsers' requests on and call nobody."""
    return [service for service in built_services() if service.name != "web"]


def on_the_bus() -> list[Service]:
    """Who publishes or reads; code-execution does neither and sees no component at all."""
    return [service for service in with_sidecar() if service.database]


def components(place: Place) -> list[Document]:
    """The bus, the state store and the secret store, each open to those who use it."""
    return [bus(place), _state(place), secret_store(place)]


def subscriptions() -> list[Document]:
    """One for each topic that a service reads."""
    return [subscription(service.group, topic) for service in on_the_bus() for topic in service.reads]


def subscription(group: str, topic: Topic) -> Document:
    """The group is the app id of its sidecar; records come raw, as our reader takes them on every driver."""
    return {
        "apiVersion": V2,
        "kind": "Subscription",
        "metadata": {"name": f"{group}-{topic.name.replace('.', '-')}"},
        "spec": {
            "pubsubname": PUBSUB,
            "topic": topic.name,
            "routes": {"default": f"/events/{group}/{topic.name}"},
            "deadLetterTopic": topic.dead_letter,
            "metadata": {"rawPayload": "true"},
        },
        "scopes": [group],
    }


def resiliency() -> Document:
    """A delivery is repeated until it is taken: the fifth failure of a handler is buried by our own rules.

    Dapr's own dead letters are for what no service answers: 404, and records that the sidecar cannot wrap.
    """
    return {
        "apiVersion": V1,
        "kind": "Resiliency",
        "metadata": {"name": "learnflow"},
        "spec": {
            "policies": {
                "timeouts": {"delivery": "60s", "publishing": "30s"},
                "retries": {
                    "delivery": {"policy": "constant", "duration": "500ms", "maxRetries": -1},
                    "publishing": {"policy": "constant", "duration": "100ms", "maxRetries": 3},
                },
            },
            "targets": {
                "components": {
                    PUBSUB: {
                        "inbound": {"timeout": "delivery", "retry": "delivery"},
                        "outbound": {"timeout": "publishing", "retry": "publishing"},
                    }
                }
            },
        },
    }


def configuration(place: Place) -> Document:
    """For every sidecar: the secrets an app may ask for, who finds whom, and with mTLS who may call what."""
    spec: Document = {
        # ours decide what is recorded; less than 1 would tell the service that is called to record nothing
        "tracing": {"samplingRate": "1"},
        "metrics": {"enabled": place.metrics, "http": {"increasedCardinality": False}},
        "secrets": {
            "scopes": [{"storeName": SECRETS, "defaultAccess": "deny", "allowedSecrets": [SERVICE_SECRET]}],
        },
    }
    if place.resolution is not None:
        spec["nameResolution"] = place.resolution
    if place.mtls is not None:
        spec["mtls"] = place.mtls
        spec["accessControl"] = access_control()
    return {"apiVersion": V1, "kind": "Configuration", "metadata": {"name": "learnflow"}, "spec": spec}


def names_in(path: str) -> Document:
    """Sidecars of one machine find each other in a file of SQLite's.

    By default an entry is good for at most five seconds and is renewed after four, which a busy machine does not keep:
    calls then fail because nobody is there. And Dapr's clean-up, once an hour, deletes the fresh ones, not the old.
    """
    times = {"updateInterval": "30s", "timeout": "10s", "cleanupInterval": "0s"}
    return {"component": "sqlite", "version": "v1", "configuration": {"connectionString": path, **times}}


def access_control() -> Document:
    """Services call each other, and nobody else calls; nobody hands in events by calling."""
    nobody = [{"name": "/events/**", "httpVerb": ["*"], "action": "deny"}]
    return {
        "defaultAction": "deny",
        "trustDomain": "public",
        "policies": [
            {
                "appId": service.name,
                "defaultAction": "allow",
                "trustDomain": "public",
                "namespace": "default",
                "operations": nobody,
            }
            for service in with_sidecar()
        ],
    }


def bus(place: Place) -> Document:
    every = [name for topic in TOPICS.values() for name in (topic.name, topic.dead_letter)]
    metadata: dict[str, str | Secret] = {
        **place.kafka,
        "version": "3.9.0",
        "initialOffset": "oldest",
        "consumerGroup": place.group,
        "maxMessageBytes": str(MAX_EVENT_BYTES),
        "sessionTimeout": place.session,
        "heartbeatInterval": place.heartbeat,
        "consumeRetryEnabled": "true",
        "consumeRetryInterval": "200ms",
        "producerRetryMax": "30",
        "allowedTopics": ",".join(every),
    }
    if place.apps is None:
        reads = (f"{one.name}={','.join(topic.name for topic in one.reads)}" for one in on_the_bus())
        metadata["subscriptionScopes"] = ";".join(reads)
    return _component(PUBSUB, "pubsub.kafka", metadata, _names(place, on_the_bus()), place.secret_store)


def _state(place: Place) -> Document:
    metadata: dict[str, str | Secret] = {
        "connectionString": place.state_dsn,
        "tablePrefix": "dapr.",
        "metadataTableName": "dapr.metadata",
        "keyPrefix": "appid",
        "cleanupInterval": "60s",
        "timeout": "5s",
        "maxConns": "4",
    }
    return _component(STATE, "state.postgresql", metadata, _names(place, KEEPS_STATE), place.secret_store, version="v2")


def secret_store(place: Place) -> Document:
    return _component(SECRETS, f"secretstores.{place.secret_store}", {}, _names(place, on_the_bus()), None)


def _component(
    name: str,
    kind: str,
    metadata: Mapping[str, str | Secret],
    scopes: list[str],
    secret_store: str | None,
    *,
    version: str = "v1",
) -> Document:
    document: Document = {
        "apiVersion": V1,
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": kind, "version": version, "metadata": [_item(*one) for one in metadata.items()]},
        "scopes": scopes,
    }
    if secret_store is not None:
        document["auth"] = {"secretStore": SECRETS}
    return document


def _names(place: Place, services: Iterable[Service]) -> list[str]:
    return [service.name for service in services] if place.apps is None else list(place.apps)


def _item(name: str, value: str | Secret) -> Document:
    if isinstance(value, str):
        return {"name": name, "value": value}
    return {"name": name, "secretKeyRef": {"name": value[0], "key": value[1]}}


def to_yaml(documents: Iterable[Document], header: str = "") -> str:
    """Documents of one file, each with its own beginning mark."""
    text = yaml.safe_dump_all(documents, sort_keys=False, width=120, explicit_start=True)
    return "".join(f"# {line}\n" for line in header.splitlines()) + text
