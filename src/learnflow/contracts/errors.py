"""Errors that a caller can act on; rendered as application/problem+json (RFC 9457) in `kit.app` alone."""

from pydantic import BaseModel, ConfigDict


class LearnFlowError(Exception):
    """Base of all errors with an HTTP status and a stable code; `detail` says what to do next."""

    status = 500
    code = "internal_error"

    def __init__(self, detail: str, *, retry_after_s: float | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.extra = extra


class BadRequest(LearnFlowError):
    status, code = 400, "bad_request"


class Unauthenticated(LearnFlowError):
    status, code = 401, "unauthenticated"


class Forbidden(LearnFlowError):
    status, code = 403, "forbidden"


class NotFound(LearnFlowError):
    status, code = 404, "not_found"


class TooSlow(LearnFlowError):
    status, code = 408, "too_slow"


class Conflict(LearnFlowError):
    status, code = 409, "conflict"


class TooLarge(LearnFlowError):
    status, code = 413, "too_large"


class Invalid(LearnFlowError):
    """Malformed input; `field` names the part that is wrong, or `fields` holds a FieldProblem for each."""

    status, code = 422, "invalid"


class TooMany(LearnFlowError):
    status, code = 429, "too_many_requests"


class Unavailable(LearnFlowError):
    """A dependency is away; the caller may try again after `retry_after_s`."""

    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after_s: float | None = 1.0, **extra: object) -> None:
        super().__init__(detail, retry_after_s=retry_after_s, **extra)


class FieldProblem(BaseModel):
    """One wrong field of a request: dotted path and what is expected."""

    field: str
    message: str


class Problem(BaseModel):
    """The body of every error answer (application/problem+json)."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    fields: list[FieldProblem] | None = None
