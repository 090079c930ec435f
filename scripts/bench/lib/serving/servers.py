"""The servers that are compared: each started fresh in a child process, on the same file with the same threads.

``Setting`` is what all of them share. A ``Server`` is a context manager: listening and answering within ``with``. What
they write goes to ``logs/`` of the work folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.config import Paths
from kernel.engine.starter import base_sha256
from kernel.files import file_sha256
from kernel.home import init_home, read_key
from kernel.l2_training.adapter import write_gguf
from kernel.l2_training.skill import ADAPTER
from kernel.selves.shelf import ADAPTER_FILE, Shelf, now
from kernel.types import SelfVersion

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
SELVES = ("0001", "0002")
START_SECONDS = 120
END_SECONDS = 30


@dataclass(frozen=True)
class Setting:
    """What is the same for all."""

    gguf: Path
    threads: int
    work: Path
    rivals: Path
    """The interpreter that has the rivals' packages."""
    context: int = 16384
    slots: int = 8
    ours: dict[str, str] = field(default_factory=dict)
    """Further settings of our server, as environment variables."""


class Server(AbstractContextManager["Server"]):
    """One child process that serves ``/v1/chat/completions``."""

    name = ""
    model = ""
    key = "none"
    host = "127.0.0.1"
    fields: dict[str, Any] = {}
    """Of every request to it, beside OpenAI's."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.port = 0
        self.process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("ONESELF_")}

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, *, wait: bool = True) -> None:
        """Raises ``SystemExit`` with the end of its log where it does not come up."""
        self.port = self.port or free_port()
        (self.setting.work / "logs").mkdir(parents=True, exist_ok=True)
        self.log = self.setting.work / "logs" / f"{self.name}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), cwd=ROOT, stdout=log, stderr=log, text=True
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        began = time.monotonic()
        while not answers(f"{self.url}/v1/models", self.key):
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                self.end()
                last = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])
                raise SystemExit(f"{self.name} did not start; the end of {self.log}:\n{last}")
            time.sleep(0.05)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Ours(Server):
    """``oneself serve`` on the home of the run; asked for the base, so that every server gets the same bytes."""

    name, model = "oneself", "base"

    def __init__(self, setting: Setting, paths: Paths) -> None:
        super().__init__(setting)
        self.paths, self.key = paths, read_key(paths)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "server.cli", "--home", str(self.paths.home), "serve", "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        given = {"ONESELF_ENGINE_THREADS": self.setting.threads, "ONESELF_ENGINE_CONTEXT_TOKENS": self.setting.context}
        return super().environment() | {name: str(value) for name, value in given.items()} | self.setting.ours

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of our own API. Raises ``SystemExit`` with what it answered where that is no 200."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"POST {path}: {error.code} {error.read(500).decode('utf-8', 'replace')}") from None


class OurWeights(Ours):
    """The same, asked for the live self's weights: with its adapter, and its own persona sentence in front."""

    name, model = "self-weights", "self-weights"
    fields = {"metadata": {"oneself.memory": "off"}}


class OwnFile(Ours):
    """The same as ``Ours``, on our own choice of file."""

    name = "own-file"


class LlamaCpp(Server):
    """llama.cpp's own server, through xllamacpp: 8 slots."""

    name = "llama.cpp"
    unified = False

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.file = setting.gguf

    def serve(self, file: Path) -> None:
        """Start with another file, on the same port."""
        self.file = file
        self.start()

    def command(self) -> list[str]:
        given = {
            "gguf": str(self.file), "port": self.port, "threads": self.setting.threads,
            "context": self.setting.context, "slots": self.setting.slots, "unified": self.unified,
        }  # fmt: skip
        return [str(self.setting.rivals), str(HERE / "llamacpp_server.py"), json.dumps(given)]


class LlamaCppUnified(LlamaCpp):
    """The same with one KV cache for all slots (its ``--kv-unified``)."""

    name = "llama.cpp-unified"
    unified = True


class LlamaCppPython(Server):
    """``llama_cpp.server``, with interruption off: by default the next request cuts the stream that runs."""

    name = "llama_cpp.server"

    def command(self) -> list[str]:
        given = {
            "model": self.setting.gguf, "host": self.host, "port": self.port, "n_ctx": self.setting.context,
            "n_threads": self.setting.threads, "n_threads_batch": self.setting.threads,
            "interrupt_requests": "false", "verbose": "false",
        }  # fmt: skip
        options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        return [str(self.setting.rivals), "-m", "llama_cpp.server", *options]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(url: str, key: str) -> bool:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return answer.status == 200
    except (OSError, ValueError):
        return False


def make_home(folder: Path, gguf: Path | None) -> Paths:
    """A fresh home that serves ``gguf`` (the starter's base where there is none given), with two selves of the skill."""
    paths = Paths(folder)
    init_home(paths, name="Maren Solheim-Vance")
    if gguf is not None:
        replace_base(paths, gguf)
    base, shelf = base_sha256(paths), Shelf(paths)
    template = json.loads((ADAPTER / "recipe.json").read_text())["template_sha256"]
    for version in SELVES:
        paths.self_folder(version).mkdir()
        recipe = {"base_sha256": base, "template_sha256": template}
        write_gguf(ADAPTER, paths.base, paths.self_folder(version) / ADAPTER_FILE, recipe)
        shelf.write(
            SelfVersion(
                version=version, state="candidate", base=base, template=template, created=now(), adapter=ADAPTER_FILE
            )
        )
    shelf.promote(SELVES[0], "for the bench")
    return paths


def replace_base(paths: Paths, gguf: Path) -> None:
    """Let the home serve another file under the name of the base."""
    paths.base.unlink()
    shutil.copyfile(gguf, paths.base)
    path = paths.models / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][paths.base.name] |= {
        "sha256": file_sha256(gguf),
        "bytes": gguf.stat().st_size,
        "source": gguf.name,
    }
    path.write_text(json.dumps(manifest, indent=2))


def quantised(kind: str, base: Path, work: Path) -> Path:
    """``base`` as a GGUF of another type (``Q4_0``), written once into the work folder."""
    import llama_cpp

    target = work / f"{base.stem}-{file_sha256(base)[:12]}-{kind}.gguf"
    if not target.exists():
        parameters = llama_cpp.llama_model_quantize_default_params()
        parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
        parameters.allow_requantize = True
        part = target.with_suffix(".part")
        if llama_cpp.llama_model_quantize(str(base).encode(), str(part).encode(), parameters) != 0:
            raise SystemExit(f"{base} could not be written as {kind}")
        part.replace(target)
    return target
