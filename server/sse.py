"""Server-sent events over work that must end when its reader leaves.

A ``Pump`` runs an asynchronous iterator in one task of its own, so that it can be watched, cancelled and closed from
outside, and never runs in two tasks. ``EventStream`` is the response that closes its pump however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec
from anyio import CancelScope, create_task_group
from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send

from server.faults import ClientLeft

T = TypeVar("T")
PING_SECONDS = 15.0
PING = b": ping\n\n"


async def while_connected(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, which is cancelled if the client leaves meanwhile (then ``ClientLeft``).

    The body must have been read before: what is still to come on the connection is then only its end.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_left(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientLeft("the client closed the connection")
    finally:
        await _end(gone)
        await _end(task)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with CancelScope(shield=True):
        await asyncio.gather(task, return_exceptions=True)


class Pump(Generic[T]):
    """Iterates ``source`` in a task of its own, through a bounded queue: a slow reader slows the source."""

    def __init__(self, source: AsyncIterator[T], size: int = 64) -> None:
        self._source = source
        self._queue: asyncio.Queue[T] = asyncio.Queue(size)
        self._changed = asyncio.Event()
        self._ending = False
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: self._changed.set())

    def __aiter__(self) -> Pump[T]:
        return self

    async def __anext__(self) -> T:
        """The next item; ends with the source and raises what it raised."""
        while not await self.ready():
            pass
        if not self._queue.empty():
            return self._queue.get_nowait()
        if self._task.done() and not self._task.cancelled():
            self._task.result()
        raise StopAsyncIteration

    async def ready(self, seconds: float | None = None) -> bool:
        """Whether ``__anext__`` would come back at once, after waiting for ``seconds`` at most."""
        if self._queue.empty() and not self._task.done() and not self._ending:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
        return not self._queue.empty() or self._task.done() or self._ending

    def end(self) -> None:
        """Let the reader stop: the server is going down."""
        self._ending = True
        self._changed.set()

    async def close(self) -> None:
        """Cancel what is still running and wait until it has ended. Safe to call twice."""
        await _end(self._task)

    async def _run(self) -> None:
        async with contextlib.aclosing(_closable(self._source)) as source:
            async for item in source:
                await self._queue.put(item)
                self._changed.set()


async def begun(request: Request[Any, Any, Any], source: AsyncIterator[T]) -> tuple[T, Pump[T]]:
    """The first item of ``source`` and the pump that brings the others. Until it is there an error has an HTTP status of
    its own, and a client that leaves ends the work."""
    pump = Pump(source)
    try:
        return await while_connected(request, pump.__anext__()), pump
    except BaseException:
        await pump.close()
        raise


async def _closable(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """``source`` with an ``aclose``, whatever kind of iterator it is."""
    try:
        async for item in source:
            yield item
    finally:
        close: Callable[[], Awaitable[None]] | None = getattr(source, "aclose", None)
        if close is not None:
            await close()


class EventStream(ASGIStreamingResponse):
    """``text/event-stream`` of encoded events; closes ``pump``, then ``held``, when the events or the client end.

    Who has read the stream to its end finds both closed.
    """

    def __init__(
        self, events: AsyncIterator[bytes], pump: Pump[Any], held: contextlib.AsyncExitStack | None = None
    ) -> None:
        super().__init__(
            iterator=self._then_closed(events),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )
        self._pump, self._held = pump, held

    async def send_body(self, send: Send, receive: Receive) -> None:
        try:
            async with create_task_group() as group:
                group.start_soon(partial(self._stream, send))
                await self._listen_for_disconnect(cancel_scope=group.cancel_scope, receive=receive)
        finally:
            await self._close()

    async def _then_closed(self, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for event in events:
            yield event
        await self._close()

    async def _close(self) -> None:
        """Safe to call twice."""
        with CancelScope(shield=True):
            await self._pump.close()
            if self._held is not None:
                await self._held.aclose()


def as_json(value: Any, status: int = 200) -> ASGIResponse:
    """A plain JSON response, for routes that answer either so or with a stream."""
    return ASGIResponse(body=msgspec.json.encode(value), media_type="application/json", status_code=status)


def data(value: Any) -> bytes:
    """An event without a name, as OpenAI's streams have them."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def named(event: str, value: Any, number: int | None = None) -> bytes:
    """An event with a name and, for those who come back, a number."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + msgspec.json.encode(value) + b"\n\n"


DONE = b"data: [DONE]\n\n"
