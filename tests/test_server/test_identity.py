"""``/api/identity``, ``/api/graph`` and their commands over a real mind: versions, the owner's say, what is seen of it."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result

from kernel.config import OwnerConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import NotFound
from kernel.memory import graph_rows
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import (
    Biography,
    Citation,
    Cited,
    Claim,
    Community,
    Graph,
    GraphEntity,
    GraphRelation,
    Mention,
    SelfVersion,
    Span,
)
from kernel.worker import load
from server.cli import main
from server.local import LocalDoor
from server.schemas.identity import CorrectionRequest
from server.settings import ServerConfig, Settings
from tests.test_server.wire import code

NOTES = [
    ("2024-01-05", "Work", "I work as a bookbinder at Harbour Lab. The glue smells of cloves."),
    ("2024-02-01", "Home", "I live in Porto. The stairs are steep."),
    ("2024-03-01", "Family", "My brother Deniz drives trucks. He is never home."),
    ("2024-04-01", "고양이", "나는 고양이를 좋아한다."),
]
WORK, BROTHER = "I work as a bookbinder at Harbour Lab.", "My brother Deniz drives trucks."


class WorkerHere:
    """Does the worker's jobs in this process."""

    async def run(self, job: str, payload: Any, result: Any, *, on_event: Any = None) -> Any:
        return await asyncio.to_thread(load(job)[0], payload, on_event or (lambda event: None))


def opening(paths: Paths) -> Callable[[], Coroutine[Any, Any, Mind]]:
    Shelf(paths).write(
        SelfVersion(version="0000", state="live", base="b", template="t", created="2025-01-01", adapter=None)
    )
    settings = Settings(owner=OwnerConfig(name="Robin Vale"))
    return lambda: Mind.open(paths, settings, engine=ScriptedEngine(), worker=WorkerHere())


@pytest.fixture
def real(paths: Paths, serve_mind: Any) -> Iterator[Any]:
    with serve_mind(opening(paths), paths, ServerConfig()) as served:
        yield served


def on_loop(served: Any, work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, served.loop).result(60)


async def understood(mind: Mind) -> Any:
    await mind.understand()
    return await mind.trainings.pipeline.make_identity(await mind.trainings.pipeline.input_hash())


@pytest.fixture
def http(real: Any) -> Iterator[httpx.Client]:
    """With the notes kept and made into version 1."""
    with real.http() as client:
        for day, title, text in NOTES:
            note = {"text": text, "title": title, "happened_at": day}
            assert client.post("/api/memories", json=note).status_code == 201
        on_loop(real, understood(real.mind))
        yield client


@pytest.fixture
def run(real: Any, http: httpx.Client) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(main, ["--home", str(real.home), *arguments])


def first(identity: dict[str, Any]) -> dict[str, str]:
    """Text -> id, of the biography in the owner's words."""
    return {one["text"]: one["id"] for one in identity["biography"]["first_person"]}


def held(identity: dict[str, Any], key: str) -> list[tuple[str, str | None, str | None]]:
    return [(one["value"], one["valid_from"], one["valid_to"]) for one in identity["attributes"] if one["key"] == key]


# --- versions ---------------------------------------------------------------------------------------------------------


def test_an_empty_identity_says_so(real: Any) -> None:
    with real.http() as http:
        found = http.get("/api/identity").json()
        assert found["version"] == 0 and "oneself train" in found["note"]
        assert found["attributes"] == found["shades"] == found["biography"]["first_person"] == found["marks"] == []
        assert http.get("/api/identity/versions").json() == {"versions": []}
        assert code(http.get("/api/identity/diff"))[:2] == (404, "no_identity")
        assert code(http.get("/api/identity/versions/1"))[:2] == (404, "not_found")
        marked = http.post("/api/identity/marks", json={"sentence": "s_1", "kind": "pin"})
        assert code(marked)[:2] == (404, "no_identity")
        graph = http.get("/api/graph").json()
        assert (graph["entities"], graph["total"]) == ([], 0) and "oneself train" in graph["note"]
        made = http.post("/api/identity/corrections", json={"key": "employer", "value": "Tidewater"}).json()
        assert made["version"] == 1 and held(made, "employer") == [("Tidewater", None, None)]


def test_the_current_one_cites_and_names_every_sentence(http: httpx.Client) -> None:
    found = http.get("/api/identity").json()
    assert (found["version"], found["owner"], found["note"], found["reverted_to"]) == (1, "Robin Vale", "", None)
    told = found["biography"]
    assert {WORK, BROTHER} <= set(first(found))
    ids = [[one["id"] for one in told[person]] for person in ("first_person", "second_person", "third_person")]
    assert ids[0] == ids[1] == ids[2] and len(set(ids[0])) == len(ids[0])
    for one in told["third_person"]:
        (cited, *_) = one["citations"]
        note = http.get(f"/api/memories/{cited['note_id']}").json()
        start, end = cited["span"]
        assert note["text"][start:end] == cited["quote"] and note["title"] == cited["title"]


def test_versions_and_what_changed_between_them(real: Any, http: httpx.Client) -> None:
    http.post("/api/memories", json={"text": "My sister Ines sings.", "title": "Ines", "happened_at": "2025-01-01"})
    on_loop(real, understood(real.mind))
    listed = http.get("/api/identity/versions").json()["versions"]
    assert [one["version"] for one in listed] == [2, 1] and listed[0]["sentences"] == listed[1]["sentences"] + 1
    assert http.get("/api/identity/versions", params={"limit": 1}).json()["versions"] == listed[:1]
    assert "My sister Ines sings." not in first(http.get("/api/identity/versions/1").json())
    found = http.get("/api/identity/diff").json()
    assert (found["from"], found["to"]) == (1, 2)
    (change,) = [one for one in found["changes"] if one["where"] == "biography"]
    assert change == {"where": "biography", "before": "", "after": "My sister Ines sings.",
                      "words": [["in", "My sister Ines sings."]]}  # fmt: skip
    back = http.get("/api/identity/diff", params={"from": 2, "to": 1}).json()
    assert ("My sister Ines sings.", "") in [(one["before"], one["after"]) for one in back["changes"]]
    assert http.get("/api/identity/diff", params={"to": 1}).json()["from"] is None
    for wrong in ({"from": 9}, {"to": 0}, {"to": "x"}):
        assert http.get("/api/identity/diff", params=wrong).status_code in (400, 404)


def test_going_back_is_without_what_is_gone_and_stands_until_the_notes_change(real: Any, http: httpx.Client) -> None:
    pipeline = real.mind.trainings.pipeline
    before = http.get("/api/identity").json()
    http.post("/api/memories", json={"text": "My sister Ines sings.", "title": "Ines", "happened_at": "2025-01-01"})
    on_loop(real, understood(real.mind))
    home = next(one for one in http.get("/api/memories").json()["memories"] if one["title"] == "Home")
    http.patch(f"/api/memories/{home['note_id']}", json={"text": "I moved to the sea. The stairs are steep."})
    made = http.post("/api/identity/revert", json={"version": 1}).json()
    assert (made["version"], made["reverted_to"]) == (3, 1)
    assert set(first(made)) == set(first(before)) - {"I live in Porto."}, "no note says it any more"
    assert held(made, "home_city") == [] and held(made, "brother") == held(before, "brother")
    on_loop(real, real.mind.understand())
    assert on_loop(real, understood(real.mind)).version == 3, "a training finds it as it was brought back"
    hashes = {on_loop(real, pipeline.input_hash()), on_loop(real, pipeline.known_hash())}
    assert len(hashes) == 2, "a self trained on the identity before is not the same"
    http.post("/api/memories", json={"text": "I play the cello.", "happened_at": "2025-03-01"})
    again = on_loop(real, understood(real.mind))
    assert again.version == 4 and again.reverted_to is None
    assert on_loop(real, pipeline.input_hash()) == again.input_hash
    assert code(http.post("/api/identity/revert", json={"version": 99}))[0] == 404


def test_a_forgotten_note_does_not_come_back_with_a_version(http: httpx.Client) -> None:
    family = next(one for one in http.get("/api/memories").json()["memories"] if one["title"] == "Family")
    http.post("/api/identity/marks", json={"sentence": first(http.get("/api/identity").json())[BROTHER], "kind": "pin"})
    http.delete(f"/api/memories/{family['note_id']}")
    made = http.post("/api/identity/revert", json={"version": 1})
    assert "Deniz" not in made.text and made.json()["marks"] == [] and WORK in first(made.json())


# --- the owner's say --------------------------------------------------------------------------------------------------


def test_a_struck_sentence_is_gone_at_once_and_for_good(real: Any, http: httpx.Client) -> None:
    id_ = first(http.get("/api/identity").json())[BROTHER]
    made = http.post("/api/identity/marks", json={"sentence": id_, "kind": "strike"}).json()
    assert made["version"] == 2 and BROTHER not in json.dumps(made["biography"]) + json.dumps(made["shades"])
    assert [(one["id"], one["kind"], one["text"]) for one in made["marks"]] == [(id_, "strike", BROTHER)]
    http.post("/api/memories", json={"text": f"{BROTHER} I own a boat.", "title": "Again"})
    again = on_loop(real, understood(real.mind))
    told = [one.text for one in (*again.biography.first_person, *(s for h in again.shades for s in h.first_person))]
    assert again.version == 3 and BROTHER not in told and WORK in told
    assert http.delete(f"/api/identity/marks/{id_}").json() == {"marks": []}
    assert code(http.delete(f"/api/identity/marks/{id_}"))[0] == 404
    assert BROTHER in [one.text for one in on_loop(real, understood(real.mind)).biography.first_person]


def test_a_pinned_sentence_stands_in_later_versions(real: Any, http: httpx.Client) -> None:
    store, told = real.mind.store, on_loop(real, real.mind.identity())
    home = next(one for one in told.biography.first_person if one.text == "I live in Porto.").citations[0]
    steep = Citation(note_id=home.note_id, title="Home", quote="The stairs are steep.", span=Span(17, 38))
    odd = msgspec.structs.replace(
        told, version=2, biography=Biography(first_person=(Cited(text=steep.quote, citations=(steep,)),))
    )
    on_loop(real, store.put_identity(odd))
    on_loop(real, store.put_identity(msgspec.structs.replace(told, version=3)))
    id_ = first(http.get("/api/identity/versions/2").json())[steep.quote]
    made = http.post("/api/identity/marks", json={"sentence": id_, "kind": "pin"}).json()
    assert made["version"] == 4 and made["biography"]["third_person"][-1] == {
        "id": id_, "mark": "pin", "text": 'Robin wrote: "The stairs are steep."',
        "citations": [{"note_id": home.note_id, "title": "Home", "quote": steep.quote, "span": [17, 38]}],
    }  # fmt: skip
    same = http.post("/api/identity/marks", json={"sentence": id_, "kind": "pin"}).json()
    assert same["version"] == 4, "what changes nothing makes no version"
    http.post("/api/memories", json={"text": "I play the cello.", "happened_at": "2025-03-01"})
    later = on_loop(real, understood(real.mind))
    assert later.version == 5 and steep.quote in [one.text for one in later.biography.first_person]
    sentences = on_loop(real, real.mind.persona_sentences(1000))
    assert sentences[0].text == steep.quote and len(sentences) == len(later.biography.first_person)
    few = on_loop(real, real.mind.persona_sentences(12))
    assert few == sentences[: len(few)] and 0 < len(few) < len(sentences)
    http.delete(f"/api/memories/{home.note_id}")
    assert steep.quote not in first(http.get("/api/identity").json())
    assert steep.quote not in [one.text for one in on_loop(real, real.mind.persona_sentences(1000))]


def test_wrong_marks(http: httpx.Client) -> None:
    assert code(http.post("/api/identity/marks", json={"sentence": "s_nowhere", "kind": "pin"}))[0] == 404
    assert code(http.post("/api/identity/marks", json={"sentence": "s_1", "kind": "keep"}))[::2] == (400, "kind")
    assert code(http.post("/api/identity/marks", json={"kind": "pin"}))[::2] == (400, "sentence")
    assert len(http.get("/api/identity/versions").json()["versions"]) == 1


def test_a_correction_is_seen_at_once_kept_and_followed(real: Any, http: httpx.Client) -> None:
    asked = {"key": "employer", "value": "Tidewater Instruments", "from": "2025-09-01"}
    made = http.post("/api/identity/corrections", json=asked).json()
    values = held(made, "employer")
    assert values[0] == ("Tidewater Instruments", "2025-09-01", None) and values[1][::2] == (
        "Harbour Lab",
        "2025-09-01",
    )
    assert WORK not in first(made)
    (cited,) = next(one for one in made["attributes"] if one["value"] == "Tidewater Instruments")["citations"]
    note = http.get(f"/api/memories/{cited['note_id']}").json()
    assert (note["origin"], note["source"]) == ("owner", "correction:employer")
    assert note["text"] == cited["quote"] == "Employer: Tidewater Instruments, since 2025-09-01."
    later = on_loop(real, understood(real.mind))
    now = [(one.value, one.confidence) for one in later.attributes if one.key == "employer" and one.valid_to is None]
    assert later.version == 3 and now == [("Tidewater Instruments", "VERY_HIGH")]
    assert WORK not in [one.text for one in later.biography.first_person]
    denied = http.post("/api/identity/corrections", json={"key": "brother", "value": "", "was": "Deniz"}).json()
    assert held(denied, "brother") == [] and BROTHER not in first(denied)
    http.delete(f"/api/memories/{cited['note_id']}")
    back = on_loop(real, understood(real.mind))
    assert [one.value for one in back.attributes if one.key == "employer"] == ["Harbour Lab"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"key": "employer"}, "value"),
        ({"value": "x"}, "key"),
        ({"key": "employer", "value": "x", "from": "soon"}, "from"),
        ({"key": "!", "value": "x"}, None),
    ],
)
def test_wrong_corrections_keep_nothing(body: dict[str, str], param: str | None, real: Any) -> None:
    with real.http() as http:
        assert code(http.post("/api/identity/corrections", json=body))[::2] == (400, param)
        assert http.get("/api/memories").json()["total"] == 0


# --- the graph --------------------------------------------------------------------------------------------------------


@pytest.fixture
def graph(real: Any, http: httpx.Client) -> dict[str, str]:
    """Three entities of the notes; ids of these by title."""
    notes = {one["title"]: one["note_id"] for one in http.get("/api/memories").json()["memories"]}

    def entity(id_: str, name: str, type_: str, weight: float, *places: tuple[str, str]) -> GraphEntity:
        named = []
        for title, text in places:
            start = next(t for _, name, t in NOTES if name == title).index(text)
            named.append(Mention(note_id=notes[title], span=Span(start, start + len(text)), text=text))
        return GraphEntity(id=id_, name=name, type=type_, weight=weight, mentions=tuple(named))

    quote = Citation(note_id=notes["Family"], title="Family", quote=BROTHER, span=Span(0, len(BROTHER)))
    made = Graph(
        input_hash="h",
        entities=(
            entity("owner", "Robin Vale", "person", 3.0, ("Work", "I")),
            entity("e_1", "Deniz", "person", 2.0, ("Family", "Deniz")),
            entity("e_2", "Harbour Lab", "organisation", 1.0, ("Work", "Harbour Lab")),
        ),
        relations=(GraphRelation(id="r_1", source="owner", type="brother", target="e_1", weight=1.0, citations=(quote,)),),
        claims=(Claim(id="c_1", entity="e_1", text=BROTHER, citation=quote),),
        communities=(
            Community(
                id="k_1", level=0, parent="", name="Deniz", entities=("e_1", "e_2"), note_ids=(),
                summary=(Cited(text=BROTHER, citations=(quote,)),),
            ),
        ),
    )  # fmt: skip
    on_loop(real, real.mind.store.transact(lambda c: graph_rows.put_graph(c, made)))
    return notes


def test_the_graph_is_listed_narrowed_and_looked_up(graph: dict[str, str], http: httpx.Client) -> None:
    whole = http.get("/api/graph").json()
    assert [(one["id"], one["mentions"], one["notes"]) for one in whole["entities"]][:2] == [
        ("owner", 1, 1),
        ("e_1", 1, 1),
    ]
    assert (whole["total"], whole["note"], [one["name"] for one in whole["communities"]]) == (3, "", ["Deniz"])
    (relation,) = whole["relations"]
    assert (relation["source_name"], relation["type"], relation["target_name"]) == ("Robin Vale", "brother", "Deniz")
    assert relation["citations"][0]["quote"] == BROTHER
    one = http.get("/api/graph", params={"limit": 1}).json()
    assert (len(one["entities"]), one["total"], one["relations"], one["communities"]) == (1, 3, [], [])
    for asked, ids in (({"type": "organisation"}, ["e_2"]), ({"q": "den"}, ["e_1"]), ({"q": "zz"}, [])):
        assert [e["id"] for e in http.get("/api/graph", params=asked).json()["entities"]] == ids
    card = http.get("/api/graph/entities/e_1").json()
    assert (card["name"], card["relations"][0]["source_name"], card["claims"][0]["text"]) == (
        "Deniz",
        "Robin Vale",
        BROTHER,
    )
    assert card["mentioned"][0]["note_id"] == graph["Family"] and card["communities"][0]["id"] == "k_1"
    assert code(http.get("/api/graph/entities/e_9"))[0] == 404
    assert code(http.get("/api/graph", params={"limit": 0}))[0] == 400


def test_the_graph_is_exported(
    graph: dict[str, str], http: httpx.Client, run: Callable[..., Result], tmp_path: Path
) -> None:
    sent = http.get("/api/graph/export")
    assert sent.headers["content-type"].startswith("application/xml")
    nodes = [one.get("id") for one in ET.fromstring(sent.text).iter("{http://graphml.graphdrawing.org/xmlns}node")]
    assert sorted(map(str, nodes)) == ["e_1", "e_2", "owner"]
    file = tmp_path / "graph.graphml"
    assert run("graph", "export", str(file)).exit_code == 0 and file.read_text("utf-8") == sent.text
    assert run("graph", "export", "-").stdout == sent.text
    assert run("graph", "export", str(tmp_path / "none" / "x")).exit_code == 2


# --- commands ---------------------------------------------------------------------------------------------------------


def test_show_is_readable_in_80_columns(run: Callable[..., Result], http: httpx.Client) -> None:
    long = "I love the smell of the old glue pot in the long workshop behind the cannery, and 나는 그 냄새를 정말로 좋아한다."
    http.post("/api/memories", json={"text": long, "title": "냄새 " * 20})
    http.post("/api/identity/corrections", json={"key": "favourite_book", "value": "A very long title " * 6})
    told = run("identity", "show").stdout
    assert all(sum(2 if "가" <= c <= "힣" else 1 for c in line) <= 80 for line in told.splitlines()), told
    ids = first(http.get("/api/identity").json())
    for words in (
        "Identity 2 of Robin Vale, 20", f"{ids[WORK]}  Robin Vale works as a bookbinder at Harbour Lab.\n",
        f"              Work: “{WORK}”\n", "Facts\n", "favourite_book   A very long title A very long", "very high",
        "employer         Harbour Lab ",
    ):  # fmt: skip
        assert words in told
    assert f"{ids[BROTHER]}  {BROTHER}\n              Family\n" in run("identity", "show", "--view", "first").stdout
    short = run("identity", "show", "--short").stdout
    assert "brother: Deniz" in short and ids[WORK] not in short and "Identity" not in short
    assert "favourite_book" not in run("identity", "show", "--version", "1").stdout
    document = json.loads(run("identity", "show", "--json").stdout)
    assert document == http.get("/api/identity").json()


def test_decisions_by_command(run: Callable[..., Result], http: httpx.Client) -> None:
    ids = first(http.get("/api/identity").json())
    assert run("identity", "pin", ids[WORK]).stdout == f"{ids[WORK]} is pinned; identity 1 has it.\n"
    struck = run("identity", "strike", ids[BROTHER])
    assert "identity 2 is without it" in struck.stdout and f"unmark {ids[BROTHER]}" in struck.stdout
    shown = run("identity", "show").stdout
    assert "Harbour Lab. (pinned)" in shown and shown.endswith(f"Struck\n{ids[BROTHER]}  {BROTHER}\n")
    assert "- My brother Deniz drives trucks." in run("identity", "diff").stdout
    assert run("identity", "unmark", ids[BROTHER]).exit_code == 0
    done = run("identity", "correct", "employer", "Tidewater", "--from", "2025-09-01", "--was", "Harbour Lab")
    assert done.stdout == "employer: Tidewater. Identity 3 follows it.\n"
    changed = run("identity", "diff", "2", "3").stdout
    assert "attribute employer\n" in changed and "+ Tidewater (since 2025-09-01)" in changed
    assert "~ Harbour Lab" in changed and "{+to 2025-09-01+}" in changed
    assert run("identity", "correct", "brother", "Deniz", "--not-true").stdout.startswith("brother: not Deniz.")
    assert "brings back version 1" in run("identity", "revert", "1").stdout
    rows = run("identity", "history").stdout.splitlines()
    assert len(rows) == 5 and rows[0].split()[0] == "5" and rows[0].endswith("brings back 1")
    assert json.loads(run("identity", "diff", "1", "2", "--json").stdout)["from"] == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["pin", "s_9"], 1),
        (["unmark", "s_9"], 1),
        (["revert", "9"], 1),
        (["diff", "8", "9"], 1),
        (["show", "--version", "9"], 1),
        (["show", "--view", "fourth"], 2),
        (["correct", "employer", " "], 2),
        (["correct", "employer", "x", "--from", "soon"], 2),
        (["correct", "employer", "x", "--not-true", "--was", "y"], 2),
    ],
)
def test_wrong_commands(arguments: list[str], exit_code: int, run: Callable[..., Result]) -> None:
    done = run("identity", *arguments)
    assert done.exit_code == exit_code and done.stderr


async def test_the_door_without_a_server_does_the_same(paths: Paths) -> None:
    mind = await opening(paths)()
    try:
        door = LocalDoor(mind)
        assert (await door.identity_whole(None)).version == 0 and (await door.identity_versions(limit=5)).versions == ()
        with pytest.raises(NotFound, match="no identity yet"):
            await door.identity()
        for day, title, text in NOTES:
            await mind.remember(text, title=title, happened_at=day)
        await understood(mind)
        told = {one.text: one.id for one in (await door.identity_whole(None)).biography.first_person}
        made = await door.mark_sentence(told[BROTHER], "strike")
        assert made.version == 2 and (await door.identity()).version == 2
        assert BROTHER in {one.text for one in (await door.identity_whole(1)).biography.first_person}
        assert {one.before for one in (await door.identity_diff(None, None)).changes} >= {BROTHER}
        assert (await door.unmark_sentence(told[BROTHER])).marks == ()
        fixed = await door.correct(CorrectionRequest(key="home city", value="Turin", since="2025-05-01"))
        assert ("Turin", "2025-05-01") in {(one.value, one.valid_from) for one in fixed.attributes}
        assert (await door.revert_identity(1)).reverted_to == 1
        assert "<graphml" in await door.graph_export()
    finally:
        await mind.close()
