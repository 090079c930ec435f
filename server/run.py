"""The server process: open the mind, listen, say where in ``run.json``, and go down in order.

SIGTERM or Ctrl-C: not ready any more, no new connections, running requests may go on for ``server.drain_seconds``,
then the children are ended and the process exits with 0. A second signal does not wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from kernel.config import Paths
from kernel.errors import OneselfError
from kernel.mind import Mind
from server.app import create_app
from server.context import Running
from server.runfile import RunFile, write_run_file
from server.settings import ServerConfig, Settings


def listen(config: ServerConfig) -> socket.socket:
    """A bound socket. Raises ``OneselfError`` where the address cannot be had, saying what to do."""
    where = f"{config.host}:{config.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise OneselfError(f"server.host '{config.host}' is no address of this machine.", code="bad_host") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise OneselfError(
            f"Cannot listen on {where}: {error.strerror}. Choose another port with 'oneself serve --port PORT', or end "
            "what uses this one.",
            code="port_in_use",
        ) from error
    return bound


async def serve(paths: Paths, settings: Settings, key: str, *, on_ready: Callable[[RunFile], None]) -> None:
    """Serve this home until a signal ends it. Raises ``HomeHeld``, ``HomeError`` and ``OneselfError`` (port in use)."""
    bound = listen(settings.server)
    with contextlib.closing(bound), _signals(asyncio.current_task()) as signals:
        mind = await Mind.open(paths, settings)
        try:
            if signals.asked:
                return
            server = _Server(mind, settings, key, lambda: on_ready(_announce(paths, settings, bound)))
            signals.then(server.stop)
            async with server.running.at_end:
                await server.serve(sockets=[bound])
        finally:
            paths.run.unlink(missing_ok=True)
            await mind.close()


def _announce(paths: Paths, settings: Settings, bound: socket.socket) -> RunFile:
    about = RunFile(pid=os.getpid(), host=settings.server.host, port=bound.getsockname()[1])
    write_run_file(paths.run, about)
    return about


class _Server(uvicorn.Server):
    """uvicorn without its own signals: it would end the process by the signal instead of with 0."""

    def __init__(self, mind: Mind, settings: Settings, key: str, on_ready: Callable[[], None]) -> None:
        app = create_app(mind, settings, key)
        self.running: Running = app.state.running
        self._on_ready = on_ready
        drain = max(1, round(settings.server.drain_seconds))
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=drain,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()

    def stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self.running.stop()


class _Signals:
    """What SIGINT and SIGTERM do. While the mind is opening the first waits until it is open, to close it in order."""

    def __init__(self, opening: asyncio.Task[None] | None) -> None:
        self.asked = False
        self._opening = opening
        self._stop: Callable[[], object] | None = None

    def then(self, stop: Callable[[], object]) -> None:
        self._stop = stop

    def arrived(self) -> None:
        if self._stop is not None:
            self._stop()
        elif self.asked and self._opening is not None:
            self._opening.cancel()
        self.asked = True


@contextlib.contextmanager
def _signals(opening: asyncio.Task[None] | None) -> Iterator[_Signals]:
    signals, loop = _Signals(opening), asyncio.get_running_loop()
    handled = (signal.SIGINT, signal.SIGTERM)
    for one in handled:
        loop.add_signal_handler(one, signals.arrived)
    try:
        yield signals
    finally:
        for one in handled:
            loop.remove_signal_handler(one)
