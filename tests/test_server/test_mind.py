"""The real mind behind HTTP, with a scripted engine: what is kept can be asked for, cited and forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from kernel.config import EngineConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import NotFound, WrongUse
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion
from server.local import LocalDoor
from server.schemas.memories import NotesAsked, SearchAsked
from server.schemas.remember import EditRequest
from server.settings import ServerConfig, Settings

HOME = "In May 2024 I moved to Bergen. My cat is called Kaya and she is four."


@pytest.fixture
def home(paths: Paths) -> Paths:
    """A home whose self 0000 quotes: no model is needed."""
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    return paths


@pytest.fixture
def serve_real(home: Paths, serve_mind: Any) -> Iterator[Callable[[ScriptedEngine], Any]]:
    with ExitStack() as stack:

        def start(engine: ScriptedEngine) -> Any:
            return stack.enter_context(
                serve_mind(lambda: Mind.open(home, Settings(), engine=engine), home, ServerConfig())
            )

        yield start


@pytest.fixture
def real(serve_real: Any) -> Any:
    return serve_real(ScriptedEngine())


def client(served: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0)


def ask(served: Any, question: str, **options: Any) -> Any:
    return client(served).chat.completions.create(
        model=options.pop("model", "self"), messages=[{"role": "user", "content": question}], **options
    )


def test_a_note_is_answered_from_and_cited_at_once(real: Any) -> None:
    with real.http() as http:
        (note_id,) = http.post("/api/memories", json={"text": HOME, "title": "Bergen"}).json()["added"]
        message = ask(real, "What is my cat called?").choices[0].message
        assert "Kaya" in message.content and message.source == "quote"
        assert message.annotations
        for cited in message.annotations:
            note = http.get(cited.url_citation.url).json()
            start, end = cited.span
            assert (note["note_id"], note["title"]) == (note_id, cited.url_citation.title)
            assert note["text"][start:end] == cited.quote
            said = message.content[cited.url_citation.start_index : cited.url_citation.end_index]
            assert said.rstrip(".") in cited.quote or cited.quote.rstrip(".") in said


def test_a_stream_says_what_the_whole_answer_says(real: Any) -> None:
    with real.http() as http:
        http.post("/api/memories", json={"text": HOME})
    whole = ask(real, "What is my cat called?").choices[0].message
    deltas = [chunk.choices[0].delta for chunk in ask(real, "What is my cat called?", stream=True)]
    assert "".join(delta.content or "" for delta in deltas) == whole.content
    (cited,) = [delta.annotations for delta in deltas if getattr(delta, "annotations", None)]
    assert [one["note_id"] for one in cited] == [one.note_id for one in whole.annotations]


def test_what_is_not_known_is_not_cited(real: Any) -> None:
    message = ask(real, "What is my sister's name?").choices[0].message
    assert message.source == "none" and message.annotations == [] and message.content


def test_uploads_are_read_found_listed_undone(real: Any, tmp_path: Path) -> None:
    files = [
        ("files", ("2024-05-02 Boat.md", b"# Boat\n\nMy boat is called Vesla.\n")),
        ("files", ("empty.md", b"")),
        ("files", ("photo.png", b"\x89PNG\r\n")),
        ("files", ("tiny.pdf", b"%")),
        ("files", ("really a picture.md", b"\x89PNG\r\n\x00\x00")),
        ("files", ("김치.txt", "나는 부산에서 김치를 담갔다.".encode())),
    ]
    with real.http() as http:
        answer = http.post("/api/memories", files=files)
        body = answer.json()
        assert answer.status_code == 201 and len(body["added"]) == 2, body
        skipped = {one["source"]: one for one in body["skipped"]}
        assert set(skipped) == {"empty.md", "photo.png", "tiny.pdf", "really a picture.md"}
        assert all(str(real.home) not in one["message"] and one["message"] for one in skipped.values())
        (boat, *_) = http.get("/api/memories/search", params={"q": "boat Vesla"}).json()["results"]
        assert boat["text"] == "My boat is called Vesla." and boat["happened_at"] == "2024-05-02"
        assert boat["explain"]["vector"] is not None and boat["explain"]["words"] > 0
        assert http.get("/api/memories/search", params={"q": "부산"}).json()["results"][0]["text"].startswith("나는")
        page = http.get("/api/memories").json()
        assert page["total"] == 2
        assert {one["source"] for one in page["memories"]} == {"upload:2024-05-02 Boat.md", "upload:김치.txt"}
        assert http.delete(f"/api/memories/batches/{body['batch']}").json()["forgotten"] == 2
        assert http.get("/api/memories").json()["total"] == 0
        assert http.delete(f"/api/memories/batches/{body['batch']}").status_code == 404
        assert http.delete("/api/memories/batches/b_nothing").status_code == 404
    assert list((real.home / "uploads").iterdir()) == []


def test_what_is_forgotten_is_not_answered(real: Any) -> None:
    with real.http() as http:
        (note_id,) = http.post("/api/memories", json={"text": HOME}).json()["added"]
        assert http.delete(f"/api/memories/{note_id}").json()["note_ids"] == [note_id]
        assert http.get(f"/api/memories/{note_id}").status_code == 404
    assert "Kaya" not in ask(real, "What is my cat called?").choices[0].message.content


DIARY = "I started a list.\n\n- [ ] Paint the boat.\n- [x] Buy the paint.\n\nThe boat is called Vesla.\n"


def test_many_texts_with_their_dates_and_tags_are_listed_searched_and_changed(real: Any) -> None:
    memories = [
        {"text": DIARY, "title": "Boat", "tags": ["sea"], "happened_at": "2025-03-01"},
        {"text": "The kettle is broken.", "origin": "other", "happened_at": "2024-01-01T10:00:00+09:00"},
    ]
    with real.http() as http:
        answer = http.post("/api/memories", json={"memories": memories})
        boat, kettle = answer.json()["added"]
        for asked, found in (
            ({"tag": "sea"}, [boat]), ({"origin": "other"}, [kettle]), ({"kind": "text", "since": "2025-01-01"}, [boat]),
            ({"until": "2024-01-01"}, [kettle]), ({"todo": "open"}, [boat]), ({"kind": "pdf"}, []),
        ):  # fmt: skip
            page = http.get("/api/memories", params=asked).json()
            assert [one["note_id"] for one in page["memories"]] == found and page["total"] == len(found), asked
        asked = {"q": "What is the boat called?", "neighbours": "true", "origin": "owner"}
        hit = http.get("/api/memories/search", params=asked).json()["results"][0]
        assert (hit["text"], hit["kind"]) == ("The boat is called Vesla.", "text") and "Buy the paint" in hit["before"]
        (task,) = http.get("/api/memories/todos").json()["todos"]
        assert task["note_id"] == boat and "Paint the boat." in task["text"]
        path = f"/api/memories/{boat}"
        edited = http.patch(path, json={"text": DIARY.replace("Vesla", "Havbris"), "tags": ["sea", "boat"]}).json()
        assert (edited["note_id"], edited["revision"], edited["tags"]) == (boat, 2, ["sea", "boat"])
        assert http.get("/api/memories/search", params={"q": "boat called Vesla"}).json()["results"][0]["text"] == (
            "The boat is called Havbris."
        )
        (before,) = http.get(f"{path}/history").json()["revisions"]
        assert before["text"] == DIARY and before["revision"] == 1
        card = http.get(f"{path}/card").json()
        assert (card["revision"], len(card["history"]), card["selves"], card["uses"]) == (2, 1, [], 0)
        assert "Havbris" in ask(real, "What is my boat called?").choices[0].message.content


def test_what_is_forgotten_leaves_a_receipt(real: Any) -> None:
    with real.http() as http:
        memories = [{"text": HOME}, {"text": "The kettle is broken."}]
        ids = http.post("/api/memories", json={"memories": memories}).json()["added"]
        receipt = http.post("/api/memories/forget", json={"ids": ids}).json()
        assert sorted(receipt["note_ids"]) == sorted(ids) and receipt["removed"]["notes"] == 2
        assert (receipt["selves"], receipt["retraining"]) == ([], "not needed")
        assert http.get("/api/memories/receipts").json()["receipts"][0]["id"] == receipt["id"]
        assert http.get(f"/api/memories/receipts/{receipt['id']}").json()["note_ids"] == receipt["note_ids"]
        assert http.get("/api/memories").json()["total"] == 0
        assert http.post("/api/memories/forget", json={"ids": ids}).status_code == 404
        assert http.get("/api/memories/receipts/f_nothing").status_code == 404


def test_a_link_to_this_machine_is_not_fetched(real: Any) -> None:
    with real.http() as http:
        answer = http.post("/api/memories", json={"urls": [f"{real.url}/health", "http://[::1]/"]})
        assert answer.status_code == 200 and answer.json()["added"] == []
        assert [one["code"] for one in answer.json()["skipped"]] == ["refused_address"] * 2
        assert answer.json()["undo"] == ""


async def test_the_door_without_a_server_does_the_same(home: Paths) -> None:
    mind = await Mind.open(home, Settings(), engine=ScriptedEngine())
    try:
        door = LocalDoor(mind)
        (note_id,) = (await door.remember_text(DIARY, title="Boat", mine=True)).added
        assert (await door.list_memories(NotesAsked(todo="done", since="20200101"))).total == 1
        assert [task.state for task in (await door.todos(state="done", limit=5)).todos] == ["done"]
        found = await door.search("What is the boat called?", SearchAsked(neighbours=True, kind="text"))
        assert found.results[0].text == "The boat is called Vesla." and found.results[0].before
        assert (await door.edit(note_id, EditRequest(title="Vesla"))).title == "Vesla"
        assert [one.title for one in (await door.history(note_id)).revisions] == ["Boat"]
        await mind.mirroring.sync()
        card = await door.card(note_id)
        assert card.mirror is not None and (card.title, card.text, len(card.history)) == ("Vesla", DIARY, 1)
        file = home.mirror / card.mirror
        file.write_text(file.read_text().replace("is called Vesla", "is called Havbris"))
        assert (await door.read_back()).updated == (note_id,)
        assert "Havbris" in (await door.memory(note_id)).text and (await door.read_back()).updated == ()
        (skipped,) = (await door.remember_links(["http://127.0.0.1/"], mine=True, on_event=lambda _: None)).skipped
        assert skipped.code == "refused_address"
        for wrong in (EditRequest(), EditRequest(text=" "), EditRequest(happened_at="soon")):
            with pytest.raises(WrongUse):
                await door.edit(note_id, wrong)
        with pytest.raises(WrongUse):
            await door.list_memories(NotesAsked(since="soon"))
        receipt = await door.forget([note_id])
        assert receipt.note_ids == (note_id,) and not file.exists()
        assert (await door.receipt(receipt.id)).id == (await door.receipts(limit=5)).receipts[0].id
        with pytest.raises(NotFound):
            await door.forget([note_id])
    finally:
        await mind.close()


def test_the_base_obeys_the_parameters(serve_real: Any) -> None:
    engine = ScriptedEngine(["one two three four five six"])
    real = serve_real(engine)
    answer = ask(real, "Count.", model="base", max_tokens=3, temperature=0.7, seed=5, top_p=0.5)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two three", "length")
    assert answer.usage.completion_tokens == 3 and answer.usage.prompt_tokens > 0
    request = engine.requests[-1]
    assert (request.temperature, request.seed, request.top_p, request.adapter) == (0.7, 5, 0.5, None)
    stopped = ask(real, "Count.", model="base", stop=[" four"])
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("one two three", "stop")


@pytest.mark.parametrize("stream", [False, True])
def test_overflow_is_refused_before_the_first_byte(real: Any, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(real, "word " * 9000, model="base", stream=stream)
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize("stream", [False, True])
def test_leaving_frees_the_place(serve_real: Any, stream: bool) -> None:
    engine = ScriptedEngine(["word " * 100], delay=0.1, config=EngineConfig(sequences=1, queue=1))
    real = serve_real(engine)
    with pytest.raises(httpx.TimeoutException), real.http() as http:
        body = {"model": "base", "messages": [{"role": "user", "content": "Speak."}], "stream": stream}
        with http.stream("POST", "/v1/chat/completions", json=body, timeout=0.5) as answer:
            for _ in answer.iter_lines():
                if stream:
                    raise httpx.ReadTimeout("leaving")
    deadline = time.monotonic() + 1
    while engine._running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(engine.requests) == 1 and engine._running == 0


def test_one_too_many_is_told_to_come_back(serve_real: Any) -> None:
    real = serve_real(ScriptedEngine(["word " * 100], delay=0.1, config=EngineConfig(sequences=1, queue=0)))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(real, "Speak.", model="base")
    assert caught.value.response.headers["retry-after"] == "2"


def test_models_selves_status_and_what_is_not_there_yet(real: Any) -> None:
    with real.http() as http:
        names = [model["id"] for model in http.get("/v1/models").json()["data"]]
        assert {"self", "self-weights", "base"} <= set(names)
        assert [one["state"] for one in http.get("/api/selves").json()["selves"]] == ["live"]
        assert http.post("/api/selves/0009/promote").status_code == 404
        assert http.post("/api/selves/rollback").status_code == 400
        assert http.get("/api/identity").json()["version"] == 0
        status = http.get("/api/status").json()
        assert status["ready"] is True and status["memory"]["notes"] == 0
        assert http.get("/api/training/plan").json()["notes"] == 0
        assert http.get("/api/training").json() == {"runs": []}
    with pytest.raises(openai.NotFoundError, match="self-weights"):
        ask(real, "x", model="self:0042")


def test_training_of_an_empty_memory_says_so(real: Any) -> None:
    with real.http() as http:
        started = http.post("/api/training")
        assert started.status_code == 202
        with http.stream("GET", f"/api/training/{started.json()['id']}/events") as answer:
            text = "".join(answer.iter_text())
        assert text.count("event: RunFinished") == 1
        run = http.get(f"/api/training/{started.json()['id']}").json()
        assert (run["state"], run["outcome"]) == ("failed", "failed") and run["why"]


def test_a_home_is_held_by_one(real: Any, home: Paths) -> None:
    from kernel.errors import HomeHeld

    async def second() -> None:
        await Mind.open(home, Settings(), engine=ScriptedEngine())

    import asyncio

    with pytest.raises(HomeHeld):
        asyncio.run(second())
