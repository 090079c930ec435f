"""``Searcher``: from a question to the sentences that may answer it, each with every part of its score.

Candidates are a union, never a gate: nearest vectors, words (BM25), Hangul bigrams, trigrams where words find too
little, dates that the question names, and the neighbours of all these. A small learned model weighs them
(``signals``, ``search_weights.json``); a second pass lets a sentence share in what its neighbours scored.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from kernel.abc import Vectors
from kernel.memory.asked import Asked, ask
from kernel.memory.index import VectorIndex
from kernel.memory.schema import configure
from kernel.memory.signals import FEATURES, Parsed, Scores, features
from kernel.memory.words import STOP, content_terms, fold, stem
from kernel.types import Explain, Hit, Sentence, Span

PER_SIGNAL = 40
"""Candidates that each signal brings."""
FEW = 5
"""Trigrams are asked only where words find fewer than this: they are slow and rarely better."""
EARLIER_SHARE = 0.5
"""What a term of an earlier turn counts, beside one of the question itself."""
TWINS = 8
"""Sentences looked at beyond the limit, as some say what another says."""
_KEPT = 50_000
KOREAN = {
    "bm25": 9.0,
    "cosine": 0.8,
    "cosine_gap": 0.8,
    "cosine_before": 0.0,
    "cosine_after": 0.0,
    "cosine_note": 0.8,
    "kin_missing": -3.0,
}
"""Weights that differ in Korean, by hand: the starter's embedder knows none (unrelated sentences have a cosine of 0.43 to
0.78), so the bigrams of its words decide, and a relative who is asked of must be named."""
_TITLE_IS_BEGINNING = (
    "instr(substr(n.text, 1, 400), rtrim(n.title, '…')) = 1"
    " AND substr(n.text, length(rtrim(n.title, '…')) + 1, 1) != char(10)"
)
"""A text without a heading is named by how it begins: such a title says nothing of the other sentences."""
_KEY = re.compile(r"\W*([^\s:][^:\n.!?]{0,44}):\s")
_WEIGHTS = Path(__file__).with_name("search_weights.json")


class Weights(msgspec.Struct, frozen=True):
    """See ``scripts/fit_search``. ``score = sigmoid(slope * (w . x) + offset)``."""

    features: dict[str, float]
    neighbour: float
    note: float
    slope: float
    offset: float
    made: dict[str, object] = {}


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    return msgspec.json.decode(_WEIGHTS.read_bytes(), type=Weights)


class Candidates(msgspec.Struct):
    """Everything about one search before it is weighed; ``scripts/fit_search`` learns from it."""

    asked: Asked
    places: list[int]
    parsed: list[Parsed]
    scores: list[Scores]
    matrix: npt.NDArray[np.float64]
    """``(candidates, features)``."""
    notes: tuple[str, ...]


class Searcher:
    """Synchronous and thread-safe; has a connection of its own that only reads.

    ``database`` must have been opened by ``Store`` once (it makes the schema). Call ``close`` before deleting it.
    """

    def __init__(self, database: Path) -> None:
        self._lock = threading.Lock()
        uri = f"{database.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        configure(self._connection)
        self._index = VectorIndex()
        self._parsed: dict[int, tuple[int, Parsed]] = {}
        self._weights = load_weights()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def search(
        self,
        query: str,
        vector: Vectors | None,
        *,
        limit: int = 10,
        as_of: str | None = None,
        previous: Sequence[str] = (),
        today: dt.date | None = None,
    ) -> list[Hit]:
        """Best first, at most ``limit``, no two of which say the same (``distinct``).

        ``vector``: the query's, ``(d,)`` and of length 1, or ``None`` while the embedder is down (``explain.notes``
        says so). ``as_of``: nothing that happened later than this date. ``previous``: the conversation's turns before,
        oldest first, for questions that lean on them. ``today``: what "yesterday" is counted from.
        """
        with self._lock:
            found = self._candidates(query, vector, as_of, previous, today)
            if found is None:
                return []
            weights = self._of(found.asked.language)
            first = found.matrix @ np.array([weights.get(name, 0.0) for name in FEATURES])
            beside, rest = self.shared(found.places, first)
            total = first + self._weights.neighbour * beside + self._weights.note * rest
            best = np.argsort(-total, kind="stable")[: limit + TWINS]
            return distinct([self._hit(found, int(n), float(total[n]), float(beside[n])) for n in best])[:limit]

    def _of(self, language: str) -> dict[str, float]:
        return self._weights.features | KOREAN if language == "ko" else self._weights.features

    def candidates(
        self, query: str, vector: Vectors | None, *, as_of: str | None = None, previous: Sequence[str] = ()
    ) -> Candidates | None:
        """What ``search`` weighs, for learning the weights and for benchmarks. ``None``: nothing to look at."""
        with self._lock:
            return self._candidates(query, vector, as_of, previous, None)

    def sentences(self) -> dict[int, tuple[str, str]]:
        """Row -> ``(sentence id, context)`` of the whole store, for the same."""
        with self._lock:
            rows = self._connection.execute("SELECT row, id, context FROM sentences").fetchall()
        return {row: (sid, context) for row, sid, context in rows}

    @property
    def index(self) -> VectorIndex:
        """As of the last search; not to be touched while another runs."""
        return self._index

    def shared(
        self, places: Sequence[int], first: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """For each candidate: the better first-pass score of the two sentences beside it, and the best of the others of
        its note; the worst of the search where there is none."""
        low = float(first.min()) if len(first) else 0.0
        at = {place: n for n, place in enumerate(places)}
        codes = self._index.notes[np.array(places, np.int64)] if places else np.zeros(0, np.int64)
        best: dict[int, list[float]] = {}
        for code, score in zip(codes.tolist(), first.tolist(), strict=True):
            best[code] = sorted([*best.get(code, []), score], reverse=True)[:2]
        beside, rest = np.full(len(first), low), np.full(len(first), low)
        for n, place in enumerate(places):
            near = [at[other] for step in (-1, 1) if (other := self._index.beside(place, step)) in at]
            if near:
                beside[n] = max(first[m] for m in near)
            top = best[int(codes[n])]
            if len(top) > 1:
                rest[n] = top[1] if first[n] >= top[0] else top[0]
        return beside, rest

    # --- gathering

    def _candidates(
        self, query: str, vector: Vectors | None, as_of: str | None, previous: Sequence[str], today: dt.date | None
    ) -> Candidates | None:
        self._index.refresh(self._connection)
        if not len(self._index.rows):
            return None
        asked = ask(query, previous, today)
        notes: list[str] = []
        cosines = self._index.cosines(vector) if vector is not None else None
        if vector is None:
            notes.append("embedder down: found by words only")
        elif cosines is None:
            notes.append("vectors pending: found by words only")
        idf = self._rarity(asked)
        words = self._match("words", "bm25(words, 1.0, 0.5)", [f'"{term}"' for term in idf])
        hangul = self._match("hangul", "bm25(hangul)", [f'"{pair}"' for pair in asked.bigrams])
        trigram: dict[int, float] = {}
        if len(words) + len(hangul) < FEW:
            raw = [word for word in re.findall(r"\w{3,}", query) if fold(word) not in STOP]
            trigram = self._match("trigrams", "bm25(trigrams)", [f'"{word}"' for word in raw])
        chosen = self._union(asked, cosines, [words, hangul, trigram])
        chosen = self._as_of(chosen, as_of)
        if not chosen:
            return None
        beside = {other for place in chosen for step in (-1, 1) if (other := self._index.beside(place, step)) >= 0}
        parsed = self._parse([*chosen, *sorted(beside.difference(chosen))])[: len(chosen)]
        scores = self._scores(asked, chosen, cosines, words, hangul, trigram)
        names = _names(query)
        table = []
        for place, sentence, score in zip(chosen, parsed, scores, strict=True):
            around = self._around(place)
            table.append(features(asked, idf, names, sentence, score, around))
        return Candidates(asked, chosen, parsed, scores, np.array(table), tuple(notes))

    def _rarity(self, asked: Asked) -> dict[str, float]:
        """Inverse document frequency of the question's terms; those of earlier turns count half."""
        total = len(self._index.rows)
        weights: dict[str, float] = {}
        for term in [*asked.terms, *asked.earlier]:
            row = self._connection.execute("SELECT doc FROM words_vocabulary WHERE term = ?", (term,)).fetchone()
            seen = row[0] if row else 0
            share = 1.0 if term in asked.terms else EARLIER_SHARE
            weights[term] = share * math.log(1 + (total - seen + 0.5) / (seen + 0.5)) if total >= seen else 0.1
        return weights

    def _match(self, table: str, rank: str, terms: list[str]) -> dict[int, float]:
        """Row -> BM25 (higher is better) of the best ``PER_SIGNAL`` sentences with any of the terms."""
        if not terms:
            return {}
        sql = f"SELECT rowid, {rank} AS score FROM {table} WHERE {table} MATCH ? ORDER BY score LIMIT ?"
        column = "" if table != "words" else "{terms title} : "
        found = self._connection.execute(sql, (f"{column}({' OR '.join(terms)})", PER_SIGNAL)).fetchall()
        return {row: -score for row, score in found}

    def _union(self, asked: Asked, cosines: Vectors | None, matches: list[dict[int, float]]) -> list[int]:
        index = self._index
        chosen: dict[int, None] = {}
        tops: list[int] = []
        if cosines is not None:
            many = min(PER_SIGNAL, len(cosines))
            best = np.argpartition(-cosines, many - 1)[:many]
            best = best[np.argsort(-cosines[best])]
            chosen.update(dict.fromkeys(int(n) for n in best if index.has_vector[n]))
            tops += [int(n) for n in best[:15]]
        for match in matches:
            places = index.places(np.array(sorted(match, key=lambda row: -match[row]), np.int64)).tolist()
            chosen.update(dict.fromkeys(places))
            tops += places[:15]
        if asked.dates:
            chosen.update(dict.fromkeys(index.places(np.array(self._on_days(asked.dates), np.int64)).tolist()))
        for place in tops:
            for step in (-1, 1):
                if (other := index.beside(place, step)) >= 0:
                    chosen[other] = None
        return list(chosen)

    def _on_days(self, dates: Iterable[str]) -> list[int]:
        """Sentences that name one of the dates or whose note happened then."""
        rows: list[int] = []
        for date in dates:
            pattern = f"%-{date[2:]}%" if date.startswith("--") else f"{date}%"
            sql = (
                "SELECT row FROM days WHERE day LIKE ?1 UNION SELECT s.row FROM notes n"
                " JOIN sentences s ON s.note_id = n.id WHERE n.happened_at LIKE ?1 LIMIT ?2"
            )
            rows += [row[0] for row in self._connection.execute(sql, (pattern, PER_SIGNAL * 2))]
        return rows

    def _as_of(self, chosen: list[int], as_of: str | None) -> list[int]:
        if as_of is None:
            return chosen
        sql = (
            "SELECT s.row FROM sentences s JOIN notes n ON n.id = s.note_id"
            f" WHERE substr(coalesce(n.happened_at, n.learned_at), 1, {len(as_of)}) <= ?"
            f" AND s.row IN ({_marks(chosen)})"
        )
        rows = [int(self._index.rows[place]) for place in chosen]
        early = {row[0] for row in self._connection.execute(sql, (as_of, *rows))}
        return [place for place, row in zip(chosen, rows, strict=True) if row in early]

    # --- taking apart

    def _parse(self, places: Sequence[int]) -> list[Parsed]:
        """From the cache, or from the database in one question."""
        rows = [int(self._index.rows[place]) for place in places]
        serials = dict(
            self._connection.execute(
                f"SELECT row, serial FROM sentences WHERE row IN ({_marks(rows)})", rows
            ).fetchall()
        )
        absent = [row for row in rows if row not in self._parsed or self._parsed[row][0] != serials.get(row)]
        if absent:
            if len(self._parsed) > _KEPT:
                self._parsed.clear()
            sql = (
                "SELECT s.row, s.serial, s.context, s.origin, w.terms,"
                f" CASE WHEN {_TITLE_IS_BEGINNING} THEN '' ELSE w.title END, n.happened_at,"
                " substr(n.text, s.start + 1, s.end - s.start) FROM sentences s JOIN notes n ON n.id = s.note_id"
                f" JOIN words w ON w.rowid = s.row WHERE s.row IN ({_marks(absent)})"
            )
            days: dict[int, list[str]] = {}
            for row, day in self._connection.execute(
                f"SELECT row, day FROM days WHERE row IN ({_marks(absent)})", absent
            ):
                days.setdefault(row, []).append(day)
            for row, serial, context, origin, terms, title, happened, text in self._connection.execute(sql, absent):
                self._parsed[row] = (
                    serial,
                    _parse(row, context, text, origin, terms, title, happened, days.get(row, ())),
                )
        return [self._parsed[row][1] for row in rows]

    def _around(self, place: int) -> frozenset[str]:
        """Terms of the sentences before and after."""
        places = [other for step in (-1, 1) if (other := self._index.beside(place, step)) >= 0]
        found = self._cached(places)
        return frozenset().union(*(parsed.terms for parsed in found)) if found else frozenset()

    def _cached(self, places: Sequence[int]) -> list[Parsed]:
        rows = [int(self._index.rows[place]) for place in places]
        if all(row in self._parsed for row in rows):
            return [self._parsed[row][1] for row in rows]
        return self._parse(places)

    def _scores(
        self,
        asked: Asked,
        places: Sequence[int],
        cosines: Vectors | None,
        words: dict[int, float],
        hangul: dict[int, float],
        trigram: dict[int, float],
    ) -> list[Scores]:
        index = self._index
        usable = cosines is not None and asked.language != "ko"
        top = float(cosines.max()) if cosines is not None else 0.0
        note_best = self._note_cosines(places, cosines) if cosines is not None and usable else {}
        highest = [max(match.values(), default=0.0) or 1.0 for match in (words, hangul, trigram)]
        found = []
        for place in places:
            row = int(index.rows[place])
            score = Scores(
                words=words.get(row, 0.0) / highest[0],
                hangul=hangul.get(row, 0.0) / highest[1],
                trigram=trigram.get(row, 0.0) / highest[2],
            )
            if cosines is not None and usable and index.has_vector[place]:
                score.cosine = float(cosines[place])
                score.cosine_gap = score.cosine - top
                before, after = index.beside(place, -1), index.beside(place, 1)
                score.cosine_before = float(cosines[before]) if before >= 0 else 0.0
                score.cosine_after = float(cosines[after]) if after >= 0 else 0.0
                score.cosine_note = note_best.get(int(index.notes[place]), 0.0)
            found.append(score)
        return found

    def _note_cosines(self, places: Sequence[int], cosines: Vectors) -> dict[int, float]:
        """Mean cosine of the three best sentences of each candidate's note."""
        found: dict[int, float] = {}
        for place in places:
            code = int(self._index.notes[place])
            if code in found:
                continue
            first = last = place
            while self._index.beside(first, -1) >= 0 and place - first < 60:
                first -= 1
            while self._index.beside(last, 1) >= 0 and last - place < 60:
                last += 1
            found[code] = float(np.sort(cosines[first : last + 1])[-3:].mean())
        return found

    # --- answering

    def _hit(self, found: Candidates, n: int, total: float, beside: float) -> Hit:
        row = int(self._index.rows[found.places[n]])
        sql = (
            "SELECT s.id, s.note_id, s.chunk_id, s.start, s.end, s.context, s.origin, n.title,"
            " substr(n.text, s.start + 1, s.end - s.start), n.happened_at, n.language FROM sentences s JOIN notes n ON n.id = s.note_id WHERE s.row = ?"
        )
        sid, note_id, chunk_id, start, end, context, origin, title, text, happened, language = self._connection.execute(
            sql, (row,)
        ).fetchone()
        weights = self._weights
        exponent = -(weights.slope * total + weights.offset)
        return Hit(
            note_id=note_id,
            chunk_id=chunk_id,
            sentence_id=sid,
            title=title,
            text=text,
            context=context,
            span=Span(start, end),
            score=1 / (1 + math.exp(min(60.0, exponent))),
            explain=self._explain(found, n, beside),
            happened_at=happened,
            origin=origin,
            language=language,
        )

    def _explain(self, found: Candidates, n: int, beside: float) -> Explain:
        scores, values = found.scores[n], dict(zip(FEATURES, found.matrix[n].tolist(), strict=True))
        notes = list(found.notes)
        if scores.cosine is None and not notes:
            korean = found.asked.language == "ko"
            notes.append("the vectors' model knows no Korean: found by words" if korean else "vector pending")
        if values["date"]:
            notes.append("date matched")
        if values["kind"]:
            notes.append("kind of answer matched")
        if found.parsed[n].others_words:
            notes.append("someone else's words")
        weights = self._of(found.asked.language)
        weighed = {name: round(weights.get(name, 0.0) * value, 4) for name, value in values.items()}
        weighed["neighbour"] = round(self._weights.neighbour * beside, 4)
        return Explain(
            vector=scores.cosine,
            words=scores.words,
            hangul=scores.hangul,
            trigram=scores.trigram,
            overlap=values["overlap"] + values["in_title"],
            parts={name: value for name, value in weighed.items() if value},
            notes=tuple(notes),
        )


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


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


def _names(query: str) -> frozenset[str]:
    """Terms of the capitalised words within the question ("Jean" of "Who is Jean?")."""
    words = re.findall(r"(?<!^)(?<![.!?]\s)\b[A-ZÀ-Þ][\w'’]+", query)
    return frozenset(stem(re.sub(r"['’]s$", "", fold(word))) for word in words) - {"i", "i'm", "i'd", "i've", "i'll"}


def _parse(
    row: int, context: str, text: str, origin: str, terms: str, title: str, happened: str | None, days: Sequence[str]
) -> Parsed:
    """``terms`` and ``title`` as the word index holds them; no title where it is only how the text begins."""
    held = frozenset(terms.split())
    heading, separator, said = context.partition(": ")
    return Parsed(
        row=row,
        terms=held,
        title_terms=frozenset(title.split()),
        said=said if separator and len(heading.split()) > 2 else context,
        days=tuple(days),
        happened_at=happened or "",
        is_question=text.rstrip("\"'”’)* ").endswith("?"),
        others_words=origin != "owner",
        length=len(held),
        key_terms=frozenset(content_terms(key[1])) if (key := _KEY.match(text)) else frozenset(),
        heading_only=text.lstrip().startswith("#")
        or (len(text) < 40 and text == context and not re.search(r"[.!?:]", text)),
    )
