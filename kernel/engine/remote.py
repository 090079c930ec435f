"""``RemoteEngine``: a bigger machine carries the weights, behind any OpenAI-compatible server.

See ``kernel.abc.Engine`` for the contract, ``dialects`` for what vLLM, llama-server and Ollama know, ``wire`` for HTTP.
Vectors stay on this machine, in the engine child, because those of the home must all be of one model; so do the tokens
of servers that have no route for them, which are then those of the home's base.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from kernel.abc import Engine, Finished, Generate, ModelInfo, Piece, Prompt, Vectors
from kernel.config import EngineConfig, Paths
from kernel.engine.chunks import Chunks
from kernel.engine.client import LocalEngine
from kernel.engine.dialects import Remote, encodable, models, recognise
from kernel.engine.peft_folder import peft_folder
from kernel.engine.starter import base_sha256
from kernel.engine.wire import Wire, message_of
from kernel.errors import (
    Busy,
    ContextOverflow,
    EngineDied,
    EngineError,
    ModelError,
    NoAdapters,
    NotFound,
    OneselfError,
    WrongUse,
)
from kernel.files import file_sha256
from kernel.types import DEFAULT_EMBEDDER, Usage

log = logging.getLogger(__name__)
RETRY_DELAYS = (0.5, 2.0)
"""Seconds before a request that has had no answer is sent again to a server that was not there."""
LOOK_SECONDS = 3.0
LOOK_PATIENCE = 10.0
LEAVE_SECONDS = 5.0


async def look(config: EngineConfig) -> str:
    """Who answers at ``engine.url``, in words. Raises what ``start`` would."""
    wire = Wire(config.url, config.key_file, connections=1)
    try:
        await wire.open()
        remote = await recognise(wire.fetch, config.model)
    finally:
        await wire.close()
    return f"{remote.dialect.name} at {wire.url} generates, with the model {remote.model}"


class RemoteEngine:
    """``kernel.abc.Engine`` over ``engine.url``. ``local``: who makes the vectors; the engine child where it is not given.
    ``look_seconds``: between two looks at whether the server is there."""

    def __init__(
        self, paths: Paths, config: EngineConfig, *, local: Engine | None = None, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._look_seconds = look_seconds
        self._paths, self._config = paths, config
        self._local: Engine = local or LocalEngine(paths, config)
        self._at_once = config.sequences + config.queue
        self._wire = Wire(config.url, config.key_file, connections=self._at_once + 8)
        self._remote: Remote | None = None
        self._info: ModelInfo | None = None
        self._up = False
        self._watching: asyncio.Task[None] | None = None
        self._adapters: dict[str, tuple[str, Path]] = {}
        self._leaving: set[str] = set()
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._running: Counter[str] = Counter()
        self._waiting = 0
        self._figures = Counter[str]()

    @property
    def pid(self) -> int | None:
        """Of the child that makes the vectors."""
        return self._local.pid if isinstance(self._local, LocalEngine) else None

    @property
    def up(self) -> bool:
        return self._up and self._local.up

    async def start(self) -> ModelInfo:
        if self._info is not None:
            return self._info
        try:
            await self._wire.open()
            self._remote = remote = await recognise(self._wire.fetch, self._config.model)
            base = await self._local.start()
        except BaseException:
            await self.close()
            raise
        template = remote.chat_template
        self._info = msgspec.structs.replace(
            base,
            name=remote.model,
            chat_template=template or base.chat_template,
            bos_token=remote.bos_token if template else base.bos_token,
            eos_token=remote.eos_token if template else base.eos_token,
            context_tokens=remote.context_tokens or self._config.context_tokens,
            vocabulary=remote.vocabulary or base.vocabulary,
        )
        self._up = True
        self._watching = asyncio.create_task(self._watch())
        return self._info

    async def close(self) -> None:
        self._up = False
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._info is not None:
            names = {name for name, _ in self._adapters.values()} | self._leaving
            await asyncio.gather(*map(self._let_go, names), *self._goodbyes)
        self._adapters, self._info, self._remote = {}, None, None
        await self._wire.close()
        await self._local.close()

    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        remote, info = self._started()
        name = self._named(request.adapter)
        path, body = remote.dialect.body(request, name)
        await self._check_fits(request, info)
        if self._running.total() >= self._at_once:
            raise Busy(
                f"{self._at_once} requests are with {self._wire.url} already; try again in a moment", retry_after=2
            )
        with self._counted(name):
            delays, begun, loaded = list(RETRY_DELAYS), False, request.adapter is None
            while True:
                try:
                    async with aclosing(self._stream(request, path, body)) as parts:
                        async for part in parts:
                            begun = True
                            yield part
                    return
                except EngineDied:
                    if begun or not delays:
                        self._up = self._up and begun
                        raise
                    await asyncio.sleep(delays.pop(0))
                except ModelError as error:  # it was started again since, and has forgotten the adapter
                    if loaded or begun or error.code != "not_served":
                        raise
                    loaded = True
                    await self._load_there(*self._adapters[request.adapter or ""])

    async def embed(self, texts: Sequence[Prompt], *, model: str = DEFAULT_EMBEDDER) -> Vectors:
        self._started()
        return await self._local.embed(texts, model=model)

    async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
        remote, _ = self._started()
        ask = None if model else remote.dialect.tokenize(encodable(text), remote.model, special=special)
        if ask is None:
            return await self._local.tokenize(text, special=special, model=model)
        answer = await self._wire.fetch(*ask)
        return [int(token) for token in self._known(answer, ask[0])["tokens"]]

    async def detokenize(self, tokens: Sequence[int]) -> str:
        remote, _ = self._started()
        for token in tokens:
            self._check_token(token, "there is no")
        ask = remote.dialect.detokenize(tokens, remote.model)
        if ask is None:
            return await self._local.detokenize(tokens)
        answer = self._known(await self._wire.fetch(*ask), ask[0])
        return str(answer.get("content", answer.get("prompt", "")))

    async def stats(self) -> dict[str, float]:
        self._started()
        local = await self._local.stats()
        return {
            "resident_bytes": local.get("resident_bytes", 0.0),
            "running": float(self._running.total() - self._waiting),
            "queued": float(self._waiting),
            "adapters": float(len(self._adapters)),
            **{
                name: float(self._figures[name])
                for name in ("restarts", "prompt_tokens", "prefix_tokens_reused", "tokens_decoded", "swaps")
            },
        }

    # --- adapters -----------------------------------------------------------------------------------------------------

    async def load_adapter(self, version: str, path: Path) -> None:
        remote, _ = self._started()
        if not path.is_file():
            raise ModelError(f"The adapter {path} is missing. Promote another self, or train this one again.")
        if not remote.dialect.takes_adapters:
            raise NoAdapters(
                f"{remote.dialect.name} at {self._wire.url} takes no adapter while it runs, so selves answer there by "
                "quoting. Serve the base with vLLM, or give that server a self with its adapter baked in."
            )
        adapter = path if path.name.startswith("adapter") else path.with_name("adapter.gguf")  # it has the base itself
        fits = await asyncio.to_thread(base_sha256, self._paths)
        folder = await asyncio.to_thread(peft_folder, adapter, self._paths.base, base_sha256=fits)
        digest = await asyncio.to_thread(file_sha256, adapter)
        name = f"oneself-{version}-{digest[:8]}"  # by content: what was cached under another one's name is never used
        before = self._adapters.get(version, ("", path))[0]
        if before == name:
            return
        await self._load_there(name, folder)
        self._leaving.discard(name)
        self._adapters[version] = (name, folder)
        if before:
            self._figures["swaps"] += 1
            self._leave(before)

    async def unload_adapter(self, version: str) -> None:
        self._started()
        name, _ = self._adapters.pop(version, ("", None))
        if name:
            self._leave(name)

    async def _load_there(self, name: str, folder: Path) -> None:
        where = str(folder)
        if self._config.adapters_at:
            where = str(Path(self._config.adapters_at) / folder.relative_to(self._paths.selves))
        status, answer = await self._wire.tell("/v1/load_lora_adapter", {"lora_name": name, "lora_path": where})
        told, code = message_of(answer)
        if status < 400 or "already been loaded" in told:
            return
        if (status in (404, 405) and not code) or "LoRA is not enabled" in told:
            raise NoAdapters(
                f"vLLM at {self._wire.url} takes no adapter while it runs, so selves answer there by quoting. Start it "
                "with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment."
            )
        raise ModelError(
            f"vLLM at {self._wire.url} could not load {where}: {told or status}. It must be able to read that folder: "
            "share the home's selves with it and name the place that it sees them at in engine.adapters_at."
        )

    def _leave(self, name: str) -> None:
        """Unload it there when the last of its requests has ended."""
        self._leaving.add(name)
        if not self._running[name]:
            task = asyncio.create_task(self._let_go(name))
            self._goodbyes.add(task)
            task.add_done_callback(self._goodbyes.discard)

    async def _let_go(self, name: str) -> None:
        if name in self._leaving and any(name == kept for kept, _ in self._adapters.values()):
            return  # it has come back meanwhile
        self._leaving.discard(name)
        try:
            await self._wire.tell("/v1/unload_lora_adapter", {"lora_name": name}, seconds=LEAVE_SECONDS)
        except EngineError:
            log.info("the adapter %s could not be unloaded: its server is not there", name)

    def _named(self, adapter: str | None) -> str:
        remote, _ = self._started()
        if adapter is None:
            return remote.model
        if adapter not in self._adapters:
            raise NotFound(f"there is no adapter '{adapter}' in the engine; load it first")
        return self._adapters[adapter][0]

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _stream(
        self, request: Generate, path: str, body: dict[str, Any]
    ) -> AsyncGenerator[Piece | Finished, None]:
        chunks = Chunks(request, self._wire.url)
        with self._until_it_begins() as begins:
            async with aclosing(self._wire.events(path, body)) as events:
                async for event in events:
                    begins()
                    if piece := chunks.feed(event):
                        yield piece
                    if chunks.stopped:
                        break
        if rest := chunks.end():
            yield rest
        usage = chunks.usage
        if usage is None:
            usage = Usage(prompt_tokens=await self._length(request.prompt), completion_tokens=chunks.tokens)
        self._figures["prompt_tokens"] += usage.prompt_tokens
        self._figures["prefix_tokens_reused"] += usage.cached_tokens
        self._figures["tokens_decoded"] += usage.completion_tokens
        yield Finished(reason=chunks.reason, usage=usage)

    async def _check_fits(self, request: Generate, info: ModelInfo) -> None:
        """Some servers cut what is too long without a word. Counted only where the letters do not show that it fits."""
        if not request.prompt:
            raise WrongUse("the prompt is empty; send at least one token")
        if request.max_tokens < 1:
            raise WrongUse(f"max_tokens is {request.max_tokens}; ask for at least 1")
        for token in request.logit_bias:
            self._check_token(token, "logit_bias names")
        at_most = len(
            request.prompt if isinstance(request.prompt, tuple) else request.prompt.encode("utf-8", "replace")
        )
        if at_most + 1 + request.max_tokens <= info.context_tokens:
            return
        length = await self._length(request.prompt)
        if length + request.max_tokens > info.context_tokens:
            raise ContextOverflow(
                f"the prompt has {length} tokens and {request.max_tokens} are asked for, which is more than the context "
                f"of {info.context_tokens}. Shorten the messages or lower max_tokens."
            )

    def _check_token(self, token: int, what: str) -> None:
        remote, info = self._started()
        if token < 0 or (remote.vocabulary and token >= remote.vocabulary):  # else it refuses it itself
            raise WrongUse(f"{what} token {token}; they are 0 to {info.vocabulary - 1}")

    async def _length(self, prompt: Prompt) -> int:
        return len(prompt) if isinstance(prompt, tuple) else len(await self.tokenize(prompt))

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        self._running[name] += 1
        try:
            yield
        finally:
            self._running[name] -= 1
            if not self._running[name] and name in self._leaving:
                self._leave(name)

    @contextmanager
    def _until_it_begins(self) -> Iterator[Callable[[], None]]:
        """Counts a request as waiting until what it gives is called, or it ends."""
        waiting = True
        self._waiting += 1

        def begins() -> None:
            nonlocal waiting
            self._waiting -= waiting
            waiting = False

        try:
            yield begins
        finally:
            begins()

    # --- the server's life --------------------------------------------------------------------------------------------

    def _started(self) -> tuple[Remote, ModelInfo]:
        if self._remote is None or self._info is None:
            raise EngineError("the engine is not running; call start() first")
        return self._remote, self._info

    async def _watch(self) -> None:
        """Look every few seconds whether it is there; when it has come back, give it its adapters back."""
        while True:
            await asyncio.sleep(self._look_seconds)
            was, problem = self._up, await self._problem()
            self._up = not problem
            if was and problem:
                log.warning("%s", problem)
            elif self._up and not was:
                self._figures["restarts"] += 1
                log.info("%s is back", self._wire.url)

    async def _problem(self) -> str:
        """Why no request would be taken; empty: there is none."""
        remote, _ = self._started()
        try:
            status, answer = await self._wire.tell(remote.dialect.health, seconds=LOOK_PATIENCE)
            if status >= 400:
                raise self._wire.fault(status, answer)
            served = await models(self._wire.fetch)
            if remote.model not in served:
                return f"{self._wire.url} does not serve {remote.model} any more"
            for name, folder in list(self._adapters.values()):
                if name not in served:
                    await self._load_there(name, folder)
        except OneselfError as error:
            return str(error)
        return ""

    def _known(self, answer: object, path: str) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise EngineError(f"{self._wire.url} has no {path}, which its kind has. Update that server.")
        return answer
