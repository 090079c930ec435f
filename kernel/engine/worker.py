"""The engine child: ``python -m kernel.engine.worker CONFIG_JSON``. Reads frames, runs steps, writes frames.

One thread reads and tokenises; the main thread owns everything of llama.cpp and does, in turn: what has arrived, one
step of each context that has work, one small pass of embedding. A fault of llama.cpp ends the child; the parent starts
another. It ends, too, when its stdin does.
"""

from __future__ import annotations

import hashlib
import queue
import sys
import threading
from collections import deque
from pathlib import Path

import msgspec
import numpy as np
import psutil

from kernel.abc import ModelInfo, Vectors
from kernel.engine.embedder import Embedder
from kernel.engine.llamacpp import Adapter, Model
from kernel.engine.protocol import (
    STARTING,
    AskFigures,
    Cancel,
    ChildConfig,
    Done,
    Embed,
    Embedded,
    Failed,
    Figures,
    LoadAdapter,
    Ready,
    Submit,
    ToChild,
    Tokenize,
    Tokens,
    UnloadAdapter,
)
from kernel.engine.scheduler import Scheduler
from kernel.engine.sequence import Sequence
from kernel.errors import Busy, EngineError, ModelError, NotFound, OneselfError, WrongUse
from kernel.frames import ChildChannel
from kernel.types import DEFAULT_EMBEDDER

EMBEDDED_WHILE_STREAMING = 8
"""Texts of one embedding pass while somebody waits for tokens."""


class Prompt(msgspec.Struct, frozen=True):
    """A ``Submit`` whose prompt the reading thread has turned into tokens."""

    submit: Submit
    tokens: list[int]


class EmbedJob:
    """A list of texts on its way; small ones go before large ones."""

    def __init__(self, embed: Embed, embedder: Embedder) -> None:
        self.id, self.texts, self.embedder = embed.id, embed.texts, embedder
        self.vectors: Vectors = np.zeros((len(embed.texts), embedder.dimension), np.float32)
        self.done = 0

    @property
    def left(self) -> int:
        return len(self.texts) - self.done


class Lane:
    """One adapter version (or none) with its context."""

    def __init__(self, model: Model, config: ChildConfig, adapter: Adapter | None = None) -> None:
        self.adapter = adapter
        try:
            self.scheduler = Scheduler(model, config.engine, adapter)
        except OneselfError:
            if adapter is not None:
                adapter.free()
            raise

    def close(self) -> None:
        self.scheduler.close()
        if self.adapter is not None:
            self.adapter.free()


class EngineChild:
    """The main thread's state. ``run`` returns when the parent has gone."""

    def __init__(self, config: ChildConfig, channel: ChildChannel[ToChild]) -> None:
        self._config, self._channel = config, channel
        self._model = Model(Path(config.base))
        self._template_sha256 = hashlib.sha256(self._model.chat_template.encode()).hexdigest()
        self._lanes: dict[str | None, Lane] = {None: Lane(self._model, config)}
        self._leaving: list[Lane] = []
        self._embedders: dict[str, Embedder] = {}
        self._embedder(DEFAULT_EMBEDDER)
        self._embeds: deque[EmbedJob] = deque()
        self._inbox: queue.SimpleQueue[ToChild | Prompt | None] = queue.SimpleQueue()

    def run(self) -> None:
        for version, path in self._config.adapters.items():
            try:
                self._load(version, Path(path))
            except ModelError as error:  # its file is gone or was changed: the others go on without it
                sys.stderr.write(f"engine: {error}\n")
        self._channel.send(Ready(STARTING, self._info(), [version for version in self._lanes if version is not None]))
        threading.Thread(target=self._read, name="frames", daemon=True).start()
        while self._take_in():
            for lane in [*self._lanes.values(), *self._leaving]:
                if lane.scheduler.busy:
                    for output in lane.scheduler.step():
                        self._channel.send(output)
            self._embed_some()
            self._let_go()

    @property
    def _tokens_at_most(self) -> int:
        """Of one request: what the cache holds, and no more than the model was trained to read."""
        return min(self._config.engine.context_tokens, self._model.window)

    # --- the reading thread ---

    def _read(self) -> None:
        try:
            while (frame := self._channel.receive()) is not None:
                if isinstance(frame, Submit):
                    self._inbox.put(Prompt(frame, self._model.prompt(frame.request.prompt)))
                else:
                    self._inbox.put(frame)
        finally:
            self._inbox.put(None)

    # --- the main thread ---

    def _take_in(self) -> bool:
        """Everything that has arrived; waits for something if there is no work. False when the parent has gone."""
        while not (self._working() and self._inbox.empty()):
            frame = self._inbox.get()
            if frame is None:
                return False
            id = frame.submit.id if isinstance(frame, Prompt) else frame.id
            try:
                self._handle(frame)
            except EngineError:
                raise
            except OneselfError as error:
                self._channel.send(Failed.of(id, error))
        return True

    def _working(self) -> bool:
        return bool(self._embeds) or any(lane.scheduler.busy for lane in [*self._lanes.values(), *self._leaving])

    def _handle(self, frame: ToChild | Prompt) -> None:
        match frame:
            case Prompt(submit, tokens):
                self._submit(submit, tokens)
            case Cancel(id):
                any(lane.scheduler.cancel(id) for lane in [*self._lanes.values(), *self._leaving])
                self._let_go()
            case Embed():
                self._embeds.append(EmbedJob(frame, self._embedder(frame.model)))
            case Tokenize(id, text, special):
                tokens = self._model.prompt(text) if special else self._model.tokenize(text, special=False)
                self._channel.send(Tokens(id, tokens))
            case LoadAdapter(id, version, path):
                self._load(version, Path(path))
                self._channel.send(Done(id))
            case UnloadAdapter(id, version):
                if version in self._lanes:
                    self._leaving.append(self._lanes.pop(version))
                    self._let_go()
                self._channel.send(Done(id))
            case AskFigures(id):
                self._channel.send(Figures(id, self._figures()))

    def _submit(self, submit: Submit, tokens: list[int]) -> None:
        lane = self._lanes.get(submit.request.adapter)
        if lane is None:
            raise NotFound(f"there is no adapter '{submit.request.adapter}' in the engine; load it first")
        limit = self._config.engine.queue
        if lane.scheduler.full and sum(other.scheduler.in_line for other in self._lanes.values()) >= limit:
            raise Busy(f"{limit} requests are waiting already; try again in a moment", retry_after=2)
        lane.scheduler.add(Sequence(submit.id, submit.request, tokens, self._model, cells=self._tokens_at_most))

    def _load(self, version: str, path: Path) -> None:
        if version in self._lanes:
            loaded = self._lanes[version].adapter
            if loaded is not None and loaded.path != path:
                raise WrongUse(
                    f"adapter '{version}' is loaded from {loaded.path}; unload it before loading another file"
                )
            return
        adapter = Adapter(
            self._model, path, base_sha256=self._config.base_sha256, template_sha256=self._template_sha256
        )
        try:
            self._lanes[version] = Lane(self._model, self._config, adapter)
        except EngineError as error:  # no memory for one more context: what is running goes on
            raise ModelError(f"adapter '{version}' cannot be loaded: {error}") from error

    def _let_go(self) -> None:
        """Free the adapters that were unloaded and have nothing running any more."""
        for lane in [lane for lane in self._leaving if not lane.scheduler.busy]:
            self._leaving.remove(lane)
            lane.close()

    def _embedder(self, name: str) -> Embedder:
        if name not in self._embedders:
            path = Path(self._config.models, f"{name}.gguf")
            if not path.is_file():
                raise ModelError(
                    f"{path} is missing: put the embedding model there, or set memory.embedder to another."
                )
            engine = self._config.engine
            self._embedders[name] = Embedder(path, threads=engine.threads, batch=engine.embedding_batch)
        return self._embedders[name]

    def _embed_some(self) -> None:
        if not self._embeds:
            return
        job = min(self._embeds, key=lambda waiting: waiting.left)
        streaming = any(lane.scheduler.busy for lane in self._lanes.values())
        count = EMBEDDED_WHILE_STREAMING if streaming else self._config.engine.embedding_batch
        part = slice(job.done, job.done + count)
        job.vectors[part] = job.embedder.embed(job.texts[part])
        job.done += count
        if job.left <= 0:
            self._embeds.remove(job)
            rows, columns = job.vectors.shape
            self._channel.send(Embedded(job.id, rows, columns, job.vectors.tobytes()))

    def _info(self) -> ModelInfo:
        return ModelInfo(
            sha256=self._config.base_sha256,
            name=self._model.metadata("general.name") or Path(self._config.base).stem,
            chat_template=self._model.chat_template,
            bos_token=self._model.bos,
            eos_token=self._model.eos,
            context_tokens=self._tokens_at_most,
            embedding_length=self._embedder(DEFAULT_EMBEDDER).dimension,
        )

    def _figures(self) -> dict[str, float]:
        schedulers = [lane.scheduler for lane in [*self._lanes.values(), *self._leaving]]
        return {
            "resident_bytes": float(psutil.Process().memory_info().rss),
            "running": float(sum(scheduler.running for scheduler in schedulers)),
            "queued": float(sum(scheduler.queued for scheduler in schedulers)),
            "tokens_decoded": float(sum(scheduler.decoded for scheduler in schedulers)),
            "prefix_tokens_reused": float(sum(scheduler.reused for scheduler in schedulers)),
            "adapters": float(len(self._lanes) - 1),
        }


def main() -> int:
    channel: ChildChannel[ToChild] = ChildChannel.take_stdio(ToChild)
    try:
        EngineChild(msgspec.json.decode(sys.argv[1], type=ChildConfig), channel).run()
    except BrokenPipeError:
        return 0  # the parent has gone
    except OneselfError as error:
        channel.send(Failed.of(STARTING, error))
        sys.stderr.write(f"engine: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
