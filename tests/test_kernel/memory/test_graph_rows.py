"""The graph in the database: what is put comes back, is found, and goes with the notes that it stands on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from kernel.memory import graph_rows
from kernel.memory.rows import put_note
from kernel.memory.schema import migrate
from kernel.memory.words import content_terms
from kernel.types import (
    Citation,
    Cited,
    Claim,
    Community,
    Graph,
    GraphEntity,
    GraphRelation,
    Mention,
    Note,
    Span,
)
from tests.test_kernel.notes import remembered

TEXTS = {
    "n_1": "Elizabeth, whom everybody calls Beth, lives in Oslo.",
    "n_2": "Beth plays the cello in Bergen. I heard the cello.",
    "n_3": "지우와 Beth가 Bergen에서 만났다.",
}


def note(identity: str) -> Note:
    return msgspec.structs.replace(remembered(TEXTS[identity]).note, id=identity, title=f"Title of {identity}")


def at(identity: str, text: str) -> Span:
    start = TEXTS[identity].index(text)
    return Span(start, start + len(text))


def mention(identity: str, text: str) -> Mention:
    return Mention(note_id=identity, span=at(identity, text), text=text)


def cited(identity: str, quote: str) -> Citation:
    return Citation(note_id=identity, title=f"Title of {identity}", quote=quote, span=at(identity, quote))


def entity(
    identity: str, name: str, kind: str, weight: float, *mentions: Mention, aliases: tuple[str, ...] = ()
) -> GraphEntity:
    ordered = tuple(sorted(mentions, key=lambda m: (m.note_id, m.span.start)))
    return GraphEntity(id=identity, name=name, type=kind, weight=weight, aliases=aliases, mentions=ordered)


def relation(identity: str, source: str, kind: str, target: str, weight: float, *where: Citation) -> GraphRelation:
    return GraphRelation(id=identity, source=source, type=kind, target=target, weight=weight, citations=where)


LIVES, PLAYS = TEXTS["n_1"], "Beth plays the cello in Bergen."
GRAPH = Graph(
    input_hash="hash",
    entities=(
        entity("e_beth", "Elizabeth", "person", 3.0, mention("n_1", "Elizabeth"), mention("n_2", "Beth"), mention("n_3", "Beth"), aliases=("Beth",)),
        entity("e_bergen", "Bergen", "place", 2.0, mention("n_2", "Bergen"), mention("n_3", "Bergen")),
        entity("e_cello", "cello", "concept", 1.0, mention("n_2", "cello")),
        entity("e_jiwoo", "지우", "person", 1.0, mention("n_3", "지우")),
        entity("e_oslo", "Oslo", "place", 1.0, mention("n_1", "Oslo")),
        entity("owner", "Robin Vale", "person", 1.0, mention("n_2", "I")),
    ),
    relations=(
        relation("r_2", "e_bergen", "related", "e_beth", 3.5, cited("n_2", PLAYS), cited("n_3", TEXTS["n_3"])),
        relation("r_1", "e_beth", "lives_in", "e_oslo", 1.0, cited("n_1", LIVES)),
        relation("r_3", "e_beth", "plays", "e_cello", 1.0, cited("n_2", PLAYS)),
    ),
    claims=(
        Claim(id="st_1", entity="e_beth", text=LIVES, citation=cited("n_1", LIVES), valid_from="2024-01-01", valid_to="2025-01-01", superseded_by="st_2"),
        Claim(id="st_2", entity="e_beth", text=PLAYS, citation=cited("n_2", PLAYS), valid_from="2025-01-01"),
    ),
    communities=(
        Community(
            id="c_1", level=0, parent="", name="Elizabeth, Bergen, cello", entities=("e_beth", "e_bergen", "e_cello", "e_jiwoo"),
            summary=(Cited(text=PLAYS, citations=(cited("n_2", PLAYS),)), Cited(text=TEXTS["n_3"], citations=(cited("n_3", TEXTS["n_3"]),))),
            note_ids=("n_2", "n_3"),
        ),
        Community(
            id="c_2", level=1, parent="c_1", name="Bergen, 지우", entities=("e_bergen", "e_jiwoo"),
            summary=(Cited(text=TEXTS["n_3"], citations=(cited("n_3", TEXTS["n_3"]),)),), note_ids=("n_3",),
        ),
    ),
)  # fmt: skip


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "memory.db"
    made = sqlite3.connect(path, isolation_level=None)
    made.row_factory = sqlite3.Row
    migrate(made, path)
    for identity in TEXTS:
        put_note(made, note(identity), None)
    graph_rows.put_graph(made, GRAPH)
    yield made
    made.close()


def forget(connection: sqlite3.Connection, *ids: str) -> None:
    connection.executemany("DELETE FROM notes WHERE id = ?", [(i,) for i in ids])
    graph_rows.drop_unmentioned(connection)


def test_what_is_put_comes_back(connection: sqlite3.Connection) -> None:
    assert graph_rows.graph(connection) == GRAPH
    graph_rows.put_graph(connection, GRAPH)
    assert graph_rows.graph(connection) == GRAPH


def test_a_new_graph_takes_the_old_ones_place(connection: sqlite3.Connection) -> None:
    graph_rows.put_graph(connection, Graph(input_hash="other", entities=GRAPH.entities[:1]))
    assert graph_rows.graph(connection) == Graph(input_hash="other", entities=GRAPH.entities[:1])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("beth", ["e_beth"]),
        ("ELIZ", ["e_beth"]),
        ("be", ["e_beth", "e_bergen"]),
        ("지우", ["e_jiwoo"]),
        ("nobody", []),
        ("", []),
        ("%", []),
    ],
)
def test_entities_are_found_by_any_name(connection: sqlite3.Connection, name: str, expected: list[str]) -> None:
    assert [e.id for e in graph_rows.find_entities(connection, name)] == expected


def test_one_entity(connection: sqlite3.Connection) -> None:
    assert graph_rows.entity(connection, "e_beth") == GRAPH.entities[0]
    assert graph_rows.entity(connection, "e_nobody") is None


def test_neighbours_by_words_come_first(connection: sqlite3.Connection) -> None:
    found = graph_rows.neighbours(connection, "e_beth", 10)
    assert [(r.id, e.id) for r, e in found] == [("r_1", "e_oslo"), ("r_3", "e_cello"), ("r_2", "e_bergen")]
    assert [r.id for r, _ in graph_rows.neighbours(connection, "e_bergen", 1)] == ["r_2"]
    assert graph_rows.neighbours(connection, "e_nobody", 5) == []


def test_entities_of_notes(connection: sqlite3.Connection) -> None:
    assert {e.id for e in graph_rows.entities_in(connection, ["n_1"])} == {"e_beth", "e_oslo"}
    assert graph_rows.entities_in(connection, []) == []


def test_communities_of_one_level(connection: sqlite3.Connection) -> None:
    assert [c.id for c in graph_rows.communities(connection, 1)] == ["c_2"]
    assert [c.id for c in graph_rows.communities(connection)] == ["c_1", "c_2"]


def test_claims_of_one_entity(connection: sqlite3.Connection) -> None:
    assert [c.id for c in graph_rows.claims_of(connection, "e_beth")] == ["st_1", "st_2"]


def test_sentences_for_a_broad_question(connection: sqlite3.Connection) -> None:
    found = graph_rows.community_sentences(connection, content_terms("what about the cello?"), 5)
    (name, identity, start, end, text) = found[0]
    assert name == "Elizabeth, Bergen, cello" and TEXTS[identity][start:end] == text == PLAYS
    assert [row[4] for row in graph_rows.community_sentences(connection, ["지우"], 1)] == [TEXTS["n_3"]]
    assert graph_rows.community_sentences(connection, ["zeppelin"], 5) == []


@pytest.mark.parametrize("gone", [ids for size in (1, 2, 3) for ids in combinations(TEXTS, size)])
def test_deleting_notes_leaves_nothing_of_them(connection: sqlite3.Connection, gone: tuple[str, ...]) -> None:
    forget(connection, *gone)
    left = graph_rows.graph(connection)
    ids = {e.id for e in left.entities}
    assert all(e.mentions or e.id == "owner" for e in left.entities) and "owner" in ids
    assert all(r.citations and {r.source, r.target} <= ids for r in left.relations)
    assert all(c.entity in ids for c in left.claims)
    assert all(c.entities and set(c.entities) <= ids for c in left.communities)
    known = {c.id for c in left.communities}
    assert all(c.parent in known | {""} for c in left.communities)
    said = {c.id for c in left.claims}
    assert all(c.superseded_by in said | {""} for c in left.claims)
    cited_notes = {m.note_id for e in left.entities for m in e.mentions} | {
        c.note_id for r in left.relations for c in r.citations
    }
    assert not cited_notes & set(gone)


def test_a_name_that_only_the_forgotten_note_said_is_gone(connection: sqlite3.Connection) -> None:
    forget(connection, "n_1")
    found = graph_rows.entity(connection, "e_beth")
    assert found is not None and found.name == "Beth" and found.aliases == ()
    assert graph_rows.find_entities(connection, "Elizabeth") == []
    assert graph_rows.communities(connection)[0].name == "Beth, Bergen, cello"


def test_what_took_a_claims_place_is_forgotten(connection: sqlite3.Connection) -> None:
    forget(connection, "n_2")
    (claim,) = graph_rows.claims_of(connection, "e_beth")
    assert claim.id == "st_1" and claim.superseded_by == "" and claim.valid_to is None
