"""What the server itself has to complain of, and OpenAI's error object. ``server.errors`` maps them to HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from kernel.errors import BadGrammar, OneselfError, WrongUse


class BadParameter(WrongUse):
    """A named part of the request is at fault."""

    def __init__(self, message: str, param: str | None, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.param = param


class Unsupported(BadParameter):
    """Asked for by a right name, and not offered."""

    code = "unsupported"


@contextmanager
def blaming(param: str | None) -> Iterator[None]:
    """A grammar that the engine cannot use came with ``param``: so says the ``BadParameter`` that is raised instead."""
    try:
        yield
    except BadGrammar as error:
        raise BadParameter(str(error), param, code=error.code) from error


class Refused(OneselfError):
    """The door says no: no key, a foreign Host or Origin, a conflict. ``status`` is the HTTP status."""

    code = "refused"

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message, code=code)
        self.status = status


class ClientLeft(OneselfError):
    """The client closed its connection; there is nobody to answer."""

    code = "client_left"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The ``error`` object of OpenAI's API."""

    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(msgspec.Struct, frozen=True):
    error: Problem
