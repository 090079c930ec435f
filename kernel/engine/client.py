"""The parent's side of the engine: ``LocalEngine`` starts the child, hands requests over and outlives its deaths.

See ``kernel.abc.Engine`` for the contract. No llama.cpp here. When the child ends under it, streams that had begun end
with ``EngineDied``; a new child is started, the adapters are loaded again, and every request that had sent nothing is
run again, at most ``RUNS`` times, lest one that is deadly be run for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import IO, TypeVar

import msgspec
import numpy as np

from kernel.abc import Finished, Generate, ModelInfo, Piece, Prompt, Vectors
from kernel.config import EngineConfig, Paths
from kernel.engine.protocol import (
    STARTING,
    AskFigures,
    Cancel,
    ChildConfig,
    Detokenize,
    Done,
    Embed,
    Embedded,
    Ended,
    Failed,
    Figures,
    FromChild,
    LoadAdapter,
    Ready,
    Submit,
    Text,
    ToChild,
    Tokenize,
    Tokens,
    UnloadAdapter,
    Written,
)
from kernel.engine.starter import verify
from kernel.errors import EngineDied, EngineError, ModelError, OneselfError
from kernel.frames import ChildProcess
from kernel.types import DEFAULT_EMBEDDER

RUNS = 3
RESTART_DELAYS = (0.0, 0.5, 2.0, 5.0)
"""Seconds before each attempt to start a child that will not come up; after the last one the requests are failed."""
MAX_LOG_BYTES = 4 * 1024 * 1024

Answer = TypeVar("Answer", bound=FromChild)


class _Request:
    """One request that waits for frames."""

    def __init__(self, frame: ToChild) -> None:
        self.frame = frame
        self.frames: asyncio.Queue[FromChild | OneselfError] = asyncio.Queue()
        self.begun = False
        self.runs = 0


class LocalEngine:
    """``kernel.abc.Engine`` over a child process. ``on_restart(why)`` is told of each restart, once it is up again."""

    def __init__(self, paths: Paths, config: EngineConfig, *, on_restart: Callable[[str], None] | None = None) -> None:
        self._paths, self._config = paths, config
        self._on_restart = on_restart or (lambda _why: None)
        self._ids = itertools.count(STARTING + 1)
        self._requests: dict[int, _Request] = {}
        self._adapters: dict[str, Path] = {}
        self._child: ChildProcess[FromChild] | None = None
        self._log: IO[bytes] | None = None
        self._info: ModelInfo | None = None
        self._starting: asyncio.Future[Ready] | None = None
        self._restart: asyncio.Task[None] | None = None
        self._up = False
        self._closed = False
        self._restarts = 0
        self._base_sha256 = ""

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._child.pid if self._child is not None and self._child.running else None

    @property
    def up(self) -> bool:
        return self._up

    async def start(self) -> ModelInfo:
        if self._info is not None and not self._closed:
            return self._info
        manifest = await asyncio.to_thread(verify, self._paths)
        if self._paths.base.name not in manifest.files:
            raise ModelError(f"{self._paths.models / 'manifest.json'} names no base model. Run `oneself init`.")
        self._base_sha256 = manifest.files[self._paths.base.name].sha256
        self._closed = False
        self._log = await asyncio.to_thread(self._open_log)
        try:
            self._info = await self._launch()
        except OneselfError:
            await self.close()
            raise
        self._up = True
        return self._info

    async def close(self) -> None:
        self._closed, self._up = True, False
        if self._restart is not None:
            self._restart.cancel()
            await asyncio.gather(self._restart, return_exceptions=True)
        self._fail_all(EngineError("the engine was closed"))
        if self._child is not None:
            await self._child.stop()
        if self._log is not None:
            self._log.close()
            self._log = None

    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        bare = msgspec.structs.replace(request, prompt=_encodable(request.prompt), messages=())
        id, waiting = await self._send(lambda id: Submit(id, bare))
        try:
            while True:
                match await self._next(waiting):
                    case Text(_, text, tokens, scores):
                        yield Piece(text=text, tokens=tokens, scores=scores)
                    case Ended(_, reason, usage):
                        yield Finished(reason=reason, usage=usage)
                        return
                    case other:
                        raise EngineError(f"the engine answered with {type(other).__name__} to a request for tokens")
        finally:
            if self._requests.pop(id, None) is not None and self._up and self._child is not None:
                with contextlib.suppress(ConnectionError):
                    await self._child.send(Cancel(id))

    async def embed(self, texts: Sequence[Prompt], *, model: str = DEFAULT_EMBEDDER) -> Vectors:
        plain = [_encodable(text) for text in texts]
        answer = await self._call(lambda id: Embed(id, plain, model), Embedded)
        return np.frombuffer(answer.data, np.float32).reshape(answer.rows, answer.columns)

    async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
        plain = text.encode("utf-8", "replace").decode("utf-8")
        return (await self._call(lambda id: Tokenize(id, plain, special, model), Tokens)).tokens

    async def detokenize(self, tokens: Sequence[int]) -> str:
        return (await self._call(lambda id: Detokenize(id, list(tokens)), Written)).text

    async def load_adapter(self, version: str, path: Path) -> None:
        try:
            await self._call(lambda id: LoadAdapter(id, version, str(path)), Done)
        except asyncio.CancelledError:
            if version not in self._adapters and self._up:  # whoever wanted it has left: nobody would ever unload it
                await self._pass_on(_Request(UnloadAdapter(next(self._ids), version)))
            raise
        self._adapters[version] = path

    async def unload_adapter(self, version: str) -> None:
        self._adapters.pop(version, None)
        await self._call(lambda id: UnloadAdapter(id, version), Done)

    async def stats(self) -> dict[str, float]:
        answer = await self._call(AskFigures, Figures)
        return {**answer.values, "restarts": float(self._restarts)}

    # --- requests ---

    async def _call(self, make: Callable[[int], ToChild], kind: type[Answer]) -> Answer:
        id, waiting = await self._send(make)
        try:
            answer = await self._next(waiting)
        finally:
            self._requests.pop(id, None)
        if not isinstance(answer, kind):
            raise EngineError(f"the engine answered with {type(answer).__name__} where {kind.__name__} was due")
        return answer

    async def _send(self, make: Callable[[int], ToChild]) -> tuple[int, _Request]:
        """Hand a request over, or leave it for the child that is being started."""
        if self._closed or self._info is None:
            raise EngineError("the engine is not running; call start() first")
        id = next(self._ids)
        waiting = self._requests[id] = _Request(make(id))
        if self._up:
            await self._pass_on(waiting)
        elif self._restart is None or self._restart.done():
            self._restart = asyncio.create_task(self._bring_up("it was down"))
        return id, waiting

    async def _pass_on(self, waiting: _Request) -> None:
        waiting.runs += 1
        with contextlib.suppress(ConnectionError):  # its death is handled where it is noticed
            if self._child is not None:
                await self._child.send(waiting.frame)

    async def _next(self, waiting: _Request) -> FromChild:
        frame = await waiting.frames.get()
        if isinstance(frame, OneselfError):
            raise frame
        return frame

    def _fail_all(self, error: OneselfError) -> None:
        for waiting in self._requests.values():
            waiting.frames.put_nowait(error)
        self._requests.clear()

    # --- the child's life ---

    async def _launch(self) -> ModelInfo:
        """Start a child and wait until it is ready. Raises what it says is wrong, or ``EngineDied``."""
        config = ChildConfig(
            base=str(self._paths.base),
            models=str(self._paths.models),
            base_sha256=self._base_sha256,
            engine=self._config,
            adapters={version: str(path) for version, path in self._adapters.items()},
        )
        starting: asyncio.Future[Ready] = asyncio.get_running_loop().create_future()
        self._starting = starting
        child: ChildProcess[FromChild] = ChildProcess(
            ["-m", "kernel.engine.worker", msgspec.json.encode(config).decode()],
            FromChild,
            self._received,
            lambda code: self._exited(child, code),
            log=self._log,
        )
        self._child = child
        await child.start()
        ready = await starting
        if not child.running:
            raise EngineDied(f"the engine ended as soon as it was ready; its log is {self._paths.logs / 'engine.log'}")
        self._adapters = {
            v: path for v, path in self._adapters.items() if v in ready.adapters
        }  # less what was unloaded
        return ready.info

    def _received(self, frame: FromChild) -> None:
        if frame.id == STARTING:
            if self._starting is not None and not self._starting.done():
                if isinstance(frame, Ready):
                    self._starting.set_result(frame)
                elif isinstance(frame, Failed):
                    self._starting.set_exception(frame.error())
            return
        waiting = self._requests.get(frame.id)
        if waiting is None:
            return  # it was cancelled; these were on their way
        waiting.begun = waiting.begun or isinstance(frame, Text)
        waiting.frames.put_nowait(frame.error() if isinstance(frame, Failed) else frame)
        if not isinstance(frame, Text):
            del self._requests[frame.id]

    def _exited(self, child: ChildProcess[FromChild], code: int) -> None:
        if child is not self._child or self._closed:
            return
        how = "was killed" if code == -9 else f"ended with code {code}"
        log = self._paths.logs / "engine.log"
        died = EngineDied(f"the engine {how}; its log is {log}. Ask again: it restarts by itself.")
        if self._starting is not None and not self._starting.done():
            self._starting.set_exception(died)
            return
        if not self._up:
            return
        self._up = False
        for id, waiting in list(self._requests.items()):
            if waiting.begun or waiting.runs >= RUNS:
                waiting.frames.put_nowait(died)
                del self._requests[id]
        self._restart = asyncio.create_task(self._bring_up(how))

    async def _bring_up(self, why: str) -> None:
        """Another child, with its adapters and the requests that have had no answer."""
        failure: OneselfError | None = None
        for delay in RESTART_DELAYS:
            await asyncio.sleep(delay)
            try:
                self._info = await self._launch()
            except OneselfError as error:
                failure = error
                continue
            self._up = True
            self._restarts += 1
            self._on_restart(why)
            child = self._child
            for waiting in list(self._requests.values()):
                if not self._up or child is not self._child:
                    return  # it has died again, and another attempt has begun
                await self._pass_on(waiting)
            return
        self._fail_all(EngineDied(f"the engine does not come up again: {failure}"))

    def _open_log(self) -> IO[bytes]:
        self._paths.logs.mkdir(parents=True, exist_ok=True)
        path = self._paths.logs / "engine.log"
        too_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
        return path.open("wb" if too_long else "ab")


def _encodable(prompt: Prompt) -> Prompt:
    """A text without lone surrogates, which cannot be written as UTF-8."""
    return prompt.encode("utf-8", "replace").decode("utf-8") if isinstance(prompt, str) else prompt
