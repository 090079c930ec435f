"""Where each sentence stands in its note: prose, list item, key-value line or quotation, and under which heading."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from kernel.types import Memory, Span

UnitKind = Literal["prose", "item", "pair", "quote", "heading"]

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.M)
_QUOTE = re.compile(r"^\s*>+\s?")
_MARKER = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
_PAIR = re.compile(r"^([^:\n]{1,48}?)\s*:\s+(\S.*)$", re.S)
_CLAUSE_IN_KEY = re.compile(
    r"\b(I|is|are|was|were|am|said|says|say|has|have|had|we|he|she|they|it|you|know|think|told|asked|means|because)\b|"
    r"[.!?;]|다$|요$",
)
_TAGS = re.compile(r"(?:#[\w가-힣/-]+\s*)+")


@dataclass(frozen=True)
class Unit:
    """One sentence in its place. ``start``/``end`` are its words in ``note.text`` without list or quote markers."""

    index: int
    start: int
    end: int
    text: str
    kind: UnitKind
    section: str
    """The nearest heading below the first level, or empty."""
    key: str = ""
    value: str = ""
    follows: bool = False
    """True where the sentence before stands in the same run of prose (no heading or list between)."""
    same_line: bool = False
    """True where it stands on the very line of the sentence before."""

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def units(memory: Memory) -> list[Unit]:
    """One ``Unit`` per sentence of ``memory``, in order."""
    text = memory.note.text
    headings = [(m.start(), m.end(), len(m[1]), m[2].strip()) for m in _HEADING.finditer(text)]
    found: list[Unit] = []
    for index, sentence in enumerate(memory.sentences):
        unit = _unit(text, headings, index, sentence.start, sentence.end)
        if sentence.origin != memory.note.origin and unit.kind in ("prose", "item", "pair"):
            unit = replace(unit, kind="quote")
        before = found[-1] if found else None
        found.append(_with_follows(unit, before, text, headings))
    return found


def _unit(text: str, headings: list[tuple[int, int, int, str]], index: int, start: int, end: int) -> Unit:
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    words = text[start:end]
    quoted = bool(_QUOTE.match(line))
    if quoted and (m := _QUOTE.match(words)):
        start += m.end()
    marker = _MARKER.match(line)
    if (m := _MARKER.match(text[start:end])) and start < line_start + m.end():
        start += m.end()
    words = text[start:end]
    section = next((h[3] for h in reversed(headings) if h[0] <= start and h[2] > 1), "")
    heading = any(h[0] <= start < h[1] for h in headings) or bool(_TAGS.fullmatch(words.strip()))
    kind: UnitKind = "quote" if quoted else "heading" if heading else "item" if marker else "prose"
    key = value = ""
    first = start == line_start + (marker.end() if marker else 0)
    if kind in ("item", "prose") and first and (pair := _PAIR.match(words)) and is_key(pair[1]):
        kind, key, value = "pair", pair[1].strip(" *_"), pair[2].strip()
    return Unit(index, start, end, words, kind, section, key, value)


def is_key(key: str) -> bool:
    """Whether the words before a colon name something (``Rent``, ``my brother Farhad``) and are not a clause."""
    return len(key.split()) <= 5 and not _CLAUSE_IN_KEY.search(key)


def _with_follows(unit: Unit, before: Unit | None, text: str, headings: list[tuple[int, int, int, str]]) -> Unit:
    if before is None or before.kind != "prose" or unit.kind != "prose" or before.section != unit.section:
        return unit
    if any(before.end <= h[0] < unit.start for h in headings):
        return unit
    return replace(unit, follows=True, same_line="\n" not in text[before.end : unit.start])
