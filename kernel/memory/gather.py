"""Which sentences may answer a question: a union of every signal's best, never a gate.

Nearest vectors, words (BM25), Hangul bigrams, trigrams where words find too little, names, times that the question
names, and the neighbours of all these.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.memory.asked import Asked
from kernel.memory.index import Ints, VectorIndex
from kernel.memory.timeline import rows_within
from kernel.memory.words import STOP, fold

PER_SIGNAL = 40
"""Candidates that each signal brings."""
FEW = 5
"""Trigrams are asked only where words find fewer than this: they are slow and rarely better."""
EARLIER_SHARE = 0.5
"""What a term of an earlier turn counts, beside one of the question itself."""
COMMON = 0.2
"""A word that more of all sentences hold than this finds nothing by itself; asking FTS5 for it is what takes its time."""
_TOPS = 15


class Gathered(msgspec.Struct):
    """Places in the index, and what each word index says of them: row -> BM25, higher is better."""

    places: list[int]
    idf: dict[str, float]
    """Inverse document frequency of the question's terms; those of earlier turns count half."""
    words: dict[int, float]
    hangul: dict[int, float]
    trigram: dict[int, float]


def gather(
    connection: sqlite3.Connection, index: VectorIndex, asked: Asked, cosines: Vectors | None, as_of: str | None
) -> Gathered:
    """``cosines``: of the query with every sentence, ``(n,)``, or ``None`` while there are none to compare."""
    idf = _rarity(connection, index, asked)
    words = _match(
        connection, "words", "bm25(words, 1.0, 0.5)", [f'"{term}"' for term in _telling(idf, len(index.rows))]
    )
    hangul = _match(connection, "hangul", "bm25(hangul)", [f'"{pair}"' for pair in asked.bigrams])
    trigram: dict[int, float] = {}
    if len(words) + len(hangul) < FEW:
        raw = [word for word in re.findall(r"\w{3,}", asked.text) if fold(word) not in STOP]
        trigram = _match(connection, "trigrams", "bm25(trigrams)", [f'"{word}"' for word in raw])
    named = _named(connection, asked.names)
    chosen: dict[int, None] = {}
    tops: list[int] = []
    if cosines is not None:
        many = min(PER_SIGNAL, len(cosines))
        best = np.argpartition(-cosines, many - 1)[:many]
        best = best[np.argsort(-cosines[best])]
        chosen.update(dict.fromkeys(best[index.has_vector[best]].tolist()))
        tops += best[:_TOPS].tolist()
    for match in (words, hangul, trigram):
        places = index.places(np.array(sorted(match, key=lambda row: -match[row]), np.int64)).tolist()
        chosen.update(dict.fromkeys(places))
        tops += places[:_TOPS]
    for rows in (named, _in_time(connection, asked)):
        chosen.update(dict.fromkeys(index.places(np.array(rows, np.int64)).tolist()))
    beside = (index.beside(place, step) for place in tops for step in (-1, 1))
    chosen.update(dict.fromkeys(other for other in beside if other >= 0))
    return Gathered(_as_of(connection, index, list(chosen), as_of), idf, words, hangul, trigram)


def _rarity(connection: sqlite3.Connection, index: VectorIndex, asked: Asked) -> dict[str, float]:
    total = len(index.rows)
    weights: dict[str, float] = {}
    for term in [*asked.terms, *asked.earlier]:
        row = connection.execute("SELECT doc FROM words_vocabulary WHERE term = ?", (term,)).fetchone()
        seen = row[0] if row else 0
        share = 1.0 if term in asked.terms else EARLIER_SHARE
        weights[term] = share * math.log(1 + (total - seen + 0.5) / (seen + 0.5)) if total >= seen else 0.1
    return weights


def _telling(idf: dict[str, float], total: int) -> list[str]:
    """The terms worth looking for: in a large store without the commonest, unless there is no other."""
    if total < 5_000:
        return list(idf)
    floor = math.log(1 + (1 - COMMON) / COMMON)
    return [term for term, weight in idf.items() if weight > floor] or list(idf)


def _match(connection: sqlite3.Connection, table: str, rank: str, terms: list[str]) -> dict[int, float]:
    """Row -> BM25 (higher is better) of the best ``PER_SIGNAL`` sentences with any of the terms."""
    if not terms:
        return {}
    sql = f"SELECT rowid, {rank} AS score FROM {table} WHERE {table} MATCH ? ORDER BY score LIMIT ?"
    column = "" if table != "words" else "{terms title} : "
    found = connection.execute(sql, (f"{column}({' OR '.join(terms)})", PER_SIGNAL)).fetchall()
    return {row: -score for row, score in found}


def _named(connection: sqlite3.Connection, names: Iterable[str]) -> list[int]:
    """The newest sentences that name one of these, the rarer names first."""
    counted = []
    for name in names:
        count = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM names WHERE name = ? LIMIT ?)", (name, PER_SIGNAL * 10)
        ).fetchone()[0]
        counted.append((count, name))
    rows: list[int] = []
    for count, name in sorted(counted):
        if count:
            sql = "SELECT row FROM names WHERE name = ? ORDER BY row DESC LIMIT ?"
            rows += [row[0] for row in connection.execute(sql, (name, PER_SIGNAL // 2))]
    return rows[:PER_SIGNAL]


def _in_time(connection: sqlite3.Connection, asked: Asked) -> list[int]:
    """Sentences that name one of the times or whose note happened then."""
    rows: list[int] = []
    for date in asked.dates:
        if date.startswith("--"):
            pattern = f"%-{date[2:]}%"
            sql = (
                "SELECT row FROM days WHERE day LIKE ?1 UNION SELECT s.row FROM notes n"
                " JOIN sentences s ON s.note_id = n.id WHERE n.happened_at LIKE ?1 LIMIT ?2"
            )
            rows += [row[0] for row in connection.execute(sql, (pattern, PER_SIGNAL * 2))]
    for period in asked.periods:
        if period.dated:
            rows += rows_within(connection, period, PER_SIGNAL * 2)
    return rows


def _as_of(connection: sqlite3.Connection, index: VectorIndex, chosen: list[int], as_of: str | None) -> list[int]:
    if as_of is None or not chosen:
        return chosen
    rows: Ints = index.rows[chosen]
    sql = (
        "SELECT s.row FROM sentences s JOIN notes n ON n.id = s.note_id"
        f" WHERE substr(coalesce(n.happened_at, n.learned_at), 1, {len(as_of)}) <= ? AND s.row IN ({marks(chosen)})"
    )
    early = {row[0] for row in connection.execute(sql, (as_of, *rows.tolist()))}
    return [place for place, row in zip(chosen, rows.tolist(), strict=True) if row in early]


def marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
