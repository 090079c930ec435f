"""How true an identity is, and how much of a person it holds.

*Support* of a sentence by its cited words is checked twice: by rule (every name, number and content word of it stands in
the quotes, but for the words with which a sentence is turned to another person), and by hand where somebody has graded
that very sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.l0_insight.grounding import content_words
from kernel.types import Attribute, Cited, Identity


def _stem(word: str) -> str:
    """``lives`` and ``live`` are one word here; ``is``, ``has`` and their kind are no content words at all."""
    return re.sub(r"(?:ies|y)$", "i", re.sub(r"(?<=\w\w)(?:es|s|e)$", "", word)) if word.isascii() else word


_TURNED = frozenset(
    map(_stem, "wrote you your yours yourself their theirs them they themself owner 당신은 적었다".split())
)
_SHORT = re.compile(r"\b(?:I|you|they|we)['’](?:ll|d|ve|re|m)\b|\b(?:do|does)n['’]t\b", re.I)
"""Written together with the person, which changes when a sentence is turned."""
VIEWS = ("first_person", "second_person", "third_person")


@dataclass(frozen=True)
class Said:
    """One sentence of an identity and the words that it cites."""

    where: str
    text: str
    quotes: tuple[str, ...]


def sentences(identity: Identity) -> list[Said]:
    """Biography, shades, timelines and recent in all views, and every attribute as ``key: value``."""
    told = [("biography", identity.biography), *((f"shade {s.name}", s) for s in identity.shades)]
    told += [(f"recent {r.period}", r) for r in identity.recent]
    found = [
        Said(f"{where}, {view}", one.text, _quotes(one))
        for where, view_of in told
        for view in VIEWS
        for one in getattr(view_of, view)
    ]
    found += [
        Said(f"timeline of {shade.name}", event.text, (event.citation.quote,))
        for shade in identity.shades
        for event in shade.timeline
    ]
    return found + [
        Said("attribute", f"{one.key}: {one.value}", tuple(c.quote for c in one.citations))
        for one in identity.attributes
        if one.citations
    ]


def supported(said: Said, owner: str) -> bool:
    """Whether every name, number and content word of it stands in what it cites."""
    text = said.text.partition(": ")[2] if said.where == "attribute" else said.text
    given = {_stem(word) for word in content_words(_SHORT.sub(" ", " ".join(said.quotes)))}
    allowed = given | {_stem(word) for word in content_words(owner)} | _TURNED
    return all(_stem(word) in allowed for word in content_words(_SHORT.sub(" ", text)))


def _quotes(one: Cited) -> tuple[str, ...]:
    return tuple(citation.quote for citation in one.citations)


def covered(identity: Identity, any_of: Iterable[Sequence[str]]) -> bool:
    """Whether one sentence or attribute holds all words of one of the alternatives."""
    lines = [said.text.casefold() for said in sentences(identity)]
    lines += [f"{a.key} {a.value}".replace("_", " ").casefold() for a in identity.attributes]
    return any(all(word.casefold() in line for word in words) for words in any_of for line in lines)


@dataclass(frozen=True)
class Key:
    """An attribute that a careful reader states. ``until``: it no longer holds from that day."""

    key: str
    value: str
    until: str = ""


@dataclass
class Matched:
    """Attributes against keys: right of those given, found of those that there are."""

    given: int = 0
    right: int = 0
    keys: int = 0
    found: int = 0
    wrong: list[str] | None = None
    missed: list[str] | None = None

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.keys if self.keys else 0.0


def matched(attributes: Sequence[Attribute], keys: Sequence[Key]) -> Matched:
    """An attribute is right if a key of its name has its value, and one is over exactly where the other is."""
    result = Matched(len(attributes), 0, len(keys), 0, [], [])
    for one in attributes:
        if any(_same(one, key) for key in keys):
            result.right += 1
        else:
            assert result.wrong is not None
            result.wrong.append(f"{one.key}: {one.value}{f' (until {one.valid_to})' if one.valid_to else ''}")
    for key in keys:
        if any(_same(one, key) for one in attributes):
            result.found += 1
        else:
            assert result.missed is not None
            result.missed.append(f"{key.key}: {key.value}{f' (until {key.until})' if key.until else ''}")
    return result


def _same(one: Attribute, key: Key) -> bool:
    a, b = _words(one.value), _words(key.value)
    return one.key == key.key and (a <= b or b <= a) and bool(a & b) and bool(one.valid_to) == bool(key.until)


def _words(value: str) -> set[str]:
    return {word for word in re.findall(r"\w+", value.casefold()) if word not in {"a", "an", "the", "of", "in", "my"}}
