"""``/health``, ``/ready`` and ``/api/status``."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from litestar import Response, get

from server.auth import PUBLIC
from server.context import AnyRequest, mind_of, running


@get("/health", opt={PUBLIC: True}, sync_to_thread=False)
def health() -> dict[str, Any]:
    """The process is alive. ``pid`` lets the command line tell its own home's server from a stranger on the port."""
    return {"status": "ok", "pid": os.getpid()}


@get("/ready", opt={PUBLIC: True})
async def ready(request: AnyRequest) -> Response[dict[str, bool]]:
    """200 when questions are answered now; 503 while the engine restarts or the server is going down."""
    is_ready = not running(request).stopping and mind_of(request).ready
    return Response({"ready": is_ready}, status_code=200 if is_ready else 503)


@get("/api/status")
async def status(request: AnyRequest) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(await mind_of(request).status())
    return found
