"""The owner's ontology over the shipped one, and what is said of a file that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.errors import WrongUse
from kernel.l1_identity.graph.build import build
from kernel.l1_identity.graph.ontology import load_ontology
from tests.test_kernel.l1_identity.graphs import names, relations, understood

SAILS = """
ignore = ["regatta"]

[types.boat]
names = ["Aurelia"]

[relations.sails]
inverse = "sailed_by"
source = ["person"]
target = ["boat"]
verbs = ["sail"]

[relations.likes]
off = true
"""


def test_the_shipped_one_has_the_types_that_everything_rests_on() -> None:
    ontology = load_ontology(None)
    assert {"person", "place", "organisation", "thing", "concept"} <= {kind.name for kind in ontology.types}
    assert ontology.relation("lives_in").functional and not ontology.relation("has_sister").functional
    with pytest.raises(KeyError):
        ontology.relation("sails")


def test_the_owners_file_adds_and_takes_away(tmp_path: Path) -> None:
    (tmp_path / "ontology.toml").write_text(SAILS, "utf-8")
    ontology = load_ontology(tmp_path)
    memories, insights = understood(
        [("2025-01-01", "Sea", "Priya sails Aurelia. Priya likes Bergen. Anders lives in Graz.")]
    )
    graph = build(memories, insights, "Robin Vale", ontology)
    assert names(graph, "boat") == {"Aurelia"}
    assert relations(graph) == {("Priya", "sails", "Aurelia"), ("Anders", "lives_in", "Graz")}
    shipped = build(memories, insights, "Robin Vale", load_ontology(None))
    assert ("Priya", "likes", "Bergen") in relations(shipped) and shipped.input_hash != graph.input_hash


def test_the_hash_goes_by_meaning(tmp_path: Path) -> None:
    plain = load_ontology(None)
    assert load_ontology(tmp_path).hash == plain.hash
    (tmp_path / "ontology.toml").write_text("# nothing\n", "utf-8")
    assert load_ontology(tmp_path).hash == plain.hash
    (tmp_path / "ontology.toml").write_text('ignore = ["regatta"]\n', "utf-8")
    assert load_ontology(tmp_path).hash != plain.hash


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[types.boat\n", 1, "not valid TOML"),
        ("colour = 3\n", 1, "colour is not known"),
        ('\n[types.boat]\nending = ["x"]\n', 3, "types.boat.ending is not known"),
        ('[relations.sails]\nsource = ["person"]\nfunctional = "yes"\n', 3, "relations.sails.functional is wrong"),
        ('[relations.sails]\ntarget = ["boat"]\n', 2, "names a type 'boat' that there is none of"),
        ('[relations.sails]\nverbs = ["sail", 3]\n', 2, "relations.sails.verbs is wrong"),
        ("[relations.related]\n", 1, "cannot be a name"),
        ("[types.person]\noff = true\n", 1, "is needed and cannot be off"),
        ('ignore = "regatta"\n', 1, "must be a list of words"),
    ],
)
def test_a_broken_file_is_told_by_key_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "ontology.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(WrongUse) as error:
        load_ontology(tmp_path)
    assert said in str(error.value) and str(path) in str(error.value) and f"line {line}" in str(error.value)
