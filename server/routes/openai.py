"""``/v1``: models and chat completions, as OpenAI's clients expect them.

A stream begins only when there is something to say: until then an error has an HTTP status of its own. A checked
sentence is one chunk, and so is each piece of an answer that is not checked (``Question.plain``). The first answer's last
content chunk is empty and carries citations and source, because they are known only when all is whole; its finish reason
follows it, the others' come when they end. An error after the first byte ends the stream with an error object and no
``[DONE]``.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import AsyncIterator, Sequence

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from kernel.errors import NotFound, OneselfError
from kernel.types import Answer, AnswerDelta, Question, SelfVersion, TokenScore
from server.context import AnyRequest, base_url, mind_of, running
from server.errors import describe, log_failure, reading
from server.faults import blaming
from server.schemas.body import body_of, decode
from server.schemas.chat import (
    ChatRequest,
    Chunk,
    ChunkChoice,
    Completion,
    Delta,
    Model,
    ModelList,
    UsageOut,
    choices_out,
    cite,
    delta_out,
    logprobs_out,
    usage_out,
)
from server.sse import DONE, EventStream, Pump, as_json, begun, data, while_connected


@get("/v1/models")
async def list_models(request: AnyRequest) -> ModelList:
    names = await mind_of(request).served_models()
    return ModelList(tuple(_model(request, name) for name in names))


@get("/v1/models/{model_id:str}")
async def get_model(request: AnyRequest, model_id: str) -> Model:
    served = await mind_of(request).served_models()
    if model_id not in served:
        raise NotFound(
            f"There is no model '{model_id[:80]}' here. Served are: {', '.join(served)}.", code="model_not_found"
        )
    return _model(request, model_id)


@post("/v1/chat/completions", status_code=200, operation_class=body_of(ChatRequest))
async def chat(request: AnyRequest) -> ASGIResponse:
    wanted = decode(await request.body(), ChatRequest)
    most, mind = running(request).settings.answer.max_tokens, mind_of(request)
    question = wanted.question(most, mind.info.vocabulary)
    with reading("messages"), blaming(wanted.grammar_of):
        if wanted.stream:
            return await _streamed(request, question, include_usage=wanted.include_usage)
        answer = await while_connected(request, mind.ask(question))
    return as_json(_completion(answer, base_url(request), scored=question.logprobs is not None))


def _model(request: AnyRequest, name: str) -> Model:
    versions = {f"self:{version.version}": version for version in mind_of(request).selves()}
    version = versions.get(name)
    return Model(id=name, created=_timestamp(version) if version else running(request).started)


def _timestamp(version: SelfVersion) -> int:
    created = datetime.datetime.fromisoformat(version.created)
    return int((created if created.tzinfo else created.replace(tzinfo=datetime.UTC)).timestamp())


def _completion(answer: Answer, base: str, *, scored: bool) -> Completion:
    return Completion(
        id=_new_id(),
        created=int(time.time()),
        model=answer.model,
        choices=choices_out(answer, base, scored=scored),
        usage=usage_out(answer.usage),
    )


async def _streamed(request: AnyRequest, question: Question, *, include_usage: bool) -> EventStream:
    first, pump = await begun(request, mind_of(request).ask_stream(question))
    chunks = _Chunks(question.model, base_url(request), include_usage=include_usage)
    return EventStream(chunks.events(first, pump), pump)


class _Chunks:
    """The chunks of one answer: the same id, time and model in all."""

    def __init__(self, model: str, base: str, *, include_usage: bool) -> None:
        self._id, self._created = _new_id(), int(time.time())
        self._model, self._base, self._include_usage = model, base, include_usage
        self._sent: dict[int, str] = {}
        """The text of each choice that has begun."""

    async def events(self, first: AnswerDelta | Answer, pump: Pump[AnswerDelta | Answer]) -> AsyncIterator[bytes]:
        try:
            for event in self._of(first):
                yield event
            async for item in pump:
                for event in self._of(item):
                    yield event
        except Exception as error:  # noqa: BLE001 - the status has been sent; the client hears of it here
            if not isinstance(error, OneselfError):
                log_failure(error)
            yield data(describe(error)[1])
            return
        yield DONE

    def _of(self, item: AnswerDelta | Answer) -> list[bytes]:
        return self._piece(item) if isinstance(item, AnswerDelta) else self._end(item)

    def _piece(self, item: AnswerDelta) -> list[bytes]:
        events = self._begin(item.choice, called=item.call is not None)
        if item.text or item.call is not None or item.scores:
            events.append(self._chunk(delta_out(item), item.choice, scores=item.scores))
            self._sent[item.choice] += item.text
        if item.finish and item.choice > 0:
            events.append(self._chunk(Delta(), item.choice, finish_reason=item.finish))
        return events

    def _begin(self, choice: int, *, called: bool = False) -> list[bytes]:
        """The first chunk of a choice, where there was none."""
        if choice in self._sent:
            return []
        self._sent[choice] = ""
        return [self._chunk(Delta(role="assistant", content=None if called else ""), choice)]

    def _end(self, answer: Answer) -> list[bytes]:
        called = bool(answer.choices and answer.choices[0].calls)
        events = self._begin(0)
        sent = self._sent[0]
        if not called and answer.text.startswith(sent) and len(answer.text) > len(sent):
            events.append(self._chunk(Delta(content=answer.text[len(sent) :])))
        said = msgspec.UNSET if called else ""
        events.append(self._chunk(Delta(content=said, annotations=cite(answer, self._base), source=answer.source)))
        events.append(self._chunk(Delta(), finish_reason=answer.finish_reason))
        if self._include_usage:
            events.append(data(self._bare(choices=(), usage=usage_out(answer.usage))))
        return events

    def _chunk(
        self,
        delta: Delta,
        choice: int = 0,
        *,
        finish_reason: str | None = None,
        scores: Sequence[TokenScore] = (),
    ) -> bytes:
        written = ChunkChoice(
            index=choice,
            delta=delta,
            finish_reason=finish_reason,
            logprobs=logprobs_out(scores) if scores else None,
        )
        # OpenAI writes null in every chunk but the last where usage was asked for, and nothing where it was not
        return data(self._bare(choices=(written,), usage=None if self._include_usage else msgspec.UNSET))

    def _bare(self, choices: tuple[ChunkChoice, ...], usage: UsageOut | msgspec.UnsetType | None) -> Chunk:
        return Chunk(id=self._id, created=self._created, model=self._model, choices=choices, usage=usage)


def _new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
