"""The owner's own sentences with all that is known of each: what every part of an identity is chosen from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.l0_insight.grounding import is_grounded
from kernel.l0_insight.layout import Unit, units
from kernel.memory.marks import plain
from kernel.types import Citation, Insight, Memory, Note, Sentence, Span, Statement

_OPENS_ELSEWHERE = re.compile(
    r"^(?:He|She|It|They|His|Her|Its|Their|Him|Them|This|That|These|Those|There|So|But|Then|And|Or|Still|Instead|Both|"
    r"그|그녀|그것|이것|그래서|그런데|그리고|하지만|그러나|그건|거기)\b"
)
_POINTS = re.compile(
    r"\b(?:these|those)\b|\b(?:other|last|first|same) ones?\b|\b(?:this|that)[.,;!]|\bthis (?:is|was)\b|\bit[.,;!]?$"
)
_LEANS = re.compile(r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|there|this|that)\b")
_ELLIPTIC = re.compile(
    r"\b(?:I|we) (?:\w+ )?\w+ (?:one|two|three|four|five|six|some|none|both|\d+)"
    r"(?= (?:every|each|a|and|at|in|on|with)\b|[,.;])|^(?:No|Yes|(?:I|We) (?:do|don't|did|didn't|can|can't|am|was|have|won't)),"
)
"""``I drink four every day``: four of what stood before."""
_NOT_ITS_DAY = {"mtime", "unknown", "text"}
"""A file's time says when it was copied, and a date in a list of birthdays is not the list's."""
_BACK = 6
"""Sentences: who ``she`` is stands no further back."""
_ENDS = re.compile(r"[.!?]['\"”’)]*(?=\s|$)")
_SENTENCE_END = re.compile(r"[.!?…。]['\"”’)]*$")


@dataclass(frozen=True)
class Line:
    """One sentence of a note. ``words``: as written, without Markdown; ``own``: these are the owner's words."""

    note: Note
    unit: Unit
    words: str
    resolved: str
    """The same with pronouns resolved where that gave one sentence; else ``words``."""
    own: bool
    alone: bool
    """The analyst found nothing in it that needs the sentence before."""
    statements: tuple[Statement, ...]
    passage_start: int
    """Where the words begin that ``resolved`` stands on: its own, or those of the sentence that names who is meant."""

    @property
    def passage(self) -> Citation:
        """What ``resolved`` is cited by: from the sentence that says who ``she`` is to this one."""
        quote = self.note.text[self.passage_start : self.unit.end]
        span = Span(self.passage_start, self.unit.end)
        return Citation(note_id=self.note.id, title=self.note.title, quote=quote, span=span)

    @property
    def citation(self) -> Citation:
        quote = self.note.text[self.unit.start : self.unit.end]
        return Citation(note_id=self.note.id, title=self.note.title, quote=quote, span=self.unit.span)

    @property
    def day(self) -> str:
        """The note's day where it is known."""
        return "" if self.note.happened_from in _NOT_ITS_DAY else (self.note.happened_at or "")[:10]

    @property
    def stands_alone(self) -> bool:
        """Whether it can be read without what stands before it."""
        if _OPENS_ELSEWHERE.match(self.words) or not _SENTENCE_END.search(self.words):
            return False
        return (
            self.alone
            and not _points_back(self.words)
            and not _ELLIPTIC.search(self.words)
            and not _POINTS.search(self.words)
        )


def lines(memories: Sequence[Memory], insights: Sequence[Insight]) -> list[Line]:
    """Every sentence of every note, oldest note first; notes of one day in the order of their ids."""
    by_note = {insight.note_id: insight for insight in insights}
    found: list[Line] = []
    for memory in sorted(memories, key=lambda m: (m.note.happened_at or "", m.note.id)):
        insight = by_note.get(memory.note.id)
        said = insight.statements if insight else ()
        placed = units(memory)
        for unit, sentence in zip(placed, memory.sentences, strict=True):
            if unit.kind == "heading":
                continue
            mine = tuple(s for s in said if s.span == unit.span)
            words = plain(unit.text)
            context = sentence.context
            for heading in (memory.note.title, unit.section):
                context = context if words.startswith(f"{heading}: ") else context.removeprefix(f"{heading}: ")
            resolved = _resolved(words, context)
            start = _named_from(memory.note, placed[: unit.index], unit, resolved)
            if start is None:
                start, resolved = unit.start, words
            own = memory.note.origin == "owner" and unit.kind != "quote"
            found.append(Line(memory.note, unit, words, resolved, own, _alone(words, sentence), mine, start))
    return found


def _named_from(note: Note, before: Sequence[Unit], unit: Unit, resolved: str) -> int | None:
    """The start of the nearest sentence from which on every word of ``resolved`` stands; ``None``: only the title has it."""
    for earlier in (unit, *reversed(before[-_BACK:])):
        if is_grounded(resolved, plain(note.text[earlier.start : unit.end])):
            return earlier.start
    return None


def _points_back(words: str) -> bool:
    """``I don't want them wiped out``: them has nobody before it."""
    plural = re.search(r"\b(?:they|them|their|theirs)\b", words, re.I)
    before = words[: plural.start()] if plural else ""
    return plural is not None and not re.search(r"\w{2}s\b|\band\b|\b(?:people|children|men|women|everyone)\b", before)


def _alone(words: str, sentence: Sentence) -> bool:
    if not sentence.resolved and _LEANS.search(words):
        return False
    before, found, _ = sentence.context.partition(words)
    return bool(found) and not _SENTENCE_END.search(before.strip())


def _resolved(words: str, context: str) -> str:
    """The context where it is this very sentence in other words: its end is the same and nothing stands before it."""
    if words in context:
        return words
    last = words.split()[-1:]
    whole = context.split()[-1:] == last and len(context) < len(words) + 60
    return context if whole and len(_ENDS.findall(context)) <= len(_ENDS.findall(words)) else words
