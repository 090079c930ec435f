"""Work whose progress is asked for as server-sent events (``Accept: text/event-stream``).

Each kernel event is one event of its name; the last is ``result`` with what the route would have answered, or
``error`` with the error object.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from kernel.abc import OnEvent
from kernel.errors import OneselfError
from kernel.events import AnyEvent
from server.context import AnyRequest
from server.errors import describe, log_failure
from server.sse import PING, PING_SECONDS, EventStream, Pump, named

T = TypeVar("T")
Work = Callable[[OnEvent], Awaitable[Any]]


class Result:
    """The last of the events."""

    def __init__(self, value: Any) -> None:
        self.value = value


def wants_events(request: AnyRequest) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


async def with_progress(request: AnyRequest, work: Work, held: AsyncExitStack | None = None) -> EventStream:
    """Runs ``work`` under the response; a client that leaves cancels it. ``held`` is closed when it has ended."""
    pump: Pump[AnyEvent | Result] = Pump(events_of(work))
    return EventStream(_events(pump), pump, held)


async def events_of(work: Work) -> AsyncIterator[AnyEvent | Result]:
    """What happens in ``work`` as it does, then what came of it. Closing the iterator cancels the work."""
    happened: asyncio.Queue[AnyEvent | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(happened.put_nowait))
    task.add_done_callback(lambda _: happened.put_nowait(None))
    try:
        while (event := await happened.get()) is not None:
            yield event
        yield Result(task.result())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _events(pump: Pump[AnyEvent | Result]) -> AsyncIterator[bytes]:
    try:
        async for item in pinged(pump):
            if item is None:
                yield PING
            elif isinstance(item, Result):
                yield named("result", item.value)
            else:
                yield named(type(item).__name__, item)
    except Exception as error:  # noqa: BLE001 - the status has been sent; the client hears of it here
        if not isinstance(error, OneselfError):
            log_failure(error)
        yield named("error", describe(error)[1])


async def pinged(pump: Pump[T]) -> AsyncIterator[T | None]:
    """The pump's items, with ``None`` whenever nothing came for a while: a line must be sent to notice who left."""
    while True:
        if not await pump.ready(PING_SECONDS):
            yield None
            continue
        try:
            item = await anext(pump)
        except StopAsyncIteration:
            return
        yield item
