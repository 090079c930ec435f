"""OpenAI's ``/v1/responses`` on the wire: what is read, and what is refused by name.

Nothing is kept: whoever asks sends the whole conversation in ``input``, and what would need an earlier response is
refused with that advice. ``store`` is accepted either way, because clients send it unasked, and answered with false.
Hints that change nothing here are accepted (``reasoning``, ``service_tier``, ``text.verbosity``, ``prompt_cache_key``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from kernel.types import Question, Tool, ToolChoice
from server.faults import BadParameter, Unsupported
from server.schemas.metadata import memory_and_time
from server.schemas.response_input import InputItem, conversation
from server.schemas.response_object import ResponseObject, new_id
from server.schemas.sampling import Count
from server.schemas.tools import tool_of

_LOGPROBS = "message.output_text.logprobs"
_REASONING = "reasoning.encrypted_content"
"""Agents ask for it always; there is none here, so that nothing is left out."""
_CHOICES: dict[str, ToolChoice] = {"none": "none", "auto": "auto", "required": "required"}
_WHOLE = "responses are not kept by this server; send the earlier turns in 'input'"
_OTHER_NAMES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "functions": "tools",
    "function_call": "tool_choice",
}
"""Chat's names: passing them over would answer another request than was meant."""
_ONLY_IN_CHAT: dict[str, object] = {
    "n": 1,
    "seed": None,
    "stop": None,
    "logit_bias": {},
    "logprobs": False,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "top_k": 0,
    "min_p": 0,
}
"""Chat's parameters that this API does not have, with the values that change nothing."""


class ToolIn(msgspec.Struct, omit_defaults=True):
    """A tool in the flat form of this API; only functions are offered."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolChoiceIn(msgspec.Struct, omit_defaults=True):
    type: str
    name: str | None = None


class FormatIn(msgspec.Struct, omit_defaults=True):
    """A JSON schema is always enforced, ``strict`` or not."""

    type: str
    name: str | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class TextIn(msgspec.Struct):
    format: FormatIn | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class StreamOptionsIn(msgspec.Struct):
    include_obfuscation: bool | None = None


class _Refused(msgspec.Struct, kw_only=True):
    """What this API knows and this server does not offer, and what only chat knows."""

    previous_response_id: Any = None
    conversation: Any = None
    background: bool | None = None
    prompt: Any = None
    truncation: str | None = None
    context_management: Any = None
    moderation: Any = None
    stream_options: StreamOptionsIn | None = None
    messages: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    response_format: Any = None
    functions: Any = None
    function_call: Any = None
    n: Any = None
    seed: Any = None
    stop: Any = None
    logit_bias: Any = None
    logprobs: Any = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    top_k: Any = None
    min_p: Any = None

    def _refuse(self) -> None:
        options = self.stream_options
        refused: dict[str, tuple[Any, str]] = {
            "previous_response_id": (self.previous_response_id, _WHOLE),
            "conversation": (self.conversation, _WHOLE),
            "background": (self.background, "an answer is given in the request that asks for it; leave it out"),
            "prompt": (self.prompt, "there are no prompt templates here; send the text in 'instructions' and 'input'"),
            "truncation": (
                self.truncation not in (None, "disabled"),
                "only 'disabled' is offered; send fewer turns in 'input'",
            ),
            "context_management": (self.context_management, "nothing is compacted here; send fewer turns in 'input'"),
            "moderation": (self.moderation, "there is no moderation here; leave it out"),
            "stream_options.include_obfuscation": (
                options is not None and options.include_obfuscation,
                "nothing is added to events here; leave it out or send false",
            ),
        }
        for name, (asked, advice) in refused.items():
            if asked:
                raise Unsupported(f"'{name}' is not supported by this server: {advice}.", name)
        for name, ours in _OTHER_NAMES.items():
            if getattr(self, name):
                raise BadParameter(f"'{name}' belongs to /v1/chat/completions; here it is '{ours}'.", name)
        for name, neutral in _ONLY_IN_CHAT.items():
            if getattr(self, name) not in (None, neutral):
                message = f"'{name}' is offered by /v1/chat/completions only; ask there, or leave it out."
                raise Unsupported(message, name)


class ResponseRequest(_Refused, kw_only=True):
    """``POST /v1/responses``."""

    input: str | list[InputItem]
    model: str | None = None
    instructions: str | None = None
    max_output_tokens: Count | None = None
    max_tool_calls: Count | None = None
    """Of OpenAI's own tools, of which there are none here."""
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    tools: list[ToolIn] | None = None
    tool_choice: str | ToolChoiceIn | None = None
    parallel_tool_calls: bool | None = None
    text: TextIn | None = None
    include: list[str] | None = None
    top_logprobs: Annotated[int, msgspec.Meta(ge=0, le=20)] | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    store: bool | None = None
    reasoning: dict[str, Any] | None = None
    service_tier: str | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None

    @property
    def grammar_of(self) -> str:
        """The parameter that an answer's schema comes from, should the engine not be able to use it."""
        formatted = self.text is not None and self.text.format is not None and self.text.format.type != "text"
        return "text.format" if formatted else "tools"

    def question(self, max_tokens: int) -> Question:
        """The domain's question. Raises ``BadParameter`` and ``Unsupported``."""
        self._refuse()
        if self.stream_options is not None and not self.stream:
            raise BadParameter("'stream_options' is only allowed with 'stream': true.", "stream_options")
        memory, as_of = memory_and_time(self.metadata)
        tools = self._tools()
        choice, named = self._tool_choice(tools)
        return Question(
            messages=conversation(self.input, self.instructions),
            model=self.model or "self",
            memory=memory,
            as_of=as_of,
            max_tokens=self.max_output_tokens or max_tokens,
            temperature=self.temperature or 0.0,
            top_p=1.0 if self.top_p is None else self.top_p,
            logprobs=self._logprobs(),
            json_schema=self._schema(),
            tools=tools,
            tool_choice=choice,
            tool_named=named,
            parallel_calls=self.parallel_tool_calls is not False,
        )

    def begun(self, question: Question, now: int) -> ResponseObject:
        """The response as it begins. ``now``: seconds since 1970."""
        wanted = self.text or TextIn()
        return ResponseObject(
            id=new_id("resp"),
            created_at=now,
            model=question.model,
            instructions=self.instructions,
            max_output_tokens=self.max_output_tokens,
            max_tool_calls=self.max_tool_calls,
            metadata=self.metadata or {},
            parallel_tool_calls=question.parallel_calls,
            prompt_cache_key=self.prompt_cache_key,
            reasoning=self.reasoning or {"effort": None, "summary": None},
            safety_identifier=self.safety_identifier,
            temperature=question.temperature,
            text={"format": wanted.format or FormatIn("text"), "verbosity": wanted.verbosity or "medium"},
            tool_choice="auto" if self.tool_choice is None else self.tool_choice,
            tools=tuple(self.tools or ()),
            top_logprobs=self.top_logprobs or 0,
            top_p=question.top_p,
            user=self.user,
        )

    def _tools(self) -> tuple[Tool, ...]:
        found: dict[str, Tool] = {}
        for i, tool in enumerate(self.tools or ()):
            where = f"tools[{i}]"
            if tool.type != "function":
                raise Unsupported(
                    f"'{where}': this server offers tools of type 'function' only, not '{tool.type[:40]}'.",
                    f"{where}.type",
                )
            if tool.name is None:
                message = f"'{where}.name' is required; it stands beside 'type' here, not within 'function'."
                raise BadParameter(message, f"{where}.name")
            if tool.name in found:
                message = f"'{where}.name': there are two functions of this name; name them apart."
                raise BadParameter(message, f"{where}.name")
            found[tool.name] = tool_of(tool.name, tool.description, tool.parameters, where)
        return tuple(found.values())

    def _tool_choice(self, tools: tuple[Tool, ...]) -> tuple[ToolChoice, str]:
        choice = "auto" if self.tool_choice is None else self.tool_choice
        if isinstance(choice, ToolChoiceIn):
            if choice.type != "function":
                message = (
                    f"'tool_choice' of type '{choice.type[:40]}' is not supported by this server; name a function."
                )
                raise Unsupported(message, "tool_choice.type")
            if choice.name not in [tool.name for tool in tools]:
                raise BadParameter("'tool_choice.name' must name one of the functions in 'tools'.", "tool_choice.name")
            return "required", choice.name or ""
        if choice not in _CHOICES:
            raise BadParameter("'tool_choice' is 'none', 'auto', 'required' or a function by its name.", "tool_choice")
        if choice == "required" and not tools:
            message = "'tool_choice' is 'required', but there are no 'tools'; send at least one."
            raise BadParameter(message, "tool_choice")
        return _CHOICES[choice], ""

    def _schema(self) -> str:
        wanted = self.text.format if self.text else None
        if wanted is None or wanted.type == "text":
            return ""
        if wanted.type == "json_object":
            return '{"type": "object"}'
        if wanted.type != "json_schema":
            message = f"'text.format.type' is 'text', 'json_object' or 'json_schema', not '{wanted.type[:40]}'."
            raise Unsupported(message, "text.format.type")
        for name in ("name", "schema"):
            if getattr(wanted, name) is None:
                message = f"'text.format.{name}' is required of a json_schema."
                raise BadParameter(message, f"text.format.{name}")
        return msgspec.json.encode(wanted.schema).decode()

    def _logprobs(self) -> int | None:
        for i, name in enumerate(self.include or ()):
            if name not in (_LOGPROBS, _REASONING):
                message = f"'include' offers '{_LOGPROBS}' only, not '{name[:80]}'; leave it out."
                raise Unsupported(message, f"include[{i}]")
        if _LOGPROBS in (self.include or ()):
            return self.top_logprobs or 0
        if self.top_logprobs:
            message = f"'top_logprobs' is only allowed with 'include': [\"{_LOGPROBS}\"]."
            raise BadParameter(message, "top_logprobs")
        return None
