"""OpenAI's chat completions on the wire: what is read, what is refused by name, and what is written.

Unknown fields are accepted (clients send many); known ones of a wrong type are refused naming the parameter. What is not
offered is refused as ``unsupported``, never ignored in silence; hints that could change no answer here (``store``,
``reasoning_effort``, ``service_tier`` …) are accepted. Without ``temperature`` answers are greedy: a self should say the
same thing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from kernel.types import Answer, AnswerDelta, Message, Question, Role, Scored, TokenScore, Usage
from kernel.types import Choice as AnswerChoice
from server.faults import BadParameter, Unsupported
from server.schemas.metadata import memory_and_time
from server.schemas.sampling import Count, SamplingIn
from server.schemas.tools import (
    CallDeltaOut,
    CallOut,
    ToolCallIn,
    ToolChoiceIn,
    ToolIn,
    call_delta_out,
    call_of,
    call_out,
    choosing,
)

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_NEXT = {
    "functions": "send 'tools' instead",
    "function_call": "send 'tool_choice' instead",
    "audio": "leave it out and send text",
    "prediction": "leave it out",
    "web_search_options": "leave it out, or offer a tool that searches",
    "moderation": "leave it out",
}
LEAST_LOGPROB = -9999.0
"""What stands for minus infinity, which JSON cannot say."""


class ContentPart(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None


class ChatMessage(msgspec.Struct):
    role: str
    content: str | list[ContentPart] | None = None
    name: str | None = None
    """Who of several with the same role: it stands before what they say."""
    refusal: str | None = None
    tool_calls: list[ToolCallIn] | None = None
    tool_call_id: str | None = None
    function_call: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None


class ChatRequest(SamplingIn, kw_only=True):
    """``POST /v1/chat/completions``."""

    messages: list[ChatMessage]
    model: str | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    tools: list[ToolIn] | None = None
    tool_choice: str | ToolChoiceIn | None = None
    parallel_tool_calls: bool | None = None
    metadata: dict[str, str] | None = None
    modalities: list[str] | None = None
    functions: Any = None
    function_call: Any = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None
    moderation: Any = None

    @property
    def grammar_of(self) -> str:
        """The parameter that an answer's grammar comes from, should the engine not be able to use it."""
        if self.grammar:
            return "grammar"
        formatted = self.response_format is not None and self.response_format.type != "text"
        return "response_format" if formatted else "tools"

    def question(self, max_tokens: int, vocabulary: int = 2**31) -> Question:
        """The domain's question. ``max_tokens``: where none are asked for; ``vocabulary``: how many tokens the model
        knows. Raises ``BadParameter`` and ``Unsupported``."""
        self._refuse_unsupported()
        if not self.messages:
            raise BadParameter("'messages' is empty; send at least one message.", "messages")
        if self.top_logprobs and not self.logprobs:
            raise BadParameter("'top_logprobs' is only allowed with 'logprobs': true.", "top_logprobs")
        memory, as_of = memory_and_time(self.metadata)
        chosen = choosing(self.tools, self.tool_choice)
        return Question(
            **self.sampling(vocabulary),
            messages=_messages(self.messages),
            model=self.model or "self",
            memory=memory,
            as_of=as_of,
            max_tokens=self.max_completion_tokens or self.max_tokens or max_tokens,
            n=self.n or 1,
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            tools=chosen.tools,
            tool_choice=chosen.tool_choice,
            tool_named=chosen.tool_named,
            parallel_calls=self.parallel_tool_calls is not False,
        )

    def _refuse_unsupported(self) -> None:
        for name, instead in _NEXT.items():
            if getattr(self, name):
                raise Unsupported(f"'{name}' is not supported by this server; {instead}.", name)
        if self.modalities not in (None, [], ["text"]):
            raise Unsupported("'modalities' is ['text'] here; leave it out.", "modalities")


def _messages(given: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """Calls and results belong together: each call has one result, before anybody speaks again."""
    unanswered: list[str] = []
    messages = []
    for i, one in enumerate(given):
        message = _message(one, f"messages[{i}]")
        if message.role == "tool":
            if message.call_id not in unanswered:
                where = f"messages[{i}].tool_call_id"
                raise BadParameter(
                    f"'{where}' is '{message.call_id[:80]}'; it must be the id of a call that an assistant's message "
                    "before it made and that has no result yet.",
                    where,
                )
            unanswered.remove(message.call_id)
        elif unanswered:
            raise _without_result(unanswered, f"messages[{i}]")
        unanswered += [call.id for call in message.calls]
        messages.append(message)
    if unanswered:
        raise _without_result(unanswered, "messages")
    return tuple(messages)


def _without_result(ids: Sequence[str], where: str) -> BadParameter:
    told = ", ".join(f"'{id[:80]}'" for id in ids)
    return BadParameter(
        f"'{where}': there is no result of the calls {told}; after an assistant's calls send one message of the role "
        "'tool' for each.",
        where,
    )


def _message(message: ChatMessage, where: str) -> Message:
    role = _ROLES.get(message.role)
    if message.role == "function" or message.function_call:
        what = "role" if message.role == "function" else "function_call"
        raise Unsupported(f"'{where}.{what}' is not supported; send tools and their calls.", f"{where}.{what}")
    if message.audio:
        raise Unsupported(f"'{where}.audio' is not supported; send text.", f"{where}.audio")
    if role is None:
        raise BadParameter(f"'{where}.role' must be one of {', '.join(_ROLES)}.", f"{where}.role")
    if message.tool_calls and role != "assistant":
        raise BadParameter(f"'{where}.tool_calls' is an assistant's only.", f"{where}.tool_calls")
    calls = tuple(call_of(call, f"{where}.tool_calls[{i}]") for i, call in enumerate(message.tool_calls or ()))
    content = message.content if message.content is not None else message.refusal
    if content is None and calls:
        content = ""
    text = text_of(content, f"{where}.content")
    if message.name and text and role != "tool":  # the call's id says already what a result is of
        text = f"{message.name}: {text}"
    return Message(
        role=role,
        content=text,
        calls=calls,
        call_id=message.tool_call_id or "" if role == "tool" else "",
    )


def text_of(content: str | list[ContentPart] | None, where: str) -> str:
    """What a message says. Raises ``BadParameter`` and ``Unsupported``; ``where``: its place in the request."""
    if content is None:
        raise BadParameter(f"'{where}' is required: a string or a list of text parts.", where)
    if isinstance(content, str):
        return content
    texts = []
    for i, part in enumerate(content):
        if part.type not in ("text", "refusal"):
            message = f"'{where}[{i}]': only text parts are supported, not '{part.type[:40]}'."
            raise Unsupported(message, f"{where}[{i}].type")
        text = part.text if part.type == "text" else part.refusal
        if text is None:
            raise BadParameter(f"'{where}[{i}].{part.type}' is required.", f"{where}[{i}].{part.type}")
        texts.append(text)
    return "\n".join(texts)


# --- what is written --------------------------------------------------------------------------------------------------


class UrlCitation(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """OpenAI's ``url_citation`` with what ours says more: the note, the quoted words, where they stand in it."""

    url_citation: UrlCitation
    note_id: str
    quote: str
    span: tuple[int, int]
    type: Literal["url_citation"] = "url_citation"


class AnswerMessage(msgspec.Struct, frozen=True, kw_only=True):
    content: str | None
    annotations: tuple[Annotation, ...]
    source: str
    tool_calls: tuple[CallOut, ...] | msgspec.UnsetType = msgspec.UNSET
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class TopLogprob(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    """Its bytes as text; of part of a character only ``bytes`` says which."""
    logprob: float
    bytes: tuple[int, ...]


class TokenLogprob(TopLogprob, frozen=True, kw_only=True):
    top_logprobs: tuple[TopLogprob, ...]


class Logprobs(msgspec.Struct, frozen=True, kw_only=True):
    content: tuple[TokenLogprob, ...]
    refusal: None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    message: AnswerMessage
    finish_reason: str
    index: int = 0
    logprobs: Logprobs | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    cached_tokens: int


class UsageOut(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: UsageOut
    object: Literal["chat.completion"] = "chat.completion"
    system_fingerprint: str | None = None


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    role: str | None = None
    content: str | msgspec.UnsetType | None = msgspec.UNSET
    tool_calls: tuple[CallDeltaOut, ...] | None = None
    annotations: tuple[Annotation, ...] | None = None
    source: str | None = None


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    delta: Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: Logprobs | None = None


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: UsageOut | msgspec.UnsetType | None = msgspec.UNSET
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    system_fingerprint: str | None = None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    created: int
    object: Literal["model"] = "model"
    owned_by: str = "oneself"


class ModelList(msgspec.Struct, frozen=True):
    data: tuple[Model, ...]
    object: Literal["list"] = "list"


def usage_out(usage: Usage) -> UsageOut:
    return UsageOut(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        prompt_tokens_details=PromptDetails(usage.cached_tokens),
    )


def choices_out(answer: Answer, base_url: str, *, scored: bool) -> tuple[Choice, ...]:
    """All answers; the citations are the first one's. ``scored``: log-probabilities were asked for."""
    given = answer.choices or (AnswerChoice(text=answer.text, finish_reason=answer.finish_reason),)
    return tuple(
        Choice(
            index=i,
            finish_reason=choice.finish_reason,
            logprobs=logprobs_out(choice.scores) if scored and (choice.scores or not choice.calls) else None,
            message=AnswerMessage(
                content=None if choice.calls and not choice.text else choice.text,
                tool_calls=tuple(map(call_out, choice.calls)) or msgspec.UNSET,
                annotations=cite(answer, base_url) if i == 0 else (),
                source=answer.source,
            ),
        )
        for i, choice in enumerate(given)
    )


def delta_out(delta: AnswerDelta) -> Delta:
    """What one piece of a stream says: text, or part of a call."""
    if delta.call is not None:
        return Delta(tool_calls=(call_delta_out(delta.call),))
    return Delta(content=delta.text)


def logprobs_out(scores: Sequence[TokenScore]) -> Logprobs:
    return Logprobs(
        content=tuple(
            TokenLogprob(**_scored(score), top_logprobs=tuple(TopLogprob(**_scored(top)) for top in score.top))
            for score in scores
        )
    )


def _scored(score: Scored) -> dict[str, Any]:
    text = score.data.decode("utf-8", "replace")
    return {"token": text, "logprob": max(score.logprob, LEAST_LOGPROB), "bytes": tuple(score.data)}


def cite(answer: Answer, base_url: str) -> tuple[Annotation, ...]:
    """One for each citation; ``start_index`` and ``end_index`` are characters of the answer."""
    return tuple(
        Annotation(
            url_citation=UrlCitation(
                url=f"{base_url}/api/memories/{citation.note_id}",
                title=citation.title,
                start_index=mark.start,
                end_index=mark.end,
            ),
            note_id=citation.note_id,
            quote=citation.quote,
            span=(citation.span.start, citation.span.end),
        )
        for citation, mark in zip(answer.citations, answer.marks, strict=True)
    )
