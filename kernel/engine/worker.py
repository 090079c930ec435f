"""The engine child: ``python -m kernel.engine.worker CONFIG_JSON``. Reads frames, runs steps, writes frames.

One thread reads, tokenises and compiles grammars; the main thread owns everything of llama.cpp and does, in turn: what
has arrived, one step of each context that has work, one small pass of embedding. A third ends the process when a step
hangs. A fault of llama.cpp ends the child; the parent starts another. It ends, too, when its stdin does.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import psutil

from kernel.abc import ModelInfo, Vectors
from kernel.engine.constraints import Constraint, Constraints
from kernel.engine.embedder import Embedder
from kernel.engine.lanes import Lane, Lanes
from kernel.engine.llamacpp import Model
from kernel.engine.protocol import (
    STARTING,
    AskFigures,
    Cancel,
    ChildConfig,
    Detokenize,
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
    Written,
)
from kernel.engine.sequence import Sequence
from kernel.errors import Busy, EngineError, ModelError, OneselfError
from kernel.frames import ChildChannel
from kernel.types import DEFAULT_EMBEDDER

EMBEDDED_WHILE_STREAMING = 8
"""Texts of one embedding pass while somebody waits for tokens."""
WORTH_READING = 64
"""Tokens that requests must have in common for a new self to read them before it is served."""
COMPILE_SECONDS = 20.0
"""That a grammar may take to be compiled; the ones that people write take milliseconds."""
HUNG = 75
"""Exit code of a child whose step took too long."""


class Prepared(msgspec.Struct, frozen=True):
    """A ``Submit`` that the reading thread has made ready: its tokens, and what it must follow."""

    submit: Submit
    tokens: list[int]
    constraint: Constraint | None


class Opened(msgspec.Struct, frozen=True):
    """A self that the loading thread has loaded, and that has read what requests begin with."""

    id: int
    version: str
    lane: Lane


class Refusal(msgspec.Struct, frozen=True):
    """What another thread was to make ready, and could not."""

    id: int
    error: OneselfError


FromInside = ToChild | Prepared | Opened | Refusal


class EmbedJob:
    """A list of texts on its way; small ones go before large ones."""

    def __init__(self, embed: Embed, embedder: Embedder) -> None:
        embedder.check(embed.texts)
        self.id, self.texts, self.embedder = embed.id, embed.texts, embedder
        self.vectors: Vectors = np.zeros((len(embed.texts), embedder.dimension), np.float32)
        self.done = 0

    @property
    def left(self) -> int:
        return len(self.texts) - self.done


class Watchdog:
    """Ends the process when one step takes longer than ``seconds``; its parent starts it again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = float("inf")
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        self._until = time.monotonic() + self._seconds
        yield
        self._until = float("inf")

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._seconds / 4))
            if time.monotonic() > self._until:
                os.write(2, f"engine: a step took more than {self._seconds:g} s; ending\n".encode())
                os._exit(HUNG)


class EngineChild:
    """The main thread's state. ``run`` returns when the parent has gone."""

    def __init__(self, config: ChildConfig, channel: ChildChannel[ToChild]) -> None:
        self._config, self._channel = config, channel
        self._model = Model(Path(config.base))
        self._constraints = Constraints(self._model)
        self._lanes = Lanes(self._model, config)
        self._embedders: dict[str, Embedder] = {}
        self._embedder(DEFAULT_EMBEDDER)
        self._embeds: deque[EmbedJob] = deque()
        self._inbox: queue.SimpleQueue[FromInside | None] = queue.SimpleQueue()
        self._opening: dict[str, int] = {}
        """Versions that are being opened, with the request that will be answered then."""
        self._watchdog = Watchdog(config.engine.step_seconds)
        self._compiling = Watchdog(COMPILE_SECONDS)

    def run(self) -> None:
        for version, path in self._config.adapters.items():
            try:
                self._lanes.put(version, self._lanes.open(version, Path(path)))
            except ModelError as error:  # its file is gone or was changed: the others go on without it
                sys.stderr.write(f"engine: {error}\n")
        self._channel.send(Ready(STARTING, self._info(), self._lanes.versions))
        threading.Thread(target=self._read, name="frames", daemon=True).start()
        while self._take_in():
            with self._watchdog.step():
                self._step()
                self._embed_some()
                self._lanes.let_go()

    @property
    def _tokens_at_most(self) -> int:
        """Of one request: what the cache holds, and no more than the model was trained to read."""
        return min(self._config.engine.context_tokens, self._model.window)

    # --- the reading thread ---

    def _read(self) -> None:
        try:
            while (frame := self._channel.receive()) is not None:
                self._inbox.put(self._prepare(frame) if isinstance(frame, Submit) else frame)
        finally:
            self._inbox.put(None)

    def _prepare(self, submit: Submit) -> Prepared | Refusal:
        prompt = submit.request.prompt
        try:
            tokens = self._model.prompt(prompt) if isinstance(prompt, str) else list(prompt)
            with self._compiling.step():
                return Prepared(submit, tokens, self._constraints.compile(submit.request))
        except OneselfError as error:
            return Refusal(submit.id, error)

    # --- the loading thread: weights and context of a self, while others are streaming ---

    def _open(self, frame: LoadAdapter, beginning: list[int]) -> None:
        with contextlib.suppress(OSError):  # not everywhere allowed
            make_way()
        try:
            lane = self._lanes.open(frame.version, Path(frame.path))
            if len(beginning) >= WORTH_READING:
                try:
                    lane.scheduler.read_ahead(beginning)
                except EngineError as error:  # of this self alone: the others go on
                    lane.close()
                    raise ModelError(f"{frame.path} cannot be run: {error}") from error
            self._inbox.put(Opened(frame.id, frame.version, lane))
        except OneselfError as error:
            self._inbox.put(Refusal(frame.id, error))
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for this load to end
            sys.stderr.write(f"engine: {frame.path}: {error!r}\n")
            self._inbox.put(Refusal(frame.id, ModelError(f"{frame.path} cannot be loaded ({type(error).__name__})")))

    # --- the main thread ---

    def _take_in(self) -> bool:
        """Everything that has arrived; waits for something if there is no work. False when the parent has gone."""
        while not (self._working() and self._inbox.empty()):
            if self._inbox.empty() and any(lane.scheduler.save_one() for lane in self._lanes):
                continue
            frame = self._inbox.get()
            if frame is None:
                return False
            id = frame.submit.id if isinstance(frame, Prepared) else frame.id
            try:
                self._handle(frame)
            except EngineError:
                raise
            except OneselfError as error:
                self._channel.send(Failed.of(id, error))
        return True

    def _working(self) -> bool:
        return bool(self._embeds) or any(lane.scheduler.busy for lane in self._lanes)

    def _step(self) -> None:
        """One of each context that has work; where there are several and somebody is streaming, they are short."""
        busy = [lane.scheduler for lane in self._lanes if lane.scheduler.busy]
        for scheduler in busy:
            hurry = len(busy) > 1 and any(each.streaming for each in busy)
            if outputs := scheduler.step(hurry=hurry):
                self._channel.send_all(outputs)

    def _handle(self, frame: FromInside) -> None:
        match frame:
            case Prepared():
                self._submit(frame)
            case Refusal(_, error):
                raise error
            case Cancel(id):
                any(lane.scheduler.cancel(id) for lane in self._lanes)
                self._lanes.let_go()
            case Embed():
                self._embeds.append(EmbedJob(frame, self._embedder(frame.model)))
            case Tokenize(id):
                self._channel.send(Tokens(id, self._tokenize(frame)))
            case Detokenize(id, tokens):
                self._channel.send(Written(id, self._model.text(tokens)))
            case LoadAdapter(id, version, path):
                if self._lanes.has(version, Path(path)):
                    self._channel.send(Done(id))
                else:
                    self._opening[version] = id
                    work = frame, self._lanes.shared_beginning
                    threading.Thread(target=self._open, args=work, name="loader", daemon=True).start()
            case Opened(id, version, lane):
                if self._opening.get(version) != id:
                    lane.close()
                    raise ModelError(f"self {version} was unloaded, or loaded from elsewhere, before it was there")
                del self._opening[version]
                self._lanes.put(version, lane)
                self._channel.send(Done(id))
            case UnloadAdapter(id, version):
                self._opening.pop(version, None)
                self._lanes.unload(version)
                self._channel.send(Done(id))
            case AskFigures(id):
                self._channel.send(Figures(id, self._figures()))

    def _submit(self, prepared: Prepared) -> None:
        submit = prepared.submit
        scheduler = self._lanes[submit.request.adapter].scheduler
        limit = self._config.engine.queue
        if scheduler.full and self._lanes.in_line >= limit:
            raise Busy(f"{limit} requests are waiting already; try again in a moment", retry_after=2)
        sequence = Sequence(
            submit.id,
            submit.request,
            prepared.tokens,
            self._model,
            cells=self._tokens_at_most,
            constraint=prepared.constraint,
        )
        scheduler.add(sequence)

    def _tokenize(self, frame: Tokenize) -> list[int]:
        if frame.model:
            return self._embedder(frame.model).tokens(frame.text)
        return self._model.prompt(frame.text) if frame.special else self._model.tokenize(frame.text, special=False)

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
        streaming = any(lane.scheduler.busy for lane in self._lanes)
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
            vocabulary=self._model.vocabulary,
        )

    def _figures(self) -> dict[str, float]:
        schedulers, totals = [lane.scheduler for lane in self._lanes], self._lanes.shared.totals
        return {
            "resident_bytes": float(psutil.Process().memory_info().rss),
            "running": float(sum(scheduler.running for scheduler in schedulers)),
            "queued": float(sum(scheduler.queued for scheduler in schedulers)),
            "adapters": float(len(self._lanes.versions)),
            "cells": float(len(schedulers) * self._config.engine.context_tokens),
            "cells_used": float(sum(scheduler.cells_used for scheduler in schedulers)),
            "state_bytes": float(self._lanes.shared.states.held),
            "prompt_tokens": float(totals.prompt_tokens),
            "prefix_tokens_reused": float(totals.reused),
            "tokens_decoded": float(totals.decoded),
            "steps": float(totals.steps),
            "prompt_seconds": totals.prompt_seconds,
            "decode_seconds": totals.decode_seconds,
            "preempted": float(totals.preempted),
            "swaps": float(self._lanes.swaps),
        }


def make_way() -> None:
    """Let this thread run when nobody else wants the core: to fill a cache with zeros takes as long as several steps."""
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


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
