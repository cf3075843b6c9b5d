"""Every error answer as application/problem+json (RFC 9457): what happened, and what to do."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from learnflow.contracts.errors import FieldProblem, LearnFlowError, Problem
from learnflow.kit.logging import request_id

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    422: "Invalid input",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}
MOST_FIELDS = 20
MAX_FIELD_CHARS = 100
"""Names of unknown fields are the sender's: an answer must not be larger than what it answers."""
_CODES = {404: "not_found", 405: "method_not_allowed"}


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    fields: list[FieldProblem] | None = None,
    retry_after_s: float | None = None,
    extra: Mapping[str, object] | None = None,
) -> JSONResponse:
    """The one place where an error becomes an HTTP answer."""
    body = Problem(
        title=_TITLES.get(status, "Error"),
        status=status,
        code=code,
        detail=detail,
        request_id=request_id.get(),
        fields=fields,
        **(extra or {}),
    )
    headers = {} if retry_after_s is None else {"Retry-After": str(max(1, math.ceil(retry_after_s)))}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        body.model_dump(mode="json", exclude_none=True), status, headers, media_type="application/problem+json"
    )


def render_error(error: LearnFlowError) -> JSONResponse:
    """A LearnFlowError as its answer."""
    extra = dict(error.extra)
    fields = extra.pop("fields", None)
    if "field" in extra:
        fields = [FieldProblem(field=str(extra.pop("field")), message=error.detail)]
    return problem_response(
        error.status, error.code, error.detail, fields=_named(fields), retry_after_s=error.retry_after_s, extra=extra
    )


def _named(fields: object) -> list[FieldProblem] | None:
    """The first of many wrong places, as `Invalid(..., fields=[...])` names them."""
    return [FieldProblem.model_validate(field) for field in fields[:MOST_FIELDS]] if isinstance(fields, list) else None


def _field_path(location: Sequence[int | str]) -> str:
    inside = [str(part) for part in location[1:]] if len(location) > 1 else [str(part) for part in location]
    return ".".join(inside)[:MAX_FIELD_CHARS] or "body"


def _sentence(error: Mapping[str, Any]) -> str:
    """Pydantic's sentence; a text has characters, which it calls items once other rules have been applied."""
    limits = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most")}
    if error["type"] in limits and isinstance(error.get("input"), str):
        limit, words = limits[error["type"]]
        return f"Send {words} {error['ctx'][limit]} characters."
    return str(error["msg"])


def invalid_input(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """422 with each wrong field named; the input itself is never repeated."""
    fields = [FieldProblem(field=_field_path(error["loc"]), message=_sentence(error)) for error in errors[:MOST_FIELDS]]
    if any(error["type"] == "json_invalid" for error in errors):
        fields = [FieldProblem(field="body", message="This is not valid JSON.")]
    names = ", ".join(dict.fromkeys(field.field for field in fields))
    return problem_response(422, "invalid", f"Please correct: {names}.", fields=fields)


async def _on_learnflow_error(_request: Request, error: LearnFlowError) -> JSONResponse:
    return render_error(error)


async def _on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    return invalid_input(error.errors())


async def _on_http_exception(_request: Request, error: HTTPException) -> JSONResponse:
    if isinstance(error.__cause__, LearnFlowError):  # raised while FastAPI was reading the body
        return render_error(error.__cause__)
    if error.status_code == 400:  # FastAPI's answer to a body that cannot be decoded
        return invalid_input([{"loc": ("body",), "type": "json_invalid", "msg": ""}])
    detail = {404: "There is nothing at this address.", 405: "This address does not take that method."}.get(
        error.status_code, str(error.detail)
    )
    return problem_response(error.status_code, _CODES.get(error.status_code, "http_error"), detail)


def add_error_handlers(app: FastAPI) -> None:
    """Render all known errors of `app`; unknown ones are caught, logged and answered by `kit.edge`."""
    app.exception_handler(LearnFlowError)(_on_learnflow_error)
    app.exception_handler(RequestValidationError)(_on_invalid)
    app.exception_handler(HTTPException)(_on_http_exception)
