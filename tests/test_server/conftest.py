"""A served self for the tests: real uvicorn on a free port, in a thread of its own, with the home's ``run.json``."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from click.testing import CliRunner, Result

from kernel.config import Paths
from server.app import create_app
from server.cli import main
from server.runfile import RunFile, write_run_file
from server.settings import ServerConfig, Settings
from tests.test_server.fake_self import FakeSelf
from tests.test_server.wire import Run

KEY = "sk-self-test"


class Served:
    """A server in a thread; ``call`` runs something on its loop."""

    def __init__(self, mind: Any, settings: Settings, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.mind, self.settings, self.port, self.loop = mind, settings, port, loop
        self.url = f"http://127.0.0.1:{port}"
        self.key = KEY
        self.home = mind.paths.home

    def http(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}", **headers}, timeout=30)

    def call(self, function: Callable[[], Any]) -> Any:
        done: Any = asyncio.run_coroutine_threadsafe(_on_loop(function), self.loop)
        return done.result(10)


async def _on_loop(function: Callable[[], Any]) -> Any:
    return function()


@contextmanager
def serving(make: Callable[[], Any], paths: Paths, config: ServerConfig) -> Iterator[Served]:
    """``make`` gives the mind and, maybe, is a coroutine; ``close`` of it is called at the end where it has one."""
    ready, served, stop = threading.Event(), [], []
    failure: list[BaseException] = []

    async def run() -> None:
        made = make()
        mind = await made if asyncio.iscoroutine(made) else made
        settings = Settings(server=config)
        with socket.socket(proto=socket.IPPROTO_TCP) as bound:  # as a bare one it would wait before small answers
            bound.bind(("127.0.0.1", 0))
            app = create_app(mind, settings, KEY)
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
            port = bound.getsockname()[1]
            write_run_file(paths.run, RunFile(pid=os.getpid(), host="127.0.0.1", port=port))
            task = asyncio.create_task(server.serve(sockets=[bound]))
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            served.append(Served(mind, settings, port, asyncio.get_running_loop()))
            stop.append(lambda: setattr(server, "should_exit", True))
            ready.set()
            async with app.state.running.at_end:
                await task
        if hasattr(mind, "close"):
            await mind.close()

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failure.append(error)
        finally:
            ready.set()

    runner = threading.Thread(target=thread)
    runner.start()
    ready.wait(60)
    try:
        if failure:
            raise failure[0]
        yield served[0]
    finally:
        for end in stop:
            end()
        runner.join(30)
        paths.run.unlink(missing_ok=True)
    if failure:
        raise failure[0]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    home = Paths(tmp_path / "home")
    home.home.mkdir()
    home.version.write_text("1\n")
    home.api_key.write_text(f"{KEY}\n")
    home.api_key.chmod(0o600)
    return home


@pytest.fixture
def serve(paths: Paths) -> Iterator[Callable[..., Served]]:
    """Start a server over a ``FakeSelf``; settings of section ``server`` by name."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **config: stack.enter_context(serving(lambda: FakeSelf(paths), paths, ServerConfig(**config)))


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture
def serve_mind() -> Callable[..., Any]:
    """``serving`` itself, for a real mind."""
    return serving


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with served.http() as client:
        yield client


@pytest.fixture
def run(served: Served) -> Run:
    """A command of ``oneself`` against the served self."""

    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            main, ["--home", str(served.home), *arguments], input=stdin, env={"ONESELF_HOME": None}
        )

    return invoke


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "oslo.md").write_text("I live in Oslo.")
    (notes / "cat.md").write_text("My cat is called Kaya.")
    return notes
