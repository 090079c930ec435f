"""The engine lent as it is: raw completions, vectors and tokens, without the self's memory. Part of ``Mind``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import msgspec

from kernel.abc import Engine, Finished, Generate, ModelInfo, Piece, Prompt, Vectors
from kernel.answer.answerer import Answerer
from kernel.answer.completing import Completed, Completing, adapter_of, complete, lengths, whole
from kernel.config import KernelConfig
from kernel.engine.scripted import ScriptedEngine
from kernel.memory.store import Store
from kernel.types import AnswerDelta, Hit, Question, Usage


class Lending:
    """Over the parts that ``Mind`` opens."""

    config: KernelConfig
    store: Store
    engine: Engine
    info: ModelInfo
    answerer: Answerer

    async def complete(self, asked: Completing) -> Completed:
        """See ``kernel.answer.completing.complete``."""
        return await whole(self.complete_stream(asked))

    def complete_stream(self, asked: Completing) -> AsyncGenerator[AnswerDelta | Completed, None]:
        """Pieces as they come, then the whole."""
        return complete(
            self.answerer,
            self.engine,
            asked,
            context_tokens=self.info.context_tokens,
            at_once=self.config.engine.sequences,
        )

    def embedding_models(self) -> list[str]:
        """Names of the models that embed: the configured one first, then, until all is embedded anew, the one before."""
        return list(dict.fromkeys((self.config.memory.embedder, self.store.embedding_model)))

    async def embed(self, texts: Sequence[Prompt], model: str) -> tuple[Vectors, int]:
        """``(n, d)`` vectors of length 1 and how many tokens the texts have. ``model``: one of ``embedding_models``."""
        counts, vectors = await asyncio.gather(
            lengths(self.engine, texts, model=model), self.engine.embed(texts, model=model)
        )
        return vectors, sum(counts)

    async def tokenize(self, text: str, *, model: str, special: bool = True) -> list[int]:
        """As ``model`` reads it: one that embeds or one that answers. Raises ``NotFound``; see ``Engine.tokenize``."""
        if model in self.embedding_models():
            return await self.engine.tokenize(text, special=special, model=model)
        self.check_model(model)
        return await self.engine.tokenize(text, special=special)

    def check_model(self, model: str) -> None:
        """Raises ``NotFound`` for a model that does not write."""
        adapter_of(self.answerer, model)

    async def prompt_of(self, question: Question) -> Prompt:
        """What the engine would be sent for ``question`` with its memory off: template, persona and tools included."""
        listening = _Listening()
        asker = Answerer(listening, _nothing_found, self.answerer.context)
        await asker.ask(msgspec.structs.replace(question, memory=False, n=1))
        return listening.prompt


class _Listening(ScriptedEngine):
    """Takes down what it is asked for and says nothing."""

    prompt: Prompt = ""

    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        self.prompt = request.prompt
        yield Finished(reason="stop", usage=Usage())


async def _nothing_found(_query: str, _limit: int, _as_of: str | None, _before: tuple[str, ...]) -> list[Hit]:
    return []
