"""What the bus counts, per topic and group."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

PUBLISHED = Counter("learnflow_bus_published_total", "Events committed to the log", ("topic",))
DELIVERED = Counter("learnflow_bus_delivered_total", "Events handled and committed", ("topic", "group"))
HANDLER_SECONDS = Histogram(
    "learnflow_bus_handler_seconds", "Time in one handler", ("topic", "group"), buckets=_SECONDS
)
RETRIES = Counter("learnflow_bus_retries_total", "Attempts that failed and will be repeated", ("topic", "group"))
DEAD_LETTERS = Counter("learnflow_bus_dead_letters_total", "Events given up", ("topic", "group"))
LAG_SECONDS = Gauge("learnflow_bus_lag_seconds", "Age of the oldest event of the last batch", ("topic", "group"))
OLDEST_XID_SECONDS = Gauge(
    "learnflow_bus_oldest_xid_seconds", "How long one open transaction has held the log's readers back"
)
WORK_SECONDS = Histogram("learnflow_work_seconds", "Time of one attempt at slow work", ("group",), buckets=_SECONDS)
