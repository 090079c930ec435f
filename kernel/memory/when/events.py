"""Times counted from something that happened: "before I moved to Oslo", 이사하기 전에. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from kernel.types import Span

Direction = Literal["", "before", "after"]

_ENGLISH = re.compile(
    r"(?<!\bever )(?<![\w-])(?P<side>before|until|till|prior\s+to|after|since|following)\s+(?P<words>(?:(?!\b(?:before|until|till|after|since)\b)[^?!.,;:\n])+)",
    re.IGNORECASE,
)
_NOT_WHEN = re.compile(
    r"\b(?:look(?:s|ed|ing)?|named|call(?:ed)?|tak(?:e|es|ing)|took|ask(?:s|ed)?|go(?:es|ing)?|went|run(?:s|ning)?|day|month"
    r"|year|week|soon|and|not|ever)\s+$",
    re.IGNORECASE,
)
""""named after my aunt", "look after the dog": nobody asks when."""
_NO_EVENT = re.compile(
    r"(?:the\s+|my\s+|your\s+)?(?:and|or|all|that|this|it|then|now|when|what|which|them|him|her|me|you|us|long|work|school"
    r"|lunch|dinner|breakfast|supper|tea|bed|bedtime|eating|sleep(?:ing)?|meals?|noon|midnight|dark|sunset|sunrise|dawn"
    r"|today|tax(?:es)?|a\s+while|each|every|hand|following|anyone|someone|everyone)\b(?!\s+\w+ed\b)",
    re.IGNORECASE,
)
"""What comes every day, or points at something else."""
_NEXT_CLAUSE = re.compile(
    r"\s+(?:what|where|who|whom|whose|which|why|how)\b|\s+(?:did|do|does|can|could|would|will|have|has)\s+(?:i|you|we|he|she|they)\b"
    r"|\s+(?:was|were|am|are|is)\s+(?:i|you|we|there)\b",
    re.IGNORECASE,
)
"""Where the main clause begins, if the question opens with the event."""
_FILLERS = re.compile(r"\s+(?:please|exactly|then|again|at all)$", re.IGNORECASE)
_KOREAN = re.compile(
    r"(?P<words>(?:[가-힣\w]+\s+){0,3}[가-힣\w]*[가-힣])"
    r"(?:\s*(?P<side>(?<=기)\s*전까지|(?<=기)\s*전)|\s+(?P<side2>이전|전까지|전|이후|이래|후|뒤|다음|직전|직후)|(?P<side3>(?<=고)\s?나서))"
    r"(?:에는|에|부터|로|의|까지)?(?=[\s?.,!]|$)"
)
_KOREAN_NONE = frozenset(
    "달 년 개월 주 시간 분 초 얼마 조금 방금 아까 예 이 그 저 오래 오랜 며칠 훨씬 바로 먼저 한참 식사 자기 하루 밥 일 몇 그것 이것 잠 지금 한 두".split()
)
_TWO_WORDS = re.compile(r"의\s+\S+$|\s\S$")
"""언니의 결혼식, 서른 살."""
_FINAL_N = 4
"""Of a syllable block's 28 endings: ㄴ, as in 이사한, 결혼한."""
_SUBJECTS = re.compile(
    r"^(?:(?:나는|난|내가|저는|제가|너는|넌|네가|우리는|우리가|당신은|당신이|혹시|그럼|그러면|그리고)\s+)+"
)


class Event(msgspec.Struct, frozen=True):
    span: Span
    words: str
    direction: Direction


def find_events(question: str, taken: Sequence[Span]) -> list[Event]:
    """Those that overlap none of ``taken``, which are times already."""
    found: list[Event] = []
    for event in [*_english(question), *_korean(question)]:
        spans = [*taken, *(other.span for other in found)]
        if not any(event.span.start < span.end and span.start < event.span.end for span in spans):
            found.append(event)
    return found


def _english(question: str) -> Iterator[Event]:
    for match in _ENGLISH.finditer(question):
        words = match["words"]
        if main := _NEXT_CLAUSE.search(words):
            words = words[: main.start()]
        words = _FILLERS.sub("", words.rstrip())
        if not words or _NO_EVENT.match(words) or _NOT_WHEN.search(question[: match.start()]):
            continue
        direction: Direction = "after" if match["side"].lower() in ("after", "since", "following") else "before"
        start = match.start("words")
        yield Event(Span(match.start(), start + len(words)), words, direction)


def _korean(question: str) -> Iterator[Event]:
    for match in _KOREAN.finditer(question):
        side = re.sub(r"\s", "", match["side"] or match["side2"] or match["side3"])
        words = match["words"].strip()
        verb = bool(match["side"] or match["side3"]) or _ends_in_n(words)
        if side == "다음" and not verb:
            continue
        if not verb:  # 결혼식 후에: one noun, and whose it is
            words = " ".join(words.split()[-2:] if _TWO_WORDS.search(words) else words.split()[-1:])
        start = match.start("words") + match["words"].rindex(words)
        bare = _SUBJECTS.sub("", words)
        start += len(words) - len(bare)
        if not bare or bare in _KOREAN_NONE or bare.split()[-1] in _KOREAN_NONE:
            continue
        direction: Direction = "before" if "전" in side else "after"
        yield Event(Span(start, match.end()), bare, direction)


def _ends_in_n(words: str) -> bool:
    last = words[-1]
    return "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 == _FINAL_N
