"""``/mcp``: MCP over streamable HTTP, behind the same guard as every other route.

Both ways of the protocol: clients of 2026-07-28 send requests that stand alone; older ones get a session, which their
user's answers come back through and which ends when it has been idle for half an hour. The SDK is loaded and its sessions
are started by the first request, so that a server nobody talks MCP to pays for neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from typing import TYPE_CHECKING

from litestar.handlers import asgi
from litestar.types import Message, Receive, ReceiveMessage, Scope, Send

from server.context import Running
from server.local import LocalDoor

if TYPE_CHECKING:
    from litestar.handlers import ASGIRouteHandler
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

_MAX_SESSIONS = 1_000
_MB = 1024 * 1024


def route(running: Running) -> ASGIRouteHandler:
    """The handler of ``/mcp``; its sessions end with ``running``."""
    sessions = _Sessions(running)

    @asgi("/mcp", copy_scope=True)
    async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
        await sessions.answer(scope, receive, send)

    return mcp


class _Sessions:
    def __init__(self, running: Running) -> None:
        self._running = running
        self._starting = asyncio.Lock()
        self._ending = asyncio.Event()
        self._manager: StreamableHTTPSessionManager | None = None

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._starting:
            manager = self._manager or await self._start()
        if scope.get("method") == "GET":  # the one stream that no answer ends
            await self._stream(manager, scope, receive, send)
        else:
            await manager.handle_request(scope, receive, send)  # type: ignore[arg-type]

    async def _stream(self, manager: StreamableHTTPSessionManager, scope: Scope, receive: Receive, send: Send) -> None:
        """Until the client leaves or the server stops; then ended in order, as the SDK believes the client gone."""
        is_open = False

        async def sending(message: Message) -> None:
            nonlocal is_open
            is_open = message["type"] == "http.response.start" or bool(message.get("more_body"))
            await send(message)

        await manager.handle_request(scope, _until(self._running.stopped, receive), sending)  # type: ignore[arg-type]
        if is_open:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self) -> StreamableHTTPSessionManager:
        protocol = await asyncio.to_thread(importlib.import_module, "server.mcp.protocol")  # a second; others go on
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        mind = self._running.mind
        manager = StreamableHTTPSessionManager(
            protocol.mcp_server(LocalDoor(mind)),
            max_sessions=_MAX_SESSIONS,
            max_request_body_size=(mind.config.memory.max_text_mb + 1) * _MB,
        )
        started = asyncio.Event()
        task = asyncio.create_task(self._run(manager, started))
        await started.wait()
        self._running.at_end.push_async_callback(self._end, task)
        self._manager = manager
        return manager

    async def _run(self, manager: StreamableHTTPSessionManager, started: asyncio.Event) -> None:
        """One task enters and leaves the manager, as its task group wants it."""
        async with manager.run():
            started.set()
            await self._ending.wait()

    async def _end(self, task: asyncio.Task[None]) -> None:
        self._ending.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _until(stopped: asyncio.Event, receive: Receive) -> Receive:
    """``receive`` of a request without a body: the client seems to leave once the server stops."""

    async def receiving() -> ReceiveMessage:
        stop, message = asyncio.ensure_future(stopped.wait()), asyncio.ensure_future(receive())
        try:
            await asyncio.wait({stop, message}, return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            stop.cancel()
            message.cancel()

    return receiving
