"""Traces across events: W3C trace context by OpenTelemetry, recorded only where an exporter is set."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("learnflow")  # a proxy until the provider is set; asked for once, since asking is dear


def tracer_provider(service: str, exporter: SpanExporter | None = None) -> TracerProvider:
    """For `set_tracer_provider`; without an exporter ids are still made, so that logs and events carry them."""
    provider = TracerProvider(
        resource=Resource({"service.name": service}), sampler=ALWAYS_ON if exporter else ALWAYS_OFF
    )
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def current_traceparent() -> str | None:
    """The W3C traceparent of the span that is open in this task, or None."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def continued(traceparent: str | None, name: str, kind: trace.SpanKind = trace.SpanKind.CONSUMER) -> Iterator[None]:
    """Open a span named `name` as a child of `traceparent` (a new trace where that is None or malformed)."""
    parent = _propagator.extract({"traceparent": traceparent}) if traceparent else context.Context()
    with _tracer.start_as_current_span(name, context=parent, kind=kind):
        yield
