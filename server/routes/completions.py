"""``/v1/completions``: raw prompts, as OpenAI's legacy clients and evaluation harnesses send them.

The chunks of a stream are those of ``Completing``: choices interleave, each ends with an empty text and its reason. As in
chat, an error before the first piece has an HTTP status of its own; after it, it ends the stream without ``[DONE]``.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse

from kernel.answer.completing import Completed, Completing
from kernel.errors import OneselfError
from kernel.types import AnswerDelta, Choice, TokenScore
from server.context import AnyRequest, mind_of
from server.errors import describe, log_failure, reading
from server.faults import blaming
from server.schemas.body import body_of, decode
from server.schemas.chat import usage_out
from server.schemas.completions import CompletionChoice, CompletionOut, CompletionRequest, LogprobsOut, Offsets
from server.sse import DONE, EventStream, Pump, as_json, begun, data, while_connected


@post("/v1/completions", status_code=200, operation_class=body_of(CompletionRequest))
async def complete(request: AnyRequest) -> ASGIResponse:
    wanted = decode(await request.body(), CompletionRequest)
    mind = mind_of(request)
    asked = wanted.completing(mind.info.vocabulary)
    with reading("prompt"), blaming("grammar" if wanted.grammar else "response_format"):
        if wanted.stream:
            return await _streamed(request, asked, include_usage=wanted.include_usage)
        completed = await while_connected(request, mind.complete(asked))
    out = _Writer(asked)
    return as_json(out.write(*map(out.choice, range(len(completed.choices)), completed.choices), whole=completed))


async def _streamed(request: AnyRequest, asked: Completing, *, include_usage: bool) -> EventStream:
    first, pump = await begun(request, mind_of(request).complete_stream(asked))
    return EventStream(_events(_Writer(asked, include_usage=include_usage), first, pump), pump)


async def _events(
    out: _Writer, first: AnswerDelta | Completed, pump: Pump[AnswerDelta | Completed]
) -> AsyncIterator[bytes]:
    try:
        for event in out.events(first):
            yield event
        async for part in pump:
            for event in out.events(part):
                yield event
    except Exception as error:  # noqa: BLE001 - the status has been sent; the client hears of it here
        if not isinstance(error, OneselfError):
            log_failure(error)
        yield data(describe(error)[1])
        return
    yield DONE


class _Writer:
    """Writes one completion, whole or in chunks: the same id, time and model in all."""

    def __init__(self, asked: Completing, *, include_usage: bool = False) -> None:
        self._id, self._created, self._model = f"cmpl-{uuid.uuid4().hex}", int(time.time()), asked.model
        self._scored, self._include_usage = asked.logprobs is not None, include_usage
        self._offsets = [Offsets() for _ in range(len(asked.prompts) * asked.n)]

    def events(self, part: AnswerDelta | Completed) -> list[bytes]:
        if isinstance(part, Completed):
            return [data(self.write(whole=part))] if self._include_usage else []
        choice = CompletionChoice(
            text=part.text,
            index=part.choice,
            logprobs=self._logprobs(part.choice, part.scores),
            finish_reason=part.finish or None,
        )
        return [data(self.write(choice))]

    def choice(self, index: int, choice: Choice) -> CompletionChoice:
        return CompletionChoice(
            text=choice.text,
            index=index,
            logprobs=self._logprobs(index, choice.scores),
            finish_reason=choice.finish_reason,
        )

    def write(self, *choices: CompletionChoice, whole: Completed | None = None) -> CompletionOut:
        # OpenAI writes null in every chunk but the last where usage was asked for, and nothing where it was not
        absent = None if self._include_usage else msgspec.UNSET
        return CompletionOut(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=choices,
            usage=absent if whole is None else usage_out(whole.usage),
        )

    def _logprobs(self, index: int, scores: tuple[TokenScore, ...]) -> LogprobsOut | None:
        return self._offsets[index].logprobs(scores) if self._scored else None
