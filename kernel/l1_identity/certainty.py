"""How sure a side of a person is: from how much independent evidence, over how long, how recent and how consistent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kernel.l0_insight.grounding import content_words
from kernel.l1_identity.evidence import Line
from kernel.types import Confidence

_LEVELS: tuple[Confidence, ...] = ("VERY_LOW", "LOW", "MEDIUM", "HIGH", "VERY_HIGH")
_FEW, _MANY = 3, 6
_LONG, _LATELY = 90, 183
_CONTESTED = 0.25
_SAYS_THE_SAME = 0.5


@dataclass(frozen=True)
class Evidence:
    """``notes``: independent ones. ``span``: days from the first to the last. ``since``: days from the last to the newest
    note of all; ``None`` where nothing is dated. ``against``: notes whose words are over or taken back."""

    notes: int
    span: int = 0
    since: int | None = None
    against: int = 0


def confidence(evidence: Evidence) -> Confidence:
    """``VERY_LOW`` for a single note, else a point each for:

    3 independent notes, 6 of them, 90 days between first and last, one within half a year of the newest note. A point
    off where a quarter of the notes or more is over or taken back, two where it is half. One note is never more than
    ``LOW``: that only if it is recent.
    """
    points = (evidence.notes >= _FEW) + (evidence.notes >= _MANY)
    points += evidence.span >= _LONG
    points += evidence.since is not None and evidence.since <= _LATELY
    contested = evidence.against / evidence.notes if evidence.notes else 0.0
    points -= (contested >= _CONTESTED) + (contested >= 2 * _CONTESTED)
    if evidence.notes < 2:
        points = min(points, 1)
    return _LEVELS[max(0, min(points, 4))]


def evidence_of(lines: Sequence[Line], over: Collection[tuple[str, int]], newest: str) -> Evidence:
    """The evidence in a side's own lines. ``over``: notes and ends of
    sentences that say what holds no more; ``newest``: the last day of all."""
    notes = _independent(lines)
    days = sorted({line.day for line in lines if len(line.day) == 10})
    against = {line.note.id for line in lines if (line.note.id, line.unit.end) in over} | _taken_back(lines)
    if not days:
        return Evidence(len(notes), against=len(against & notes))
    first, last = dt.date.fromisoformat(days[0]), dt.date.fromisoformat(days[-1])
    since = (dt.date.fromisoformat(newest) - last).days if len(newest) == 10 else None
    return Evidence(len(notes), (last - first).days, since, len(against & notes))


def _independent(lines: Sequence[Line]) -> set[str]:
    """Notes but for those that say much the same as another of the same file or the same day."""
    words: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    for line in lines:
        words.setdefault(line.note.id, set()).update(content_words(line.words))
        file, _, _ = line.note.source.partition("#")
        places.setdefault(line.note.id, set()).update({line.day} - {""} | ({file} if file != "text:" else set()))
    kept: list[str] = []
    for note in sorted(words, key=lambda n: (-len(words[n]), n)):
        if not any(places[note] & places[other] and _same(words[note], words[other]) for other in kept):
            kept.append(note)
    return set(kept)


def _same(one: set[str], other: set[str]) -> bool:
    smaller = min(len(one), len(other))
    return bool(smaller) and len(one & other) >= _SAYS_THE_SAME * smaller


def _taken_back(lines: Sequence[Line]) -> set[str]:
    """Notes with a statement of the owner that a later one has with the opposite sign (``I like``, ``I don't like``)."""
    said: dict[tuple[str, str], list[tuple[str, bool, str]]] = {}
    for line in lines:
        for one in line.statements:
            if one.subject == "owner" and one.object:
                key = (one.relation, " ".join(sorted(content_words(one.object))))
                said.setdefault(key, []).append((line.day, one.negated, line.note.id))
    back: set[str] = set()
    for group in said.values():
        _, last, _ = max(group)
        back |= {note for day, negated, note in group if negated != last}
    return back
