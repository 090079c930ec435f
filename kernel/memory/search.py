"""``Searcher``: from a question to the sentences that may answer it, each with every part of its score.

Candidates are a union of all signals (``gather``). A small learned model weighs them (``signals``,
``search_weights.json``); a second pass lets a sentence share in what its neighbours scored; how old and how often used a
memory is, and whether something newer took its place, are added within bounds (``worth``).
"""

from __future__ import annotations

import datetime as dt
import math
import re
import sqlite3
import threading
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from kernel.abc import Vectors
from kernel.memory.asked import Asked, ask
from kernel.memory.gather import gather
from kernel.memory.hits import Shown, covered, distinct, read_hits
from kernel.memory.index import VectorIndex
from kernel.memory.parsed import ParsedSentences
from kernel.memory.schema import configure
from kernel.memory.signals import FEATURES, Parsed, Scores, features
from kernel.memory.timeline import resolve_event
from kernel.memory.words import fold, stem
from kernel.memory.worth import OVERTAKEN, Worth, read_worth
from kernel.types import Explain, Hit

TWINS = 8
"""Sentences looked at beyond the limit, as some say what another says."""
EVENT_HITS = 5
"""Sentences that are asked when an event was ("before I moved")."""
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
TASKS = {"open": 5.0, "done": -2.0}
"""Added by hand where a question asks what is to be done."""
_WEIGHTS = Path(__file__).with_name("search_weights.json")
_REACH = 60
"""Sentences of a note, at either side, that its mean cosine is taken over."""


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

    ``database`` must have been opened by ``Store`` once (it makes the schema). ``owner``: the names that the owner goes
    by. Call ``close`` before deleting it.
    """

    def __init__(self, database: Path, *, owner: Collection[str] = ()) -> None:
        self._lock = threading.Lock()
        uri = f"{database.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        configure(self._connection)
        self._index = VectorIndex(database.parent)
        self._parsed = ParsedSentences(self._connection, self._index)
        self._owner = tuple(owner)
        self._weights = load_weights()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def addressed(self, query: str) -> str | None:
        """The question as it would be put to the one it names, or ``None`` if it names nobody who speaks in the notes.

        What people say of themselves is in the first person: "Do you like fish?" is nearer to "I love herring" than
        "Does Bruno like fish?" is. The vector of this is the second that ``search`` takes.
        """
        with self._lock:
            self._index.refresh(self._connection)
            known = [name for name in (*self._index.speakers, *self._owner) if name.strip()]
        named = {part for name in known for part in (name, name.split()[0]) if part in query}
        put = query
        for name in sorted(named, key=len, reverse=True):
            if len(name) > 1 and name[0].isalpha():
                put = re.sub(rf"(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)", "you", put)
        return put if put != query else None

    def search(
        self,
        query: str,
        vector: Vectors | None,
        *,
        addressed: Vectors | None = None,
        limit: int = 10,
        as_of: str | None = None,
        previous: Sequence[str] = (),
        today: dt.date | None = None,
        neighbours: bool = False,
    ) -> list[Hit]:
        """Best first, at most ``limit``, no two of which say the same (``distinct``).

        ``vector``: the query's, ``(d,)`` and of length 1, or ``None`` while the embedder is down (``explain.notes``
        says so). ``addressed``: that of ``addressed(query)``. ``as_of``: nothing that happened later than this date.
        ``previous``: the conversation's turns before, oldest first, for questions that lean on them. ``today``: what
        "yesterday" is counted from. ``neighbours``: the sentences beside a hit are read with it, and take no place of
        their own.
        """
        with self._lock:
            vectors = None if vector is None else np.stack([vector, vector if addressed is None else addressed])
            found = self._candidates(query, vectors, as_of, previous, today, several=addressed is not None)
            if found is None:
                return []
            weights = self._of(found.asked.language)
            first = found.matrix @ np.array([weights.get(name, 0.0) for name in FEATURES])
            beside, rest = self.shared(found.places, first)
            total = first + self._weights.neighbour * beside + self._weights.note * rest
            worth = read_worth(self._connection, [parsed.row for parsed in found.parsed], as_of, today)
            total = total + np.array([worth[parsed.row].added for parsed in found.parsed])
            if found.asked.tasks:
                total = total + np.array([TASKS.get(parsed.todo, 0.0) for parsed in found.parsed])
            total = self._overtaken(found, total, worth)
            order: list[int] = np.argsort(-total, kind="stable").tolist()
            if neighbours:
                order = covered(order, found.places, self._index)
            best = order[: limit + TWINS]
            shown = [
                Shown(
                    row=found.parsed[n].row,
                    score=self._score(float(total[n])),
                    explain=self._explain(found, n, float(beside[n]), worth[found.parsed[n].row]),
                    superseded_since=worth[found.parsed[n].row].since,
                )
                for n in best
            ]
            return distinct(read_hits(self._connection, shown))[:limit]

    def _of(self, language: str) -> dict[str, float]:
        return self._weights.features | KOREAN if language == "ko" else self._weights.features

    def _score(self, total: float) -> float:
        exponent = -(self._weights.slope * total + self._weights.offset)
        return 1 / (1 + math.exp(min(60.0, exponent)))

    @staticmethod
    def _overtaken(
        found: Candidates, total: npt.NDArray[np.float64], worth: dict[int, Worth]
    ) -> npt.NDArray[np.float64]:
        """What took the place of something is found at least as well as that was, and comes before it."""
        settled = total.copy()
        at = {parsed.row: n for n, parsed in enumerate(found.parsed)}
        for n, parsed in sorted(enumerate(found.parsed), key=lambda pair: worth[pair[1].row].since):
            newer = at.get(worth[parsed.row].superseded_by or -1)
            if newer is not None:
                settled[newer] = max(settled[newer], settled[n] + OVERTAKEN)
        return settled

    def candidates(
        self,
        query: str,
        vector: Vectors | None,
        *,
        addressed: Vectors | None = None,
        as_of: str | None = None,
        previous: Sequence[str] = (),
    ) -> Candidates | None:
        """What ``search`` weighs, for learning the weights and for benchmarks. ``None``: nothing to look at."""
        with self._lock:
            vectors = None if vector is None else np.stack([vector, vector if addressed is None else addressed])
            return self._candidates(query, vectors, as_of, previous, None, several=addressed is not None)

    def sentences(self) -> dict[int, tuple[str, str]]:
        """Row -> ``(sentence id, context)`` of the whole store, for the same."""
        with self._lock:
            rows = self._connection.execute("SELECT row, id, context FROM sentences").fetchall()
        return {row: (sid, context) for row, sid, context in rows}

    @property
    def index(self) -> VectorIndex:
        """As of the last search; not to be touched while another runs."""
        return self._index

    def forget(self) -> None:
        """Let go of everything kept of sentences that are not in the store any more."""
        with self._lock:
            self._parsed = ParsedSentences(self._connection, self._index)
            self._index.refresh(self._connection)

    def warm(self) -> None:
        """Read the vectors now rather than at the first search."""
        with self._lock:
            self._index.refresh(self._connection)

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
        self,
        query: str,
        vectors: Vectors | None,
        as_of: str | None,
        previous: Sequence[str],
        today: dt.date | None,
        *,
        several: bool = False,
    ) -> Candidates | None:
        """``vectors``: ``(2, d)``, of the question and of the same put to whom it names."""
        self._index.refresh(self._connection)
        if not len(self._index.rows):
            return None
        asked = self._with_events(ask(query, previous, today))
        notes: list[str] = []
        cosines = self._cosines(vectors, several=several) if vectors is not None else None
        if vectors is None:
            notes.append("embedder down: found by words only")
        elif cosines is None:
            notes.append("vectors pending: found by words only")
        gathered = gather(self._connection, self._index, asked, cosines, as_of)
        if not gathered.places:
            return None
        chosen = gathered.places
        around = [[other for step in (-1, 1) if (other := self._index.beside(place, step)) >= 0] for place in chosen]
        everything = list(dict.fromkeys([*chosen, *(other for near in around for other in near)]))
        known = dict(zip(everything, self._parsed.get(everything), strict=True))
        parsed = [known[place] for place in chosen]
        speaking = self._speakers_asked(query)
        scores = self._scores(asked, chosen, cosines, gathered.words, gathered.hangul, gathered.trigram, speaking)
        names = _names(query)
        table = [
            features(
                asked, gathered.idf, names, sentence, score, frozenset().union(*(known[other].terms for other in near))
            )
            for sentence, score, near in zip(parsed, scores, around, strict=True)
        ]
        return Candidates(asked, chosen, parsed, scores, np.array(table), tuple(notes))

    def _with_events(self, asked: Asked) -> Asked:
        """ "Before I moved" as before the day on which the notes say that it was."""
        if not any(period.kind == "event" for period in asked.periods):
            return asked
        found = [resolve_event(period, self._dates_of) for period in asked.periods]
        return msgspec.structs.replace(asked, periods=tuple(period for period in found if period is not None))

    def _dates_of(self, words: str) -> list[str | None]:
        gathered = gather(self._connection, self._index, ask(words), None, None)
        places = self._index.places(
            np.array(sorted(gathered.words | gathered.hangul, key=lambda row: -(gathered.words | gathered.hangul)[row]))
        )
        parsed = self._parsed.get(places[:EVENT_HITS].tolist())
        return [next(iter(one.days), one.happened_at or None) for one in parsed]

    def _cosines(self, vectors: Vectors, *, several: bool) -> Vectors | None:
        """With every sentence; with what somebody says, those of the question as it is put to them."""
        found = self._index.cosines(vectors if several else vectors[:1])
        if found is None or not several:
            return None if found is None else found[0]
        spoken = self._index.said_by > 0
        chosen: Vectors = np.where(spoken, found[1], found[0]) if spoken.any() else np.maximum(found[0], found[1])
        return chosen

    def _speakers_asked(self, query: str) -> frozenset[int]:
        """Codes of the one speaker whom a question names; of none where it names several."""
        words = set(re.findall(r"\w+", fold(query)))
        named: dict[str, set[int]] = {}
        for name, code in self._index.speakers.items():
            first = _first_name(name)
            if len(first) > 1 and first in words:
                named.setdefault(first, set()).add(code)
        return frozenset(*named.values()) if len(named) == 1 else frozenset()

    def _scores(
        self,
        asked: Asked,
        places: Sequence[int],
        cosines: Vectors | None,
        words: dict[int, float],
        hangul: dict[int, float],
        trigram: dict[int, float],
        speaking: frozenset[int],
    ) -> list[Scores]:
        index = self._index
        usable = cosines is not None and asked.language != "ko"
        top = float(cosines.max()) if cosines is not None else 0.0
        note_best = self._note_cosines(places, cosines) if cosines is not None and usable else {}
        highest = [max(match.values(), default=0.0) or 1.0 for match in (words, hangul, trigram)]
        found = []
        for place in places:
            row, said_by = index.rows.item(place), index.said_by.item(place)
            score = Scores(
                words=words.get(row, 0.0) / highest[0],
                hangul=hangul.get(row, 0.0) / highest[1],
                trigram=trigram.get(row, 0.0) / highest[2],
                speaker=0.0 if not speaking or not said_by else 1.0 if said_by in speaking else -1.0,
            )
            if cosines is not None and usable and index.has_vector[place]:
                score.cosine = float(cosines[place])
                score.cosine_gap = score.cosine - top
                before, after = index.beside(place, -1), index.beside(place, 1)
                score.cosine_before = float(cosines[before]) if before >= 0 else 0.0
                score.cosine_after = float(cosines[after]) if after >= 0 else 0.0
                score.cosine_note = note_best.get(index.notes.item(place), 0.0)
            found.append(score)
        return found

    def _note_cosines(self, places: Sequence[int], cosines: Vectors) -> dict[int, float]:
        """Mean cosine of the three best sentences of each candidate's note."""
        found: dict[int, float] = {}
        for place in places:
            code = self._index.notes.item(place)
            if code not in found:
                first, last = self._index.block(place, _REACH)
                found[code] = float(np.sort(cosines[first:last])[-3:].mean())
        return found

    # --- explaining

    def _explain(self, found: Candidates, n: int, beside: float, worth: Worth) -> Explain:
        scores, values = found.scores[n], dict(zip(FEATURES, found.matrix[n].tolist(), strict=True))
        notes = list(found.notes)
        if scores.cosine is None and not notes:
            korean = found.asked.language == "ko"
            notes.append("the vectors' model knows no Korean: found by words" if korean else "vector pending")
        if values["date"]:
            notes.append("date matched")
        if values["kind"]:
            notes.append("kind of answer matched")
        if values["entity"]:
            notes.append("name matched")
        if found.parsed[n].others_words:
            notes.append("someone else's words")
        if worth.superseded_by is not None:
            notes.append(f"superseded since {worth.since}")
        weights = self._of(found.asked.language)
        weighed = {name: round(weights.get(name, 0.0) * value, 4) for name, value in values.items()}
        weighed["neighbour"] = round(self._weights.neighbour * beside, 4)
        weighed["worth"] = round(worth.added, 4)
        return Explain(
            vector=scores.cosine,
            words=scores.words,
            hangul=scores.hangul,
            trigram=scores.trigram,
            overlap=values["overlap"] + values["in_title"],
            memory_kind=found.parsed[n].kind,
            strength=round(worth.strength, 3),
            parts={name: value for name, value in weighed.items() if value},
            notes=tuple(notes),
        )


@lru_cache(maxsize=20_000)
def _first_name(speaker: str) -> str:
    """Folded; empty for nobody. Mailboxes bring thousands of speakers, and each search looks at all of them."""
    return next(iter(fold(speaker).split()), "")


def _names(query: str) -> frozenset[str]:
    """Terms of the capitalised words within the question ("Jean" of "Who is Jean?")."""
    words = re.findall(r"(?<!^)(?<![.!?]\s)\b[A-ZÀ-Þ][\w'’]+", query)
    return frozenset(stem(re.sub(r"['’]s$", "", fold(word))) for word in words) - {"i", "i'm", "i'd", "i've", "i'll"}
