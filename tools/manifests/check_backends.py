"""Rules about Dapr, Kafka's topics and the way to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from learnflow.contracts.services import SERVICES
from learnflow.contracts.topics import TOPICS
from tools.manifests import dapr, kafka
from tools.manifests.loaded import Loaded, label, name_of, pod_of, template_of
from tools.manifests.objects import Object
from tools.manifests.secret_keys import KEYS

Findings = Iterator[tuple[str, str]]

KNOWN_METADATA = {
    f"{one['spec']['type']}/{one['spec']['version']}": {field["name"] for field in one["spec"]["metadata"]}
    for one in (dapr.pubsub(secured=True), dapr.state())
}
"""Component type/version -> the fields that we use; a distributed test looks each up in Dapr's own description."""


def wrong_app_id(loaded: Loaded) -> Findings:
    for one in loaded.of("Deployment"):
        told = template_of(one)["metadata"].get("annotations", {})
        if told.get("dapr.io/enabled") != "true":
            continue
        if told.get("dapr.io/app-id") != name_of(one) or name_of(one) not in SERVICES:
            yield label(one), f"app-id {told.get('dapr.io/app-id')}: its callers ask for {name_of(one)}"
        port = str(pod_of(one)["containers"][0]["ports"][0]["containerPort"])
        if told.get("dapr.io/app-port") != port:
            yield label(one), f"app-port {told.get('dapr.io/app-port')}, but it listens on {port}"


def missing_sidecar(loaded: Loaded) -> Findings:
    if not list(loaded.of("Component")):
        return
    deployments = loaded.named("Deployment")
    configurations = loaded.named("Configuration")
    for service in dapr.with_sidecar():
        told = (
            template_of(deployments[service.name])["metadata"].get("annotations", {})
            if service.name in deployments
            else {}
        )
        if told.get("dapr.io/enabled") != "true":
            yield f"Deployment/{service.name}", "has no sidecar"
        elif told.get("dapr.io/config") not in configurations:
            yield f"Deployment/{service.name}", f"there is no Configuration {told.get('dapr.io/config')}"
        elif told.get("dapr.io/enable-app-health-check") != "true" and service.database:
            yield f"Deployment/{service.name}", "without app health check a restart puts events into the dead letter"


def unknown_component(loaded: Loaded) -> Findings:
    for one in loaded.of("Component"):
        kind = f"{one['spec'].get('type')}/{one['spec'].get('version')}"
        if kind not in KNOWN_METADATA:
            yield label(one), f"{kind} is none of {sorted(KNOWN_METADATA)}"
            continue
        for field in one["spec"]["metadata"]:
            if field["name"] not in KNOWN_METADATA[kind]:
                yield label(one), f"{kind} has no field {field['name']}"
            reference = field.get("secretKeyRef")
            if reference and reference["key"] not in KEYS.get(reference["name"], set()):
                yield label(one), f"nobody makes {reference['key']} of the Secret {reference['name']}"


def unknown_scope(loaded: Loaded) -> Findings:
    for one in loaded.of("Component", "Subscription"):
        scopes = one.get("scopes", [])
        strangers = [name for name in scopes if name not in SERVICES or not SERVICES[name].database]
        if strangers or not scopes:
            yield label(one), f"scopes {strangers or 'are missing: everybody would see it'}"


def topic_without_subscription(loaded: Loaded) -> Findings:
    if not list(loaded.of("Component")):
        return
    there = {(scope, one["spec"]["topic"]) for one in loaded.of("Subscription") for scope in one.get("scopes", [])}
    for service in dapr.on_the_bus():
        for topic in service.reads:
            if (service.name, topic.name) not in there:
                yield f"Subscription/{service.name}.{topic.name}", "the table says that it reads this topic"


def wrong_subscription(loaded: Loaded) -> Findings:
    components = loaded.named("Component")
    wanted = {(one["scopes"][0], one["spec"]["topic"]): one["spec"] for one in dapr.subscriptions()}
    for one in loaded.of("Subscription"):
        spec = one["spec"]
        table = wanted.get((one.get("scopes", ["?"])[0], spec["topic"]))
        if spec["topic"] not in TOPICS:
            yield label(one), f"there is no topic {spec['topic']}"
        elif table is None:
            yield label(one), "the table says that nobody of its scopes reads it"
        elif spec != table:
            yield label(one), f"{spec}, the table: {table}"
        if spec["pubsubname"] not in components:
            yield label(one), f"there is no component {spec['pubsubname']}"


def wrong_topic(loaded: Loaded) -> Findings:
    there = {one["spec"].get("topicName", name_of(one)): one for one in loaded.of("KafkaTopic")}
    if not there:
        return
    for wanted in kafka.topics():
        said = there.pop(wanted["spec"]["topicName"], None)
        if said is None:
            yield label(wanted), "the table of topics has it, the manifests do not"
        elif said["spec"] != wanted["spec"]:
            yield label(wanted), f"{said['spec']}, the table: {wanted['spec']}"
    yield from ((label(one), "no such topic in the table") for one in there.values())


def stranger_let_in(loaded: Loaded) -> Findings:
    """An access list of a sidecar that is not the table of calls, or sidecars that speak in the clear."""
    wanted = {name_of(one): one["spec"] for one in dapr.configurations()}
    for one in loaded.of("Configuration"):
        spec = one["spec"]
        if name_of(one) not in wanted:
            continue
        if spec.get("mtls", {}).get("enabled") is not True:
            yield label(one), "sidecars would speak in the clear"
        if spec.get("accessControl") != wanted[name_of(one)]["accessControl"]:
            yield label(one), f"the table of calls says {_asking(wanted[name_of(one)])}, here: {_asking(spec)}"


def in_the_clear(loaded: Loaded) -> Findings:
    """With TLS at the door, everything behind it is encrypted as well."""
    if not any(one["spec"].get("tls") for one in loaded.of("Ingress")):
        return
    for one in loaded.of("Component"):
        values = {field["name"]: field.get("value") for field in one["spec"]["metadata"]}
        if one["spec"].get("type") == "pubsub.kafka" and (
            values.get("disableTls") != "false" or values.get("authType") == "none"
        ):
            yield label(one), "Kafka without TLS or without a user"
    for service, one in loaded.services():
        told = loaded.values_of(pod_of(one))
        if service.database and (
            not told.get("LEARNFLOW_DATABASE_CA_FILE") or told.get("LEARNFLOW_KAFKA_TLS") != "true"
        ):
            yield label(one), "PostgreSQL or Kafka without a certificate that is verified"


def _asking(spec: Object) -> list[str]:
    control = spec.get("accessControl", {})
    return [control.get("defaultAction", "?"), *(one["appId"] for one in control.get("policies", []))]


BACKEND_RULES: dict[str, Callable[[Loaded], Findings]] = {
    "wrong-app-id": wrong_app_id,
    "missing-sidecar": missing_sidecar,
    "unknown-component": unknown_component,
    "unknown-scope": unknown_scope,
    "topic-without-subscription": topic_without_subscription,
    "wrong-subscription": wrong_subscription,
    "wrong-topic": wrong_topic,
    "stranger-let-in": stranger_let_in,
    "in-the-clear": in_the_clear,
}
