"""OpenAI's legacy completions on the wire: a prompt goes on as it is, without template, persona or memory.

What differs from OpenAI: without ``temperature`` the likeliest token is taken, as in chat here; ``text_offset`` counts
from the beginning of the choice's own text.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import msgspec

from kernel.abc import Prompt
from kernel.answer.completing import Completing
from kernel.types import Scored, TokenScore
from server.faults import BadParameter, Unsupported
from server.schemas.chat import LEAST_LOGPROB, UsageOut
from server.schemas.sampling import Count, SamplingIn

MAX_PROMPTS = 128
MAX_TOKENS = 16
"""OpenAI's default."""


class CompletionRequest(SamplingIn, kw_only=True):
    """``POST /v1/completions``."""

    prompt: str | list[str | int | list[int]]
    """A text, token ids, or a list of texts or of lists of token ids."""
    model: str | None = None
    max_tokens: Count | None = None
    logprobs: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    best_of: Count | None = None
    echo: bool | None = None
    suffix: str | None = None

    def completing(self, vocabulary: int) -> Completing:
        """The domain's request. ``vocabulary``: how many tokens the model knows. Raises ``BadParameter`` and
        ``Unsupported``."""
        n = self.n or 1
        if self.echo:
            raise Unsupported("'echo' is not offered: put the prompt in front of the text yourself.", "echo")
        if self.suffix:
            raise Unsupported("'suffix' is not offered: the model only writes on from the end.", "suffix")
        if self.best_of not in (None, n):
            raise Unsupported("'best_of' is not offered; leave it out and choose among 'n'.", "best_of")
        return Completing(
            **self.sampling(vocabulary),
            prompts=prompts_of(self.prompt, "prompt", most=MAX_PROMPTS, vocabulary=vocabulary),
            model=self.model or "self",
            n=n,
            max_tokens=self.max_tokens or MAX_TOKENS,
            logprobs=self.logprobs,
        )


def prompts_of(
    given: str | list[str | int | list[int]], where: str, *, most: int, vocabulary: int = 2**31
) -> tuple[Prompt, ...]:
    """What is given in one of OpenAI's four forms, as a list. Raises ``BadParameter`` naming ``where``."""
    if isinstance(given, str):
        return (given,)
    if not given:
        raise BadParameter(f"'{where}' is an empty list; send at least one text or token id.", where)
    if len({type(one) for one in given}) > 1:
        raise BadParameter(
            f"'{where}' mixes kinds: send a text, token ids, a list of texts, or a list of lists of token ids.", where
        )
    texts = [one for one in given if isinstance(one, str)]
    single = tuple(one for one in given if isinstance(one, int))
    lists = [tuple(one) for one in given if isinstance(one, list)]
    prompts: tuple[Prompt, ...] = (single,) if single else (*texts, *lists)
    if len(prompts) > most:
        raise BadParameter(f"'{where}' holds {len(prompts)}; {most} at once are the most.", where, code="too_many")
    for token in (token for prompt in prompts if not isinstance(prompt, str) for token in prompt):
        if not 0 <= token < vocabulary:
            raise BadParameter(f"'{where}' holds the token {token}; they are 0 to {vocabulary - 1}.", where)
    return prompts


# --- what is written --------------------------------------------------------------------------------------------------


class LogprobsOut(msgspec.Struct, frozen=True, kw_only=True):
    """One entry for each token. A token that is part of a character is written ``bytes:\\xe2\\x80``."""

    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]
    top_logprobs: tuple[dict[str, float], ...]
    """The likeliest by their texts, and always the one that was chosen."""
    text_offset: tuple[int, ...]
    """Characters of the choice's text before the token."""


class CompletionChoice(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    index: int
    logprobs: LogprobsOut | None = None
    finish_reason: str | None = None


class CompletionOut(msgspec.Struct, frozen=True, kw_only=True):
    """A completion, or a chunk of one: they have one shape."""

    id: str
    created: int
    model: str
    choices: tuple[CompletionChoice, ...]
    usage: UsageOut | msgspec.UnsetType | None = msgspec.UNSET
    object: Literal["text_completion"] = "text_completion"
    system_fingerprint: str | None = None


class Offsets:
    """Counts the characters of one text as its tokens come."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at = 0

    def logprobs(self, scores: Sequence[TokenScore]) -> LogprobsOut:
        """Of the tokens that come next."""
        return LogprobsOut(
            tokens=tuple(token_text(score.data) for score in scores),
            token_logprobs=tuple(map(_logprob, scores)),
            top_logprobs=tuple(_top(score) for score in scores),
            text_offset=tuple(self._offsets(scores)),
        )

    def _offsets(self, scores: Iterable[TokenScore]) -> Iterable[int]:
        for score in scores:
            yield self._at
            self._at += len(self._decoder.decode(score.data))


def token_text(data: bytes) -> str:
    """The text of a token, as OpenAI's legacy completions write it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def _top(score: TokenScore) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in (*score.top, score):
        found.setdefault(token_text(one.data), _logprob(one))
    return found


def _logprob(score: Scored) -> float:
    return max(score.logprob, LEAST_LOGPROB)
