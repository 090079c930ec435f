"""Answers made of the owner's own sentences, and the words for not knowing."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.types import Citation, Hit, Language, Span

DOES_NOT_KNOW: dict[Language, str] = {
    "en": "I don't know. I have no note about that.",
    "ko": "모르겠어요. 제 기록에는 없어요.",
    "other": "I don't know. I have no note about that.",
}
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
    return " ".join(_ended(" ".join(hit.text.split())) for hit in hits)


def citation(hit: Hit) -> Citation:
    return Citation(note_id=hit.note_id, title=hit.title, quote=hit.text, span=hit.span)


def marks(text: str, parts: Sequence[str]) -> tuple[Span, ...]:
    """For each part: where it stands in ``text``, or the whole text where it does not stand there as such."""
    found = []
    for part in parts:
        at = text.find(part)
        found.append(Span(at, at + len(part)) if part and at >= 0 else Span(0, len(text)))
    return tuple(found)


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in ".!?。…\"'”’)" else sentence + "."
