"""Names, places, dates and numbers of a note, each with where it stands in the note's text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kernel.l0_insight import korean
from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.layout import Unit
from kernel.memory.dates import DateMention, find_dates
from kernel.types import Entity, Memory, Span

if TYPE_CHECKING:
    from kiwipiepy import Token
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
    """Proper nouns, dates, and numbers that are part of none."""
    return list(_korean(memory, layout))


def _korean(memory: Memory, layout: Sequence[Unit]) -> Iterator[Entity]:
    for unit in layout:
        dates = find_dates(unit.text)
        named = [(t.start, t.len, kind) for t, kind in _korean_names(unit.text, dates)]
        for start, length, kind in sorted([*named, *((d.start, d.end - d.start, "date") for d in dates)]):
            span = Span(unit.start + start, unit.start + start + length)
            yield Entity(text=memory.note.text[span.start : span.end], type=kind, span=span)


def _korean_names(text: str, dates: Sequence[DateMention]) -> Iterator[tuple[Token, str]]:
    tokens = korean.tokens_of(text)
    for token, after in itertools.zip_longest(tokens, tokens[1:]):
        if token.tag == "NNP":
            yield (
                token,
                "person" if after is not None and after.form in {"씨", "님", "에게", "한테", "께서"} else "thing",
            )
        elif token.tag == "SN" and not any(d.start <= token.start < d.end for d in dates):
            yield token, "number"


def _type(phrase: Phrase) -> str:
    first = phrase[0]
    before = phrase.doc[phrase.start - 1].lower_ if phrase.start else ""
    if before in lx.KIN or before.rstrip(".") in lx.TITLES or first.lower_.rstrip(".") in lx.TITLES:
        return "person"
    if first.text in lx.NAMES and phrase.label_ not in {"GPE", "DATE"}:
        return "person"
    return _TYPES.get(phrase.label_, "thing")
