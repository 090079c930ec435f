"""The knowledge graph on the wire."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.types import Citation, Claim, Community, Graph, GraphEntity, GraphRelation, Mention


class EntityOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    type: str
    aliases: tuple[str, ...]
    mentions: int
    notes: int
    weight: float


class RelationOut(msgspec.Struct, frozen=True, kw_only=True):
    """``source`` -> ``target``, with the names of both."""

    id: str
    source: str
    source_name: str
    type: str
    target: str
    target_name: str
    weight: float
    citations: tuple[Citation, ...]
    valid_from: str | None
    valid_to: str | None


class GraphOut(msgspec.Struct, frozen=True, kw_only=True):
    """The strongest entities that were asked for, the relations between them, and the communities that hold them."""

    entities: tuple[EntityOut, ...]
    total: int
    """Entities that were asked for, shown or not."""
    relations: tuple[RelationOut, ...]
    communities: tuple[Community, ...]
    note: str
    """Why it is empty, where no graph has been made; else empty."""


class EntityCard(EntityOut, frozen=True, kw_only=True):
    """One entity with everything that is known of it."""

    relations: tuple[RelationOut, ...]
    claims: tuple[Claim, ...]
    communities: tuple[Community, ...]
    mentioned: tuple[Mention, ...]


def graph_out(graph: Graph, *, limit: int, type: str | None, named: Sequence[str] | None) -> GraphOut:
    """The first ``limit`` entities of a ``type``, in the graph's order; of those with the ids ``named`` in theirs."""
    known = {one.id: one for one in graph.entities}
    asked = [one for one in (known if named is None else named) if one in known and type in (None, known[one].type)]
    shown = set(asked[:limit])
    names = {one.id: one.name for one in graph.entities}
    return GraphOut(
        entities=tuple(_entity_out(known[one]) for one in asked[:limit]),
        total=len(asked),
        relations=tuple(
            _relation_out(one, names) for one in graph.relations if one.source in shown and one.target in shown
        ),
        communities=tuple(one for one in graph.communities if shown & set(one.entities)),
        note="" if graph.entities else "There is no graph yet: add notes, then run 'oneself train'.",
    )


def entity_card(around: Graph) -> EntityCard:
    """``around``: the entity first, as ``Mind.graph_around`` gives it."""
    found, *_ = around.entities
    names = {one.id: one.name for one in around.entities}
    return EntityCard(
        **msgspec.structs.asdict(_entity_out(found)),
        relations=tuple(_relation_out(one, names) for one in around.relations),
        claims=around.claims,
        communities=around.communities,
        mentioned=found.mentions,
    )


def _entity_out(one: GraphEntity) -> EntityOut:
    return EntityOut(
        id=one.id,
        name=one.name,
        type=one.type,
        aliases=one.aliases,
        mentions=len(one.mentions),
        notes=len({mention.note_id for mention in one.mentions}),
        weight=one.weight,
    )


def _relation_out(one: GraphRelation, names: dict[str, str]) -> RelationOut:
    return RelationOut(
        **msgspec.structs.asdict(one),
        source_name=names.get(one.source, one.source),
        target_name=names.get(one.target, one.target),
    )
