"""Rate, errors and duration of requests, per service and route template."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

REQUESTS = Counter("learnflow_http_requests_total", "Requests", ("service", "method", "route", "status"))
DURATION = Histogram(
    "learnflow_http_request_seconds",
    "Time to the answer's end",
    ("service", "method", "route"),
    buckets=_BUCKETS_S,
)


def observe_request(service: str, method: str, route: str, status: int, duration_s: float) -> None:
    """Count one finished request under its route template, never under its path."""
    REQUESTS.labels(service, method, route, str(status)).inc()
    DURATION.labels(service, method, route).observe(duration_s)


def exposition() -> tuple[bytes, str]:
    """The Prometheus text of this process and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
