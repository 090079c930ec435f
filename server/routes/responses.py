"""``/v1/responses``: OpenAI's newer way to ask. Nothing is kept, so each request carries its whole conversation.

A stream begins only when there is something to say: until then an error has an HTTP status of its own. Items are closed
in their order when the answer is whole, because only then is it known what it rests on and whether it was cut. An error
after the first byte is an ``error`` event and a ``response.failed``.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

import msgspec
from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from kernel.errors import NotFound, OneselfError
from kernel.types import Answer, AnswerDelta, CallDelta, Question
from server.context import AnyRequest, base_url, mind_of, running
from server.errors import describe, log_failure, reading
from server.faults import blaming
from server.schemas import response_events as events
from server.schemas.body import body_of, decode
from server.schemas.response_object import (
    Calling,
    Failure,
    FailureCode,
    OutputItem,
    OutputMessage,
    OutputText,
    ResponseObject,
    Words,
    closed,
    ended,
    finish_of,
    scores_out,
    whole,
)
from server.schemas.responses import ResponseRequest
from server.sse import EventStream, Pump, as_json, begun, named, while_connected


@post("/v1/responses", status_code=200, operation_class=body_of(ResponseRequest))
async def create_response(request: AnyRequest) -> ASGIResponse:
    wanted = decode(await request.body(), ResponseRequest)
    question = wanted.question(running(request).settings.answer.max_tokens)
    start = wanted.begun(question, int(time.time()))
    if wanted.stream:
        with reading("input"), blaming(wanted.grammar_of):
            return await _streamed(request, question, start)
    with reading("input"), blaming(wanted.grammar_of):
        answer = await while_connected(request, mind_of(request).ask(question))
    output = closed(whole(answer), answer, base_url(request))
    return as_json(ended(start, output, answer, int(time.time())))


@get("/v1/responses/{response_id:str}")
async def get_response(response_id: str) -> None:
    _not_kept(response_id)


@delete("/v1/responses/{response_id:str}", status_code=200)
async def delete_response(response_id: str) -> None:
    _not_kept(response_id)


def _not_kept(response_id: str) -> NoReturn:
    raise NotFound(
        f"There is no response '{response_id[:80]}': responses are not kept by this server. "
        "To go on from one, send its turns in 'input'."
    )


async def _streamed(request: AnyRequest, question: Question, start: ResponseObject) -> EventStream:
    first, pump = await begun(request, mind_of(request).ask_stream(question))
    return EventStream(_Events(start, base_url(request)).all(first, pump), pump)


class _Events:
    """The events of one response, on the wire."""

    def __init__(self, start: ResponseObject, base: str) -> None:
        self._start, self._base = start, base
        self._numbers = itertools.count()
        self._output: list[Words | Calling] = []
        self._words: Words | None = None
        self._calls: dict[int, Calling] = {}

    async def all(self, first: AnswerDelta | Answer, pump: Pump[AnswerDelta | Answer]) -> AsyncIterator[bytes]:
        yield self._event(events.Created, response=self._start)
        yield self._event(events.InProgress, response=self._start)
        try:
            for event in self._of(first):
                yield event
            async for item in pump:
                for event in self._of(item):
                    yield event
        except Exception as error:  # noqa: BLE001 - the status has been sent; the client hears of it here
            if not isinstance(error, OneselfError):
                log_failure(error)
            for event in self._failed(error):
                yield event

    def _of(self, item: AnswerDelta | Answer) -> Iterator[bytes]:
        if isinstance(item, Answer):
            yield from self._end(item)
            return
        if item.call is not None:
            yield from self._call(item.call)
        elif item.text or item.scores:
            yield from self._text(item)

    def _text(self, delta: AnswerDelta) -> Iterator[bytes]:
        words = self._words
        if words is None:
            words = self._words = Words()
            yield from self._open(words)
        words.text += delta.text
        words.scores += delta.scores
        yield self._event(events.TextDelta, **self._place(words), delta=delta.text, logprobs=scores_out(delta.scores))

    def _open(self, words: Words) -> Iterator[bytes]:
        self._output.append(words)
        place = self._place(words)
        item = OutputMessage(id=words.id, status="in_progress")
        yield self._event(events.ItemAdded, output_index=place["output_index"], item=item)
        yield self._event(events.PartAdded, **place, part=OutputText())

    def _call(self, delta: CallDelta) -> Iterator[bytes]:
        call = self._calls.get(delta.index)
        if call is None:
            call = self._calls[delta.index] = Calling(delta.id, delta.name)
            self._output.append(call)
            index = len(self._output) - 1
            yield self._event(events.ItemAdded, output_index=index, item=call.item("in_progress"))
        if delta.arguments:
            call.arguments += delta.arguments
            yield self._event(events.ArgumentsDelta, **self._place(call), delta=delta.arguments)

    def _end(self, answer: Answer) -> Iterator[bytes]:
        said = self._words.text if self._words else ""
        if answer.text.startswith(said) and len(answer.text) > len(said):
            yield from self._text(AnswerDelta(text=answer.text[len(said) :]))
        if not self._output:
            yield from self._open(Words())
        items = closed(self._output, answer, self._base)
        for one, item in zip(self._output, items, strict=True):
            yield from self._close(one, item)
        last = events.CutShort if finish_of(answer) == "length" else events.Completed
        yield self._event(last, response=ended(self._start, items, answer, int(time.time())))

    def _close(self, one: Words | Calling, item: OutputItem) -> Iterator[bytes]:
        place = self._place(one)
        if isinstance(item, OutputMessage):
            (part,) = item.content
            for i, annotation in enumerate(part.annotations):
                yield self._event(events.AnnotationAdded, **place, annotation_index=i, annotation=annotation)
            yield self._event(events.TextDone, **place, text=part.text, logprobs=part.logprobs)
            yield self._event(events.PartDone, **place, part=part)
        else:
            yield self._event(events.ArgumentsDone, **place, arguments=item.arguments)
        yield self._event(events.ItemDone, output_index=place["output_index"], item=item)

    def _failed(self, error: Exception) -> Iterator[bytes]:
        status, body, _ = describe(error)
        problem = body.error
        yield self._event(events.Fault, message=problem.message, code=problem.code, param=problem.param)
        code: FailureCode = (
            "rate_limit_exceeded" if status == 429 else "invalid_prompt" if status < 500 else "server_error"
        )
        failed = msgspec.structs.replace(
            self._start,
            status="failed",
            output=tuple(one.item("incomplete") for one in self._output),
            error=Failure(code=code, message=problem.message),
        )
        yield self._event(events.Failed, response=failed)

    def _place(self, one: Words | Calling) -> dict[str, Any]:
        return {"item_id": one.id, "output_index": self._output.index(one)}

    def _event(self, kind: type[events.Event], **fields: Any) -> bytes:
        event = kind(sequence_number=next(self._numbers), **fields)
        return named(event.kind, event)
