"""How tokens are chosen, as clients say it: what requests for text have in common on the wire.

OpenAI's fields, and those that llama.cpp's server and vLLM add to them (``top_k``, ``min_p``, ``repeat_penalty``,
``grammar``). Without ``temperature`` the likeliest token is taken: a self should say the same thing twice.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from server.faults import BadParameter, Unsupported

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
_Factor = Annotated[float, msgspec.Meta(gt=0, le=2)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
MAX_STOPS = 16
MAX_N = 16
MAX_BIAS = 100.0
_TOKEN = re.compile(r"[0-9]{1,10}", re.ASCII)


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class JsonSchemaFormat(msgspec.Struct):
    """OpenAI's ``json_schema``; it is always enforced, ``strict`` or not."""

    schema: dict[str, Any] | None = None
    name: str = ""
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(msgspec.Struct):
    type: str
    json_schema: JsonSchemaFormat | None = None


class SamplingIn(msgspec.Struct, kw_only=True):
    """The fields; requests for text inherit them."""

    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: _Share | None = None
    top_k: Annotated[int, msgspec.Meta(ge=-1, le=2**31 - 1)] | None = None
    """0 and -1: all of them."""
    min_p: _Share | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    repeat_penalty: _Factor | None = None
    repetition_penalty: _Factor | None = None
    """vLLM's name of ``repeat_penalty``."""
    seed: Int64 | None = None
    stop: str | list[str] | None = None
    logit_bias: dict[str, float] | None = None
    """Token id to what is added to its logit; -100 bans it."""
    response_format: ResponseFormat | None = None
    grammar: str | None = None
    """GBNF that the text must follow."""
    n: Annotated[int, msgspec.Meta(ge=1, le=MAX_N)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def include_usage(self) -> bool:
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def sampling(self, vocabulary: int) -> dict[str, Any]:
        """The fields of ``kernel.types.Sampling`` by name, but for ``max_tokens`` and ``logprobs``, whose names differ
        from route to route. ``vocabulary``: how many tokens the model knows. Raises ``BadParameter``."""
        if self.stream_options is not None and not self.stream:
            raise BadParameter("'stream_options' is only allowed with 'stream': true.", "stream_options")
        schema = schema_of(self.response_format)
        if schema and self.grammar:
            raise BadParameter("'grammar' and 'response_format' cannot both hold; send one of them.", "grammar")
        return {
            "temperature": self.temperature or 0.0,
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "top_k": max(0, self.top_k or 0),
            "min_p": self.min_p or 0.0,
            "presence_penalty": self.presence_penalty or 0.0,
            "frequency_penalty": self.frequency_penalty or 0.0,
            "repeat_penalty": self._repeat_penalty(),
            "seed": self.seed,
            "stop": stops(self.stop),
            "logit_bias": biases(self.logit_bias, vocabulary),
            "grammar": self.grammar or "",
            "json_schema": schema,
        }

    def _repeat_penalty(self) -> float:
        given = {value for value in (self.repeat_penalty, self.repetition_penalty) if value is not None}
        if len(given) > 1:
            raise BadParameter(
                "'repetition_penalty' is another name of 'repeat_penalty'; send one of them.", "repetition_penalty"
            )
        return given.pop() if given else 1.0


def stops(stop: str | list[str] | None) -> tuple[str, ...]:
    """The stop strings. Raises ``BadParameter`` for too many and for an empty one."""
    found = (stop,) if isinstance(stop, str) else tuple(stop or ())
    if len(found) > MAX_STOPS:
        raise BadParameter(f"'stop' may hold {MAX_STOPS} strings at most.", "stop")
    if "" in found:
        raise BadParameter("'stop' may not hold an empty string.", "stop")
    return found


def biases(given: dict[str, float] | None, vocabulary: int) -> dict[int, float]:
    """Token ids to biases. Raises ``BadParameter`` for what is no token id and for a bias beyond -100 to 100."""
    found = {}
    for token, bias in (given or {}).items():
        if not _TOKEN.fullmatch(token) or int(token) >= vocabulary:
            raise BadParameter(
                f"'logit_bias' names the token '{token[:40]}'; its keys are token ids, 0 to {vocabulary - 1}. "
                "/v1/tokenize tells those of a text.",
                "logit_bias",
            )
        if not -MAX_BIAS <= bias <= MAX_BIAS:
            raise BadParameter("'logit_bias' holds a value that is not between -100 and 100.", "logit_bias")
        found[int(token)] = bias
    return found


def schema_of(given: ResponseFormat | None) -> str:
    """The JSON schema that the text must follow, as JSON; empty for plain text. Whether it can be made into a grammar
    the engine says. Raises ``BadParameter`` and ``Unsupported``."""
    if given is None or given.type == "text":
        return ""
    if given.type == "json_object":
        return '{"type": "object"}'
    if given.type != "json_schema":
        raise Unsupported(
            f"'response_format.type' is 'text', 'json_object' or 'json_schema', not '{given.type[:40]}'.",
            "response_format.type",
        )
    if given.json_schema is None or given.json_schema.schema is None:
        raise BadParameter(
            '\'response_format.json_schema\' must hold the schema: {"name": …, "schema": {…}}.', "response_format"
        )
    return msgspec.json.encode(given.json_schema.schema).decode()
