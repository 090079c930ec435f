"""What HTTP costs: our server over the scripted engine beside a bare Litestar route under the same uvicorn.

``python overhead.py ours|bare PORT HOME`` serves; ``measure`` asks both in turn.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from serving.clients import running
from serving.servers import Server, Setting

REPLY = "The ferry leaves at nine, and the lamp was made in Bergen by two sisters."
SECONDS = 5.0


class Child(Server):
    """``ours`` or ``bare``."""

    def __init__(self, setting: Setting, which: str, home: Path, key: str) -> None:
        super().__init__(setting)
        self.name, self.key, self._home = which, key, home

    def command(self) -> list[str]:
        return [sys.executable, __file__, self.name, str(self.port), str(self._home)]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}


def measure(setting: Setting, home: Path, key: str, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Requests a second of 1 and 8 clients, whole and streamed; the bare route answers the same JSON, whole."""
    messages = [{"role": "user", "content": "Where does the ferry leave, and who made the lamp?"}]
    body = {"model": "base", "messages": messages, "max_tokens": 32}
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(rounds):
        for which, name, asked in (
            ("ours", "ours", body),
            ("ours", "ours, streamed", body | {"stream": True}),
            ("bare", "bare Litestar", body),
        ):
            with Child(setting, which, home, key) as server:
                for clients in (1, 8):
                    figures = rate(server, asked, clients, seconds)
                    found.setdefault(f"{name}, {clients} clients", []).append(figures)
    return {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}


def rate(server: Server, body: dict[str, Any], clients: int, seconds: float) -> dict[str, float]:
    with running(server, [[body]] * clients, forever=True, times_only=True) as load:
        time.sleep(seconds)
        found = load.end()
    whole = [one for one in found.requests if not one.cut]
    if any(one.status != 200 for one in whole):
        raise SystemExit(f"{server.name}: {next(one for one in whole if one.status != 200)}")
    times = [one.ended - one.sent for one in whole]
    return {
        "requests_per_second": len(whole) / (found.ended - found.began),
        "p50_ms": statistics.median(times) * 1000,
        "load_cpu_share": found.cpu_share,
        "load_average": os.getloadavg()[0],
    }


# --- the child


async def serve_ours(port: int, home: Path) -> None:
    import msgspec

    from kernel.config import Paths
    from kernel.engine.scripted import ScriptedEngine
    from kernel.home import read_key
    from kernel.mind import Mind
    from server.app import create_app
    from server.settings import ServerConfig, Settings

    paths, settings = Paths(home), msgspec.structs.replace(Settings(), server=ServerConfig(port=port))
    mind = await Mind.open(paths, settings, engine=ScriptedEngine([REPLY]))
    try:
        await under_uvicorn(create_app(mind, settings, read_key(paths)), port)
    finally:
        await mind.close()


async def serve_bare(port: int) -> None:
    from litestar import Litestar, Request, get, post

    @post("/v1/chat/completions", status_code=200)
    async def chat(request: Request[Any, Any, Any]) -> dict[str, Any]:
        asked = await request.json()
        message = {"role": "assistant", "content": REPLY}
        return {
            "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": asked["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 15, "total_tokens": 35},
        }  # fmt: skip

    @get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": []}

    await under_uvicorn(Litestar([chat, models], openapi_config=None, logging_config=None), port)


async def under_uvicorn(app: Any, port: int) -> None:
    import uvicorn

    config = uvicorn.Config(
        app, port=port, lifespan="off", ws="none", log_config=None, access_log=False, server_header=False
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    which, port, home = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    asyncio.run(serve_ours(port, home) if which == "ours" else serve_bare(port))
