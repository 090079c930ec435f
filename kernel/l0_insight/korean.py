"""Korean by Kiwi's morphemes: loaded once a process, each sentence taken apart once; its nouns, and who it is about."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

FIRST_PERSON = {"나", "내", "저", "제", "우리", "저희"}
_NOUNS = {"NNG", "NNP", "NP", "NR", "SN", "SL", "XR", "NNB", "XSN"}


@cache
def load() -> Kiwi:
    """The analyser with its own model (88 MB)."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


@lru_cache(maxsize=512)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The morphemes of one sentence."""
    return tuple(load().tokenize(text))


def nouns(text: str) -> tuple[str, ...]:
    """Nouns of more than one syllable, as often as they stand there."""
    return tuple(t.form for t in tokens_of(text) if t.tag in {"NNG", "NNP", "SL"} and len(t.form) > 1)


def has_subject(text: str) -> bool:
    """Whether somebody or something is named as the subject or topic (이/가, 은/는, 께서)."""
    tokens = tokens_of(text)
    return any(phrase_before(tokens, i) is not None for i, token in enumerate(tokens) if is_subject_mark(token))


def is_subject_mark(token: Token) -> bool:
    return token.tag == "JKS" or is_topic_mark(token)


def is_topic_mark(token: Token) -> bool:
    return token.tag == "JX" and token.form in {"은", "는"}


def phrase_before(tokens: tuple[Token, ...], mark: int) -> tuple[int, int] | None:
    """``(first, end)`` token indexes of the noun phrase that the particle at ``mark`` belongs to; ``None``: no noun."""
    if mark == 0 or tokens[mark - 1].tag not in _NOUNS | {"ETN", "SH"}:
        return None
    first = mark - 1
    while first > 0 and tokens[first - 1].tag in _NOUNS | {"JKG", "SP", "MM"} and _is_joined(tokens, first):
        first -= 1
    if tokens[first].tag == "NNB" or all(t.tag in {"SN", "NNB"} for t in tokens[first:mark]):
        return None
    return first, mark


def _is_joined(tokens: tuple[Token, ...], first: int) -> bool:
    return bool(tokens[first].start - tokens[first - 1].end <= 1) and tokens[first - 1].tag != "SP"
