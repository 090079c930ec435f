"""From rows to the hits that callers get, and what two hits have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from kernel.memory.index import VectorIndex
from kernel.types import Explain, Hit, Sentence

_SQL = (
    "SELECT s.row, s.id, s.note_id, s.chunk_id, s.start, s.end, s.context, s.origin, s.speaker, s.todo, n.title,"
    " substr(n.text, s.start + 1, s.end - s.start), n.happened_at, n.language, n.kind, c.page,"
    " (SELECT substr(n.text, b.start + 1, b.end - b.start) FROM sentences b"
    "  WHERE b.note_id = s.note_id AND b.ordinal = s.ordinal - 1),"
    " (SELECT substr(n.text, b.start + 1, b.end - b.start) FROM sentences b"
    "  WHERE b.note_id = s.note_id AND b.ordinal = s.ordinal + 1)"
    " FROM sentences s JOIN notes n ON n.id = s.note_id JOIN chunks c ON c.id = s.chunk_id WHERE s.row IN ({marks})"
)


class Shown(msgspec.Struct, frozen=True):
    """A sentence that is to be a hit."""

    row: int
    score: float
    explain: Explain
    superseded_since: str


def read_hits(connection: sqlite3.Connection, shown: Sequence[Shown]) -> list[Hit]:
    """In the order of ``shown``, by one question."""
    rows = [one.row for one in shown]
    read = {row[0]: row[1:] for row in connection.execute(_SQL.format(marks=",".join("?" * len(rows))), rows)}
    return [_hit(one, read[one.row]) for one in shown if one.row in read]


def _hit(one: Shown, values: tuple[object, ...]) -> Hit:
    sid, note_id, chunk_id, start, end, context, origin, speaker, todo, *of_note = values
    title, text, happened, language, kind, page, before, after = of_note
    told = f"{speaker}: {context}" if speaker and origin != "owner" else context
    return msgspec.convert(
        {
            "note_id": note_id, "chunk_id": chunk_id, "sentence_id": sid, "title": title, "text": text, "context": told,
            "span": (start, end), "score": one.score, "explain": one.explain, "happened_at": happened, "origin": origin,
            "language": language, "speaker": speaker, "todo": todo, "kind": kind, "page": page,
            "before": before or "", "after": after or "", "superseded_since": one.superseded_since,
        },
        Hit,
    )  # fmt: skip


def distinct(hits: Sequence[Hit]) -> list[Hit]:
    """One hit for each different thing said. A sentence often comes twice, alone and in front of the next one, whose
    context it is: one hit is left, at the better of the two places, with the longer context."""
    kept: list[Hit] = []
    for hit in hits:
        twin = next((n for n, other in enumerate(kept) if holds(other, hit) or holds(hit, other)), None)
        if twin is None:
            kept.append(hit)
        elif len(hit.context) > len(kept[twin].context):
            kept[twin] = msgspec.structs.replace(kept[twin], context=hit.context)
    return kept


def holds(hit: Hit, other: Hit | Sentence) -> bool:
    """Whether the hit is the other sentence or has it in its context, line breaks aside."""
    return hit.note_id == other.note_id and " ".join(other.context.split()) in " ".join(hit.context.split())


def covered(order: Sequence[int], places: Sequence[int], index: VectorIndex) -> list[int]:
    """``order`` without what is read as the neighbour of something better; ``places``: of each candidate."""
    seen: set[int] = set()
    kept = []
    for n in order:
        if places[n] not in seen:
            kept.append(n)
            seen |= {places[n], index.beside(places[n], -1), index.beside(places[n], 1)}
    return kept
