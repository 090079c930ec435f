"""``/api``: training, selves, identity, exam, status, through HTTP. Memories are in ``test_memories_api.py``."""

from __future__ import annotations

import threading
from typing import Any

import httpx

from tests.test_server.fake_self import REPORT
from tests.test_server.wire import code, sse

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
    assert http.get("/api/identity").json()["note"].startswith("There is no identity yet")
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
