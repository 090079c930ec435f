"""The owner's own sentences with all that is known of each: what every part of an identity is chosen from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.l0_insight.layout import Unit, units
from kernel.memory.sentences import plain
from kernel.types import Citation, Insight, Memory, Note, Statement

_OPENS_ELSEWHERE = re.compile(
    r"^(?:He|She|It|They|His|Her|Its|Their|Him|Them|This|That|These|Those|There|So|But|Then|And|Or|Still|Instead|Both|"
    r"그|그녀|그것|이것|그래서|그런데|그리고|하지만|그러나|그건|거기)\b"
)
_LEANS = re.compile(r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|there|this|that)\b")
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
    statements: tuple[Statement, ...]

    @property
    def citation(self) -> Citation:
        quote = self.note.text[self.unit.start : self.unit.end]
        return Citation(note_id=self.note.id, title=self.note.title, quote=quote, span=self.unit.span)

    @property
    def day(self) -> str:
        return (self.note.happened_at or "")[:10]

    @property
    def stands_alone(self) -> bool:
        """Whether it can be read without what stands before it."""
        if _OPENS_ELSEWHERE.match(self.words) or not _SENTENCE_END.search(self.words):
            return False
        return not _LEANS.search(self.words)


def lines(memories: Sequence[Memory], insights: Sequence[Insight]) -> list[Line]:
    """Every sentence of every note, oldest note first; notes of one day in the order of their ids."""
    by_note = {insight.note_id: insight for insight in insights}
    found: list[Line] = []
    for memory in sorted(memories, key=lambda m: (m.note.happened_at or "", m.note.id)):
        insight = by_note.get(memory.note.id)
        said = insight.statements if insight else ()
        for unit, sentence in zip(units(memory), memory.sentences, strict=True):
            if unit.kind == "heading":
                continue
            mine = tuple(s for s in said if s.span == unit.span)
            words = plain(unit.text)
            own = memory.note.origin == "owner" and unit.kind != "quote"
            found.append(Line(memory.note, unit, words, _resolved(words, sentence.context), own, mine))
    return found


def _resolved(words: str, context: str) -> str:
    """The context where it is this very sentence in other words: its end is the same and nothing stands before it."""
    if words in context:
        return words
    tail = words.split()[-2:]
    return context if context.split()[-2:] == tail and len(context) < len(words) + 60 else words
