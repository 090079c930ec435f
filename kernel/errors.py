"""A small tree of errors. Every message names the thing and the next step.

The server maps these to HTTP in one file (``server/errors.py``), the CLI to exit codes (1 failed, 2 wrong use).
"""

from __future__ import annotations


class OneselfError(Exception):
    """Base. ``code`` is a stable word for programs; ``str(error)`` is for people."""

    code = "failed"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class WrongUse(OneselfError, ValueError):
    """The caller's input is at fault; the message says how to put it right."""

    code = "invalid_request"


class NotFound(OneselfError, LookupError):
    code = "not_found"


class HomeError(OneselfError):
    """The home folder cannot be used: absent, held by another process, of a newer version, damaged."""

    code = "home"


class HomeHeld(HomeError):
    """Another process writes to this home."""

    code = "home_held"


class ModelError(OneselfError):
    """A model file is absent, of a wrong hash, or does not fit."""

    code = "model"


class NoAdapters(ModelError):
    """The server that carries the weights takes no adapter while it runs: selves answer without theirs."""

    code = "no_adapters"


class ReadError(OneselfError):
    """One file cannot be read; never stops the others."""

    code = "unreadable"


class EngineError(OneselfError):
    """The engine could not do it; nothing was sent yet."""

    code = "engine"


class EngineDied(EngineError, ConnectionError):
    """The engine child ended under the request. Worth a retry when nothing had been sent."""

    code = "engine_died"


class ContextOverflow(WrongUse):
    code = "context_length_exceeded"


class BadGrammar(WrongUse):
    """A grammar or JSON schema that the answer should follow cannot be used."""

    code = "invalid_grammar"


class Busy(OneselfError):
    """The queue is full; try again after ``retry_after`` seconds."""

    code = "busy"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class JobFailed(OneselfError):
    """A worker child failed or died; what it had not finished is not there."""

    code = "job_failed"


class TooFew(OneselfError):
    """There is not enough to do it honestly (an empty memory, too few questions)."""

    code = "too_few"
