"""Which kind of memory a sentence is, and which kind a question asks for, by rules. Pure; English and Korean.

The five kinds are those of OpenMemory and of cognitive psychology (Tulving 1972 for episodic and semantic): what happened,
what is so, how it is done, how it felt, what it made one think. They are one signal of search among many.
"""

from __future__ import annotations

import re

from kernel.types import MemoryKind

_I = re.IGNORECASE
_SAID: tuple[tuple[MemoryKind, re.Pattern[str]], ...] = (
    (
        "procedural",
        re.compile(
            r"\b(?:how to|first,|then|step \d|always (?:use|add|check|turn)|make sure|press|stir|bake|boil|mix|add the|"
            r"turn (?:off|on)|plug|tighten|rinse|preheat|fold|whisk|dial|password|reset)\b|(?:세요|십시오)[.!]?$|방법|넣고|끓",
            _I,
        ),
    ),
    (
        "emotional",
        re.compile(
            r"\b(?:love|loved|hate|hated|happy|sad|angry|afraid|scared|proud|ashamed|lonely|anxious|worried|nervous|"
            r"excited|miss (?:her|him|them|you|it)|missed (?:her|him|them)|cried|crying|upset|furious|grateful|jealous|"
            r"heartbroken|relieved|felt|feel|enjoy|enjoyed|can't stand)\b|행복|슬프|슬펐|화가|무서|외로|기뻤|기쁘|좋아|싫어|걱정|그리",
            _I,
        ),
    ),
    (
        "reflective",
        re.compile(
            r"\b(?:i (?:think|believe|realised|realized|wonder|suppose|guess|decided|learned|learnt|wish|hope|should|"
            r"ought|regret)|in hindsight|looking back|lesson|perhaps|maybe|matters to me|taught me)\b|생각|깨달|느꼈|배웠|후회|"
            r"것 같",
            _I,
        ),
    ),
    (
        "episodic",
        re.compile(
            r"\b(?:yesterday|today|last (?:night|week|month|year|summer|winter|spring|autumn)|ago|this morning|went|came|"
            r"met|bought|saw|took|gave|got|left|moved|started|finished|was|were|had|did|made|said|told|found|lost|ate|"
            r"visited|called|\w{3,}ed)\b|었다|았다|했다|갔다|왔다|었어|았어|했어|어제|오늘|지난",
            _I,
        ),
    ),
)
_ASKED: tuple[tuple[MemoryKind, re.Pattern[str]], ...] = (
    (
        "procedural",
        re.compile(r"\bhow (?:do|does|can|should|would) (?:i|you|we|one)\b|\bhow to\b|\brecipe\b|어떻게 (?:해|하)", _I),
    ),
    (
        "emotional",
        re.compile(r"\b(?:feel|felt|love|hate|enjoy|afraid|scared|happy|sad|proud|worried|like)\b|기분|좋아|싫어", _I),
    ),
    (
        "reflective",
        re.compile(r"\b(?:think|believe|opinion|learn(?:ed|t)?|regret|realise|realize|view)\b|생각|의견", _I),
    ),
    ("episodic", re.compile(r"\b(?:when|did|happened|last|ago|yesterday|was|were)\b|언제|지난|어제|했|갔|일어", _I)),
)


def kind_of(text: str) -> MemoryKind:
    """Of a sentence: the most particular kind that its words show; ``semantic`` where none does."""
    return next((kind for kind, pattern in _SAID if pattern.search(text)), "semantic")


def kind_asked(question: str) -> MemoryKind:
    """Of the memories that would answer the question."""
    return next((kind for kind, pattern in _ASKED if pattern.search(question)), "semantic")
