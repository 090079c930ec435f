"""OpenAI's chat completions on the wire: what is read, what is refused by name, and what is written.

Unknown fields are accepted (clients send many); known ones of a wrong type are refused naming the parameter. What a
later version brings is refused as ``unsupported``, never ignored in silence. Without ``temperature`` answers are
greedy: a self should say the same thing twice.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from kernel.types import Answer, Message, Question, Role, Usage
from server.faults import BadParameter, Unsupported
from server.schemas.dates import moment

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_MAX_STOPS = 16


class ContentPart(msgspec.Struct):
    type: str
    text: str | None = None


class ChatMessage(msgspec.Struct):
    role: str
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ResponseFormat(msgspec.Struct):
    type: str


class ChatRequest(msgspec.Struct):
    """``POST /v1/chat/completions``."""

    messages: list[ChatMessage]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: _Count | None = None
    max_completion_tokens: _Count | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    seed: _Int64 | None = None
    stop: str | list[str] | None = None
    n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    tools: list[dict[str, Any]] | None = None
    functions: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    logit_bias: dict[str, float] | None = None
    presence_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, msgspec.Meta(ge=-2, le=2)] | None = None
    modalities: list[str] | None = None

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def question(self, max_tokens: int) -> Question:
        """The domain's question. Raises ``BadParameter`` and ``Unsupported``."""
        self._refuse_unsupported()
        if self.stream_options is not None and not self.stream:
            raise BadParameter("'stream_options' is only allowed with 'stream': true.", "stream_options")
        if not self.messages:
            raise BadParameter("'messages' is empty; send at least one message.", "messages")
        memory, as_of = self._metadata()
        return Question(
            messages=tuple(_message(message, f"messages[{i}]") for i, message in enumerate(self.messages)),
            model=self.model or "self",
            memory=memory,
            as_of=as_of,
            max_tokens=self.max_completion_tokens or self.max_tokens or max_tokens,
            temperature=self.temperature or 0.0,
            top_p=1.0 if self.top_p is None else self.top_p,
            seed=self.seed,
            stop=self._stops(),
        )

    def _refuse_unsupported(self) -> None:
        asked: dict[str, object] = {
            "n": self.n is not None and self.n > 1,
            "tools": self.tools,
            "functions": self.functions,
            "tool_choice": self.tool_choice not in (None, "none", "auto"),
            "response_format": self.response_format is not None and self.response_format.type != "text",
            "logprobs": self.logprobs or self.top_logprobs,
            "logit_bias": self.logit_bias,
            "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty,
            "modalities": self.modalities not in (None, [], ["text"]),
        }
        for name, value in asked.items():
            if value:
                raise Unsupported(f"'{name}' is not supported by this server; leave it out.", name)

    def _stops(self) -> tuple[str, ...]:
        stops = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        if len(stops) > _MAX_STOPS:
            raise BadParameter(f"'stop' may hold {_MAX_STOPS} strings at most.", "stop")
        if "" in stops:
            raise BadParameter("'stop' may not hold an empty string.", "stop")
        return stops

    def _metadata(self) -> tuple[bool, str | None]:
        given = self.metadata or {}
        memory = given.get("oneself.memory", "on")
        if memory not in ("on", "off"):
            raise BadParameter("'metadata.oneself.memory' is 'on' or 'off'.", "metadata.oneself.memory")
        as_of = given.get("oneself.as_of")
        return memory == "on", None if as_of is None else moment(as_of, "metadata.oneself.as_of")


def _message(message: ChatMessage, where: str) -> Message:
    if message.role in ("tool", "function") or message.tool_calls:
        raise Unsupported(f"'{where}': tool messages are not supported by this server.", f"{where}.role")
    role = _ROLES.get(message.role)
    if role is None:
        raise BadParameter(f"'{where}.role' must be one of {', '.join(_ROLES)}.", f"{where}.role")
    return Message(role=role, content=text_of(message.content, f"{where}.content"))


def text_of(content: str | list[ContentPart] | None, where: str) -> str:
    """What a message says. Raises ``BadParameter`` and ``Unsupported``; ``where``: its place in the request."""
    if content is None:
        raise BadParameter(f"'{where}' is required: a string or a list of text parts.", where)
    if isinstance(content, str):
        return content
    texts = []
    for i, part in enumerate(content):
        if part.type != "text":
            message = f"'{where}[{i}]': only text parts are supported, not '{part.type[:40]}'."
            raise Unsupported(message, f"{where}[{i}].type")
        if part.text is None:
            raise BadParameter(f"'{where}[{i}].text' is required.", f"{where}[{i}].text")
        texts.append(part.text)
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
    content: str
    annotations: tuple[Annotation, ...]
    source: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    message: AnswerMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


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
    content: str | None = None
    annotations: tuple[Annotation, ...] | None = None
    source: str | None = None


class ChunkChoice(msgspec.Struct, frozen=True, kw_only=True):
    delta: Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


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
