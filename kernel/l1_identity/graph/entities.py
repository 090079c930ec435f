"""Joined names -> entities with ids that stay, and from a line's words back to the entity that they mean."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph.joining import Joined
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.words import HONORIFICS, PARTICLES, Vocabulary
from kernel.memory.words import fold
from kernel.types import Graph, GraphEntity, Mention, Origin, Span

OWNER = "owner"
_WEIGHTS: dict[Origin, float] = {"owner": 1.0, "other": 0.5, "web": 0.25, "self": 0.0}
"""Of a note that names it."""
_TITLED = re.compile(r"^(?:(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Frau|Herr|Sir)\.? )")
_LEADS = re.compile(r"^(?:my |our |the |an? |his |her |their )?(?:(?:older|younger|little|big|twin|old) )*", re.I)
_SAME = 0.5
"""Two entities of two buildings are one if so much of the smaller one's mentions is in both."""


@dataclass(frozen=True)
class Cast:
    """``here[n]``: what stands in the n-th line, with the ids of its entities."""

    entities: dict[str, GraphEntity]
    here: list[list[tuple[str, Spotted]]]
    by_note: dict[str, dict[tuple[str, ...], set[str]]]
    """Note id -> name or role -> entities that it means there."""
    everywhere: dict[tuple[str, ...], set[str]]

    def type_of(self, entity: str) -> str:
        return self.entities[entity].type

    def meant(self, phrase: str, line: int, note: str, vocabulary: Vocabulary) -> str:
        """The entity that a subject (``My sister Ingrid``, ``우리 누나 지우``) means; empty where that is not sure."""
        if phrase in {OWNER, "I"}:
            return OWNER
        words = fold(re.sub(r"['’]s$", "", _LEADS.sub("", phrase))).split()
        keys = [tuple(words)]
        if words and words[0].rstrip(".") in vocabulary.roles.keys() | lx.TITLES and len(words) > 1:
            keys.append(tuple(words[1:]))
        if words and (role := vocabulary.roles.get(words[-1])):
            keys.append((role,))
        if words and "가" <= words[-1][0] <= "힣":
            last = re.sub(rf"(?:{HONORIFICS})?(?:{PARTICLES})?$", "", words[-1])
            keys += [(words[-1],), (last,)]
            keys += [(part[0], part[1:]) for part in (words[-1], last) if len(part) == 3]
        near: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for identity, one in self.here[line]:
            for key in _keys(one):
                near[key].add(identity)
        for known in (near, self.by_note.get(note, {}), self.everywhere):
            for key in keys:
                if len(found := known.get(key, set())) == 1:
                    return next(iter(found))
        return ""


def cast(lines: Sequence[Line], joined: Joined, owner: str, vocabulary: Vocabulary, previous: Graph | None) -> Cast:
    """Every entity with its mentions, heaviest first; the owner is always there."""
    names = [_name(members) for members in joined.members]
    clashing = Counter((fold(name), kind) for name, kind in zip(names, joined.types, strict=True))
    made: list[tuple[GraphEntity, list[Spotted]]] = []
    used: set[str] = {OWNER}
    for members, kind, noun, name in zip(joined.members, joined.types, joined.nouns, names, strict=True):
        told = f"{name} ({noun})" if clashing[fold(name), kind] > 1 and noun else name
        identity = _identity(told, kind, used)
        used.add(identity)
        made.append((_entity(identity, told, name, kind, lines, members), members))
    made = _kept_ids(made, previous)
    made.append((_entity(OWNER, owner or OWNER, owner, "person", lines, joined.owner), joined.owner))
    here: list[list[tuple[str, Spotted]]] = [[] for _ in lines]
    by_note: dict[str, dict[tuple[str, ...], set[str]]] = defaultdict(lambda: defaultdict(set))
    everywhere: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for entity, members in made:
        for one in members:
            here[one.line].append((entity.id, one))
            for key in _keys(one):
                by_note[lines[one.line].note.id][key].add(entity.id)
                everywhere[key].add(entity.id)
    for listed in here:
        listed.sort(key=lambda pair: pair[1].start)
    ordered = sorted((entity for entity, _ in made), key=lambda e: (-e.weight, e.id))
    return Cast({e.id: e for e in ordered}, here, by_note, everywhere)


def _keys(one: Spotted) -> list[tuple[str, ...]]:
    keys = [one.key] if one.key else []
    if len(one.key) > 1:
        keys += [(one.key[0],), (one.key[-1],)]
        keys.append(("".join(one.key),))
    if one.role and not one.whose:
        keys.append((one.role,))
    return keys


def _name(members: Sequence[Spotted]) -> str:
    """The fullest name that is used, of equally full ones the most used; a title where only a family name is known."""
    counts = Counter(s.name for s in members if s.key and not s.concept) or Counter(s.name for s in members if s.key)
    if not counts:
        return Counter(s.name for s in members).most_common(1)[0][0]
    full = max(min(len(name.split()), 3) for name in counts)
    best = min((n for n in counts if min(len(n.split()), 3) == full), key=lambda n: (-counts[n], n))
    titled = Counter(s.text for s in members if s.name == best and _TITLED.match(s.text) and s.text.endswith(best))
    return titled.most_common(1)[0][0] if titled and full == 1 else best


def _entity(
    identity: str, told: str, name: str, kind: str, lines: Sequence[Line], members: Sequence[Spotted]
) -> GraphEntity:
    mentions: dict[tuple[str, int], Mention] = {}
    weights: dict[str, float] = {}
    for one in members:
        note = lines[one.line].note
        mentions.setdefault(
            (note.id, one.start), Mention(note_id=note.id, span=Span(one.start, one.end), text=one.text)
        )
        weights[note.id] = _WEIGHTS[note.origin]
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for one in members:
        for text in {" ".join(one.text.split()), one.name} - {""}:
            if not one.owner:
                written[fold(text)][text] += 1
    aliases = sorted(forms.most_common(1)[0][0] for folded, forms in written.items() if folded != fold(name))
    return GraphEntity(
        id=identity,
        name=told,
        type=kind,
        aliases=tuple(aliases),
        mentions=tuple(mentions[at] for at in sorted(mentions)),
        weight=round(sum(weights.values()), 6),
    )


def _identity(name: str, kind: str, used: set[str]) -> str:
    """Of what it is called and what it is; a second one that nothing tells apart has a number in it too."""
    for number in range(len(used) + 1):
        basis = f"{kind}\0{fold(name)}" + (f"\0{number}" if number else "")
        identity = "e_" + hashlib.sha256(basis.encode()).hexdigest()[:12]
        if identity not in used:
            return identity
    raise AssertionError("more numbers than entities")


def _kept_ids(
    made: list[tuple[GraphEntity, list[Spotted]]], previous: Graph | None
) -> list[tuple[GraphEntity, list[Spotted]]]:
    """Who was known keeps the id, even under a fuller name: matched by the places that name it."""
    if previous is None:
        return made
    old = {(m.note_id, m.span.start): e.id for e in previous.entities if e.id != OWNER for m in e.mentions}
    sizes = {e.id: len(e.mentions) for e in previous.entities}
    pairs = []
    for index, (entity, _) in enumerate(made):
        shared = Counter(old[at] for m in entity.mentions if (at := (m.note_id, m.span.start)) in old)
        pairs += [
            (-number, identity != entity.id, identity, index)
            for identity, number in shared.items()
            if number >= _SAME * min(sizes[identity], len(entity.mentions))
        ]
    taken: dict[int, str] = {}
    given: set[str] = set()
    for _, _, identity, index in sorted(pairs):
        if index not in taken and identity not in given:
            taken[index] = identity
            given.add(identity)
    result = []
    for index, (entity, members) in enumerate(made):
        identity = taken.get(index, entity.id)
        if index not in taken and identity in given:
            identity = _identity(entity.name, entity.type, given | {e.id for e, _ in made})
            given.add(identity)
        result.append((msgspec.structs.replace(entity, id=identity), members))
    return result
