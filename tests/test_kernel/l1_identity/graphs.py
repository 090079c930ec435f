"""Graphs of notes written in a test: understood for real."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.l0_insight.jobs import understand
from kernel.l1_identity.graph.build import build
from kernel.l1_identity.graph.ontology import load_ontology
from kernel.types import Graph, GraphEntity, Insight, Memory, Origin
from tests.test_kernel.notes import remembered

Page = tuple[str, str, str]
"""Day, title, text."""


def understood(pages: Sequence[Page], origin: Origin = "owner") -> tuple[list[Memory], list[Insight]]:
    memories = [remembered(text, title=title, day=day, origin=origin) for day, title, text in pages]
    found = understand(memories, lambda event: None)
    resolved = [
        msgspec.structs.replace(
            memory,
            sentences=tuple(
                msgspec.structs.replace(s, context=c, resolved=True)
                for s, c in zip(memory.sentences, one.contexts, strict=True)
            ),
        )
        for memory, one in zip(memories, found, strict=True)
    ]
    return resolved, [one.insight for one in found]


def graph_of(pages: Sequence[Page], owner: str = "Robin Vale", origin: Origin = "owner") -> Graph:
    memories, insights = understood(pages, origin)
    return build(memories, insights, owner, load_ontology(None))


def one(text: str, day: str = "2025-06-01") -> Graph:
    return graph_of([(day, "A page", text)])


def names(graph: Graph, kind: str = "person") -> set[str]:
    return {e.name for e in graph.entities if e.type == kind and e.id != "owner"}


def called(graph: Graph, name: str) -> GraphEntity:
    (found,) = [e for e in graph.entities if name in (e.name, *e.aliases)]
    return found


def relations(graph: Graph) -> set[tuple[str, str, str]]:
    """Those in words, by the names of their ends."""
    name = {e.id: e.name for e in graph.entities}
    return {(name[r.source], r.type, name[r.target]) for r in graph.relations if r.type != "related"}


def times(graph: Graph, kind: str) -> list[tuple[str, str | None, str | None]]:
    name = {e.id: e.name for e in graph.entities}
    found = [(name[r.target], r.valid_from, r.valid_to) for r in graph.relations if r.type == kind]
    return sorted(found, key=lambda row: row[1] or "")


VAULT: list[Page] = [
    (
        "2024-01-10",
        "Family",
        """My sister Ingrid works at the Maritime Museum in Bergen. Anders Lie is my brother. Anders lives in Oslo with his
wife Marit. Mamma rang about the boat. Marit and Anders came with the boat to Bergen.""",
    ),
    (
        "2024-02-10",
        "Library",
        """I work at Northgate Library. Priya and Tomás laughed in the Northgate Library. Priya brought a kiln to the workshop.
My friend Priya is a member of the Harbour Rowing Club.""",
    ),
    (
        "2024-03-05",
        "Clay",
        "The kiln was hot and Tomás burnt his hand. Priya and Tomás rowed for the Harbour Rowing Club.",
    ),
    ("2024-03-10", "Home", "I live in Porto. We adopted a cat called Sesame. Sesame hates the vet."),
    ("2025-09-20", "Moved", "I moved to Lisbon in September 2025. The boat stayed with Marit in Oslo."),
    (
        "2024-05-02",
        "가족",
        "우리 누나 지우는 부산에 산다. 지우가 어제 전화했다. 지우 씨와 서울에서 만났다. 친구 민수는 떡볶이를 좋아한다.",
    ),
]
