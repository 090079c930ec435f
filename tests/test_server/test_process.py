"""The server as a process, with the real engine: start, serve, signals, what it has loaded, and who holds the home."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest

ROOT = Path(__file__).parent.parent.parent
HEAVY = (
    "torch", "transformers", "peft", "trl", "llama_cpp", "spacy", "kiwipiepy", "sklearn", "scipy", "pymupdf",
    "matplotlib",
)  # fmt: skip
NATIVE = ("libtorch", "libllama", "_mupdf", "libmupdf", "/spacy/", "_kiwipiepy", "/sklearn/", "/scipy/", "/matplotlib/")


def oneself(*arguments: str, home: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "--home", str(home), *arguments],
        cwd=ROOT, capture_output=True, text=True, input=stdin, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    made = oneself("init", "--name", "Noor", "--json", home=home)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["home"] == str(home)
    again = oneself("init", home=home)
    assert again.returncode == 0
    return home


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A copy of its own; the models, which nobody writes, are shared."""
    copy = tmp_path / "home"
    shutil.copytree(
        made_home, copy, copy_function=lambda a, b: os.link(a, b) if a.endswith(".gguf") else shutil.copy2(a, b)
    )
    return copy


class Server:
    def __init__(self, process: subprocess.Popen[str], about: dict[str, Any], home: Path) -> None:
        self.process, self.url, self.home = process, about["url"], home
        self.key = (home / "api_key").read_text().strip()

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"X-Api-Key": self.key}, timeout=60)

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.key, max_retries=0)

    def end(self, how: int = signal.SIGTERM, timeout: float = 20) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout)


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., Server]]:
    with ExitStack() as stack:

        def starting(*arguments: str) -> Server:
            process = stack.enter_context(
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "server.cli",
                        "--home",
                        str(home),
                        "serve",
                        "--port",
                        "0",
                        "--json",
                        *arguments,
                    ],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            return Server(process, json.loads(line), home)

        yield starting


def test_loading_the_command_line_and_the_app_loads_nothing_heavy() -> None:
    code = (
        "import sys, server.cli, server.app, server.run, server.local, server.client, kernel.mind;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_help_does_not_wait_for_a_web_framework() -> None:
    code = "import sys, server.cli; print([name for name in ('litestar', 'uvicorn', 'numpy') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "uvicorn" not in found.stdout and "numpy" not in found.stdout


@pytest.mark.slow
def test_a_day_of_a_server(start: Callable[..., Server], home: Path, tmp_path: Path) -> None:
    """One start for many questions, because a start costs seconds."""
    server = start()
    run_file = home / "run.json"
    about = json.loads(run_file.read_text())
    assert about["pid"] == server.process.pid and server.url.endswith(str(about["port"]))
    assert stat.S_IMODE(run_file.stat().st_mode) == 0o600
    assert httpx.get(f"{server.url}/ready").status_code == 200

    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "2024-05-02 Boat.md").write_text("# Boat\n\nMy boat is called Vesla. I built her from larch.\n")
    added = oneself("add", str(notes), "--json", home=home)
    assert added.returncode == 0 and len(json.loads(added.stdout)["added"]) == 1, added.stderr
    answer = oneself("ask", "What is my boat called?", "--json", home=home)
    assert "Vesla" in json.loads(answer.stdout)["answer"] and json.loads(answer.stdout)["citations"]

    served = server.client().chat.completions.create(
        model="self", messages=[{"role": "user", "content": "What is your boat called?"}]
    )
    assert "Vesla" in (served.choices[0].message.content or "")
    streamed = server.client().chat.completions.create(
        model="base", messages=[{"role": "user", "content": "Say hello."}], max_tokens=8, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed)

    with server.http() as http:  # every route once, so that whatever a route would load is loaded
        for path in (
            "/api/memories",
            "/api/selves",
            "/api/status",
            "/api/training/plan",
            "/api/identity",
            "/v1/models",
        ):
            assert http.get(path).status_code in (200, 404)
        assert http.post("/api/memories", files={"f": ("x.md", b"I like larch.")}).status_code == 201
    assert loaded(server.process.pid) == set()
    assert psutil.Process(server.process.pid).memory_info().rss < 300e6

    children = psutil.Process(server.process.pid).children()
    assert server.end() == 0
    assert not run_file.exists()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    alone = oneself("ask", "What is my boat called?", "--json", home=home)
    assert "Vesla" in json.loads(alone.stdout)["answer"], alone.stderr


def loaded(pid: int) -> set[str]:
    """Heavy libraries that a running process has mapped; where the system does not tell, none."""
    try:
        maps = psutil.Process(pid).memory_maps()
    except (AttributeError, NotImplementedError):
        return set()
    return {mapped.path for mapped in maps if any(name in mapped.path for name in NATIVE)}


@pytest.mark.slow
def test_ctrl_c_lets_an_answer_finish_and_ends_with_0(start: Callable[..., Server]) -> None:
    server = start()
    with server.http() as http:
        body = {
            "model": "base",
            "messages": [{"role": "user", "content": "Tell me a story."}],
            "stream": True,
            "max_tokens": 40,
        }
        with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            server.process.send_signal(signal.SIGINT)
            rest = list(lines)
    assert rest[-2:] == ["data: [DONE]", ""] or "data: [DONE]" in rest
    assert server.process.wait(20) == 0


@pytest.mark.slow
def test_an_engine_killed_in_mid_stream_ends_the_stream_and_answers_again(start: Callable[..., Server]) -> None:
    server = start()
    with server.http() as http:
        engine = http.get("/api/status").json()["children"]["engine"]
        body = {
            "model": "base",
            "messages": [{"role": "user", "content": "Tell me a long story."}],
            "stream": True,
            "max_tokens": 400,
        }
        with http.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.iter_lines()
            said = [next(lines) for _ in range(7)]
            os.kill(engine, signal.SIGKILL)
            said += list(lines)
        events = [line.removeprefix("data: ") for line in said if line]
        assert json.loads(events[-1])["error"]["code"] == "engine_died"
        again = {**body, "stream": False, "max_tokens": 4}
        assert http.post("/v1/chat/completions", json=again).status_code == 200
    assert server.end() == 0


@pytest.mark.slow
def test_a_home_that_is_held_names_who_holds_it(start: Callable[..., Server], home: Path) -> None:
    server = start()
    second = oneself("serve", "--port", "0", home=home)
    assert second.returncode == 1 and str(server.process.pid) in second.stderr
    (home / "run.json").unlink()  # as if the holder were no server
    asked = oneself("ask", "Who?", home=home)
    assert asked.returncode == 1 and str(server.process.pid) in asked.stderr
    assert server.end() == 0


def test_a_port_in_use(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = oneself("serve", "--port", str(port), "--json", home=home)
        assert result.returncode == 1 and f"127.0.0.1:{port}" in result.stderr and "--port" in result.stderr
        assert json.loads(result.stdout)["error"]["code"] == "port_in_use"
        doctor = oneself("doctor", "--json", home=home)
    assert doctor.returncode in (0, 1)
    assert not (home / "run.json").exists()


def test_a_home_of_a_newer_version(home: Path) -> None:
    (home / "version").write_text("99\n")
    for command in (["serve"], ["ask", "x"], ["init"], ["status"]):
        result = oneself(*command, home=home)
        assert result.returncode == 1 and "newer" in result.stderr, (command, result.stderr)


def test_a_damaged_model_is_named_by_doctor_and_serve(home: Path) -> None:
    base = home / "models" / "base.gguf"
    data = bytearray(base.read_bytes())
    base.unlink()  # it is shared with the other tests
    data[-1] ^= 255
    base.write_bytes(data)
    doctor = json.loads(oneself("doctor", "--json", home=home).stdout)
    (models,) = [check for check in doctor["checks"] if check["name"] == "models"]
    assert not models["ok"] and "base.gguf" in models["message"] and models["next_step"]
    served = oneself("serve", "--port", "0", home=home)
    assert served.returncode == 1 and "base.gguf" in served.stderr and "Traceback" not in served.stderr


def test_stopping_while_starting_is_in_order(home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "--home", str(home), "serve", "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while not (home / "lock").read_text().strip() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in said
    assert not (home / "run.json").exists() and (home / "lock").read_text() == ""
