"""Who and what a text names, by its capitals, its links and Korean forms of address. Pure; runs while a note is written.

The language analysis of L0 finds entities better, a moment later and with types; these are what search joins on at once.
"""

from __future__ import annotations

import re

from kernel.memory.language import is_hangul
from kernel.memory.words import KINSHIP, STOP, fold, korean_stem

_LINK = re.compile(r"!?\[\[([^\]|#]+)(?:[#|][^\]]*)?\]\]")
_CAPITAL = re.compile(r"[A-ZÀ-Þ][\w'’-]*(?:\s+(?:[A-ZÀ-Þ][\w'’-]*|of|de|van|von|da|di))*(?<!of)(?<!\sde)")
_ADDRESSED = re.compile(r"([가-힣]{2,4})\s?(?:씨|님|선생님|이모|삼촌|언니|오빠|누나|형)")
_BEGINS = re.compile(r"(?:^|[.!?:;\"“(\n]\s*)$")


def names_in(text: str, context: str = "") -> frozenset[str]:
    """Folded names in a sentence: ``Mary Ann Evans`` also as each of its words. ``context``: as it stands resolved."""
    found: set[str] = set()
    for source in dict.fromkeys((text, context)):
        for link in _LINK.finditer(source):
            _add(found, link[1].rpartition("/")[2])
        for match in _CAPITAL.finditer(_LINK.sub(" ", source)):
            name = re.sub(r"['’]s$", "", match.group())
            first = fold(name.split()[0])
            if _BEGINS.search(source[: match.start()]) and " " not in name and (first in STOP or first not in found):
                continue  # the first word of a sentence has a capital whatever it is
            _add(found, name)
        found.update(fold(match[1]) for match in _ADDRESSED.finditer(source))
    return frozenset(found)


def names_asked(question: str) -> frozenset[str]:
    """Folded names in a question, and its Korean words without their particles: any of them may be a name."""
    found = set(names_in(" " + question))
    found |= {korean_stem(word) for word in re.findall(r"[가-힣]{2,6}", question)}
    return frozenset(found)


def _add(found: set[str], name: str) -> None:
    whole = " ".join(fold(name).split()).strip(" -'’")
    words = [word for word in whole.split() if word not in STOP and word not in KINSHIP and len(word) > 1]
    if not words:
        return
    if len(words) > 1:
        found.add(whole)
    found.update(word for word in words if len(word) > 2 or is_hangul(word[0]))
