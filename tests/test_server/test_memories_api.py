"""``/api/memories`` through HTTP: texts, many at once, links, uploads, conversations; looking, changing, forgetting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.test_server.wire import code, sse

EVENTS = {"Accept": "text/event-stream"}


def test_a_text_is_kept_found_shown_and_forgotten(http: httpx.Client) -> None:
    kept = http.post("/api/memories", json={"text": "나는 부산에 산다. I live in Oslo.", "title": "Home"})
    assert kept.status_code == 201
    (note_id,) = kept.json()["added"]
    assert kept.json()["undo"] == "oneself memories forget --batch b_1"
    (hit,) = http.get("/api/memories/search", params={"q": "oslo"}).json()["results"]
    assert {"note_id", "chunk_id", "title", "text", "span", "score", "explain", "happened_at", "origin"} <= set(hit)
    assert hit["note_id"] == note_id and hit["explain"]["vector"] == 0.9
    page = http.get("/api/memories").json()
    assert (page["total"], page["memories"][0]["note_id"], page["limit"]) == (1, note_id, 50)
    shown = http.get(f"/api/memories/{note_id}").json()
    start, end = shown["sentences"][0]["span"]
    assert shown["text"][start:end] == "나는 부산에 산다. I live in Oslo." and shown["title"] == "Home"
    assert http.delete(f"/api/memories/{note_id}").json()["note_ids"] == [note_id]
    assert code(http.get(f"/api/memories/{note_id}"))[0] == 404
    assert code(http.delete(f"/api/memories/{note_id}"))[0] == 404


def test_a_batch_is_undone(http: httpx.Client) -> None:
    batch = http.post("/api/memories", json={"text": "wrong"}).json()["batch"]
    receipt = http.delete(f"/api/memories/batches/{batch}").json()
    assert (receipt["forgotten"], receipt["removed"]["notes"]) == (1, 1)
    assert code(http.delete("/api/memories/batches/b_9"))[0] == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "text"),
        ({"text": "  "}, "text"),
        ({"text": 5}, "text"),
        ({"text": "x", "origin": "alien"}, "origin"),
        ({"text": "x", "paths": ["/x"]}, "text"),
        ({"paths": []}, "paths"),
        ({"paths": ["relative.md"]}, "paths"),
        ({"paths": ["/there/is/no/such/file"]}, "paths"),
        ({"urls": ["https://example.org"], "messages": []}, "urls"),
        ({"text": "x", "happened_at": "soon"}, "happened_at"),
        ({"text": "x", "tags": ["a", " "]}, "tags[1]"),
        ({"text": "x", "tags": "a"}, "tags"),
        ({"text": "..."}, "text"),
        ({"url": "example.org"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"urls": []}, "urls"),
        ({"urls": ["https://example.org", "https://["]}, "urls[1]"),
        ({"urls": ["https://example.org"] * 1001}, "urls"),
        ({"memories": []}, "memories"),
        ({"memories": [{"text": "x"}] * 10_001}, "memories"),
        ({"memories": [{"text": "x"}, {"title": "no text"}]}, "memories[1].text"),
        ({"memories": [{"text": "x"}, {"text": " "}]}, "memories[1].text"),
        ({"memories": [{"text": "x"}, {"text": "x", "origin": "alien"}]}, "memories[1].origin"),
        ({"memories": [{"text": "x"}] * 3 + [{"text": "x", "happened_at": "soon"}]}, "memories[3].happened_at"),
        ({"memories": [{"text": "x", "tags": [""]}]}, "memories[0].tags[0]"),
        ({"memories": ["x"]}, "memories[0]"),
        ({"memories": [{"text": "가" * 3_000_000}]}, "memories[0].text"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "You live in Oslo."}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "user"}]}, "messages[1].content"),
        ({"messages": [{"role": "owner", "content": "x"}]}, "messages[0].role"),
    ],
)
def test_bad_memories_are_400_and_name_the_parameter(http: httpx.Client, body: Any, param: str) -> None:
    answer = http.post("/api/memories", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_bad_queries_are_400_and_name_the_parameter(http: httpx.Client) -> None:
    assert code(http.get("/api/memories/search"))[::2] == (400, "q")
    assert code(http.get("/api/memories/search", params={"q": " "}))[::2] == (400, "q")
    assert code(http.get("/api/memories/search", params={"q": "x", "limit": 0}))[::2] == (400, "limit")
    assert code(http.get("/api/memories/search", params={"q": "x", "as_of": "soon"}))[::2] == (400, "as_of")
    for name in ("origin", "since", "until", "todo"):
        assert code(http.get("/api/memories", params={name: "soon"}))[::2] == (400, name)
    for name in ("origin", "neighbours"):
        assert code(http.get("/api/memories/search", params={"q": "x", name: "perhaps"}))[::2] == (400, name)
    assert code(http.get("/api/memories", params={"limit": "many"}))[::2] == (400, "limit")
    assert code(http.get("/api/memories", params={"offset": -1}))[::2] == (400, "offset")


def test_uploads_above_the_frameworks_limit_reach_the_disk_and_leave_nothing_there(
    served: Any, http: httpx.Client
) -> None:
    large = b"a line of a long diary\n" * 600_000  # 13.8 MB; the framework's own limit is 10 MB
    files = [
        ("files", ("diary.md", large)),
        ("files", ("../../etc/notes.txt", b"short")),
        ("files", ("photo.png", b"\x89PNG")),
    ]
    answer = http.post("/api/memories", files=files, data={"mine": "true"})
    body = answer.json()
    assert answer.status_code == 201 and len(body["added"]) == 2
    assert [(one["source"], one["code"]) for one in body["skipped"]] == [("photo.png", "unsupported")]
    kept = served.mind.notes[body["added"][0]]
    assert (kept.title, len(kept.text), kept.origin) == ("diary", len(large), "owner")
    assert served.mind.notes[body["added"][1]].title == "notes"
    assert list((served.home / "uploads").iterdir()) == []


def test_uploads_over_the_limit_are_413_and_leave_nothing(serve: Callable[..., Any]) -> None:
    served = serve(max_upload_mb=1)
    with served.http() as http:
        announced = http.post("/api/memories", files={"f": ("a.md", b"x" * 1_100_000)})
        assert code(announced)[:2] == (413, "request_too_large")

        def chunks() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.md"\r\n\r\n'
            for _ in range(20):
                yield b"x" * 100_000

        unannounced = http.post(
            "/api/memories", content=chunks(), headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert unannounced.status_code == 413
    uploads = served.home / "uploads"
    assert not uploads.exists() or list(uploads.iterdir()) == []
    assert served.mind.notes == {}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"not multipart at all"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.md"\r\n\r\ncut',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="mine"\r\n\r\ntrue\r\n--b--\r\n',
        ),
        ("multipart/form-data; boundary=b", b""),
    ],
)
def test_broken_forms_are_400(served: Any, http: httpx.Client, kind: str, body: bytes) -> None:
    assert http.post("/api/memories", content=body, headers={"Content-Type": kind}).status_code == 400
    assert list((served.home / "uploads").glob("*")) == []


def test_paths_of_this_machine_with_progress(http: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("I live in Oslo.")
    (folder / "b.png").write_bytes(b"\x89PNG")
    with http.stream(
        "POST", "/api/memories", json={"paths": [str(folder)]}, headers={"Accept": "text/event-stream"}
    ) as answer:
        events = list(sse(answer.iter_lines()))
    assert [name for name, _ in events] == ["StageStarted", "StageFinished", "result"]
    assert len(events[-1][1]["added"]) == 1 and events[-1][1]["skipped"][0]["code"] == "unsupported"
    plain = http.post("/api/memories", json={"paths": [str(folder)]})
    assert plain.status_code == 201


def test_progress_of_texts_links_and_uploads(served: Any, http: httpx.Client) -> None:
    sent: list[dict[str, Any]] = [
        {"json": {"memories": [{"text": "one"}, {"text": "two"}]}},
        {"json": {"urls": ["https://example.org/a"]}},
        {"files": [("files", ("a.md", b"I live in Oslo.")), ("files", ("b.png", b"PNG"))]},
    ]
    for body in sent:
        with http.stream("POST", "/api/memories", headers=EVENTS, **body) as answer:
            events = list(sse(answer.iter_lines()))
        assert len(events) >= 2 and events[-1][0] == "result" and events[-1][1]["added"]
    assert events[-1][1]["skipped"][0]["source"] == "b.png"
    assert list((served.home / "uploads").iterdir()) == []


def test_bad_input_is_400_also_where_progress_is_asked_for(http: httpx.Client) -> None:
    answer = http.post("/api/memories", json={"memories": [{"text": ""}]}, headers=EVENTS)
    assert code(answer) == (400, "invalid_request", "memories[0].text")


def test_many_at_once(served: Any, http: httpx.Client) -> None:
    memories = [{"text": f"Day {n}."} for n in range(9_999)]
    last = {
        "text": "I sold the boat.", "title": " Boat ", "origin": "other", "source": "diary:7",
        "happened_at": "2024-05-02T10:00:00+09:00", "tags": ["#sea", "boat", "sea"],
    }  # fmt: skip
    answer = http.post("/api/memories", json={"memories": [*memories, last]})
    assert answer.status_code == 201 and len(answer.json()["added"]) == 10_000
    note = served.mind.notes[answer.json()["added"][-1]]
    assert (note.title, note.origin, note.source, note.tags) == ("Boat", "other", "diary:7", ("sea", "boat"))
    assert note.happened_at == "2024-05-02T01:00:00+00:00"
    assert list(served.mind.batches) == [answer.json()["batch"]]


def test_nothing_of_many_is_kept_where_one_is_bad(served: Any, http: httpx.Client) -> None:
    answer = http.post("/api/memories", json={"memories": [{"text": "good"}, {"text": ""}]})
    assert "memories[1].text" in answer.json()["error"]["message"] and served.mind.notes == {}


def test_links(served: Any, http: httpx.Client) -> None:
    one = http.post("/api/memories", json={"url": " https://example.org/a ", "mine": True})
    assert one.status_code == 201
    note = served.mind.notes[one.json()["added"][0]]
    assert (note.source, note.origin) == ("https://example.org/a", "owner")
    some = http.post("/api/memories", json={"urls": ["https://example.org/b", "https://example.org/missing"]}).json()
    assert len(some["added"]) == 1 and some["skipped"][0]["code"] == "http_404"
    none = http.post("/api/memories", json={"url": "https://example.org/missing"})
    assert (none.status_code, none.json()["undo"]) == (200, "")


def test_a_conversation_in_mem0s_shape_leaves_the_assistant_out(served: Any, http: httpx.Client) -> None:
    body = {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "I moved to Oslo."},
            {"role": "assistant", "content": "Oslo is in Norway."},
            {"role": "user", "content": [{"type": "text", "text": "My cat came too."}]},
        ],
        "user_id": "noor",
        "agent_id": "a",
        "metadata": {"app": "chat"},
        "infer": True,
        "tags": ["chat"],
    }
    answer = http.post("/api/memories", json=body)
    assert answer.status_code == 201
    kept = [(note.text, note.origin, note.source, note.tags) for note in served.mind.notes.values()]
    assert kept == [
        ("I moved to Oslo.", "owner", "text:", ("chat",)),
        ("My cat came too.", "owner", "text:", ("chat",)),
    ]


@pytest.fixture
def three(http: httpx.Client) -> list[str]:
    """An owner's note with an open task, another's with a done one, and an old one."""
    memories = [
        {"text": "- [ ] Paint the boat.", "title": "Boat", "tags": ["sea"], "happened_at": "2025-03-01"},
        {"text": "- [x] Buy paint.", "title": "Shop", "origin": "other", "happened_at": "2025-03-02T08:00:00+00:00"},
        {"text": "I live in Oslo.", "title": "Home", "happened_at": "2020-01-01"},
    ]
    ids: list[str] = http.post("/api/memories", json={"memories": memories}).json()["added"]
    return ids


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [0, 1, 2]),
        ({"origin": "other"}, [1]),
        ({"kind": "text"}, [0, 1, 2]),
        ({"kind": "pdf"}, []),
        ({"tag": "sea"}, [0]),
        ({"since": "2025-03-01"}, [0, 1]),
        ({"until": "2025-03-01"}, [0, 2]),
        ({"since": "20250302", "until": "2025-03-02"}, [1]),
        ({"todo": "open"}, [0]),
        ({"todo": "done"}, [1]),
        ({"query": "Oslo", "origin": "owner"}, [2]),
        ({"limit": 1, "offset": 1}, [1]),
    ],
)
def test_lists_are_filtered(http: httpx.Client, three: list[str], asked: dict[str, Any], found: list[int]) -> None:
    page = http.get("/api/memories", params=asked).json()
    assert [one["note_id"] for one in page["memories"]] == [three[n] for n in found]


def test_search_with_neighbours_and_filters(http: httpx.Client, three: list[str]) -> None:
    plain = http.get("/api/memories/search", params={"q": "paint"}).json()["results"]
    assert [one["note_id"] for one in plain] == three[:2] and plain[0]["before"] == plain[0]["after"] == ""
    asked = {"q": "paint", "neighbours": "true", "origin": "owner", "kind": "text"}
    (hit,) = http.get("/api/memories/search", params=asked).json()["results"]
    named = ("before", "after", "speaker", "todo", "page", "kind")
    assert [hit[name] for name in named] == ["The one before.", "The one after.", "Ines", "open", 2, "text"]


def test_todos(http: httpx.Client, three: list[str]) -> None:
    (task,) = http.get("/api/memories/todos").json()["todos"]
    assert (task["note_id"], task["text"], task["state"]) == (three[0], "- [ ] Paint the boat.", "open")
    (done,) = http.get("/api/memories/todos", params={"state": "done"}).json()["todos"]
    assert done["note_id"] == three[1]
    assert code(http.get("/api/memories/todos", params={"state": "late"}))[::2] == (400, "state")


def test_a_note_its_card_and_its_history(http: httpx.Client, three: list[str]) -> None:
    path = f"/api/memories/{three[0]}"
    shown = http.get(path).json()
    assert (shown["segments"], shown["links"], shown["details"]) == ([], ["Kaya"], {"width": 3})
    assert shown["sentences"][0]["todo"] == "open"
    assert http.get(f"{path}/history").json() == {"note_id": three[0], "revisions": []}
    changes = {"text": "- [x] Paint the boat.", "title": "The boat", "tags": [], "happened_at": "2025-03-09"}
    edited = http.patch(path, json=changes)
    assert edited.status_code == 200 and edited.json()["revision"] == 2
    assert {name: edited.json()[name] for name in changes} == changes
    (before,) = http.get(f"{path}/history").json()["revisions"]
    assert (before["revision"], before["text"], before["tags"]) == (1, "- [ ] Paint the boat.", ["sea"])
    card = http.get(f"{path}/card").json()
    assert card["title"] == "The boat" and card["chunks"] and card["sentences"]
    assert [one["revision"] for one in card["history"]] == [1] and card["statements"][0][
        "text"
    ] == "Noor lives in Oslo."
    assert card["samples"] == [{"version": "0001", "kind": "grounded", "question": "Where do you live?"}]
    assert (card["selves"], card["uses"], card["mirror"]) == (["0001"], 2, "notes/Home.md")
    assert card["identity"] == ["I live in Oslo."]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"titel": "misspelt"}, None),
        ({"title": None}, None),
        ({"title": " "}, "title"),
        ({"text": ""}, "text"),
        ({"text": 5}, "text"),
        ({"tags": ["a", ""]}, "tags[1]"),
        ({"origin": "alien"}, "origin"),
        ({"happened_at": "soon"}, "happened_at"),
        ({"text": "refuse this"}, None),
    ],
)
def test_bad_edits_are_400_and_change_nothing(http: httpx.Client, three: list[str], body: Any, param: Any) -> None:
    assert code(http.patch(f"/api/memories/{three[0]}", json=body))[::2] == (400, param)
    assert http.get(f"/api/memories/{three[0]}").json()["revision"] == 1


def test_what_is_not_there_is_404(http: httpx.Client) -> None:
    for path in ("n_9", "n_9/card", "n_9/history", "receipts/f_9"):
        assert code(http.get(f"/api/memories/{path}"))[:2] == (404, "not_found")
    assert code(http.patch("/api/memories/n_9", json={"title": "x"}))[0] == 404
    assert code(http.patch("/api/memories/n_9", json={"titel": "x"}))[0] == 400, (
        "a misspelt field is not lost in silence"
    )
    assert code(http.delete("/api/memories/n_9"))[0] == 404
    assert code(http.post("/api/memories/forget", json={"ids": ["n_9"]}))[0] == 404


def test_many_are_forgotten_with_one_receipt(served: Any, http: httpx.Client, three: list[str]) -> None:
    receipt = http.post("/api/memories/forget", json={"ids": [*three[:2], "n_nine", three[0]]}).json()
    assert (receipt["note_ids"], receipt["forgotten"], receipt["removed"]["notes"]) == (three[:2], 2, 2)
    assert (receipt["serving"], receipt["retraining"], receipt["cleared_at"]) == ("0000", "due", None)
    assert receipt["selves"][0] | {"weights_removed_at": ""} == {
        "version": "0001", "was_live": True, "samples": 3, "weights_removed_at": "",
    }  # fmt: skip
    assert list(served.mind.notes) == three[2:]
    assert http.get(f"/api/memories/receipts/{receipt['id']}").json() == receipt
    later = http.delete(f"/api/memories/{three[2]}").json()
    assert http.get("/api/memories/receipts").json() == {"receipts": [later, receipt]}
    assert http.get("/api/memories/receipts", params={"limit": 1}).json() == {"receipts": [later]}


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": "n_1"}, {"ids": ["x"] * 10_001}])
def test_bad_forgetting_is_400(http: httpx.Client, body: Any) -> None:
    assert code(http.post("/api/memories/forget", json=body))[::2] == (400, "ids")


def test_edits_of_the_mirror_are_read_back(served: Any, http: httpx.Client) -> None:
    assert http.post("/api/memories/read-back").json()["updated"] == []
    served.mind.edited_by_hand = ["n_1"]
    answer = http.post("/api/memories/read-back").json()
    assert (answer["updated"], answer["undo"]) == (["n_1"], "")
