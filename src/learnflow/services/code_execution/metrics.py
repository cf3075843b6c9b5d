"""What operators see of the sandbox."""

from prometheus_client import Counter, Gauge, Histogram

RUNS = Counter("learnflow_sandbox_runs_total", "Runs by verdict", ("verdict",))
DURATION = Histogram(
    "learnflow_sandbox_run_seconds",
    "A program's own time",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 6.0),
)
LIVE = Gauge("learnflow_sandbox_live_runs", "Runs that are going on", ("kind",))
QUEUE = Gauge("learnflow_sandbox_queued_runs", "Runs that wait for a slot", ("kind",))
LEVEL = Gauge("learnflow_sandbox_level", "Isolation as the canary saw it: 0 to 3")
