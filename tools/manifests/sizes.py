"""What each service asks for, and how many of it there are."""

from __future__ import annotations

from dataclasses import dataclass

from learnflow.contracts.services import API_GATEWAY, CODE_EXECUTION, EXERCISE, PROGRESS, WEB, WEBSOCKET, Service


@dataclass(frozen=True, slots=True)
class Size:
    """CPU and memory as Kubernetes writes them; `cpu` is asked for, `cpu_limit` is the most that is given."""

    cpu: str = "50m"
    cpu_limit: str = "1"
    memory: str = "160Mi"
    memory_limit: str = "512Mi"
    scratch: str = "64Mi"
    most: int = 6
    grace_s: int = 30


SIZES: dict[Service, Size] = {
    API_GATEWAY: Size(cpu="200m", cpu_limit="2", memory="256Mi", memory_limit="768Mi", most=12),
    EXERCISE: Size(cpu="100m", memory="224Mi", memory_limit="768Mi"),
    PROGRESS: Size(cpu="100m", cpu_limit="2", memory="224Mi", memory_limit="768Mi"),
    # 96 live runs of 50 MB at most, and its own processes
    CODE_EXECUTION: Size(cpu="500m", cpu_limit="4", memory="512Mi", memory_limit="6Gi", scratch="1Gi", most=12),
    WEBSOCKET: Size(cpu="100m", memory="224Mi", memory_limit="1Gi", most=12),
    WEB: Size(cpu="100m", memory="128Mi", memory_limit="384Mi"),
}

LEAST = 2


def size_of(service: Service) -> Size:
    return SIZES.get(service, Size())
