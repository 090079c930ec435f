"""Who and what the notes name, who of them is one, how they are related and since when."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.l1_identity.graph.build import build
from kernel.l1_identity.graph.ontology import load_ontology
from kernel.types import Graph
from tests.test_kernel.l1_identity.graphs import (
    VAULT,
    called,
    graph_of,
    names,
    one,
    relations,
    times,
    understood,
)


@pytest.fixture(scope="module")
def vault() -> Graph:
    return graph_of(VAULT)


def test_a_vault_is_known_by_its_people_places_and_organisations(vault: Graph) -> None:
    assert {"Ingrid", "Anders Lie", "Marit", "Priya", "Tomás", "지우"} <= names(vault)
    assert {"Bergen", "Oslo", "Porto", "Lisbon", "부산", "서울"} <= names(vault, "place")
    assert {"Maritime Museum", "Northgate Library", "Harbour Rowing Club"} <= names(vault, "organisation")
    assert names(vault, "animal") == {"Sesame"}
    assert {"boat", "kiln"} <= names(vault, "concept")


def test_what_is_said_in_words_is_a_typed_relation(vault: Graph) -> None:
    assert {
        ("Robin Vale", "has_sister", "Ingrid"),
        ("Ingrid", "works_at", "Maritime Museum"),
        ("Robin Vale", "has_brother", "Anders Lie"),
        ("Anders Lie", "lives_in", "Oslo"),
        ("Anders Lie", "has_partner", "Marit"),
        ("Robin Vale", "works_at", "Northgate Library"),
        ("Robin Vale", "friend_of", "Priya"),
        ("Priya", "member_of", "Harbour Rowing Club"),
        ("Robin Vale", "has_pet", "Sesame"),
        ("Robin Vale", "has_sister", "지우"),
        ("지우", "lives_in", "부산"),
        ("민수", "likes", "떡볶이"),
        ("Robin Vale", "friend_of", "민수"),
    } <= relations(vault)


def test_standing_together_is_a_weaker_relation(vault: Graph) -> None:
    priya, tomas = called(vault, "Priya").id, called(vault, "Tomás").id
    (between,) = [r for r in vault.relations if {r.source, r.target} == {priya, tomas}]
    assert between.type == "related" and between.weight > 0 and len(between.citations) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anders Lie is my brother. Anders rang. My brother is late.", {"Anders Lie"}),
        ("Mamma rang. My mother Ingrid is seventy. Mum laughed.", {"Ingrid"}),
        ("Dr Okoye looked at my knee. Okoye was right.", {"Dr Okoye"}),
        ("Elizabeth, whom everybody calls Beth, came. Beth sang.", {"Beth"}),
        ("Beth (Elizabeth) came to dinner. Elizabeth sang and Beth danced.", {"Beth"}),
        ("지우가 왔다. 지우 씨는 웃었다. 지우한테 책을 줬다.", {"지우"}),
        ("김지우 씨를 만났다. 지우는 웃었다.", {"김지우"}),
    ],
)
def test_one_person_under_several_names_is_one(text: str, expected: set[str]) -> None:
    assert names(one(text)) == expected


def test_other_names_can_be_found() -> None:
    graph = one("My brother Anders rang. Anders Lie is my brother. Beth (Elizabeth) came.")
    assert called(graph, "My brother Anders").name == "Anders Lie"
    assert called(graph, "Elizabeth").id == called(graph, "Beth").id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sam from work brought cake. My nephew Sam plays football.", {"Sam (work)", "Sam (nephew)"}),
        ("My sister Ingrid sings. My mother Ingrid listens.", {"Ingrid (sister)", "Ingrid (mother)"}),
        ("Anders Lie rang. Anders Berg wrote a letter.", {"Anders Lie", "Anders Berg"}),
        ("Mrs Okoye baked a cake. Mr Okoye ate it.", {"Mrs Okoye", "Mr Okoye"}),
        ("김지우 씨를 만났다. 박지우 씨가 전화했다.", {"김지우", "박지우"}),
    ],
)
def test_two_people_with_one_name_stay_apart(text: str, expected: set[str]) -> None:
    assert len(names(one(text))) == 2
    if not any("Okoye" in name for name in expected):
        assert names(one(text)) == expected


def test_a_bare_name_means_whoever_of_that_name_is_in_the_note() -> None:
    graph = graph_of(
        [
            ("2025-01-01", "Office", "Sam from work brought cake. Sam left early."),
            ("2025-02-01", "Football", "My nephew Sam plays football. Sam scored twice."),
            ("2025-03-01", "A call", "Sam rang."),
        ]
    )
    mentions = {e.name: len(e.mentions) for e in graph.entities if e.name.startswith("Sam")}
    assert mentions == {"Sam (work)": 2, "Sam (nephew)": 2}


def test_a_later_home_closes_the_earlier_one_and_its_claim(vault: Graph) -> None:
    assert times(of_owner(vault), "lives_in") == [("Porto", "2024-03-10", "2025-09"), ("Lisbon", "2025-09", None)]
    claims = {c.text: c for c in vault.claims if c.entity == "owner"}
    old, new = claims["I live in Porto."], claims["I moved to Lisbon in September 2025."]
    assert old.superseded_by == new.id and old.valid_to == "2025-09" and new.superseded_by == ""


def of_owner(graph: Graph) -> Graph:
    return msgspec.structs.replace(graph, relations=tuple(r for r in graph.relations if r.source == "owner"))


def test_somebody_elses_job_is_followed_too() -> None:
    graph = graph_of(
        [
            ("2023-01-10", "Priya", "Priya works at Brandt Studio."),
            ("2024-06-10", "Priya again", "Priya works at Kelmere Museum now."),
        ]
    )
    assert times(graph, "works_at") == [
        ("Brandt Studio", "2023-01-10", "2024-06-10"),
        ("Kelmere Museum", "2024-06-10", None),
    ]


def test_what_used_to_be_is_over() -> None:
    (row,) = times(one("Priya used to live in Graz.", "2024-06-10"), "lives_in")
    assert row[0] == "Graz" and row[2] == "2024-06-10"


@pytest.mark.parametrize(
    "text",
    ["Priya might work at Brandt Studio.", "If Priya lived in Graz, we would row.", "Priya does not live in Graz."],
)
def test_what_is_not_so_is_no_relation(text: str) -> None:
    assert not {row for row in relations(one(text)) if row[1] in {"lives_in", "works_at"}}


def test_somebody_elses_mother_is_not_the_owners() -> None:
    graph = graph_of([("2025-01-01", "A letter", "My mother Ingrid lives in Graz.")], origin="other")
    assert not {row for row in relations(graph) if row[0] == "Robin Vale"}


def test_what_was_generated_is_no_evidence() -> None:
    assert names(graph_of([("2025-01-01", "Recall", "My brother Deniz drives.")], origin="self")) == set()


def test_the_owners_own_name_is_the_owner() -> None:
    graph = one("Robin Vale wrote this. I am tired.")
    owner = next(e for e in graph.entities if e.id == "owner")
    assert names(graph) == set() and owner.name == "Robin Vale" and len(owner.mentions) == 2


def test_an_empty_memory_has_the_owner_alone() -> None:
    graph = build([], [], "Robin Vale", load_ontology(None))
    assert [e.id for e in graph.entities] == ["owner"] and not graph.relations and not graph.communities


def test_every_span_is_where_the_note_says_so(vault: Graph) -> None:
    memories, _ = understood(VAULT)
    texts = {m.note.id: m.note.text for m in memories}
    for entity in vault.entities:
        assert all(texts[m.note_id][m.span.start : m.span.end] == m.text for m in entity.mentions)
    cited = [c for r in vault.relations for c in r.citations] + [c.citation for c in vault.claims]
    cited += [c for k in vault.communities for said in k.summary for c in said.citations]
    assert cited and all(texts[c.note_id][c.span.start : c.span.end] == c.quote for c in cited)
    known = {e.id for e in vault.entities}
    assert all({r.source, r.target} <= known and r.citations for r in vault.relations)


_WORDS = st.sampled_from(
    "my brother Anders, Anna (Beth) [[Ola|Ole]] Dr Okoye's from work. 우리 누나 지우가 지우 씨, **Bergen** lives in `Oslo` "
    "https://a.example/B is I Mum - Sam & Co the of called 형 Northgate Library".split(" ")
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=25).map(" ".join))
def test_whatever_is_written_its_names_stand_there(text: str) -> None:
    memories, insights = understood([("2025-01-01", "Page", text)])
    graph = build(memories, insights, "Robin Vale", load_ontology(None))
    for entity in graph.entities:
        for mention in entity.mentions:
            assert memories[0].note.text[mention.span.start : mention.span.end] == mention.text != ""
        starts = [m.span.start for m in entity.mentions]
        assert len(starts) == len(set(starts))


def test_the_same_notes_give_the_same_graph(vault: Graph) -> None:
    memories, insights = understood(VAULT)
    ontology = load_ontology(None)
    assert build(memories[::-1], insights[::-1], "Robin Vale", ontology) == vault
    assert build(memories, insights, "Robin Vale", ontology, vault) == vault


def test_who_gets_a_fuller_name_keeps_the_id() -> None:
    page = ("2025-01-01", "A call", "My brother Anders rang. Anders laughed.")
    before = graph_of([page])
    memories, insights = understood([page, ("2025-02-01", "Names", "Anders Lie is my brother.")])
    after = build(memories, insights, "Robin Vale", load_ontology(None), before)
    assert called(before, "Anders").id == called(after, "Anders Lie").id


def test_a_link_with_another_label_is_another_name() -> None:
    graph = one("I met [[Anna Berg|Annie]] again. Annie laughed.")
    assert called(graph, "Annie").id == called(graph, "Anna Berg").id


def test_a_name_of_the_owners_in_korean_is_the_owner() -> None:
    graph = graph_of([("2025-01-01", "하루", "김지우가 이 글을 썼다. 나는 전주에 산다.")], owner="김지우")
    assert names(graph) == set() and times(graph, "lives_in") == [("전주", "2025-01-01", None)]
