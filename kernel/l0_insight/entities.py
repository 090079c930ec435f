"""Names, places, dates and numbers of a note, each with where it stands in the note's text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kernel.l0_insight import korean
from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.layout import Unit
from kernel.types import Entity, Memory, Span

if TYPE_CHECKING:
    from spacy.tokens import Span as Phrase

    from kernel.l0_insight.resolve import Heard

_TYPES = {
    "PERSON": "person", "GPE": "place", "LOC": "place", "FAC": "place", "ORG": "organisation", "DATE": "date",
    "TIME": "date", "CARDINAL": "number", "MONEY": "number", "QUANTITY": "number", "ORDINAL": "number",
    "PERCENT": "number",
}  # fmt: skip


def english_entities(memory: Memory, heard: Sequence[Heard]) -> list[Entity]:
    """spaCy's entities, put right where the words say better (``my brother Deniz`` is a person)."""
    found: list[Entity] = []
    for sentence in heard:
        at = sentence.unit.start
        for phrase in sentence.doc.ents:
            text = phrase.text.strip()
            start = memory.note.text.find(text, at, sentence.unit.end)
            if start < 0 or not text:
                continue
            found.append(Entity(text=text, type=_type(phrase), span=Span(start, start + len(text))))
            at = start + len(text)
    return found


def korean_entities(memory: Memory, layout: Sequence[Unit]) -> list[Entity]:
    """Proper nouns and numbers with their units."""
    return list(_korean(memory, layout))


def _korean(memory: Memory, layout: Sequence[Unit]) -> Iterator[Entity]:
    for unit in layout:
        for token in korean.load().tokenize(unit.text):
            if token.tag in {"NNP", "SN"}:
                start = unit.start + token.start
                text = memory.note.text[start : start + token.len]
                kind = "number" if token.tag == "SN" else "person" if re.search(r"[님씨]$", text) else "thing"
                yield Entity(text=text, type=kind, span=Span(start, start + token.len))


def _type(phrase: Phrase) -> str:
    first = phrase[0]
    before = phrase.doc[phrase.start - 1].lower_ if phrase.start else ""
    if before in lx.KIN or before.rstrip(".") in lx.TITLES or first.lower_.rstrip(".") in lx.TITLES:
        return "person"
    if first.text in lx.NAMES and phrase.label_ not in {"GPE", "DATE"}:
        return "person"
    return _TYPES.get(phrase.label_, "thing")
