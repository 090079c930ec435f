"""What each kind of OpenAI-compatible server calls things: bodies of requests, who is who, what it can do.

Every field of ``Sampling`` that a server knows is sent, lest its own defaults decide; one that it does not know and that
is not neutral is refused by name. No network here: ``recognise`` is handed a way to ask.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

import msgspec

from kernel.abc import Generate, Prompt
from kernel.errors import EngineError, ModelError, WrongUse
from kernel.types import Message, Sampling

Fetch = Callable[[str, dict[str, Any] | None], Awaitable[Any]]
"""``(path, body or None for a GET) -> JSON``, or ``None`` where the server has no such route."""
NEUTRAL = Sampling()
BANNED = -100.0
_SPECIAL = re.compile(r"<\|([A-Za-z0-9_]+)\|>")


class Card(msgspec.Struct, frozen=True):
    """A model as ``/v1/models`` tells of it."""

    id: str
    owned_by: str = ""
    parent: str | None = None
    """Of an adapter: the model that it is for."""
    max_model_len: int | None = None
    meta: dict[str, Any] | None = None


class _Listed(msgspec.Struct, frozen=True):
    data: list[Card]


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at an address. Empty and 0: it does not say."""

    dialect: Dialect
    model: str
    context_tokens: int = 0
    vocabulary: int = 0
    chat_template: str = ""
    bos_token: str = ""
    eos_token: str = ""


class Dialect:
    """OpenAI's own fields and no more."""

    name = "this server"
    fields: ClassVar[dict[str, str]] = {}
    """What it calls ``top_k``, ``min_p`` and ``repeat_penalty``, where it knows them."""
    extra: ClassVar[dict[str, Any]] = {}
    """Sent with every request, to learn more from the answer."""
    stops: int | None = 4
    """How many stop strings it takes; all are kept on this side too."""
    seeds = 2**63 - 1
    """How many seeds it tells apart; each is sent as one of 0 to one less, because -1 often means any."""
    takes_adapters = False
    takes_logit_bias = True
    health = "/v1/models"

    def __init__(self, version: tuple[int, ...] = ()) -> None:
        self._version = version

    def body(self, request: Generate, model: str) -> tuple[str, dict[str, Any]]:
        """Route and body for a stream of ``request``. Raises ``WrongUse`` naming what this server does not know."""
        chat = bool(request.messages)
        if not request.opened:  # that more may follow after it is nothing to enforce
            raise WrongUse(
                f"{self.name} cannot hold to a grammar from the middle of a text on, which tools with tool_choice "
                "'auto' need. Use tool_choice 'required', 'none' or a named function."
            )
        if request.grammar and request.json_schema:
            raise WrongUse("a grammar and a JSON schema are given; only one of them can hold")
        what = {"messages": list(map(_spoken, request.messages))} if chat else {"prompt": self.prompt(request.prompt)}
        body: dict[str, Any] = {
            "model": model,
            **what,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "presence_penalty": request.presence_penalty,
            "frequency_penalty": request.frequency_penalty,
            **self._beyond(request),
            **self.extra,
        }
        if request.seed is not None:
            body["seed"] = request.seed % self.seeds
        if stop := [word for word in request.stop if word][: self.stops]:
            body["stop"] = stop
        if request.logit_bias:
            body["logit_bias"] = self.logit_bias(request.logit_bias)
        if request.logprobs is not None:
            body |= self.logprobs(request.logprobs, chat=chat)
        if request.grammar:
            body |= self.grammar(request.grammar)
        if request.json_schema:
            body |= self.json_schema(msgspec.Raw(request.json_schema.encode()), chat=chat)
        return "/v1/chat/completions" if chat else "/v1/completions", body

    def prompt(self, prompt: Prompt) -> Any:
        return encodable(prompt) if isinstance(prompt, str) else list(prompt)

    def logit_bias(self, bias: dict[int, float]) -> dict[str, Any]:
        if not self.takes_logit_bias:
            raise self.lacks("logit_bias")
        return {str(token): min(100.0, max(BANNED, value)) for token, value in bias.items()}

    def logprobs(self, top: int, *, chat: bool) -> dict[str, Any]:
        return {"logprobs": True, "top_logprobs": top} if chat else {"logprobs": top}

    def grammar(self, grammar: str) -> dict[str, Any]:
        raise self.lacks("grammar")

    def json_schema(self, schema: msgspec.Raw, *, chat: bool) -> dict[str, Any]:
        if not chat:
            raise WrongUse(
                f"{self.name} holds to a JSON schema in conversations only; send messages instead of a prompt"
            )
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}}

    def tokenize(self, text: str, model: str, *, special: bool) -> tuple[str, dict[str, Any]] | None:
        """Route and body; ``None``: it has no such route."""
        return None

    def detokenize(self, tokens: Sequence[int], model: str) -> tuple[str, dict[str, Any]] | None:
        return None

    def lacks(self, field: str) -> WrongUse:
        return WrongUse(f"'{field}' is not known to {self.name}, which generates for this home; leave it out")

    def _beyond(self, request: Generate) -> dict[str, Any]:
        sent = {}
        for field in ("top_k", "min_p", "repeat_penalty"):
            value = getattr(request, field)
            if field in self.fields:
                sent[self.fields[field]] = value
            elif value != getattr(NEUTRAL, field):
                raise self.lacks(field)
        return sent


class VLLM(Dialect):
    name = "vLLM"
    fields: ClassVar[dict[str, str]] = {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repetition_penalty"}
    extra: ClassVar[dict[str, Any]] = {"return_token_ids": True}
    stops = None
    takes_adapters = True
    health = "/health"

    def grammar(self, grammar: str) -> dict[str, Any]:
        if self._version and self._version < (0, 11):
            return {"guided_grammar": grammar}
        return {"structured_outputs": {"grammar": grammar}}

    def json_schema(self, schema: msgspec.Raw, *, chat: bool) -> dict[str, Any]:
        return super().json_schema(schema, chat=True)

    def tokenize(self, text: str, model: str, *, special: bool) -> tuple[str, dict[str, Any]]:
        return "/tokenize", {"model": model, "prompt": text, "add_special_tokens": special}

    def detokenize(self, tokens: Sequence[int], model: str) -> tuple[str, dict[str, Any]]:
        return "/detokenize", {"model": model, "tokens": list(tokens)}

    def _beyond(self, request: Generate) -> dict[str, Any]:
        return super()._beyond(request) | {"top_k": request.top_k or -1}  # 0 was refused by older versions


class LlamaServer(Dialect):
    name = "llama-server"
    fields: ClassVar[dict[str, str]] = {"top_k": "top_k", "min_p": "min_p", "repeat_penalty": "repeat_penalty"}
    extra: ClassVar[dict[str, Any]] = {"timings_per_token": True}
    stops = None
    seeds = 2**32 - 1
    health = "/health"

    def logit_bias(self, bias: dict[int, float]) -> dict[str, Any]:
        return {str(token): False if value <= BANNED else value for token, value in bias.items()}

    def logprobs(self, top: int, *, chat: bool) -> dict[str, Any]:
        return super().logprobs(max(1, top), chat=chat)  # 0 would mean none at all

    def grammar(self, grammar: str) -> dict[str, Any]:
        return {"grammar": grammar}

    def tokenize(self, text: str, model: str, *, special: bool) -> tuple[str, dict[str, Any]]:
        return "/tokenize", {"content": text, "add_special": special, "parse_special": special}

    def detokenize(self, tokens: Sequence[int], model: str) -> tuple[str, dict[str, Any]]:
        return "/detokenize", {"tokens": list(tokens)}


class Ollama(Dialect):
    name = "Ollama"
    stops = None
    seeds = 2**31 - 1
    takes_logit_bias = False
    health = "/api/version"

    def prompt(self, prompt: Prompt) -> Any:
        raise WrongUse("Ollama puts every prompt into a chat template of its own; send messages instead of a prompt")

    def logprobs(self, top: int, *, chat: bool) -> dict[str, Any]:
        if self._version < (0, 12, 11):
            raise WrongUse(
                "this Ollama tells no log-probabilities; update it to 0.12.11 or later, or leave out 'logprobs'"
            )
        return super().logprobs(top, chat=chat)


async def recognise(fetch: Fetch, wanted: str) -> Remote:
    """Who answers, and with which model. Raises ``ModelError`` naming what is served where ``wanted`` is not."""
    cards = await models(fetch)
    own = {name: card for name, card in cards.items() if not card.parent}
    model = chosen(tuple(own), wanted)
    card = own[model]
    if card.owned_by == "vllm":
        said = _mapping(await fetch("/version", None))
        dialect = VLLM(_version(said.get("version")))
        return Remote(dialect=dialect, model=model, context_tokens=card.max_model_len or 0)
    if card.owned_by == "llamacpp":
        props = _mapping(await fetch("/props", None))
        return Remote(
            dialect=LlamaServer(),
            model=model,
            context_tokens=int(_mapping(props.get("default_generation_settings")).get("n_ctx") or 0),
            vocabulary=int((card.meta or {}).get("n_vocab") or 0),
            chat_template=str(props.get("chat_template") or ""),
            bos_token=str(props.get("bos_token") or ""),
            eos_token=str(props.get("eos_token") or ""),
        )
    version = _mapping(await fetch("/api/version", None)).get("version")
    if version:
        return Remote(
            dialect=Ollama(_version(version)), model=model, context_tokens=await _ollama_context(fetch, model)
        )
    return Remote(dialect=Dialect(), model=model)


async def models(fetch: Fetch) -> dict[str, Card]:
    """What is served, by name. Raises ``EngineError`` where the answer is no list of models."""
    try:
        listed = msgspec.convert(await fetch("/v1/models", None), _Listed)
    except msgspec.ValidationError as error:
        raise EngineError("/v1/models of engine.url lists no models. Is it an OpenAI-compatible server?") from error
    return {card.id: card for card in listed.data}


def chosen(served: tuple[str, ...], wanted: str) -> str:
    """The model to ask for: the wanted one, or the only one."""
    if wanted in served:
        return wanted
    names = ", ".join(served) or "none"
    if wanted:
        raise ModelError(f"the server at engine.url serves no model '{wanted}'; it serves: {names}. Set engine.model.")
    if len(served) != 1:
        raise ModelError(f"the server at engine.url serves: {names}. Say which with engine.model.")
    return served[0]


async def _ollama_context(fetch: Fetch, model: str) -> int:
    """Of the model as it is loaded; it is loaded for that. Longer prompts would be cut by Ollama without a word."""
    await fetch("/api/generate", {"model": model, "stream": False})
    loaded = map(_mapping, _mapping(await fetch("/api/ps", None)).get("models") or ())
    lengths = [one.get("context_length") for one in loaded if model in (one.get("name"), one.get("model"))]
    return int((lengths or [0])[0] or 0)


def encodable(text: str) -> str:
    """Without lone surrogates, which cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _spoken(message: Message) -> dict[str, Any]:
    """In OpenAI's shape. The server's template parses special tokens wherever they stand: none may come out of words."""
    said: dict[str, Any] = {"role": message.role, "content": _SPECIAL.sub(r"<\1>", encodable(message.content))}
    if message.calls:
        said["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.call_id:
        said["tool_call_id"] = message.call_id
    return said


def _version(text: object) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", str(text))[:3]))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
