"""The whole main job for real: a folder of notes, a served self, the official client, a training that is killed and goes on.

One server for the module; the tests run in their order, as a person's first hour would.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import psutil
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from kernel.config import Paths

pytestmark = pytest.mark.slow

NOTES = {
    "2025-02-09-fathom.md": "---\ntitle: Fathom\ncreated: 2025-02-09\n---\nI adopted a brindle whippet from a farm near Ludlow. I named him Fathom. He is three years old and hates umbrellas.\n",
    "2025-03-02-work.md": "---\ntitle: Work\ncreated: 2025-03-02\n---\nI started as a bookbinder at Harrow and Finch. My boss is Odile Marchetti. The workshop is on Tanner Street.\n",
    "2025-03-20-home.md": "---\ntitle: Home\ncreated: 2025-03-20\n---\nI live in a narrow house in Shrewsbury. The rent is 840 pounds a month. My neighbour Mr. Pryce plays the tuba.\n",
    "2025-04-11-family.md": "---\ntitle: Family\ncreated: 2025-04-11\n---\nMy sister Wren moved to Lisbon. She teaches chemistry there. My father, Caspian, repairs clocks.\n",
    "2025-05-05-likes.md": "---\ntitle: Likes\ncreated: 2025-05-05\n---\nMy favourite colour is oxblood. I cannot stand lilies. I drink my tea black, and I think trains are better than planes.\n",
    "2025-06-01-health.md": "---\ntitle: Health\ncreated: 2025-06-01\n---\nI am allergic to kiwi fruit. Dr. Amadi gave me a spray for it. I swim at the quarry every Thursday.\n",
    "2025-07-07-고양이.md": "---\ntitle: 여행\ncreated: 2025-07-07\n---\n여름에 부산에서 일주일을 보냈다. 민호와 해운대에서 수영했다.\n",
}


class Served:
    """A server process and how to talk to it."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes], address: str, key: str) -> None:
        self.home, self.process, self.address = home, process, address
        self.client = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0, timeout=120)
        self.http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=120)

    def ask(self, question: str, model: str = "self") -> ChatCompletion:
        return self.client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": question}], temperature=0, max_tokens=80
        )

    def children(self) -> dict[str, int]:
        return self.http.get("/api/status").json()["children"]


def command(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "server.cli", "--home", str(home), *arguments]


@pytest.fixture(scope="module")
def served(starter_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("first")
    home, vault = root / "home", root / "vault"
    vault.mkdir()
    for name, text in NOTES.items():
        (vault / name).write_text(text, "utf-8")
    paths = Paths(home)
    paths.models.mkdir(parents=True)
    paths.lock.touch()
    for file in starter_models.iterdir():
        (paths.models / file.name).hardlink_to(file)
    small = {"ONESELF_TRAINING_MINUTES": "0.4", "ONESELF_EXAM_QUESTIONS": "12"}
    environment = {**os.environ, **small}
    subprocess.run(command(home, "init", "--name", "Tamsin Orr"), check=True, env=environment, capture_output=True)
    with (root / "server.log").open("wb") as log:
        process = subprocess.Popen(command(home, "serve", "--port", "0"), env=environment, stdout=log, stderr=log)
    try:
        address = wait_for_server(home, process)
        key = paths.api_key.read_text().strip()
        subprocess.run(command(home, "add", str(vault)), check=True, env=environment, capture_output=True)
        one = Served(home, process, address, key)
        yield one
        one.client.close()
        one.http.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def wait_for_server(home: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        if (home / "run.json").exists():
            about = json.loads((home / "run.json").read_text())
            address = f"http://{about['host']}:{about['port']}"
            try:
                if httpx.get(f"{address}/ready").status_code == 200:
                    return address
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise AssertionError("the server was not ready in 90 s")


def test_an_answer_that_stands_only_in_the_notes(served: Served) -> None:
    answer = served.ask("How much rent do you pay?")
    ChatCompletion.model_validate(answer.model_dump())
    message = answer.choices[0].message
    assert "840" in (message.content or "")
    assert message.annotations, "an answer about the owner carries its citations"
    cited = message.annotations[0].url_citation
    note = served.http.get(cited.url.replace(served.address, "")).json()
    assert "840 pounds" in json.dumps(note)
    assert answer.usage is not None and answer.choices[0].finish_reason == "stop"


def test_the_stream_says_the_same(served: Served) -> None:
    whole = served.ask("Who is your boss?").choices[0].message.content
    chunks = list(
        served.client.chat.completions.create(
            model="self",
            messages=[{"role": "user", "content": "Who is your boss?"}],
            temperature=0,
            max_tokens=80,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.model_dump())
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole
    assert "Odile" in (whole or "")
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert chunks[-1].choices == [] and chunks[-1].usage is not None


def test_what_is_not_written_is_not_known(served: Served) -> None:
    content = served.ask("What is your blood type?").choices[0].message
    assert "know" in (content.content or "") or "no " in (content.content or "").lower()
    assert not content.annotations


def test_korean_is_answered_by_its_notes(served: Served) -> None:
    assert "부산" in (served.ask("여름에 어디에서 일주일을 보냈어요?").choices[0].message.content or "")


def test_a_note_saved_now_can_be_asked_about_now(served: Served) -> None:
    added = served.http.post("/api/memories", json={"text": "My spare key is with Mrs. Okafor."})
    assert added.status_code in (200, 201), added.text
    answer = served.ask("Who has your spare key?").choices[0].message
    assert "Okafor" in (answer.content or "")


def test_an_engine_killed_in_a_stream_ends_it_with_an_error_and_comes_back(served: Served) -> None:
    stream = served.client.chat.completions.create(
        model="base",
        messages=[{"role": "user", "content": "Count from one to two hundred in words."}],
        max_tokens=600,
        stream=True,
    )
    seen = 0
    with pytest.raises((openai.APIError, httpx.TransportError)):
        for chunk in stream:
            seen += bool(chunk.choices and chunk.choices[0].delta.content)
            if seen == 3:
                os.kill(served.children()["engine"], signal.SIGKILL)
    assert seen >= 3
    assert "840" in (served.ask("How much rent do you pay?").choices[0].message.content or "")


def test_a_worker_killed_in_training_costs_that_run_and_the_next_one_goes_on(served: Served) -> None:
    run = served.http.post("/api/training", json={}).json()["id"]
    until = time.monotonic() + 240
    while "train" not in served.children() or not trains(served, run):
        assert time.monotonic() < until, served.http.get(f"/api/training/{run}").text
        time.sleep(0.3)
    psutil.Process(served.children()["train"]).kill()
    failed = finished(served, run)
    assert failed["state"] == "failed" and "again" in failed["why"]
    assert "840" in (served.ask("How much rent do you pay?").choices[0].message.content or "")

    again = served.http.post("/api/training", json={}).json()["id"]
    done = finished(served, again)
    assert done["state"] == "done" and done["outcome"] in ("promoted", "refused"), done
    events = served.http.get(f"/api/training/{again}/events").text
    assert '"reused":true' in events.replace(" ", ""), "the data was not made twice"
    selves = {one["version"]: one for one in served.http.get("/api/selves").json()["selves"]}
    assert done["version"] in selves and (served.home / "selves" / done["version"] / "adapter.gguf").exists()


def test_promotion_by_hand_swaps_without_failing_a_request(served: Served) -> None:
    version = served.http.get("/api/selves").json()["selves"][-1]["version"]
    if served.http.get("/api/status").json()["live"] != version:
        promoted = served.http.post(f"/api/selves/{version}/promote", json={"force": True})
        assert promoted.status_code == 200, promoted.text
    assert served.http.get("/api/status").json()["live"] == version
    assert "840" in (served.ask("How much rent do you pay?").choices[0].message.content or "")
    back = served.http.post("/api/selves/rollback")
    assert back.status_code == 200, back.text
    assert served.http.get("/api/status").json()["live"] == "0000"


def test_the_server_loads_nothing_heavy(served: Served) -> None:
    maps = Path(f"/proc/{served.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    text = maps.read_text()
    for library in ("libtorch", "libllama", "sklearn", "spacy", "kiwipiepy", "pymupdf"):
        assert library not in text, library
    assert psutil.Process(served.process.pid).memory_info().rss < 300e6


def trains(served: Served, run: str) -> bool:
    with served.http.stream("GET", f"/api/training/{run}/events") as lines:
        for line in lines.iter_lines():
            if "Progressed" in line and '"train"' in line:
                return True
            if "RunFinished" in line:
                raise AssertionError(line)
    return False


def finished(served: Served, run: str) -> dict[str, object]:
    until = time.monotonic() + 500
    while time.monotonic() < until:
        found = served.http.get(f"/api/training/{run}").json()
        if found["state"] != "running":
            return found
        time.sleep(0.5)
    raise AssertionError("the run did not end")
