"""Texts that go on from a prompt as it is: no persona, no memory, no template, nothing checked or cited.

The prompts of a batch and the ``n`` texts of each are one stream. ``choice`` is the prompt's place in the batch times ``n``
plus the text's place among those of its prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kernel.abc import Engine, Finished, Generate, Piece, Prompt
from kernel.answer.answerer import Answerer
from kernel.answer.free import nth_seed
from kernel.answer.together import together
from kernel.errors import ContextOverflow, NotFound, WrongUse
from kernel.types import AnswerDelta, Choice, Frozen, Sampling, TokenScore, Usage


class Completing(Sampling, frozen=True, kw_only=True):
    """What is to be completed, and by which model."""

    prompts: tuple[Prompt, ...]
    model: str = "self"
    """``self`` and ``self-weights`` are both the live self's weights here; ``base``; ``self:NNNN``."""
    n: int = 1
    """How many texts for each prompt; with a seed the second has the seed after it, and so on."""


class Completed(Frozen, frozen=True, kw_only=True):
    model: str
    choices: tuple[Choice, ...]
    usage: Usage
    """Each prompt counted once, however many texts go on from it."""


class _Text:
    """One text in the making."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.scores: list[TokenScore] = []
        self.end = Finished(reason="stop", usage=Usage())

    def choice(self) -> Choice:
        return Choice(text="".join(self.parts), scores=tuple(self.scores), finish_reason=self.end.reason)


async def complete(
    answerer: Answerer, engine: Engine, asked: Completing, *, context_tokens: int, at_once: int
) -> AsyncGenerator[AnswerDelta | Completed, None]:
    """Pieces as they come, then the whole. At most ``at_once`` texts are in the engine together, so that a large batch
    fills nobody else's place in its queue.

    Raises ``NotFound`` for a model that is not served, ``ContextOverflow`` before the first piece where a prompt of a
    batch is too long for ``context_tokens``, and what ``Engine.generate`` raises.
    """
    adapter = adapter_of(answerer, asked.model)
    if len(asked.prompts) > 1:
        await _check_lengths(engine, asked, context_tokens)
    requests = [
        Generate(**{**asked.chosen(), "seed": nth_seed(asked.seed, i)}, prompt=prompt, adapter=adapter)
        for prompt in asked.prompts
        for i in range(asked.n)
    ]
    texts = [_Text() for _ in requests]
    with answerer.context.in_use.using(adapter):
        async with aclosing(together(engine, requests, at_once=at_once)) as parts:
            async for index, part in parts:
                if isinstance(part, Piece):
                    texts[index].parts.append(part.text)
                    texts[index].scores += part.scores
                    yield AnswerDelta(choice=index, text=part.text, scores=part.scores)
                else:
                    texts[index].end = part
                    yield AnswerDelta(choice=index, finish=part.reason)
    yield Completed(model=asked.model, choices=tuple(text.choice() for text in texts), usage=_usage(texts, asked.n))


async def whole(parts: AsyncGenerator[AnswerDelta | Completed, None]) -> Completed:
    """The last of them, without the pieces."""
    async with aclosing(parts):
        async for part in parts:
            if isinstance(part, Completed):
                return part
    raise AssertionError("a stream ends with the whole")


def adapter_of(answerer: Answerer, model: str) -> str | None:
    """Whose weights ``model`` is: the version of a self, or ``None`` for the base's own. Raises ``NotFound``."""
    way = answerer.way(model, memory=False)
    if way.method != "weights":
        raise NotFound(
            f"there is no model '{model[:80]}' for this; served are: {', '.join(answerer.served())}",
            code="model_not_found",
        )
    return way.adapter


async def lengths(engine: Engine, prompts: Sequence[Prompt], *, model: str = "") -> list[int]:
    """Tokens of each prompt, as ``model`` (an embedding model, or the base where it is empty) reads it."""

    async def length(prompt: Prompt) -> int:
        return len(await engine.tokenize(prompt, model=model) if isinstance(prompt, str) else prompt)

    return await asyncio.gather(*map(length, prompts))


async def _check_lengths(engine: Engine, asked: Completing, context_tokens: int) -> None:
    """A batch is refused as a whole: the engine would find out only when the turn of the faulty prompt comes."""
    for i, length in enumerate(await lengths(engine, asked.prompts)):
        if length == 0:
            raise WrongUse(f"prompt[{i}] is empty; send at least one token")
        if length + asked.max_tokens > context_tokens:
            raise ContextOverflow(
                f"prompt[{i}] has {length} tokens and {asked.max_tokens} are asked for, which is more than the context "
                f"of {context_tokens}. Shorten it or lower max_tokens."
            )


def _usage(texts: Sequence[_Text], n: int) -> Usage:
    prompts = [text.end.usage for text in texts[::n]]
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in prompts),
        completion_tokens=sum(text.end.usage.completion_tokens for text in texts),
        cached_tokens=sum(usage.cached_tokens for usage in prompts),
    )
