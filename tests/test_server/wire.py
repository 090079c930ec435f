"""Reading what comes over the wire and out of commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from click.testing import Result

Run = Callable[..., Result]


def code(answer: httpx.Response) -> tuple[int, str, Any]:
    """Status, code and parameter of an error."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def sse(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """Server-sent events, with their names."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def document(result: Result, code: int = 0) -> Any:
    """The JSON document that a command printed; its exit code was ``code``."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)
