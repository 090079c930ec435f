"""What a request needs of the running server: the mind, the settings, and how far shutting down has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from litestar import Request

from server.faults import Refused
from server.metrics import Metrics
from server.settings import Settings
from server.sse import Pump

if TYPE_CHECKING:
    from kernel.mind import Mind

AnyRequest = Request[Any, Any, Any]


class Running:
    """One server's state; ``app.state.running``."""

    def __init__(self, mind: Mind, settings: Settings) -> None:
        self.mind, self.settings = mind, settings
        self.started = int(time.time())
        self.metrics = Metrics()
        self.stopped = asyncio.Event()
        """Set by ``stop``, for streams that nothing else would end."""
        self.at_end = AsyncExitStack()
        """What was started for requests and outlives them; whoever runs the server closes it before the mind."""
        self._watchers: set[Pump[Any]] = set()
        self._examining = False

    @property
    def stopping(self) -> bool:
        return self.stopped.is_set()

    def stop(self) -> None:
        """Not ready any more; readers of events are let go, answers run on."""
        self.stopped.set()
        for pump in self._watchers:
            pump.end()

    @contextmanager
    def watching(self, pump: Pump[Any]) -> Iterator[Pump[Any]]:
        """``pump`` ends early when the server stops."""
        self._watchers.add(pump)
        if self.stopping:
            pump.end()
        try:
            yield pump
        finally:
            self._watchers.discard(pump)

    @contextmanager
    def one_exam(self) -> Iterator[None]:
        """Raises ``Refused`` (409) while another exam is being sat."""
        if self._examining:
            raise Refused("An exam is being sat; wait for its report.", status=409, code="exam_running")
        self._examining = True
        try:
            yield
        finally:
            self._examining = False


def running(request: AnyRequest) -> Running:
    found: Running = request.app.state.running
    return found


def mind_of(request: AnyRequest) -> Mind:
    return running(request).mind


def base_url(request: AnyRequest) -> str:
    """Where the client called this server; the ``Host`` header has been checked before."""
    return f"{request.scope['scheme']}://{request.headers['host']}"
