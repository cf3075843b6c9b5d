"""Alert rules and a dashboard over the metrics that the services really have."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tools.manifests.objects import HEADER, Object

SLOW_S, LAG_S = 0.5, 30

_REQUESTS = "sum by (service) (rate(learnflow_http_requests_total{}[5m]))"
_FAILURES = _REQUESTS.format('{status=~"5.."}') + " / " + _REQUESTS.format("")
_SLOWEST = "histogram_quantile(0.95, sum by (le, service) (rate(learnflow_http_request_seconds_bucket[5m])))"

PANELS: tuple[tuple[str, str, str, str], ...] = (
    ("Requests a second", "reqps", "sum by (service) (rate(learnflow_http_requests_total[5m]))", "{{service}}"),
    (
        "Errors of ours",
        "percentunit",
        _FAILURES,
        "{{service}}",
    ),
    (
        "Time to the answer's end, p95",
        "s",
        _SLOWEST,
        "{{service}}",
    ),
    ("Events published", "eps", "sum by (topic) (rate(learnflow_bus_published_total[5m]))", "{{topic}}"),
    (
        "Events handled",
        "eps",
        "sum by (topic, group) (rate(learnflow_bus_delivered_total[5m]))",
        "{{group}} {{topic}}",
    ),
    ("Lag of each group", "s", "max by (topic, group) (learnflow_bus_lag_seconds)", "{{group}} {{topic}}"),
    (
        "Time in a handler, p95",
        "s",
        "histogram_quantile(0.95, sum by (le, group) (rate(learnflow_bus_handler_seconds_bucket[5m])))",
        "{{group}}",
    ),
    ("Attempts repeated", "eps", "sum by (group) (rate(learnflow_bus_retries_total[5m]))", "{{group}}"),
    ("Dead letters", "short", "sum by (topic, group) (increase(learnflow_bus_dead_letters_total[1h]))", "{{group}}"),
    ("Oldest open transaction", "s", "max(learnflow_bus_oldest_xid_seconds)", "holds the log back"),
    (
        "Slow work, p95",
        "s",
        "histogram_quantile(0.95, sum by (le, group) (rate(learnflow_work_seconds_bucket[5m])))",
        "{{group}}",
    ),
    ("Runs by verdict", "ops", "sum by (verdict) (rate(learnflow_sandbox_runs_total[5m]))", "{{verdict}}"),
    ("Runs live and waiting", "short", "sum by (kind) (learnflow_sandbox_queued_runs)", "waiting {{kind}}"),
    ("Isolation", "short", "min(learnflow_sandbox_level)", "lowest level"),
)

ALERTS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "ServiceFails",
        f"{_FAILURES} > 0.02",
        "5m",
        "page",
        "More than 2 % of the answers of {{ $labels.service }} are errors of ours. Read: learnflow logs.",
    ),
    (
        "ServiceIsSlow",
        f"{_SLOWEST} > {SLOW_S}",
        "10m",
        "ticket",
        "{{ $labels.service }} takes longer than half a second for one answer in twenty.",
    ),
    (
        "GroupLagsBehind",
        f"max by (topic, group) (learnflow_bus_lag_seconds) > {LAG_S}",
        "2m",
        "page",
        "{{ $labels.group }} handles {{ $labels.topic }} half a minute late: students wait for answers.",
    ),
    (
        "DeadLetters",
        "sum by (topic, group) (increase(learnflow_bus_dead_letters_total[15m])) > 0",
        "0m",
        "ticket",
        "{{ $labels.group }} gave up events of {{ $labels.topic }}. Read: learnflow events dead-letters.",
    ),
    (
        "TransactionHoldsTheLogBack",
        "max(learnflow_bus_oldest_xid_seconds) > 10",
        "1m",
        "page",
        "One open transaction holds back every reader of the log. Look at pg_stat_activity.",
    ),
    (
        "SandboxIsWeak",
        "min(learnflow_sandbox_level) < 1",
        "1m",
        "page",
        "A sandbox reports less than level 1 and refuses to run programs. Its /health says why.",
    ),
    (
        "SandboxIsFull",
        "sum(learnflow_sandbox_queued_runs) > 64",
        "2m",
        "ticket",
        "Programs queue for a slot: let the autoscaler have more of code-execution.",
    ),
)


def rules() -> str:
    """Prometheus's own file of rules."""
    alerts = [
        {
            "alert": f"LearnFlow{name}",
            "expr": expression,
            "for": lasting,
            "labels": {"severity": severity},
            "annotations": {"summary": summary},
        }
        for name, expression, lasting, severity, summary in ALERTS
    ]
    return HEADER + yaml.safe_dump({"groups": [{"name": "learnflow", "rules": alerts}]}, sort_keys=False, width=118)


def dashboard() -> str:
    """Grafana's JSON; two panels in a row."""
    content: dict[str, Any] = {
        "uid": "learnflow",
        "title": "LearnFlow",
        "tags": ["learnflow"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(number, *panel) for number, panel in enumerate(PANELS)],
    }
    return json.dumps(content, indent=2) + "\n"


def _panel(number: int, title: str, unit: str, expression: str, legend: str) -> Object:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (number % 2), "y": 8 * (number // 2)},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": source, "expr": expression, "legendFormat": legend}],
    }
