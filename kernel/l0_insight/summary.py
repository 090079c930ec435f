"""Title, summary and insight of a note, chosen from its own sentences; keywords counted from its nouns."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.l0_insight import korean
from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.layout import Unit
from kernel.memory.marks import plain
from kernel.types import Memory, Statement

if TYPE_CHECKING:
    from spacy.tokens import Doc

_FIRST = re.compile(r"\b(?:I|my|me|mine|I'm|I've|I'd|I'll)\b|(?:^|\s)(?:나|내|저|제|우리)(?:는|가|의|를)?\s")
_TITLE_WORDS = 8
_KEYWORDS = 12
_WEIGHT = {"emotional": 1.5, "reflective": 1.0, "semantic": 1.5, "episodic": 1.0, "procedural": 0.3}


def english_keywords(docs: Sequence[Doc]) -> list[str]:
    """Names and nouns, most frequent first, then in order of appearance."""
    counts: Counter[str] = Counter()
    for doc in docs:
        names = {
            i for e in doc.ents if e.label_ in {"PERSON", "GPE", "ORG", "LOC", "FAC"} for i in range(e.start, e.end)
        }
        counts.update(e.text for e in doc.ents if e.label_ in {"PERSON", "GPE", "ORG", "LOC", "FAC"})
        for token in doc:
            plain_noun = token.pos_ in {"NOUN", "PROPN"} and token.i not in names and token.is_alpha and len(token) > 2
            if plain_noun and token.ent_type_ not in {"DATE", "TIME"} and token.lemma_.lower() not in lx.STOP:
                counts[token.text if token.pos_ == "PROPN" else token.lemma_.lower()] += 1
    return [word for word, _ in counts.most_common(_KEYWORDS)]


def korean_keywords(texts: Sequence[str]) -> list[str]:
    """Nouns, most frequent first."""
    counts = Counter(noun for text in texts for noun in korean.nouns(text))
    return [word for word, _ in counts.most_common(_KEYWORDS)]


def outline(
    memory: Memory, layout: Sequence[Unit], statements: Sequence[Statement], keywords: Sequence[str]
) -> tuple[str, str, str]:
    """``(title, summary, insight)``. Empty strings where the note has no words of its own."""
    usable = [u for u in layout if u.kind in {"prose", "item", "pair"}] or [u for u in layout if u.kind == "quote"]
    if not usable:
        return memory.note.title, "", ""
    title = memory.note.title or " ".join(plain(usable[0].text).split()[:_TITLE_WORDS])
    central = sorted(usable, key=lambda u: (-_centrality(u, keywords, len(usable)), u.index))[:2]
    summary = " ".join(plain(u.text) for u in sorted(central, key=lambda u: u.index))
    if memory.note.origin != "owner":
        return title, summary, plain(central[0].text)
    telling = max(usable, key=lambda u: (_of_owner(u, statements), -u.index))
    return title, summary, plain(telling.text)


def _centrality(unit: Unit, keywords: Sequence[str], count: int) -> float:
    """Keywords held, long sentences discounted; the first sentence says most (the lead of a note)."""
    words = unit.text.lower()
    held = sum(1.0 for k in keywords if k.lower() in words)
    length: float = max(len(words.split()), 4)
    return held / math.sqrt(length) + (0.6 if unit.index == 0 else 0.0) - (0.3 * unit.index / max(count, 1))


def _of_owner(unit: Unit, statements: Sequence[Statement]) -> float:
    """How much a sentence says of the owner."""
    about = [s for s in statements if s.span == unit.span and s.subject == "owner"]
    first = min(len(_FIRST.findall(unit.text)), 3)
    kin = 1.0 if set(re.findall(r"\w+", unit.text.lower())) & lx.KIN else 0.0
    return sum(_WEIGHT[s.kind] for s in about) + 0.5 * first + 0.5 * kin
