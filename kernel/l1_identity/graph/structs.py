"""What the graph may hold: types of entities and of relations. Light: made from ``ontology.toml``, see ``ontology``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from kernel.types import Frozen, Graph, Insight, Memory

RELATED = "related"
"""The relation of two entities that only stand together."""


class EntityKind(Frozen, frozen=True, kw_only=True):
    name: str
    endings: tuple[str, ...] = ()
    """Last words (English) or last syllables (Korean) of names that say the type: ``Museum``, ``은행``."""
    names: tuple[str, ...] = ()
    """Names that are of this type whatever stands around them."""
    broad: tuple[str, ...] = ()
    """Names that hold others of the type, so that neither takes the other's place: ``Norway`` beside ``Bergen``."""


class RelationKind(Frozen, frozen=True, kw_only=True):
    """``source`` -> ``target``. Words in English and Korean together; the script tells them apart."""

    name: str
    inverse: str = ""
    """How it is called when it is read from the target."""
    functional: bool = False
    """One target at a time: a later one closes the earlier one."""
    source: tuple[str, ...] = ()
    """Types of entity that it may start from; empty: any."""
    target: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    """``my NOUN Anna`` and ``Anna is my NOUN``: the owner's (or a named person's) NOUN is Anna."""
    addressed: tuple[str, ...] = ()
    """Nouns that stand for the person by themselves: ``Mum rang``."""
    soft: bool = False
    """Its nouns say little about who somebody is: a friend may be a colleague too, a sister is no mother."""
    verbs: tuple[str, ...] = ()
    """Verb and preposition (``live in``), or particle and verb (``에 살다``), in the form of the dictionary."""
    begins: tuple[str, ...] = ()
    """The same for what begins it: ``move to``."""
    ends: tuple[str, ...] = ()
    """The same for what ends it: ``leave``."""
    facts: tuple[str, ...] = ()
    """Keys of the owner's attributes that say it."""


class Ontology(Frozen, frozen=True, kw_only=True):
    """Both in the order of their names."""

    types: tuple[EntityKind, ...]
    relations: tuple[RelationKind, ...]
    ignore: tuple[str, ...] = ()
    """Words that are no entities."""

    @property
    def hash(self) -> str:
        """SHA-256, equal for what means the same whatever the order in the file."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def relation(self, name: str) -> RelationKind:
        """Raises ``KeyError``."""
        return next((kind for kind in self.relations if kind.name == name), None) or _missing(name)


def _missing(name: str) -> RelationKind:
    raise KeyError(name)


class GraphPayload(Frozen, frozen=True, kw_only=True):
    """What goes into the ``graph`` job; its result is ``kernel.types.Graph``."""

    owner: str
    memories: tuple[Memory, ...]
    insights: tuple[Insight, ...]
    ontology: Ontology
    previous: Graph | None = None


def graph_hash(insights: Sequence[Insight], owner: str, ontology: Ontology) -> str:
    """SHA-256 of what a graph is made from: each note's content as its analyst read it, the owner's name, the ontology."""
    digest = hashlib.sha256(f"{owner}\0{ontology.hash}".encode())
    for insight in sorted(insights, key=lambda i: i.note_id):
        digest.update(f"\0{insight.note_id}\0{insight.content_hash}\0{insight.analyst}".encode())
    return digest.hexdigest()
