"""A real mind over a scripted engine behind HTTP, whose live self 0001 has an adapter. For what bypasses the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openai

from kernel.config import EngineConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion
from server.settings import ServerConfig, Settings

Serve = Callable[..., Any]
CREATED = "2025-01-01T00:00:00"


@contextmanager
def lent(paths: Paths, serve_mind: Any, engine: ScriptedEngine, config: EngineConfig | None = None) -> Iterator[Any]:
    """``config``: what the mind believes of the engine. ``api`` of what is served is the official client."""
    shelf = Shelf(paths)
    for version, adapter in (("0000", None), ("0001", "adapter.gguf")):
        shelf.write(
            SelfVersion(version=version, state="candidate", base="b", template="t", created=CREATED, adapter=adapter)
        )
    (paths.self_folder("0001") / "adapter.gguf").touch()
    shelf.promote("0001", "for the tests")
    settings = Settings(engine=config or EngineConfig())
    with (
        serve_mind(lambda: Mind.open(paths, settings, engine=engine), paths, ServerConfig()) as served,
        openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0) as served.api,
    ):
        yield served


def error_of(served: Any, path: str, body: Any) -> tuple[int, str, str | None, str]:
    """Status, code, parameter and message."""
    with served.http() as http:
        answer = http.post(path, json=body)
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"} and error["message"]
    return answer.status_code, error["code"], error["param"], error["message"]
