"""The response object of ``/v1/responses`` and its output items, as OpenAI's clients validate them.

``store`` is always false: nothing of a response is kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from kernel.types import Answer, Scored, TokenScore, ToolCall, Usage
from server.schemas.chat import cite

Status = Literal["in_progress", "completed", "incomplete"]
FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
"""Of OpenAI's, those that fit."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's flat ``url_citation`` with what ours says more: the note, the quoted words, where they stand in it."""

    url: str
    title: str
    start_index: int
    end_index: int
    note_id: str
    quote: str
    span: tuple[int, int]
    type: Literal["url_citation"] = "url_citation"


class TopScore(msgspec.Struct, frozen=True):
    token: str
    bytes: tuple[int, ...]
    logprob: float


class Score(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    bytes: tuple[int, ...]
    logprob: float
    top_logprobs: tuple[TopScore, ...]


class OutputText(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    annotations: tuple[Citation, ...] = ()
    logprobs: tuple[Score, ...] = ()
    type: Literal["output_text"] = "output_text"


class OutputMessage(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    status: Status
    content: tuple[OutputText, ...] = ()
    source: str | msgspec.UnsetType = msgspec.UNSET
    """``model``, ``quote`` or ``none``; known once the answer is whole."""
    role: Literal["assistant"] = "assistant"
    type: Literal["message"] = "message"


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    call_id: str
    name: str
    arguments: str
    status: Status
    type: Literal["function_call"] = "function_call"


OutputItem = OutputMessage | FunctionCall


class InputDetails(msgspec.Struct, frozen=True, kw_only=True):
    cached_tokens: int
    cache_write_tokens: int = 0
    """What OpenAI charges for; nothing here."""


class OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: int = 0


class ResponseUsage(msgspec.Struct, frozen=True, kw_only=True):
    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    total_tokens: int
    output_tokens_details: OutputDetails = OutputDetails()


class Incomplete(msgspec.Struct, frozen=True):
    reason: Literal["max_output_tokens"] = "max_output_tokens"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    code: FailureCode
    message: str


class ResponseObject(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request, with its parameters as they were understood."""

    id: str
    created_at: int
    model: str
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str]
    parallel_tool_calls: bool
    prompt_cache_key: str | None
    reasoning: dict[str, Any]
    safety_identifier: str | None
    temperature: float
    text: dict[str, Any]
    tool_choice: Any
    tools: tuple[Any, ...]
    top_logprobs: int
    top_p: float
    user: str | None
    completed_at: int | None = None
    status: Literal["in_progress", "completed", "incomplete", "failed"] = "in_progress"
    output: tuple[OutputItem, ...] = ()
    usage: ResponseUsage | None = None
    error: Failure | None = None
    incomplete_details: Incomplete | None = None
    object: Literal["response"] = "response"
    background: Literal[False] = False
    conversation: None = None
    previous_response_id: None = None
    prompt: None = None
    service_tier: Literal["default"] = "default"
    store: Literal[False] = False
    truncation: Literal["disabled"] = "disabled"


def new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


@dataclass(eq=False)
class Words:
    """A message in the making."""

    text: str = ""
    scores: list[TokenScore] = field(default_factory=list)
    id: str = field(default_factory=lambda: new_id("msg"))

    def item(self, status: Status, answer: Answer | None = None, base_url: str = "") -> OutputMessage:
        """With citations and source where the ``answer`` is whole."""
        cited = citations(answer, base_url) if answer else ()
        content = OutputText(text=self.text, annotations=cited, logprobs=scores_out(self.scores))
        return OutputMessage(
            id=self.id, status=status, content=(content,), source=answer.source if answer else msgspec.UNSET
        )


@dataclass(eq=False)
class Calling:
    """A function call in the making."""

    call_id: str
    name: str
    arguments: str = ""
    id: str = field(default_factory=lambda: new_id("fc"))

    def item(self, status: Status) -> FunctionCall:
        return FunctionCall(id=self.id, call_id=self.call_id, name=self.name, arguments=self.arguments, status=status)


def whole(answer: Answer) -> list[Words | Calling]:
    """The output of an answer that was not streamed: what it says, where it says something, then its calls."""
    calls: tuple[ToolCall, ...] = answer.choices[0].calls if answer.choices else ()
    scores = answer.choices[0].scores if answer.choices else ()
    output: list[Words | Calling] = [Calling(call.id, call.name, call.arguments) for call in calls]
    return [Words(answer.text, list(scores)), *output] if answer.text or not calls else output


def ended(start: ResponseObject, output: Sequence[OutputItem], answer: Answer, now: int) -> ResponseObject:
    """``start`` with what became of it; ``now``: seconds since 1970."""
    cut = finish_of(answer) == "length"
    return msgspec.structs.replace(
        start,
        status="incomplete" if cut else "completed",
        completed_at=None if cut else now,
        incomplete_details=Incomplete() if cut else None,
        output=tuple(output),
        usage=usage_out(answer.usage),
    )


def closed(output: Sequence[Words | Calling], answer: Answer, base_url: str) -> list[OutputItem]:
    """The items as they are in the end: the last is incomplete where the answer was cut."""
    items: list[OutputItem] = []
    for one in output:
        status: Status = "incomplete" if one is output[-1] and finish_of(answer) == "length" else "completed"
        items.append(one.item(status, answer, base_url) if isinstance(one, Words) else one.item(status))
    return items


def finish_of(answer: Answer) -> str:
    return answer.choices[0].finish_reason if answer.choices else answer.finish_reason


def usage_out(usage: Usage) -> ResponseUsage:
    return ResponseUsage(
        input_tokens=usage.prompt_tokens,
        input_tokens_details=InputDetails(cached_tokens=usage.cached_tokens),
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )


def citations(answer: Answer, base_url: str) -> tuple[Citation, ...]:
    """As chat has them, but flat."""
    return tuple(
        Citation(
            url=one.url_citation.url,
            title=one.url_citation.title,
            start_index=one.url_citation.start_index,
            end_index=one.url_citation.end_index,
            note_id=one.note_id,
            quote=one.quote,
            span=one.span,
        )
        for one in cite(answer, base_url)
    )


def scores_out(scores: Sequence[TokenScore]) -> tuple[Score, ...]:
    """Half characters are replaced in ``token``; ``bytes`` are exact."""
    return tuple(
        Score(
            token=_word(score),
            bytes=tuple(score.data),
            logprob=score.logprob,
            top_logprobs=tuple(TopScore(_word(one), tuple(one.data), one.logprob) for one in score.top),
        )
        for score in scores
    )


def _word(score: Scored) -> str:
    return score.data.decode("utf-8", "replace")
