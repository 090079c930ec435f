"""Korean names: proper nouns of the analysis, and people whom it does not see, known from how they are spoken of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph import words as w
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.words import Vocabulary
from kernel.memory.language import is_hangul
from kernel.memory.words import fold
from kernel.types import Entity, Insight

_ENDS = rf"(?=(?:{w.PARTICLES})?(?:[\s.,!?]|$))"
_HONOURED = re.compile(rf"\s?(?:{w.HONORIFICS}){_ENDS}")
_WITH_HONORIFIC = re.compile(rf"(?:^|(?<=\s))([가-힣]{{2,4}}?)\s?(?:씨|님){_ENDS}")
_TO_PEOPLE = re.compile(r"(?:이?랑|한테|에게|께서?)(?=[\s.,]|$)")


def names_of_people(
    lines: Sequence[Line], entities: Sequence[Sequence[Entity]], insights: Mapping[str, Insight], vocabulary: Vocabulary
) -> dict[str, list[str]]:
    """First two syllables -> names of people, longest first: found again where the analysis does not see them."""
    proper = {e.text for line in entities for e in line if e.type != "number" and is_hangul(e.text[:1])}
    common = {word for insight in insights.values() for word in insight.keywords} - proper
    names: set[str] = set()
    for line in lines:
        text = line.unit.text
        if not any(map(is_hangul, text)):
            continue
        if vocabulary.korean_named:
            names.update(m["name"] for m in vocabulary.korean_named.finditer(text))
        names.update(m[1] for m in _WITH_HONORIFIC.finditer(text))
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names - common, key=lambda n: (-len(n), n)):
        word = fold(name) in vocabulary.ignore or fold(name) in vocabulary.roles or name in vocabulary.names
        if not word and (name in proper or len(name) <= 3):
            found[name[:2]].append(name)
    return found


def korean_names(
    index: int,
    line: Line,
    text: str,
    entities: Sequence[Entity],
    names: Mapping[str, list[str]],
    vocabulary: Vocabulary,
) -> Iterator[Spotted]:
    base = line.unit.start
    roles = {
        base + m.start("name"): (m.start(), m["noun"])
        for m in (vocabulary.korean_named.finditer(text) if vocabulary.korean_named else ())
    }
    places: dict[int, tuple[int, str, str]] = {}
    for entity in entities:
        if entity.type != "number" and is_hangul(entity.text[:1]) and len(entity.text) > 1:
            places[entity.span.start] = (entity.span.end, entity.text, "")
    for m in re.finditer(r"[가-힣]+", text):
        name = w.without_particle(m.group(), names.get(m.group()[:2], ()))
        if name:
            places[base + m.start()] = (base + m.start() + len(name), name, "person")
    for start, (end, name, kind) in places.items():
        if fold(name) in vocabulary.ignore or fold(name) in vocabulary.roles:
            continue
        role = noun = ""
        first, last = start, end
        after = text[end - base :]
        if honoured := _HONOURED.match(after):
            last, kind = end + honoured.end(), "person"
        if start in roles and line.own:
            at, noun = roles[start]
            role, first = vocabulary.roles[fold(noun)], base + at
            kind = (vocabulary.relations[role].target or ("",))[0]
        elif _TO_PEOPLE.match(after):
            kind = kind or "person"
        yield Spotted(
            index, first, last, line.note.text[first:last], _syllables(name, kind), name, role, noun, "", kind, "thing"
        )


def _syllables(name: str, kind: str) -> tuple[str, ...]:
    """``김지우`` as family and given name."""
    if kind == "person" and len(name) == 3 and name[0] in w.SURNAMES:
        return name[0], name[1:]
    return (name,)
