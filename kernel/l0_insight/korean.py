"""Korean by Kiwi's morphemes: who a sentence is about, its predicate, its nouns. Loaded once a process."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

_I = {"나", "내", "저", "제", "우리", "저희"}
_PREDICATES = {"VV", "VA", "VX", "XSV", "XSA", "VCP", "VCN"}
_NOUNS = {"NNG", "NNP", "NP", "NR", "SN", "SL", "XR", "NNB", "XSN"}
_NEGATIONS = {"안", "못"}
_FEELINGS = {
    "좋",
    "싫",
    "좋아하",
    "싫어하",
    "사랑하",
    "무섭",
    "무서워하",
    "슬프",
    "기쁘",
    "행복",
    "외롭",
    "그립",
    "걱정",
}


@cache
def load() -> Kiwi:
    """The analyser with its own model (88 MB)."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


@dataclass(frozen=True)
class KoreanSentence:
    subject: str
    """``owner`` for the first person, a noun phrase, or empty where none is said."""
    relation: str
    object: str
    negated: bool
    past: bool
    nouns: tuple[str, ...]
    feeling: bool


def read(text: str) -> KoreanSentence:
    """One sentence: its explicit subject, its last predicate (dictionary form) and what stands between."""
    tokens = [t for t in load().tokenize(text)]
    subject, after = _subject(tokens, text)
    predicate, at = _predicate(tokens)
    words = text[after : tokens[at].start].strip() if at is not None else text[after:].strip()
    forms = {t.form for t in tokens}
    return KoreanSentence(
        subject=subject,
        relation=predicate,
        object=words.strip(" .,!?"),
        negated=bool(forms & _NEGATIONS) or any(t.tag == "VCN" for t in tokens) or _long_negation(tokens),
        past=any(t.tag == "EP" and t.form in {"었", "았", "였"} for t in tokens),
        nouns=tuple(t.form for t in tokens if t.tag in {"NNG", "NNP", "SL"} and len(t.form) > 1),
        feeling=any(t.form in _FEELINGS for t in tokens),
    )


def has_subject(text: str) -> bool:
    """Whether somebody or something is named as the subject or topic (이/가, 은/는, 께서)."""
    tokens = list(load().tokenize(text))
    return bool(_subject(tokens, text)[0])


def _subject(tokens: list[Token], text: str) -> tuple[str, int]:
    for i, token in enumerate(tokens):
        marks = token.tag == "JKS" or (token.tag == "JX" and token.form in {"은", "는"})
        if not marks or i == 0 or tokens[i - 1].tag not in _NOUNS | {"XSN", "ETN", "SH"}:
            continue
        first = i - 1
        while first > 0 and tokens[first - 1].tag in _NOUNS | {"JKG", "SP"} and _joined(tokens, first):
            first -= 1
        phrase = text[tokens[first].start : tokens[i - 1].end]
        if tokens[first].tag in {"NNB"} or all(t.tag in {"SN", "NNB"} for t in tokens[first:i]):
            continue
        whole = [t.form for t in tokens[first:i]]
        owner = len(whole) == 1 and whole[0] in _I
        return ("owner" if owner else phrase.strip()), token.end
    return "", 0


def _joined(tokens: list[Token], first: int) -> bool:
    return bool(tokens[first].start - tokens[first - 1].end <= 1) and tokens[first - 1].tag != "SP"


def _predicate(tokens: list[Token]) -> tuple[str, int | None]:
    for i in range(len(tokens) - 1, -1, -1):
        token = tokens[i]
        if token.tag.split("-")[0] not in _PREDICATES or token.tag.startswith("VX"):
            continue
        if token.tag in {"XSV", "XSA"} and i > 0:
            return f"{tokens[i - 1].form}{token.form}다", i - 1
        return f"{token.form}다", i
    return "", None


def _long_negation(tokens: list[Token]) -> bool:
    return any(a.form == "지" and b.form.startswith(("않", "못하", "말")) for a, b in itertools.pairwise(tokens))
