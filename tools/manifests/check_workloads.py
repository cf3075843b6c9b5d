"""Rules about pods, and about what selects, scales and reaches them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from learnflow.cli.config import OF_THE_RUNTIME
from learnflow.contracts.services import CODE_EXECUTION, SERVICES, Service, built_services
from learnflow.kit.serve import load
from tools.manifests import network
from tools.manifests.loaded import WITH_PODS, Loaded, label, name_of, pod_of
from tools.manifests.objects import Object
from tools.manifests.secret_keys import KEYS
from tools.manifests.workload import BACKENDS, command

Findings = Iterator[tuple[str, str]]


def service_without_deployment(loaded: Loaded) -> Findings:
    for service in built_services():
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"):
            if service.name not in loaded.named(kind):
                yield f"{kind}/{service.name}", "the table of services has it, the manifests do not"


def selects_nothing(loaded: Loaded) -> Findings:
    """A Service, a budget or a policy whose selector no pod of ours carries."""
    selectors = [(one, {"matchLabels": one["spec"].get("selector", {})}) for one in loaded.of("Service")]
    selectors += [(one, one["spec"]["selector"]) for one in loaded.of("PodDisruptionBudget")]
    selectors += [(one, one["spec"]["podSelector"]) for one in loaded.of("NetworkPolicy")]
    for one, selector in selectors:
        # brokers of an operator carry its labels; their pods are not in our manifests
        if "strimzi.io/cluster" not in selector.get("matchLabels", {}) and not loaded.selects_something(selector):
            yield label(one), f"no pod carries {selector}"


def scales_nothing(loaded: Loaded) -> Findings:
    deployments = loaded.named("Deployment")
    for one in loaded.of("HorizontalPodAutoscaler"):
        target = one["spec"]["scaleTargetRef"]["name"]
        if target not in deployments:
            yield label(one), f"there is no Deployment {target}"


def door_to_nothing(loaded: Loaded) -> Findings:
    services = loaded.named("Service")
    for one in loaded.of("Ingress"):
        for rule in one["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = {port["name"] for port in services.get(backend["name"], {}).get("spec", {}).get("ports", [])}
                if backend["port"].get("name") not in ports:
                    yield label(one), f"{backend['name']} has no port {backend['port']}"


def wrong_port(loaded: Loaded) -> Findings:
    for service, one in loaded.services():
        ports = [port["containerPort"] for port in pod_of(one)["containers"][0].get("ports", [])]
        if ports != [service.port]:
            yield label(one), f"listens on {ports}, the table says {service.port}"
    for one in loaded.of("Service"):
        known = SERVICES.get(name_of(one))
        if known and [port["port"] for port in one["spec"]["ports"]] != [known.port]:
            yield label(one), f"the table says {known.port}"


def wrong_command(loaded: Loaded) -> Findings:
    for service, one in loaded.services():
        said = pod_of(one)["containers"][0].get("command")
        if said != command(service):
            yield label(one), f"starts {said}"


def wrong_probe(loaded: Loaded) -> Findings:
    paths = {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
    for _, one in loaded.services():
        container = pod_of(one)["containers"][0]
        for probe, path in paths.items():
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                yield label(one), f"{probe} does not ask {path}"


def unknown_variable(loaded: Loaded) -> Findings:
    """A LEARNFLOW_ variable that no settings class of that service reads."""
    for service, one in loaded.services():
        known = known_variables(service)
        for variable in _all_variables(loaded, pod_of(one)):
            if variable.startswith("LEARNFLOW_") and variable not in known:
                yield label(one), f"{variable} is read by nobody"
    for one in loaded.of("Job"):
        known = known_variables(None) | set(OF_THE_RUNTIME)
        for variable in _all_variables(loaded, pod_of(one)):
            if variable.startswith("LEARNFLOW_") and variable not in known:
                yield label(one), f"{variable} is read by nobody"


def value_does_not_fit(loaded: Loaded) -> Findings:
    for service, one in loaded.services():
        with _environment(loaded.values_of(pod_of(one))):
            try:
                load(service.name).settings_class(_env_file=None)
            except ValidationError as error:
                for problem in error.errors():
                    yield label(one), f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def missing_config(loaded: Loaded) -> Findings:
    there = set(loaded.named("ConfigMap"))
    for one in loaded.of(*WITH_PODS):
        for kind, name, _ in _references(pod_of(one)):
            if kind == "ConfigMap" and name not in there:
                yield label(one), f"there is no ConfigMap {name}"


def missing_secret(loaded: Loaded) -> Findings:
    """A Secret, or a key of one, that `tools.deployment_secrets` does not make and README does not ask for."""
    for one in loaded.of(*WITH_PODS):
        for kind, name, key in _references(pod_of(one)):
            if kind == "Secret" and (name not in KEYS or (key and key not in KEYS[name])):
                yield label(one), f"nobody makes {key or 'any key'} of the Secret {name}"


def secret_in_the_open(loaded: Loaded) -> Findings:
    for one in loaded.of("Secret"):
        yield label(one), "Secrets come by reference, never with the manifests"
    for one in loaded.of("ConfigMap"):
        for key, value in one.get("data", {}).items():
            if any(word in key for word in ("PASSWORD", "SECRET", "TOKEN", "_URL")) and "://" in value and "@" in value:
                yield label(one), f"{key} holds a password"


def sandbox_with_too_much(loaded: Loaded) -> Findings:
    """code-execution has no secret, no database and no bus."""
    for service, one in loaded.services():
        if service != CODE_EXECUTION:
            continue
        for kind, name, _ in _references(pod_of(one)):
            if kind == "Secret" or name.startswith(BACKENDS):
                yield label(one), f"is given {kind} {name}"
        for variable in _all_variables(loaded, pod_of(one)):
            if any(word in variable for word in ("DATABASE", "KAFKA", "SECRET", "TOKEN", "KEY", "BUS")):
                yield label(one), f"is told {variable}"


def unprotected_pod(loaded: Loaded) -> Findings:
    for _, one in loaded.services():
        pod, container = pod_of(one), pod_of(one)["containers"][0]
        security = container.get("securityContext", {})
        wanted = {
            "runAsNonRoot": pod.get("securityContext", {}).get("runAsNonRoot") is True,
            "seccompProfile": "seccompProfile" in pod.get("securityContext", {}),
            "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
            "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
            "capabilities": security.get("capabilities") == {"drop": ["ALL"]},
            "automountServiceAccountToken": pod.get("automountServiceAccountToken") is False,
            "podAntiAffinity": "podAntiAffinity" in pod.get("affinity", {}),
            "topologySpreadConstraints": bool(pod.get("topologySpreadConstraints")),
        }
        yield from ((label(one), f"{field} is not what it must be") for field, good in wanted.items() if not good)


def no_limits(loaded: Loaded) -> Findings:
    for one in loaded.of(*WITH_PODS):
        for container in pod_of(one)["containers"]:
            resources = container.get("resources", {})
            if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get(
                "limits", {}
            ):
                yield label(one), "asks for nothing, or has no limit of memory"


def floating_image(loaded: Loaded) -> Findings:
    for one in loaded.of(*WITH_PODS):
        for container in pod_of(one)["containers"]:
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if tag in {"", "latest"}:
                yield label(one), f"{container['image']}: which one is that tomorrow?"


def caller_kept_out(loaded: Loaded) -> Findings:
    """A call of the table that the policies do not let through, or one that they let through beside it."""
    policies = loaded.named("NetworkPolicy")
    for service in built_services():
        wanted = network.policy(service)["spec"]
        said = policies.get(service.name, {}).get("spec", {})
        for side in ("ingress", "egress"):
            if _peers(said, side) != _peers(wanted, side):
                yield (
                    f"NetworkPolicy/{service.name}",
                    f"{side}: {_peers(said, side)}, the table: {_peers(wanted, side)}",
                )
    closed = policies.get("default-deny", {}).get("spec", {})
    if closed.get("podSelector") != {} or set(closed.get("policyTypes", [])) != {"Ingress", "Egress"}:
        yield "NetworkPolicy/default-deny", "does not close the namespace"


def _peers(spec: Object, side: str) -> list[str]:
    key = "from" if side == "ingress" else "to"
    return sorted(
        str(peer.get("podSelector", peer).get("matchLabels", peer).get("app.kubernetes.io/name", peer))
        for rule in spec.get(side, [])
        for peer in rule.get(key, [{"anybody": True}])
    )


def known_variables(service: Service | None) -> set[str]:
    """What a service's settings class reads; of None, what all share."""
    from learnflow.kit.settings import ServiceSettings

    settings_class = ServiceSettings if service is None else load(service.name).settings_class
    found = set()
    for name, field in settings_class.model_fields.items():
        alias = field.validation_alias
        if alias is None:
            found.add(f"LEARNFLOW_{name.upper()}")
        else:
            found |= {str(one) for one in getattr(alias, "choices", [alias])}
    return found


def _all_variables(loaded: Loaded, pod: Object) -> list[str]:
    container = pod["containers"][0]
    return [*loaded.values_of(pod), *(one["name"] for one in container.get("env", []) if "valueFrom" in one)]


def _references(pod: Object) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key) of everything that a pod reads; a key of None means all keys."""
    for volume in pod.get("volumes", []):
        yield from _mounted(volume)
    for container in pod["containers"]:
        for source in container.get("envFrom", []):
            field, reference = next(iter(source.items()))
            yield "Secret" if field == "secretRef" else "ConfigMap", reference["name"], None
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                yield "Secret", reference["name"], reference["key"]


def _mounted(volume: Object) -> Iterator[tuple[str, str, str | None]]:
    if "secret" in volume:
        keys = [item["key"] for item in volume["secret"].get("items", [])] or [None]
        yield from (("Secret", volume["secret"]["secretName"], key) for key in keys)
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]["name"], None


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Only these LEARNFLOW_ variables, for as long as the block lasts."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("LEARNFLOW_")]:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


WORKLOAD_RULES: dict[str, Callable[[Loaded], Findings]] = {
    "service-without-deployment": service_without_deployment,
    "selects-nothing": selects_nothing,
    "scales-nothing": scales_nothing,
    "door-to-nothing": door_to_nothing,
    "wrong-port": wrong_port,
    "wrong-command": wrong_command,
    "wrong-probe": wrong_probe,
    "unknown-variable": unknown_variable,
    "value-does-not-fit": value_does_not_fit,
    "missing-config": missing_config,
    "missing-secret": missing_secret,
    "secret-in-the-open": secret_in_the_open,
    "sandbox-with-too-much": sandbox_with_too_much,
    "unprotected-pod": unprotected_pod,
    "no-limits": no_limits,
    "floating-image": floating_image,
    "caller-kept-out": caller_kept_out,
}
