"""From a server's stream of chunks, in any of the dialects, to pieces: text, how many tokens, their log-probabilities."""

from __future__ import annotations

import msgspec

from kernel.abc import Generate, Piece
from kernel.engine.text import TextStream
from kernel.errors import EngineDied, EngineError
from kernel.types import Scored, TokenScore, Usage

UNKNOWN = -1
"""The id of a token whose server tells only its text."""


class _Likely(msgspec.Struct):
    token: str
    logprob: float
    raw: list[int] | None = msgspec.field(name="bytes", default=None)
    id: int = UNKNOWN

    @property
    def data(self) -> bytes:
        return self.token.encode("utf-8", "replace") if self.raw is None else bytes(self.raw)


class _Token(_Likely):
    top_logprobs: list[_Likely] = []


class _Logprobs(msgspec.Struct):
    """A conversation's (``content``), or a completion's older form."""

    content: list[_Token] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None

    def all(self) -> list[_Token]:
        if self.content is not None or self.tokens is None:
            return self.content or []
        odds = self.token_logprobs or [None] * len(self.tokens)
        tops = self.top_logprobs or [None] * len(self.tokens)
        return [
            _Token(token, 0.0 if odd is None else odd, top_logprobs=[_Likely(*one) for one in (top or {}).items()])
            for token, odd, top in zip(self.tokens, odds, tops, strict=False)
        ]


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None
    token_ids: list[int] | None = None


class _Cached(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None


class _Timings(msgspec.Struct):
    predicted_n: int = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    timings: _Timings | None = None
    error: msgspec.Raw | None = None


class Chunks:
    """The chunks of one answer. ``feed`` each; when the stream is over, ``end`` gives what was held back."""

    def __init__(self, request: Generate, server: str) -> None:
        self._text = TextStream(request.stop)
        self._top = request.logprobs
        self._server = server
        self._unsent = self._sent = 0
        self._exact = False
        """Whether it says of each chunk how many tokens it is."""
        self._scores: list[TokenScore] = []
        self.tokens = 0
        self.reason = ""
        """Why it ended; empty while it has not."""
        self._told: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """As the server counts, but for the token that ends an answer, which is not part of it. ``None``: it does not
        say, or was cut off at a stop string."""
        if self._told is None or not self._exact:
            return self._told
        return msgspec.structs.replace(self._told, completion_tokens=self._sent)

    @property
    def stopped(self) -> bool:
        """Whether a stop string came that the server let through: nothing after it counts."""
        return self._text.stopped

    def feed(self, data: bytes) -> Piece | None:
        """Raises ``EngineDied`` or ``EngineError`` for an error within the stream."""
        try:
            chunk = msgspec.json.decode(data, type=_Chunk)
        except msgspec.DecodeError as error:
            raise EngineError(
                f"{self._server} sent a chunk that cannot be read; is it an OpenAI-compatible server?"
            ) from error
        if chunk.error is not None:
            raise EngineDied(f"{self._server} broke off the answer; its own log says why. Ask again.")
        if chunk.usage is not None:
            cached = chunk.usage.prompt_tokens_details
            self._told = Usage(
                prompt_tokens=chunk.usage.prompt_tokens,
                completion_tokens=self.tokens
                if chunk.usage.completion_tokens is None
                else chunk.usage.completion_tokens,
                cached_tokens=(cached.cached_tokens or 0) if cached else 0,
            )
        return self._choice(chunk.choices[0], chunk.timings) if chunk.choices else None

    def end(self) -> Piece | None:
        """Raises ``EngineDied`` where the stream was cut before it said how it ends."""
        if self.stopped:
            self.reason = "stop"
        if not self.reason:
            raise EngineDied(f"{self._server} closed the stream in the middle of the answer. Ask again.")
        rest = self._text.end()
        return self._piece(rest) if rest else None

    def _choice(self, choice: _Choice, timings: _Timings | None) -> Piece | None:
        delta = choice.delta or _Delta()
        text = choice.text or delta.content or ""
        scores = choice.logprobs.all() if choice.logprobs else []
        thought = bool(delta.reasoning or delta.reasoning_content)
        came = len(scores) or int(bool(text) or thought)
        self._exact = self._exact or choice.token_ids is not None or timings is not None
        if choice.token_ids is not None:
            came = len(choice.token_ids)
        elif timings is not None:
            came = max(0, timings.predicted_n - self.tokens)
        self.tokens, self._unsent = self.tokens + came, self._unsent + came
        if self._top is not None and text:
            self._scores += self._scored(scores, choice.token_ids or [])
        if choice.finish_reason:
            self.reason = "length" if choice.finish_reason == "length" else "stop"
        if choice.finish_reason in ("abort", "error"):
            raise EngineDied(f"{self._server} gave the answer up; its own log says why. Ask again.")
        sent = self._text.feed(text.encode("utf-8", "replace"))
        return self._piece(sent) if sent else None

    def _piece(self, text: str) -> Piece:
        piece = Piece(text=text, tokens=max(1, self._unsent), scores=tuple(self._scores))
        self._sent, self._unsent, self._scores = self._sent + piece.tokens, 0, []
        return piece

    def _scored(self, scores: list[_Token], ids: list[int]) -> list[TokenScore]:
        known = ids if len(ids) == len(scores) else [one.id for one in scores]
        return [
            TokenScore(
                token=id,
                data=one.data,
                logprob=one.logprob,
                top=tuple(
                    Scored(token=id if other.token == one.token else other.id, data=other.data, logprob=other.logprob)
                    for other in one.top_logprobs[: self._top]
                ),
            )
            for one, id in zip(scores, known, strict=True)
        ]
