"""Which of what was found may answer: whose words, and what still holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kernel.types import Hit

SPARE = 3
"""Hits that are asked for beyond those shown, as some may be another's."""
_LOOKS_BACK = re.compile(
    r"\b(?:used to|before|first|earlier|previous(?:ly)?|formerly|old|originally|back then|ago|last|in (?:19|20)\d\d|changed?|"
    r"moved?|did|was|were|had)\b|예전|전에|옛|처음|원래|바뀌|바꿨|이사",
    re.IGNORECASE,
)


def fit_to_answer(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """``hits`` without what is no evidence about the one who is asked of, at the time that is asked of."""
    fit = _of_one_voice(hits)
    holding = [hit for hit in fit if not hit.superseded_since]
    return holding if holding and not _LOOKS_BACK.search(question) else fit


def _of_one_voice(hits: Sequence[Hit]) -> list[Hit]:
    """Without what somebody else says of himself: where the question names one of the speakers, without the others'
    lines; where the best is the owner's own, without what others say in conversations."""
    by_speaker = [hit.explain.parts.get("speaker", 0.0) for hit in hits]
    if any(value > 0 for value in by_speaker):
        return [hit for hit, value in zip(hits, by_speaker, strict=True) if value >= 0]
    if hits and hits[0].origin == "owner":
        return [hit for hit in hits if hit.origin == "owner" or not hit.speaker]
    return list(hits)
