"""The one map from an exception to HTTP, in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``.

Routes hold no try/except; what they raise ends here. A request at fault is never answered with a 500, because clients
retry those. Nothing of a request's text is logged: the kind of error and where it arose, no more.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from kernel.errors import (
    Busy,
    EngineError,
    HomeError,
    JobFailed,
    ModelError,
    NotFound,
    OneselfError,
    ReadError,
    TooFew,
    WrongUse,
)
from server.faults import BadParameter, ClientLeft, ErrorBody, Problem, Refused

log = logging.getLogger("oneself.server")

_INPUT_CODES = {"invalid_request", "unreadable", "not_found", "too_few", "context_length_exceeded"}
_ABSENT = re.compile(r"Missing required query parameter '(?P<name>\w+)'")
_CONFLICTS = {"training_running", "exam_running", "bake_running"}
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


@contextmanager
def reading(param: str) -> Iterator[None]:
    """What the kernel finds at fault with what it was given came with ``param``: so says the ``BadParameter`` that is
    raised instead. One that names its parameter already is left as it is."""
    try:
        yield
    except WrongUse as error:
        if isinstance(error, BadParameter):
            raise
        raise BadParameter(str(error), param, code=error.code) from error


def describe(error: Exception) -> tuple[int, ErrorBody, dict[str, str]]:
    """HTTP status, body and headers for an exception."""
    status, headers = _status(error), {}
    if isinstance(error, HTTPException):
        message, param, code = _of_framework(error, status)
    elif isinstance(error, OneselfError):
        message, param, code = str(error), getattr(error, "param", None), error.code
    else:
        message, param, code = "Something broke inside; the server's log says where.", None, "internal_error"
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after)
    elif status == 503:
        headers["Retry-After"] = "1"
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 405 and isinstance(error, HTTPException) and error.headers:
        headers.update({name.title(): value for name, value in error.headers.items()})
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return status, ErrorBody(Problem(message=message, type=kind, param=param, code=code)), headers


def _status(error: Exception) -> int:
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, WrongUse) and error.code in _CONFLICTS:
        return 409
    table: tuple[tuple[type[Exception], int], ...] = (
        (ClientLeft, 499),
        (NotFound, 404),
        (WrongUse, 400),
        (ReadError, 400),
        (Busy, 429),
        (TooFew, 409),
        (ModelError, 503),
        (EngineError, 503),
        (HomeError, 503),
    )
    for kind, status in table:
        if isinstance(error, kind):
            return status
    if isinstance(error, JobFailed) and error.code in _INPUT_CODES:
        return 400
    return error.status_code if isinstance(error, HTTPException) else 500


def _of_framework(error: HTTPException, status: int) -> tuple[str, str | None, str]:
    codes = {404: "unknown_route", 405: "method_not_allowed", 413: "request_too_large"}
    extra: Any = error.extra
    if status == 400 and isinstance(extra, list) and extra and isinstance(extra[0], dict) and "key" in extra[0]:
        key = str(extra[0]["key"])
        return f"'{key}': {extra[0].get('message', 'invalid value')}.", key, "invalid_request"
    absent = _ABSENT.match(error.detail)
    if status == 400 and absent:
        return f"'{absent['name']}' is required.", absent["name"], "invalid_request"
    messages = {
        404: "There is no such route. The routes are listed at /schema/openapi.json.",
        405: "This route does not know that method.",
        413: "The request is larger than the server takes.",
    }
    return messages.get(status, error.detail), None, codes.get(status, "invalid_request" if status < 500 else "failed")


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[ErrorBody]:
    """Litestar's exception handler for everything."""
    status, body, headers = describe(error)
    if status == 404 and isinstance(error, HTTPException):
        path = request.scope["path"][:200]
        message = f"There is no route {request.method} {path}. The routes are listed at /schema/openapi.json."
        body = ErrorBody(msgspec.structs.replace(body.error, message=message))
    if status == 413 and (most := request.route_handler.resolve_request_max_body_size()):
        message = f"The request is larger than the {most:,} bytes that this route takes; send less at once."
        body = ErrorBody(msgspec.structs.replace(body.error, message=message))
    if status >= 500:
        log_failure(error)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def log_failure(error: BaseException) -> None:
    """Where it broke, without the message: messages of foreign exceptions may hold the user's text."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    code = f" ({error.code})" if isinstance(error, OneselfError) else ""
    log.error("%s%s\n%s", type(error).__name__, code, frames)


HANDLERS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    HTTPException: respond,
    OneselfError: respond,
    Exception: respond,
}
