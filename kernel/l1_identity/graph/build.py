"""Memories and their insights -> the graph. The same in, the same out."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.l1_identity.evidence import lines
from kernel.l1_identity.graph.claims import claims, superseded
from kernel.l1_identity.graph.communities import communities
from kernel.l1_identity.graph.entities import cast
from kernel.l1_identity.graph.joining import join
from kernel.l1_identity.graph.phrases import with_facts
from kernel.l1_identity.graph.related import related, together
from kernel.l1_identity.graph.relations import evidence, settle
from kernel.l1_identity.graph.spotting import spot
from kernel.l1_identity.graph.structs import Ontology, graph_hash
from kernel.l1_identity.graph.words import vocabulary
from kernel.types import Graph, Insight, Memory


def build(
    memories: Sequence[Memory],
    insights: Sequence[Insight],
    owner: str,
    ontology: Ontology,
    previous: Graph | None = None,
) -> Graph:
    """Entities, relations, claims and communities; ids of ``previous`` are kept for what it knew.

    ``owner``: as given at init, may be empty. Notes of origin ``self`` are left out: what was generated is no evidence. An
    empty memory gives a graph with the owner alone. Takes igraph, and what the analyst takes; runs in the worker.
    """
    kept = [memory for memory in memories if memory.note.origin != "self"]
    notes = {memory.note.id for memory in kept}
    by_note = {insight.note_id: insight for insight in insights if insight.note_id in notes}
    words = vocabulary(ontology)
    said = lines(kept, list(by_note.values()))
    spotted, facts = with_facts(said, spot(said, by_note, words), owner, words)
    people = cast(said, join(said, spotted, owner, words), owner, words, previous)
    typed = settle(evidence(said, people, facts, words), people, words)
    groups = together(said, people, words)
    loose = related(said, groups, people, ((r.source, r.target) for r in typed.relations))
    replaced = superseded(kept, by_note, said, people, words) | typed.replaced
    everything = [*typed.relations, *loose]
    entities = tuple(people.entities.values())
    return Graph(
        input_hash=graph_hash(insights, owner, ontology),
        entities=entities,
        relations=tuple(sorted(everything, key=lambda r: (-r.weight, r.id))),
        claims=tuple(claims(said, people, replaced, words)),
        communities=tuple(communities(entities, everything, said, groups, previous)),
    )
