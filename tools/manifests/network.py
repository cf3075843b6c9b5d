"""Who may talk to whom. Policies add up, so each part brings its own and takes nothing from another."""

from __future__ import annotations

from learnflow.contracts.calls import callers, calls
from learnflow.contracts.services import NOTIFICATION, WEB, Service, built_services
from tools.manifests.objects import (
    COMPONENT,
    NAME,
    USES_BUS,
    USES_DATABASE,
    Object,
    labelled,
    made,
    namespace,
    pods,
    selector,
    tcp,
)

BOTH = ["Ingress", "Egress"]
SIDECAR_PORT = 50002
SMTP = (465, 587)
POSTGRES, KAFKA = (5432, 6432), (9092, 9093)
EVERY_POD: Object = {}


def policy(service: Service) -> Object:
    """The service's own: its callers may come in, and it may reach whom it calls."""
    ingress = [{"from": [pods(caller) for caller in callers(service)], "ports": tcp("http")}]
    egress = [{"to": [pods(called)], "ports": tcp(called.port)} for called in calls(service)]
    if service == NOTIFICATION:
        egress.append({"ports": tcp(*SMTP)})
    spec: Object = {"podSelector": {"matchLabels": selector(service)}, "policyTypes": BOTH}
    spec |= {"ingress": ingress} if callers(service) else {}
    return _policy(service.name, spec | {"egress": egress})


def everybody() -> list[Object]:
    """What holds for the whole namespace: nothing is open, names are looked up."""
    kube_dns = namespace("kube-system") | {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return [
        _policy("default-deny", {"podSelector": EVERY_POD, "policyTypes": BOTH}),
        _policy(
            "names",
            {"podSelector": EVERY_POD, "policyTypes": ["Egress"], "egress": [{"to": [kube_dns], "ports": ports}]},
        ),
    ]


def database(name: str = "postgres") -> list[Object]:
    """Services with a database to the PostgreSQL beside them, and nobody else."""
    return _store("postgres", {NAME: name}, [USES_DATABASE], [5432])


def broker(labels: dict[str, str]) -> list[Object]:
    """Services with a bus to the brokers with these labels."""
    return _store("kafka", labels, [USES_BUS], list(KAFKA))


def elsewhere() -> list[Object]:
    """A PostgreSQL outside the cluster: its address is not known here, its ports are."""
    return [_policy("postgres-elsewhere", _out(USES_DATABASE, [{"ports": tcp(*POSTGRES)}]))]


def pages() -> list[Object]:
    """The ingress controller to the pages: they pass the API and the sockets on."""
    ingress = [{"from": [namespace("ingress-nginx")], "ports": tcp("http")}]
    spec = {"podSelector": {"matchLabels": selector(WEB)}, "policyTypes": ["Ingress"], "ingress": ingress}
    return [_policy("ingress-to-web", spec)]


def measured() -> list[Object]:
    """Prometheus to every /metrics."""
    any_service = {"matchExpressions": [{"key": COMPONENT, "operator": "In", "values": ["service", "sandbox"]}]}
    ingress = [{"from": [namespace("monitoring")], "ports": tcp("http")}]
    return [
        _policy("prometheus-to-metrics", {"podSelector": any_service, "policyTypes": ["Ingress"], "ingress": ingress})
    ]


def sidecars() -> list[Object]:
    """From sidecar to sidecar as services call each other, and every sidecar to Dapr's control plane."""
    control_plane: Object = {"to": [namespace("dapr-system")]}
    policies = []
    for service in built_services():
        if service == WEB:
            continue
        egress: list[Object] = [{"to": [pods(called)], "ports": tcp(SIDECAR_PORT)} for called in calls(service)]
        spec: Object = {"podSelector": {"matchLabels": selector(service)}, "policyTypes": BOTH}
        asking = [pods(one) for one in callers(service) if one != WEB]
        if asking:
            spec["ingress"] = [{"from": asking, "ports": tcp(SIDECAR_PORT)}]
        policies.append(_policy(f"dapr-{service.name}", spec | {"egress": [*egress, control_plane]}))
    return policies


def _store(name: str, labels: dict[str, str], users: list[str], ports: list[int]) -> list[Object]:
    store = {"podSelector": {"matchLabels": labels}}
    inward = {"from": [labelled(user) for user in users], "ports": tcp(*ports)}
    spec = {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": [inward]}
    return [
        _policy(f"{name}-in", spec),
        *(_policy(f"{name}-out", _out(user, [{"to": [store], "ports": tcp(*ports)}])) for user in users),
    ]


def _out(user: str, egress: list[Object]) -> Object:
    return {"podSelector": {"matchLabels": {user: "true"}}, "policyTypes": ["Egress"], "egress": egress}


def _policy(name: str, spec: Object) -> Object:
    return made("networking.k8s.io/v1", "NetworkPolicy", name, spec=spec)
