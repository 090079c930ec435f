"""Which statements no longer hold: what a later note of the owner's gives another value of, or says is over.

Nothing is erased: the search puts the older sentence behind the newer one, unless it is asked as of a day before. Rules
over the statements of ``Insight``, precision before recall: a wrong mark pushes true evidence down.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import msgspec

from kernel.l0_insight import english_claims as english
from kernel.l0_insight import english_endings, korean_claims
from kernel.l0_insight.claims import Ended, Said, Slot, differ
from kernel.l0_insight.pair_claims import pair_claims, pair_of
from kernel.memory.language import is_hangul
from kernel.memory.marks import plain
from kernel.memory.words import content_terms, term_of
from kernel.types import Memory, Note, Sentence, Statement

_UNDATED = {"unknown", "text"}
"""A date in a list of birthdays is not the list's."""
_COPIED_TOGETHER = 3
"""A file's time that more notes than this share is when they were copied."""
_LOGGED, _LOG_DAYS = 4, 45
"""A key that changed so often, in the middle after fewer days, is kept as a log: no value takes another's place."""
_INVENTED = re.compile(r"\b(?:novel|story|poem|lyrics|fiction|dreams?|screenplay|sketch)\b|소설|시나리오|꿈", re.I)
_PAST = re.compile(rf"{english.OVER.pattern}|더 ?이상|예전", re.I)
_MARKED = re.compile(r"[^\w .,;:!?'’\"“”()€£$%+@/-]|_|::|  ")
"""Most sentences hold nothing that ``plain`` would take away."""
_LONGEST = 40
"""Words: a longer sentence says more than what changed."""


class Superseded(msgspec.Struct, frozen=True):
    """``since``: the day, month or year from which the newer sentence holds."""

    old_sentence_id: str
    new_sentence_id: str
    since: str


class Understood(Protocol):
    """What is read of an ``Insight``."""

    @property
    def statements(self) -> tuple[Statement, ...]: ...


@dataclass(frozen=True)
class _Source:
    """A note with its statements by sentence. ``day``: when it was written, empty where that is not known."""

    memory: Memory
    day: str
    said: Mapping[int, Sequence[Statement]]

    def raw(self, index: int) -> str:
        sentence = self.memory.sentences[index]
        return self.memory.note.text[sentence.start : sentence.end]

    def words(self, index: int) -> str:
        raw = self.raw(index)
        return plain(raw) if _MARKED.search(raw) else raw.strip()

    def told(self, index: int, statements: Iterable[Statement], words: str, *, change: bool) -> _Told:
        """``statements``: of which it is told; the earliest counts."""
        note, sentence = self.memory.note, self.memory.sentences[index]
        at = (_said_at(note, sentence) if note.segments else "") or self.day
        start = min(filter(None, [_start(said, note, at) for said in statements]), default=at)
        return _Told(sentence, at, start, change, len(words.split()) <= _LONGEST)


@dataclass(frozen=True)
class _Told:
    """A sentence at its time. ``day``: when it was written; ``start``: since when it holds; either may be empty."""

    sentence: Sentence
    day: str
    start: str
    change: bool
    short: bool

    @property
    def place(self) -> tuple[str, int]:
        return self.sentence.note_id, self.sentence.ordinal


@dataclass(frozen=True)
class _Claim:
    told: _Told
    said: Said

    @property
    def held(self) -> str:
        """The last day on which it is known to hold: one that is told as an event, its beginning."""
        return self.told.start if self.said.event else self.told.day or self.told.start


def find_superseded(memories: Sequence[Memory], insights: Mapping[str, Understood]) -> list[Superseded]:
    """In the order of the ids of the older sentences; each once, with what first took its place.

    ``insights``: by note id; a note without one is passed over. Chunks are not looked at.
    """
    days = _days([memory.note for memory in memories])
    sources = [
        _Source(memory, days.get(memory.note.id, ""), _by_sentence(memory, insights[memory.note.id].statements))
        for memory in memories
        if memory.note.id in insights and not _INVENTED.search(memory.note.title)
    ]
    claims, ended = _read(sources)
    first: dict[str, tuple[str, str]] = {}
    for old, new in itertools.chain(_replaced(claims), _let_go(claims, ended), _over(sources, ended)):
        found = (new.start, new.sentence.id)
        known = first.get(old.sentence.id)
        first[old.sentence.id] = found if known is None else min(known, found)
    return [Superseded(old, new, start[:10]) for old, (start, new) in sorted(first.items())]


# --- reading


def _days(notes: Sequence[Note]) -> dict[str, str]:
    """Note id -> when it was written, as far as that can be relied on."""
    copied = Counter((note.happened_at or "")[:10] for note in notes if note.happened_from == "mtime")
    found = {}
    for note in notes:
        day = note.happened_at or ""
        if note.happened_from in _UNDATED or (note.happened_from == "mtime" and copied[day[:10]] > _COPIED_TOGETHER):
            continue
        found[note.id] = day
    return found


def _by_sentence(memory: Memory, statements: Iterable[Statement]) -> dict[int, list[Statement]]:
    starts = [sentence.start for sentence in memory.sentences]
    found: dict[int, list[Statement]] = {}
    for said in statements:
        found.setdefault(bisect_right(starts, said.span.start) - 1, []).append(_by_owner(said, memory.note))
    return found


def _by_owner(said: Statement, note: Note) -> Statement:
    """In a conversation kept as somebody else's, the owner's own messages are the owner's; ``지금은`` is nobody."""
    if (note.origin != "owner" and said.subject == "the author") or said.subject in korean_claims.TIMES:
        return msgspec.structs.replace(said, subject="owner")
    return said


def _of_owner(source: _Source) -> Iterator[int]:
    """Which sentences are the owner's words, and no task."""
    note = source.memory.note
    if note.origin != "owner" and not note.segments:
        return
    for index, sentence in enumerate(source.memory.sentences):
        if sentence.origin == "owner" and not sentence.todo:
            yield index


def _read(sources: Iterable[_Source]) -> tuple[dict[Slot, list[_Claim]], list[tuple[_Told, Ended]]]:
    claims: dict[Slot, list[_Claim]] = defaultdict(list)
    ended: list[tuple[_Told, Ended]] = []
    for source in sources:
        for index in _of_owner(source):
            raw, here = source.raw(index), source.said.get(index, ())
            change = _is_change(raw)
            if not change and (not here or not _may_claim(raw, here)):
                continue
            words = source.words(index)
            korean = _is_korean(words)
            for said in here:
                if made := list(_claims(source, said, words, korean=korean)):
                    told = source.told(index, [said], words, change=change)
                    for claim in made:
                        claims[claim.slot].append(_Claim(told, claim))
                if change:
                    over = korean_claims.endings(said, words) if korean else english_endings.endings(said, words)
                    ended += [(source.told(index, [said], words, change=True), one) for one in over]
            if change and not korean:
                whole = source.told(index, here, words, change=True)
                ended += [(whole, one) for one in english_endings.endings_of_owner(words)]
                for claim in english.changed(words):
                    claims[claim.slot].append(_Claim(whole, claim))
    return claims, ended


def _may_claim(raw: str, said: Iterable[Statement]) -> bool:
    return ":" in raw or any(not one.relation.isascii() or one.relation in english.VERBS for one in said)


def _claims(source: _Source, said: Statement, words: str, *, korean: bool) -> Iterator[Said]:
    if said.valid_to is not None and source.day and said.valid_to <= source.day[:10]:
        return
    if pair := pair_of(said, words):
        yield from pair_claims(source.memory.note, said, *pair)
    elif korean:
        yield from korean_claims.claims(said, words)
    else:
        yield from english.claims(said, words)


def _is_change(words: str) -> bool:
    return korean_claims.is_change(words) if _is_korean(words) else english.is_change(words)


def _is_korean(words: str) -> bool:
    return not words.isascii() and any(map(is_hangul, words))


def _said_at(note: Note, sentence: Sentence) -> str:
    """When a message was sent."""
    return next((s.at for s in note.segments if s.at and s.start <= sentence.start < s.end), "")


def _start(said: Statement, note: Note, at: str) -> str:
    """Since when: as the words say, else when they were written."""
    given = said.valid_from or ""
    return at if not given or given == (note.happened_at or "")[:10] or given == at[:10] else given


# --- comparing


def _replaced(claims: Mapping[Slot, list[_Claim]]) -> Iterator[tuple[_Told, _Told]]:
    """``(older, newer)``: of the values of one thing, each by the first other one that came after it."""
    for slot, found in claims.items():
        if len(found) < 2 or (slot[0] == "pair" and _is_log(found)):
            continue
        ordered = sorted(found, key=lambda claim: (claim.told.start, claim.told.place))
        starts = [claim.told.start for claim in ordered]
        for old in ordered:
            after = range(bisect_right(starts, old.held[:4]), len(ordered))
            new = next((ordered[n] for n in after if _takes_place(ordered[n], old)), None)
            if new is not None:
                yield old.told, new.told


def _let_go(claims: Mapping[Slot, list[_Claim]], ended: Iterable[tuple[_Told, Ended]]) -> Iterator[tuple[_Told, _Told]]:
    """Values that a later sentence says are over."""
    for told, over in ended:
        for claim in claims.get(over.slot, ()) if over.slot else ():
            if over.terms <= claim.said.value and _is_later(told, claim.told, claim.held):
                yield claim.told, told


def _takes_place(new: _Claim, old: _Claim) -> bool:
    if not differ(new.said.value, old.said.value) or not _is_later(new.told, old.told, old.held):
        return False
    if (new.said.loose or old.said.loose) and not new.told.change:
        return False
    return not new.said.grows or float(*new.said.value) > float(*old.said.value)


def _is_later(new: _Told, old: _Told, held: str) -> bool:
    """Whether the newer sentence holds from a later moment. On one day and within one note only words of change
    tell."""
    if not new.start or not held or not old.short or new.sentence.id == old.sentence.id:
        return False
    common = min(len(new.start), len(held))
    if new.day and new.day[:10] < old.day[:10]:
        return False
    if new.sentence.note_id == old.sentence.note_id:
        return new.change and new.sentence.ordinal > old.sentence.ordinal and new.start[:common] >= held[:common]
    if new.start[:common] <= held[:common]:
        return False
    return new.change or new.start[:10] != held[:10]


def _is_log(claims: list[_Claim]) -> bool:
    """Values that change every few days are a record of each day."""
    days = sorted({claim.told.day[:10] for claim in claims if len(claim.told.day) >= 10})
    values = {claim.said.value for claim in claims}
    if len(values) < _LOGGED or len(days) < _LOGGED:
        return False
    numbers = [dt.date.fromisoformat(day).toordinal() for day in days]
    gaps = sorted(after - before for before, after in itertools.pairwise(numbers))
    return gaps[len(gaps) // 2] < _LOG_DAYS


def _over(sources: Iterable[_Source], ended: Iterable[tuple[_Told, Ended]]) -> Iterator[tuple[_Told, _Told]]:
    """Present statements whose words a later one says are over."""
    wanted: dict[tuple[str, str], list[tuple[_Told, Ended]]] = defaultdict(list)
    for newer, over in ended:
        for relation in over.relations:
            wanted[over.subject, relation].append((newer, over))
    for source in sources if wanted else ():
        for index in _of_owner(source):
            for said in source.said.get(index, ()):
                endings = wanted.get((said.subject, _verb(said.relation)))
                if not endings or said.negated or said.kind in {"episodic", "procedural"}:
                    continue
                if _PAST.search(said.text):
                    continue
                words = source.words(index)
                told = source.told(index, [said], words, change=_is_change(words))
                korean = _is_korean(said.text)
                terms = korean_claims.things(said.object) if korean else frozenset(content_terms(said.object))
                for newer, over in endings:
                    if over.terms <= terms and _is_later(newer, told, told.day or told.start):
                        yield told, newer


@cache
def _verb(relation: str) -> str:
    """As ``Ended.relations`` has it."""
    return term_of(relation.split()[0]) if relation.isascii() else relation
