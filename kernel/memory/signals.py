"""What is looked at in one sentence for one question, as numbers. Pure; ``FEATURES`` names them in order.

The weights are learned (``scripts/fit_search``) and lie in ``search_weights.json`` under these names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from kernel.memory.asked import Asked, could_answer
from kernel.memory.dates import covers
from kernel.memory.timeline import within
from kernel.types import MemoryKind

FEATURES = (
    "cosine", "cosine_gap", "bm25", "hangul", "trigram", "overlap", "in_title", "mass", "near", "kind",
    "kind_missing", "date", "date_missing", "kin", "kin_missing", "cosine_before", "cosine_after", "cosine_note",
    "around", "question", "others_words",
    "length", "new", "names", "both", "reading", "fact_kind", "heading_only", "key", "speaker", "entity", "memory_kind",
)  # fmt: skip
SHARED = ("neighbour", "note")
"""Second pass: what the sentences beside it and the best other one of its note scored in the first."""

NOTES_DAY = 0.8
"""What the day of a note counts, beside one that its sentence names."""
OPEN = 0.5
"""What lies in "since May" or "before 2019" counts, beside what lies in May or 2019."""


class Parsed(msgspec.Struct, frozen=True):
    """A sentence, taken apart once and kept while it is not changed."""

    row: int
    terms: frozenset[str]
    title_terms: frozenset[str]
    said: str
    """Its words without the subject put before them: what a kind of answer is looked for in."""
    days: tuple[str, ...]
    happened_at: str
    is_question: bool
    others_words: bool
    length: int
    heading_only: bool
    names: frozenset[str]
    """Folded names in it."""
    todo: str
    """``open`` or ``done`` for a task."""
    kind: MemoryKind
    key_terms: frozenset[str]
    """Of the key of a ``key: value`` line."""


class Scores(msgspec.Struct):
    """What the indexes say of one sentence; BM25s are scaled to the best of this search."""

    cosine: float | None = None
    cosine_gap: float = 0.0
    cosine_before: float = 0.0
    cosine_after: float = 0.0
    cosine_note: float = 0.0
    words: float = 0.0
    hangul: float = 0.0
    trigram: float = 0.0
    speaker: float = 0.0
    """1 where it is said by the one whom the question names, -1 where by another."""


def _share(weights: Mapping[str, float], total: float, held: frozenset[str]) -> float:
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0


def date_matches(asked: Asked, parsed: Parsed) -> float:
    """1 for a time named in the question that a day of the sentence lies in, ``NOTES_DAY`` for the day of its note."""
    best = _best(asked, parsed.days)
    return max(best, NOTES_DAY * _best(asked, (parsed.happened_at,))) if parsed.happened_at and best < 1.0 else best


def _best(asked: Asked, days: Sequence[str]) -> float:
    """``OPEN`` for a time that is open at one side ("since May"), and for another year's July than the one meant."""
    dated = [period for period in asked.periods if period.dated]
    best = 0.0
    for day in days:
        for period in dated:
            if within(period, day):
                best = max(best, OPEN if period.open else 1.0)
        for want in asked.dates:
            if covers(want, day) or covers(day, want):
                other_year = dated and want.startswith("--") and not day.startswith("--")
                best = max(best, OPEN if other_year else 1.0)
    return best


def features(
    asked: Asked,
    idf: Mapping[str, float],
    names: frozenset[str],
    parsed: Parsed,
    scores: Scores,
    around: frozenset[str],
) -> list[float]:
    """In the order of ``FEATURES``. ``idf``: rarity of each of the question's terms (those of earlier turns count less
    already). ``around``: terms of the sentences before and after."""
    total = sum(idf.values()) or 1.0
    held, title = parsed.terms, parsed.title_terms
    mass = in_title = in_around = 0.0
    missing = 0
    date = date_matches(asked, parsed)
    for term, weight in idf.items():
        if term in held or (date and term in asked.date_terms):
            mass += weight
        elif term in title:
            in_title += weight
        else:
            missing += 1
            if term in around:
                in_around += weight
    here, titled = mass / total, (mass + in_title) / total
    wide = titled + in_around / total
    near = 0.0 if asked.near.isdisjoint(held) else missing / max(1, len(idf))
    kind = 1.0 if could_answer(asked.kinds, parsed.said) else 0.0
    kin_here = not (asked.kin.isdisjoint(held) and asked.kin.isdisjoint(title))
    kin_near = not asked.kin.isdisjoint(around)
    cosine = scores.cosine if scores.cosine is not None else _typical_cosine(titled)
    words = max(scores.words, scores.hangul if asked.language == "ko" else 0.0)
    fresh = (len(held) - sum(term in held for term in idf)) / (len(held) + 1)
    return [
        cosine,
        scores.cosine_gap,
        words,
        scores.hangul if asked.language != "ko" else 0.0,
        scores.trigram,
        here,
        in_title / total,
        min(mass, 15.0) / 15.0,
        near,
        kind,
        1.0 if asked.kinds and not kind else 0.0,
        date,
        1.0 if asked.names_a_time and not date else 0.0,
        1.0 if kin_here else 0.0,
        1.0 if asked.kin and not kin_here and not kin_near else 0.0,
        scores.cosine_before,
        scores.cosine_after,
        scores.cosine_note,
        wide - titled,
        1.0 if parsed.is_question else 0.0,
        1.0 if parsed.others_words else 0.0,
        min(math.log1p(parsed.length), 4.0) / 4.0,
        fresh,
        sum(name in held or name in title for name in names) / len(names) if names else 0.0,
        cosine * here,
        kind * wide,
        kind * cosine,
        1.0 if parsed.heading_only else 0.0,
        _share(idf, total, parsed.key_terms) if parsed.key_terms else 0.0,
        scores.speaker,
        1.0 if not asked.names.isdisjoint(parsed.names) else 0.0,
        1.0 if asked.memory_kind == parsed.kind else 0.0,
    ]


def _typical_cosine(overlap: float) -> float:
    """Stands in for a cosine that is not there (pending, embedder down, Korean with an English embedder), so that
    scores stay comparable: about the mean cosine of sentences with that overlap among the skill's people."""
    return 0.2 + 0.4 * overlap
