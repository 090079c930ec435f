"""``/api``: memories, training, selves, identity, exam, status, through HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.test_server.conftest import REPORT


@pytest.fixture
def http(served: Any) -> Iterator[httpx.Client]:
    with served.http() as client:
        yield client


def code(answer: httpx.Response) -> tuple[int, str, Any]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def sse(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


# --- memories ---------------------------------------------------------------------------------------------------------


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
    assert http.delete(f"/api/memories/{note_id}").json() == {"forgotten": 1}
    assert code(http.get(f"/api/memories/{note_id}"))[0] == 404
    assert code(http.delete(f"/api/memories/{note_id}"))[0] == 404


def test_a_batch_is_undone(http: httpx.Client) -> None:
    batch = http.post("/api/memories", json={"text": "wrong"}).json()["batch"]
    assert http.delete(f"/api/memories/batches/{batch}").json() == {"forgotten": 1}
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
        ({"url": "https://example.org"}, "url"),
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


# --- training ---------------------------------------------------------------------------------------------------------


def test_a_training_is_started_followed_and_looked_up(served: Any, http: httpx.Client) -> None:
    assert http.get("/api/training/plan").json()["notes"] == 3
    started = http.post("/api/training")
    assert (started.status_code, started.json()) == (202, {"id": "t_1"})
    assert code(http.post("/api/training", json={"force": True}))[:2] == (409, "training_running")
    assert http.get("/api/training/t_1").json()["state"] == "running"
    with http.stream("GET", "/api/training/t_1/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = sse(answer.iter_lines())
        seen = [next(events) for _ in range(3)]
        served.call(served.mind.trainings.release.set)
        seen += list(events)
    assert [name for name, _ in seen] == ["RunStarted", "StageStarted", "Progressed", "StageFinished", "RunFinished"]
    assert seen[2][1] == {
        "event": "Progressed",
        "stage": "train",
        "done": 1,
        "total": 2,
        "seconds_left": 62.0,
        "detail": "loss 1.00",
    }
    run = http.get("/api/training/t_1").json()
    assert (run["state"], run["outcome"], run["report"]) == ("done", "refused", REPORT)
    assert [one["id"] for one in http.get("/api/training").json()["runs"]] == ["t_1"]


def test_who_comes_back_sees_only_what_is_new(served: Any, http: httpx.Client) -> None:
    http.post("/api/training")
    served.call(served.mind.trainings.release.set)
    with http.stream("GET", "/api/training/t_1/events", headers={"Last-Event-ID": "3"}) as answer:
        lines = list(answer.iter_lines())
    assert [line for line in lines if line.startswith("id: ")] == ["id: 4", "id: 5"]


def test_a_training_is_cancelled(http: httpx.Client) -> None:
    http.post("/api/training")
    assert http.delete("/api/training/t_1").json()["state"] == "cancelled"
    for method, path in (("GET", "/t_9"), ("DELETE", "/t_9"), ("GET", "/t_9/events")):
        assert code(http.request(method, f"/api/training{path}"))[0] == 404
    assert code(http.post("/api/training", json={"force": "yes"}))[::2] == (400, "force")


# --- selves, identity, exam, status -----------------------------------------------------------------------------------


def test_selves_are_listed_promoted_and_rolled_back(http: httpx.Client) -> None:
    selves = http.get("/api/selves").json()["selves"]
    assert [(one["version"], one["state"]) for one in selves] == [("0000", "retired"), ("0001", "live")]
    assert {"version", "state", "base", "created", "exam"} <= set(selves[0])
    assert http.post("/api/selves/0000/promote").json()["state"] == "live"
    assert http.post("/api/selves/0001/promote", json={"force": True}).json()["version"] == "0001"
    assert http.post("/api/selves/rollback").json()["version"] == "0000"
    assert code(http.post("/api/selves/0042/promote"))[0] == 404


def test_identity_before_and_after_there_is_one(http: httpx.Client) -> None:
    assert code(http.get("/api/identity"))[:2] == (404, "no_identity")
    http.post("/api/memories", json={"text": "I live in Oslo."})
    identity = http.get("/api/identity").json()
    assert identity["biography"]["third_person"][0]["citations"][0]["note_id"] == "n_1"


def test_the_exam_with_and_without_progress(served: Any, http: httpx.Client) -> None:
    assert code(http.post("/api/exam"))[:2] == (409, "too_few")
    http.post("/api/memories", json={"text": "I live in Oslo."})
    with http.stream("POST", "/api/exam", headers={"Accept": "text/event-stream"}) as answer:
        events = sse(answer.iter_lines())
        assert next(events)[0] == "StageStarted"
        assert code(http.post("/api/exam"))[:2] == (409, "exam_running")
        served.call(served.mind.release_exam.set)
        assert list(events) == [("result", REPORT)]
    assert http.post("/api/exam").json() == REPORT
    assert http.get("/api/exam").json() == {"version": "0001", "exam": {"owner": 0.8}}
    http.post("/api/selves/0000/promote")
    assert code(http.get("/api/exam"))[:2] == (404, "no_exam")


def test_errors_in_progress_arrive_as_events(http: httpx.Client) -> None:
    with http.stream("POST", "/api/exam", headers={"Accept": "text/event-stream"}) as answer:
        ((name, body),) = sse(answer.iter_lines())
    assert name == "error" and body["error"]["code"] == "too_few"


def test_status(http: httpx.Client) -> None:
    assert http.get("/api/status").json() == {"ready": True, "live": "0001"}


def test_the_schema_is_served(http: httpx.Client) -> None:
    schema = http.get("/schema/openapi.json").json()
    assert {"/v1/chat/completions", "/api/memories", "/api/training/{run_id}/events"} <= set(schema["paths"])


def test_requests_run_beside_each_other(served: Any) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with served.http() as http:
            body = {"messages": [{"role": "user", "content": "Where?"}]}
            statuses.append(http.post("/v1/chat/completions", json=body).status_code)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
