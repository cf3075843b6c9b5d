"""structlog for everything: JSON in containers, colour on a terminal, stdlib's records in the same shape."""

import logging
import sys
from contextvars import ContextVar
from types import TracebackType

import orjson
import structlog
from opentelemetry import trace
from structlog.types import EventDict, Processor, WrappedLogger

request_id: ContextVar[str | None] = ContextVar("learnflow_request_id", default=None)

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_QUIET = ("uvicorn.access", "httpx", "httpcore", "aiokafka")
_WARNINGS_ONLY = "uvicorn.error"
"""It tells the whole address of every socket, and with it a token that somebody put there."""
_FRAMES_KEPT = 12


def _add_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
    current = request_id.get()
    if current is not None:
        event.setdefault("request_id", current)
    return event


def _stack_without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep an error's type and stack, never its message: messages quote what a student wrote."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exc_info()[1]
    if info and error is not None:
        event["error"] = type(error).__name__
        event["stack"] = _frames(error.__traceback__)
    return event


def _frames(traceback: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/learnflow/', 1)[-1]}:{traceback.tb_lineno}:{code.co_name}")
        traceback = traceback.tb_next
    return frames[-_FRAMES_KEPT:]


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_ids,
        _stack_without_values,
    ]


def configure_logging(level: str = "info", log_format: str = "json") -> None:
    """Set up this process's logs; `level` is debug, info, warning or error, `log_format` json or console."""
    as_json = log_format == "json"
    structlog.configure(
        processors=[
            *_shared_processors(),
            structlog.processors.JSONRenderer(serializer=orjson.dumps) if as_json else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer) if as_json else structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _configure_stdlib(level, as_json=as_json)


def log_as(service: str) -> None:
    """Every line from here on names the service."""
    structlog.contextvars.bind_contextvars(service=service)


def _configure_stdlib(level: str, *, as_json: bool) -> None:
    renderer: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LEVELS[level])
    for noisy in _QUIET:
        logging.getLogger(noisy).setLevel(logging.ERROR)
    logging.getLogger(_WARNINGS_ONLY).setLevel(max(logging.WARNING, _LEVELS[level]))
