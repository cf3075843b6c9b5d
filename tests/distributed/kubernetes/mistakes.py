"""Mistakes that people make in manifests: each is planted into a built overlay and has to be named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from tools.manifests.objects import Object

Objects = list[Object]


@dataclass(frozen=True)
class Mistake:
    """`plant` makes it; `named` stands in what the checker says."""

    plant: Callable[[Objects], object]
    named: str


def of(objects: Objects, kind: str, name: str) -> Any:
    return next(one for one in objects if one["kind"] == kind and one["metadata"]["name"].startswith(name))


def pod(objects: Objects, name: str) -> Any:
    return of(objects, "Deployment", name)["spec"]["template"]["spec"]


def container(objects: Objects, name: str) -> Any:
    return pod(objects, name)["containers"][0]


def told(objects: Objects, name: str) -> Any:
    return of(objects, "Deployment", name)["spec"]["template"]["metadata"]["annotations"]


def field(objects: Objects, component: str, name: str) -> Any:
    return next(one for one in of(objects, "Component", component)["spec"]["metadata"] if one["name"] == name)


def drop(objects: Objects, kind: str, name: str) -> None:
    objects.remove(of(objects, kind, name))


BY_KUBECONFORM: dict[str, Mistake] = {
    "a field that nobody knows": Mistake(
        lambda all_: container(all_, "triage").update(readinessProb={}), "'readinessProb' not allowed"
    ),
    "a number where a string belongs": Mistake(
        lambda all_: of(all_, "ConfigMap", "learnflow-common")["data"].update(LEARNFLOW_PORT_OFFSET=1000), "got number"
    ),
    "a component without its type": Mistake(lambda all_: of(all_, "Component", "pubsub")["spec"].pop("type"), "type"),
    "a subscription without a topic": Mistake(
        lambda all_: of(all_, "Subscription", "triage")["spec"].pop("topic"), "topic"
    ),
}

IN_DEPLOY_DAPR: dict[str, Mistake] = {
    "a pause that no retry knows": Mistake(
        lambda all_: of(all_, "Resiliency", "learnflow")["spec"]["policies"]["retries"]["delivery"].update(
            initialInterval="100ms"
        ),
        "'initialInterval' not allowed",
    ),
    "a retry that is not counted": Mistake(
        lambda all_: of(all_, "Resiliency", "learnflow")["spec"]["policies"]["retries"]["delivery"].update(
            maxRetries="for ever"
        ),
        "maxRetries",
    ),
    "a dead letter that is misspelt": Mistake(
        lambda all_: of(all_, "Subscription", "triage")["spec"].update(deadletterTopic="x"),
        "'deadletterTopic' not allowed",
    ),
    "routes of the second version in the first": Mistake(
        lambda all_: of(all_, "Subscription", "triage").update(apiVersion="dapr.io/v1alpha1"), "'routes' not allowed"
    ),
    "a subscription without its pubsub": Mistake(
        lambda all_: of(all_, "Subscription", "triage")["spec"].pop("pubsubname"), "'pubsubname'"
    ),
    "a component without its version": Mistake(
        lambda all_: of(all_, "Component", "statestore")["spec"].pop("version"), "'version'"
    ),
    "a secret by a name that nobody reads": Mistake(
        lambda all_: field(all_, "pubsub", "brokers").update(secretRef={"name": "a", "key": "b"}),
        "'secretRef' not allowed",
    ),
    "an access that is misspelt": Mistake(
        lambda all_: of(all_, "Configuration", "learnflow")["spec"]["secrets"]["scopes"][0].update(defaultAcces="deny"),
        "'defaultAcces' not allowed",
    ),
    "a trace by a number": Mistake(
        lambda all_: of(all_, "Configuration", "learnflow")["spec"]["tracing"].update(samplingRate=1), "got number"
    ),
}
"""deploy/dapr by itself, against Dapr's own definitions."""

BY_THE_API_SERVER: dict[str, Mistake] = {
    "a selector that its own pods do not carry": Mistake(
        lambda all_: of(all_, "Deployment", "triage")["spec"]["template"]["metadata"]["labels"].update(
            {"app.kubernetes.io/name": "triagge"}
        ),
        "`selector` does not match template `labels`",
    ),
    "a quantity that is none": Mistake(
        lambda all_: container(all_, "debug")["resources"]["requests"].update(memory="160Mo"), "quantities must match"
    ),
    "limits below what is asked for": Mistake(
        lambda all_: container(all_, "debug")["resources"]["limits"].update(memory="8Mi"),
        "must be less than or equal to memory limit",
    ),
    "more at least than at most": Mistake(
        lambda all_: of(all_, "HorizontalPodAutoscaler", "web")["spec"].update(minReplicas=99),
        "must be greater than or equal to `minReplicas`",
    ),
    "a budget with two minds": Mistake(
        lambda all_: of(all_, "PodDisruptionBudget", "web")["spec"].update(minAvailable=1), "cannot be both set"
    ),
    "a port that does not exist": Mistake(
        lambda all_: of(all_, "Service", "web")["spec"]["ports"][0].update(port=70000), "must be between 1 and 65535"
    ),
    "a mount without its volume": Mistake(
        lambda all_: container(all_, "debug")["volumeMounts"].append({"name": "nope", "mountPath": "/x"}), "Not found"
    ),
    "a topic with no partition": Mistake(
        lambda all_: of(all_, "KafkaTopic", "learning.requests")["spec"].update(partitions=0),
        "should be greater than or equal to 1",
    ),
}

BY_OUR_RULES: dict[str, Mistake] = {
    "a variable that no settings class knows": Mistake(
        lambda all_: container(all_, "triage")["env"].append({"name": "LEARNFLOW_KAFKA_SERVER", "value": "kafka:9092"}),
        "unknown-variable: Deployment/triage: LEARNFLOW_KAFKA_SERVER",
    ),
    "a value that the settings refuse": Mistake(
        lambda all_: of(all_, "ConfigMap", "learnflow-backends")["data"].update(LEARNFLOW_BUS="kafkaa"),
        "value-does-not-fit: Deployment/triage: bus",
    ),
    "a Secret that nobody makes": Mistake(
        lambda all_: pod(all_, "debug")["volumes"][1]["secret"].update(secretName="learnflow-masterkey"),
        "missing-secret: Deployment/debug",
    ),
    "a key that the Secret does not have": Mistake(
        lambda all_: container(all_, "debug")["env"][0]["valueFrom"]["secretKeyRef"].update(key="dsn"),
        "missing-secret: Deployment/debug",
    ),
    "a ConfigMap that is not there": Mistake(
        lambda all_: drop(all_, "ConfigMap", "learnflow-web"), "missing-config: Deployment/web"
    ),
    "a Secret in the repository": Mistake(
        lambda all_: all_.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "learnflow-debug"}}),
        "secret-in-the-open: Secret/learnflow-debug",
    ),
    "a Service that selects nothing": Mistake(
        lambda all_: of(all_, "Service", "debug")["spec"].update(selector={"app": "debug"}),
        "selects-nothing: Service/debug",
    ),
    "a policy for nobody": Mistake(
        lambda all_: of(all_, "NetworkPolicy", "dapr-debug")["spec"].update(podSelector={"matchLabels": {"app": "x"}}),
        "selects-nothing: NetworkPolicy/dapr-debug",
    ),
    "an autoscaler for nobody": Mistake(
        lambda all_: of(all_, "HorizontalPodAutoscaler", "debug")["spec"]["scaleTargetRef"].update(name="debugger"),
        "scales-nothing: HorizontalPodAutoscaler/debug",
    ),
    "a door to a port that is not there": Mistake(
        lambda all_: of(all_, "Ingress", "learnflow")["spec"]["rules"][0]["http"]["paths"][0]["backend"][
            "service"
        ].update(name="pages"),
        "door-to-nothing: Ingress/learnflow",
    ),
    "a service left out": Mistake(
        lambda all_: drop(all_, "Deployment", "websocket"), "service-without-deployment: Deployment/websocket"
    ),
    "another port than the table's": Mistake(
        lambda all_: container(all_, "web")["ports"][0].update(containerPort=8080), "wrong-port: Deployment/web"
    ),
    "another service's command": Mistake(
        lambda all_: container(all_, "debug").update(command=["learnflow", "serve", "triage"]),
        "wrong-command: Deployment/debug",
    ),
    "a probe of the wrong path": Mistake(
        lambda all_: container(all_, "debug")["readinessProbe"]["httpGet"].update(path="/healthz"),
        "wrong-probe: Deployment/debug",
    ),
    "a caller that is kept out": Mistake(
        lambda all_: of(all_, "NetworkPolicy", "exercise")["spec"]["ingress"][0]["from"].pop(),
        "caller-kept-out: NetworkPolicy/exercise",
    ),
    "an open namespace": Mistake(
        lambda all_: drop(all_, "NetworkPolicy", "default-deny"), "caller-kept-out: NetworkPolicy/default-deny"
    ),
    "a sandbox that is told of the database": Mistake(
        lambda all_: container(all_, "code-execution")["envFrom"].append(
            {"configMapRef": {"name": of(all_, "ConfigMap", "learnflow-backends")["metadata"]["name"]}}
        ),
        "sandbox-with-too-much: Deployment/code-execution",
    ),
    "a root file system that can be written": Mistake(
        lambda all_: container(all_, "web")["securityContext"].update(readOnlyRootFilesystem=False),
        "unprotected-pod: Deployment/web",
    ),
    "an image of tomorrow": Mistake(
        lambda all_: container(all_, "web").update(image="learnflow:latest"), "floating-image: Deployment/web"
    ),
    "no limit of memory": Mistake(
        lambda all_: container(all_, "web")["resources"].pop("limits"), "no-limits: Deployment/web"
    ),
    "the app id of another": Mistake(
        lambda all_: told(all_, "debug").update({"dapr.io/app-id": "debugger"}), "wrong-app-id: Deployment/debug"
    ),
    "a service without its sidecar": Mistake(
        lambda all_: told(all_, "debug").pop("dapr.io/enabled"), "missing-sidecar: Deployment/debug"
    ),
    "a component of a type that Dapr does not have": Mistake(
        lambda all_: of(all_, "Component", "pubsub")["spec"].update(type="pubsub.kafkaa"),
        "unknown-component: Component/pubsub",
    ),
    "a misspelt field of a component": Mistake(
        lambda all_: field(all_, "pubsub", "consumerGroup").update(name="consumerGruop"),
        "unknown-component: Component/pubsub",
    ),
    "a topic without its subscription": Mistake(
        lambda all_: drop(all_, "Subscription", "triage-"), "topic-without-subscription: Subscription/triage"
    ),
    "a subscription without a dead letter": Mistake(
        lambda all_: of(all_, "Subscription", "triage-")["spec"].pop("deadLetterTopic"),
        "wrong-subscription: Subscription",
    ),
    "a topic that the table does not have": Mistake(
        lambda all_: of(all_, "KafkaTopic", "debug.requests")["spec"].update(topicName="debug.request"),
        "wrong-topic: KafkaTopic",
    ),
    "a stranger on the access list": Mistake(
        lambda all_: of(all_, "Configuration", "exercise")["spec"]["accessControl"].update(defaultAction="allow"),
        "stranger-let-in: Configuration/exercise",
    ),
    "sidecars that speak in the clear": Mistake(
        lambda all_: of(all_, "Configuration", "exercise")["spec"]["mtls"].update(enabled=False),
        "stranger-let-in: Configuration/exercise",
    ),
    "Kafka without TLS in production": Mistake(
        lambda all_: field(all_, "pubsub", "disableTls").update(value="true"), "in-the-clear: Component/pubsub"
    ),
    "PostgreSQL unverified in production": Mistake(
        lambda all_: of(all_, "ConfigMap", "learnflow-backends")["data"].pop("LEARNFLOW_DATABASE_CA_FILE"),
        "in-the-clear: Deployment/triage",
    ),
}


def planted(objects: Objects, mistake: Mistake) -> str:
    """The overlay with the mistake in it."""
    mistake.plant(objects)
    return yaml.safe_dump_all(objects, sort_keys=False)
