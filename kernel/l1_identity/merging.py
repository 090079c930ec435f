"""Sides of a person that are one: topics with the same aspect whose notes say much the same of much the same."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.l0_insight.grounding import content_words
from kernel.l1_identity.evidence import Line
from kernel.types import Shade, Topic

SAME = 0.5
"""From so much weighted overlap on two sides are one. Topics of one person that are told apart stay under 0.3."""
_STATED = 0.8
"""Two sentences of which the shorter has so much in the longer say the same."""


@dataclass(frozen=True)
class Side:
    """What a shade is made from. ``old``: the shade of the last version that it goes on from, if any."""

    topics: tuple[Topic, ...]
    aspect: str
    lines: tuple[Line, ...]
    old: Shade | None = None

    @property
    def notes(self) -> set[str]:
        return {line.note.id for line in self.lines}


def merged(sides: Sequence[Side]) -> list[Side]:
    """Sides of the same aspect that overlap by ``SAME`` joined, each to the first of them; the older identity is kept.

    An older side is one with ``old``; of two such the larger goes on. Order is kept otherwise.
    """
    words = [_words(side) for side in sides]
    held = Counter(word for counts in words for word in counts)
    weight = {word: math.log(1 + len(sides) / number) for word, number in held.items()}
    kept: list[int] = []
    joined: dict[int, list[int]] = {}
    ranked = sorted(range(len(sides)), key=lambda i: (sides[i].old is None, -len(sides[i].notes), i))
    for index in ranked:
        alike = [k for k in kept if sides[k].aspect == sides[index].aspect]
        into = next((k for k in alike if _overlap(words[k], words[index], weight) >= SAME), None)
        if into is None:
            kept.append(index)
        joined.setdefault(index if into is None else into, []).append(index)
    return [_joined([sides[i] for i in joined[k]]) for k in sorted(kept)]


def same_said(one: str, other: str) -> bool:
    """Whether two sentences say the same: ``I live in Porto.``, ``I live in Porto with Deniz.``"""
    a, b = content_words(one), content_words(other)
    smaller = min(len(a), len(b))
    if not smaller:
        return one == other
    same_numbers = set(re.findall(r"\d+", one)) == set(re.findall(r"\d+", other))
    return same_numbers and len(a & b) >= max(_STATED * smaller, 1) and (smaller > 1 or a == b)


def _joined(of: Sequence[Side]) -> Side:
    first = of[0]
    lines = {(line.note.id, line.unit.start): line for side in of for line in side.lines}
    ordered = sorted(lines.values(), key=lambda line: (line.note.happened_at or "", line.note.id, line.unit.start))
    return Side(tuple(t for side in of for t in side.topics), first.aspect, tuple(ordered), first.old)


def _words(side: Side) -> set[str]:
    """Names and content words of its own sentences."""
    return {word for line in side.lines for word in content_words(line.words) if not word[0].isdigit()}


def _overlap(one: set[str], other: set[str], weight: dict[str, float]) -> float:
    """Shared weight over that of the side with less of it; a word that every side says weighs little."""
    lesser = min(sum(weight[w] for w in sorted(one)), sum(weight[w] for w in sorted(other)))
    return sum(weight[w] for w in sorted(one & other)) / lesser if lesser else 0.0
