"""Answers made of the owner's own sentences, and the words for not knowing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.answer.check import names
from kernel.types import Citation, Hit, Language, Memory, Span

DOES_NOT_KNOW: dict[Language, str] = {
    "en": "I don't know. I have no note about that.",
    "ko": "모르겠어요. 제 기록에는 없어요.",
    "other": "I don't know. I have no note about that.",
}
BACK = 3
LONGEST = 260
"""Characters of a passage that is still quoted as an answer; a longer one is only cited."""
SECOND_WORTH = 0.5
"""A second sentence is quoted with the first where its score is at least this share of it."""


def chosen(evidence: Sequence[Hit]) -> list[Hit]:
    """The one or two sentences worth quoting, in the order in which they stand in their note."""
    best = list(evidence[:1])
    best += [hit for hit in evidence[1:2] if hit.score >= SECOND_WORTH * best[0].score]
    if len({hit.note_id for hit in best}) == 1:
        best.sort(key=lambda hit: hit.span.start)
    return best


def text_of(hits: Sequence[Hit]) -> str:
    """The quoted answer: each sentence once, with the one that says who "she" is where that is short enough to read."""
    said: list[str] = []
    for hit in hits:
        words = " ".join((hit.passage if 0 < len(hit.passage) <= LONGEST else hit.text).split())
        if not any(words in other for other in said):
            said = [other for other in said if other not in words] + [words]
    return " ".join(map(_ended, said))


def citation(hit: Hit) -> Citation:
    if hit.passage and hit.passage_span is not None:
        return Citation(note_id=hit.note_id, title=hit.title, quote=hit.passage, span=hit.passage_span)
    return Citation(note_id=hit.note_id, title=hit.title, quote=hit.text, span=hit.span)


def with_passage(hit: Hit, memory: Memory) -> Hit:
    """The hit with its passage: as many sentences before it (``BACK`` at most) as its resolved names need."""
    words = names(hit.context) - names(hit.text)
    if not words or hit.context == hit.text:
        return hit
    at = next((n for n, one in enumerate(memory.sentences) if one.id == hit.sentence_id), 0)
    for first in range(at - 1, max(-1, at - 1 - BACK), -1):
        start = memory.sentences[first].start
        passage = memory.note.text[start : hit.span.end]
        if words <= names(passage):
            return msgspec.structs.replace(hit, passage=passage, passage_span=Span(start, hit.span.end))
    return hit


def marks(text: str, parts: Sequence[str]) -> tuple[Span, ...]:
    """For each part: where it stands in ``text``, or the whole text where it does not stand there as such."""
    found = []
    for part in parts:
        at = text.find(part)
        found.append(Span(at, at + len(part)) if part and at >= 0 else Span(0, len(text)))
    return tuple(found)


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in ".!?。…\"'”’)" else sentence + "."
