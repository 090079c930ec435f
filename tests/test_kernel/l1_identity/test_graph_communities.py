"""What belongs together, how it is told, and the graph for other programs."""

from __future__ import annotations

import random
from pathlib import Path

import igraph
import pytest

from kernel.l1_identity.graph.build import build
from kernel.l1_identity.graph.graphml import graphml
from kernel.l1_identity.graph.ontology import load_ontology
from kernel.types import Graph
from tests.test_kernel.l1_identity.graphs import VAULT, Page, graph_of, understood

ROWERS = ["Priya", "Tomás", "Wanjiru", "Goran"]
POTTERS = ["Ingrid", "Marco", "Leticia", "Henrik"]


def circle(people: list[str], thing: str, start: int) -> list[Page]:
    found = []
    for n, one in enumerate(people):
        other = people[(n + 1) % len(people)]
        text = f"{one} and {other} talked about the {thing} all evening. I was glad of {one} and the {thing}."
        found.append((f"2025-01-{start + n:02}", f"Page {start + n}", text))
    return found


@pytest.fixture(scope="module")
def two() -> Graph:
    return graph_of(circle(ROWERS, "kayak", 1) + circle(POTTERS, "kiln", 11))


def members(graph: Graph) -> list[set[str]]:
    name = {e.id: e.name for e in graph.entities}
    return [{name[i] for i in c.entities} for c in graph.communities if c.level == 0]


def test_two_circles_are_two_communities_without_the_owner(two: Graph) -> None:
    assert sorted(map(sorted, members(two))) == sorted([sorted([*ROWERS, "kayak"]), sorted([*POTTERS, "kiln"])])


def test_a_summary_is_sentences_of_the_notes_about_it(two: Graph) -> None:
    name = {e.id: e.name for e in two.entities}
    for community in two.communities:
        assert 2 <= len(community.summary) <= 4 and len(community.note_ids) == 4
        inside = {name[i] for i in community.entities}
        assert all(sum(one in said.text for one in inside) >= 2 for said in community.summary)
        assert community.name == ", ".join(name[i] for i in community.entities[:3])


def test_a_community_keeps_its_id_when_it_grows(two: Graph) -> None:
    more = (
        "2025-02-01",
        "More",
        "Priya and Solveig talked about the kayak. Solveig and Tomás laughed about the kayak.",
    )
    memories, insights = understood([*circle(ROWERS, "kayak", 1), *circle(POTTERS, "kiln", 11), more])
    after = build(memories, insights, "Robin Vale", load_ontology(None), two)
    before = {c.id: len(c.entities) for c in two.communities}
    assert {c.id for c in after.communities} == before.keys()
    assert sorted(len(c.entities) - before[c.id] for c in after.communities) == [0, 1]


def test_a_large_community_is_split_again() -> None:
    people = [
        ["Ada", "Agnes", "Alice", "Amina", "Anita", "Astrid", "Aurora"],
        ["Bella", "Bianca", "Bridget", "Beatriz", "Barbara", "Benedetta", "Beatrice"],
        ["Carla", "Carmen", "Cecilia", "Chiara", "Claudia", "Cristina", "Camila"],
    ]
    chance = random.Random(5)
    pages = []
    for group in people:
        for _ in range(9):
            one, other, third = chance.sample(group, 3)
            pages.append(f"{one}, {other} and {third} had supper on the terrace.")
    pages += [f"{people[n][0]} and {people[(n + 1) % 3][0]} danced." for n in range(3)]
    graph = graph_of([(f"2025-03-{n + 1:02}", f"Page {n}", text) for n, text in enumerate(pages)])
    by_id = {c.id: c for c in graph.communities}
    for community in graph.communities:
        if community.level == 0:
            assert community.parent == ""
        else:
            parent = by_id[community.parent]
            assert parent.level == community.level - 1 and set(community.entities) < set(parent.entities)
            assert len(parent.entities) > 12
    assert sum(len(c.entities) for c in graph.communities if c.level == 0) == 21


def test_building_leaves_the_random_numbers_of_others_alone(two: Graph) -> None:
    random.seed(3)
    expected = random.random()
    random.seed(3)
    graph_of(circle(ROWERS, "kayak", 1))
    assert random.random() == expected


def test_the_graph_opens_elsewhere(tmp_path: Path) -> None:
    graph = graph_of([*VAULT, ("2025-01-01", "A & B", 'Zoë "Zo" Field & Anna <3 came.')])
    path = tmp_path / "graph.graphml"
    path.write_text(graphml(graph), "utf-8")
    opened = igraph.Graph.Read_GraphML(str(path))
    assert opened.vcount() == len(graph.entities) and opened.ecount() == len(graph.relations) and opened.is_directed()
    assert opened.vs["name"] == [e.name for e in graph.entities] and opened.vs["type"] == [
        e.type for e in graph.entities
    ]
    assert opened.es["type"] == [r.type for r in graph.relations]
    at = {e.id: n for n, e in enumerate(graph.entities)}
    assert opened.get_edgelist() == [(at[r.source], at[r.target]) for r in graph.relations]
    assert opened.es["weight"] == [r.weight for r in graph.relations]
    assert opened.es["valid_to"] == [r.valid_to or "" for r in graph.relations]
