"""The check that keeps statements honest: their names, numbers and content words must stand in the words they cite."""

from __future__ import annotations

import re

from kernel.l0_insight.lexicon import STOP

_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿĀ-žʻ'’가-힣]+|\d+(?:[.,:]\d+)*")
_NOT_CHECKED = STOP | {"owner", "is", "has", "will"}


def content_words(text: str) -> set[str]:
    """Lower-case names, numbers and content words; function words left out."""
    found = set()
    for word in _WORD.findall(text):
        bare = re.sub(r"['’]s?$", "", word.lower())
        if bare and bare not in _NOT_CHECKED:
            found.add(bare)
    return found


def is_grounded(text: str, evidence: str) -> bool:
    """Whether every content word of ``text`` stands in ``evidence`` as it is."""
    return content_words(text) <= content_words(evidence)
