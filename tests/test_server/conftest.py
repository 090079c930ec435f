"""A served self for the tests: real uvicorn on a free port, in a thread of its own, with the home's ``run.json``.

``FakeSelf`` subclasses the real seam and keeps everything in memory. What is said to it decides how it behaves: it is
for the edge of HTTP (faults, leaving clients, wire bytes); the real mind is in ``test_mind.py``.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn

from kernel.abc import OnEvent, Self
from kernel.config import Paths
from kernel.errors import Busy, ContextOverflow, EngineDied, NotFound, TooFew, WrongUse
from kernel.events import AnyEvent, Progressed, RunFinished, RunStarted, StageFinished, StageStarted
from kernel.exam.report import ExamReport
from kernel.exam.structs import Figures, Row, Verdict
from kernel.types import (
    Added,
    Answer,
    AnswerDelta,
    Attribute,
    Biography,
    Chunk,
    Citation,
    Cited,
    Explain,
    Hit,
    Identity,
    Insight,
    Memory,
    Note,
    Origin,
    Question,
    Run,
    SelfVersion,
    Sentence,
    Skipped,
    Span,
    Usage,
)
from server.app import create_app
from server.runfile import RunFile, write_run_file
from server.settings import ServerConfig, Settings

KEY = "sk-self-test"
FACT = "I live in Oslo."
_EXPLAIN = Explain(vector=0.9, words=1.0, hangul=0.0, trigram=0.0, overlap=1.0)
_NOW = "2025-06-25T10:00:00+00:00"


_REPORT = ExamReport(
    created=_NOW,
    live="0000",
    candidate="0001",
    questions={"gate": {"fact": 4}},
    rows=(Row(model="self:0001", kind="owner", n=4, right=3, share=0.75, low=0.3, high=0.95),),
    figures=(
        Figures(
            model="self:0001",
            asked=4,
            left_out=0,
            false_refusals=0,
            cited_right=1.0,
            own_words=0.5,
            seconds=2.0,
        ),
    ),
    verdict=Verdict(promote=False, why="too few to judge", too_few=True),
    bands={},
    seconds=2.0,
)
REPORT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(_REPORT.plain()))


class FakeStatus(msgspec.Struct):
    ready: bool = True
    live: str = "0000"


class FakeTrainings:
    """Runs whose events are given; a run is under way until ``release`` is set."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.release = asyncio.Event()

    async def plan(self) -> dict[str, Any]:
        return {"notes": 3, "seconds": 1.5}

    async def start(self, *, force: bool = False) -> str:
        if any(run.outcome == "running" for run in self.runs.values()):
            raise WrongUse("training t_1 is under way", code="training_running")
        run = Run(id=f"t_{len(self.runs) + 1}", started=_NOW)
        self.runs[run.id] = run
        return run.id

    def list(self) -> list[Run]:
        return list(self.runs.values())

    def get(self, run_id: str) -> Run:
        if run_id not in self.runs:
            raise NotFound(f"there is no training run {run_id}")
        return self.runs[run_id]

    async def events(self, run_id: str) -> AsyncIterator[AnyEvent]:
        yield RunStarted(run=run_id)
        yield StageStarted(stage="train", total=2)
        yield Progressed(stage="train", done=1, total=2, seconds_left=62.0, detail="loss 1.00")
        await self.release.wait()
        if self.runs[run_id].outcome == "running":
            yield StageFinished(stage="train", seconds=12.5)
            self._end(run_id, "refused", "too few to judge")
        yield RunFinished(run=run_id, outcome=self.runs[run_id].outcome, why=self.runs[run_id].why, version="0001")

    async def cancel(self, run_id: str) -> None:
        self._end(run_id, "cancelled", "cancelled")
        self.release.set()

    async def wait(self, run_id: str) -> Run:
        return self.runs[run_id]

    def _end(self, run_id: str, outcome: str, why: str) -> None:
        self.runs[run_id] = msgspec.structs.replace(
            self.runs[run_id], outcome=outcome, why=why, finished=_NOW, version="0001", report=REPORT
        )


class FakeSelf(Self):
    """Answers with one fact. Words in a question ask for faults: slow, overflow, busy, die, boom, none."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.config = Settings()
        self.trainings = FakeTrainings()
        self.notes: dict[str, Note] = {}
        self.asked: list[Question] = []
        self.running = 0
        self.live = "0001"
        self.ready = True
        self.release_exam = asyncio.Event()

    async def ask(self, question: Question) -> Answer:
        async for part in self.ask_stream(question):
            if isinstance(part, Answer):
                return part
        raise AssertionError

    async def ask_stream(self, question: Question) -> AsyncIterator[AnswerDelta | Answer]:
        said = question.messages[-1].content
        self.asked.append(question)
        if question.model not in await self.served_models():
            raise NotFound(f"there is no model '{question.model}'; served are: self, base", code="model_not_found")
        if "overflow" in said:
            raise ContextOverflow("the prompt has 9000 tokens")
        if "busy" in said:
            raise Busy("64 requests are waiting already", retry_after=3)
        if "boom" in said:
            raise KeyError(said)
        self.running += 1
        try:
            if "slow" in said:
                await asyncio.sleep(60)
            yield AnswerDelta(text="I live ")
            if "die" in said:
                raise EngineDied("the engine ended under the request")
            if "stall" in said:
                await asyncio.sleep(60)
            yield AnswerDelta(text="in Oslo.")
            yield self._answer(question)
        finally:
            self.running -= 1

    def _answer(self, question: Question) -> Answer:
        cited = "none" not in question.messages[-1].content
        return Answer(
            model=question.model,
            text=FACT,
            citations=(Citation(note_id="n_1", title="Moving", quote=FACT, span=Span(4, 19)),) if cited else (),
            marks=(Span(0, len(FACT)),) if cited else (),
            source="quote" if cited else "none",
            route="owner",
            usage=Usage(prompt_tokens=7, completion_tokens=4, cached_tokens=2),
        )

    async def remember(self, text: str, *, title: str = "", origin: Origin = "owner", source: str = "text:") -> Added:
        return self._keep([(title or text[:20], text, source, origin)])

    async def remember_files(
        self,
        paths: Sequence[Path],
        *,
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
    ) -> Added:
        tell = on_event or (lambda _: None)
        files = [
            file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
        ]
        tell(StageStarted(stage="read", total=len(files)))
        read = [file for file in files if file.suffix in (".md", ".txt")]
        skipped = tuple(
            Skipped(source=str(file), code="unsupported", message=f"{file.name}: cannot be read")
            for file in files
            if file not in read
        )
        added = self._keep([(file.stem, file.read_text(), str(file), "owner" if mine else "other") for file in read])
        tell(StageFinished(stage="read", seconds=0.1))
        return msgspec.structs.replace(added, skipped=skipped)

    def _keep(self, items: list[tuple[str, str, str, Any]]) -> Added:
        ids = []
        for title, text, source, origin in items:
            note_id = f"n_{len(self.notes) + 1}"
            self.notes[note_id] = Note(
                id=note_id, origin=origin, kind="text", title=title, text=text, happened_at="2025-06-25",
                happened_from="given", learned_at=_NOW, source=source, content_hash="0" * 64, language="en",
            )  # fmt: skip
            ids.append(note_id)
        return Added(batch="b_1", added=tuple(ids))

    async def search(self, query: str, *, limit: int = 10, as_of: str | None = None) -> list[Hit]:
        hits = [
            Hit(
                note_id=note.id, chunk_id="c_1", sentence_id="s_1", title=note.title, text=note.text, context=note.text,
                span=Span(0, len(note.text)), score=0.9, explain=_EXPLAIN, happened_at=note.happened_at,
                origin=note.origin, language="en",
            )
            for note in self.notes.values()
            if query.lower() in note.text.lower()
        ]  # fmt: skip
        return hits[:limit]

    async def forget(self, note_ids: Sequence[str]) -> int:
        return sum(self.notes.pop(note_id, None) is not None for note_id in note_ids)

    async def forget_batch(self, batch: str) -> int:
        return await self.forget(list(self.notes)) if batch == "b_1" else 0

    async def note(self, note_id: str) -> Note:
        if note_id not in self.notes:
            raise NotFound(f"there is no memory {note_id}")
        return self.notes[note_id]

    async def memory(self, note_id: str) -> Memory:
        note = await self.note(note_id)
        whole = {"note_id": note_id, "ordinal": 0, "start": 0, "end": len(note.text)}
        sentence = Sentence(id="s_1", chunk_id="c_1", context=note.text, **whole)
        return Memory(note=note, chunks=(Chunk(id="c_1", **whole),), sentences=(sentence,))

    async def list_notes(self, *, offset: int = 0, limit: int = 50, query: str | None = None) -> tuple[list[Note], int]:
        notes = [note for note in self.notes.values() if query is None or query in note.text]
        return notes[offset : offset + limit], len(notes)

    async def insight(self, note_id: str) -> Insight | None:
        return None

    async def identity(self) -> Identity | None:
        if not self.notes:
            return None
        cited = Cited(
            text="Noor lives in Oslo.", citations=(Citation(note_id="n_1", title="t", quote="q", span=Span(0, 1)),)
        )
        home = Attribute(key="home", value="Oslo", confidence="HIGH", citations=cited.citations)
        return Identity(
            version=1, created=_NOW, owner="Noor", input_hash="h", topics=(), outliers=(), shades=(),
            biography=Biography(third_person=(cited,)), attributes=(home,),
        )  # fmt: skip

    async def served_models(self) -> list[str]:
        return ["self", "self-weights", "base", "self:0001"]

    def selves(self) -> list[SelfVersion]:
        return [self._version("0000"), self._version("0001")]

    def _version(self, version: str) -> SelfVersion:
        return SelfVersion(
            version=version, state="live" if version == self.live else "retired", base="b", template="t", created=_NOW,
            adapter="adapter.gguf", exam={"owner": 0.8} if version == "0001" else {}, why="",
        )  # fmt: skip

    async def promote(self, version: str, *, force: bool = False) -> SelfVersion:
        if version not in ("0000", "0001"):
            raise NotFound(f"there is no self {version}")
        self.live = version
        return self._version(version)

    async def rollback(self) -> SelfVersion:
        return await self.promote("0000")

    async def examine(self, *, on_event: OnEvent | None = None) -> dict[str, object]:
        if not self.notes:
            raise TooFew("there is nothing to ask about")
        if on_event:
            on_event(StageStarted(stage="exam", total=1))
        await self.release_exam.wait()
        return REPORT

    async def status(self) -> FakeStatus:
        return FakeStatus(ready=self.ready, live=self.live)


class Served:
    """A server in a thread; ``call`` runs something on its loop."""

    def __init__(self, mind: Any, settings: Settings, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.mind, self.settings, self.port, self.loop = mind, settings, port, loop
        self.url = f"http://127.0.0.1:{port}"
        self.key = KEY
        self.home = mind.paths.home

    def http(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {KEY}", **headers}, timeout=30)

    def call(self, function: Callable[[], Any]) -> Any:
        done: Any = asyncio.run_coroutine_threadsafe(_on_loop(function), self.loop)
        return done.result(10)


async def _on_loop(function: Callable[[], Any]) -> Any:
    return function()


@contextmanager
def serving(make: Callable[[], Any], paths: Paths, config: ServerConfig) -> Iterator[Served]:
    """``make`` gives the mind and, maybe, is a coroutine; ``close`` of it is called at the end where it has one."""
    ready, served, stop = threading.Event(), [], []
    failure: list[BaseException] = []

    async def run() -> None:
        made = make()
        mind = await made if asyncio.iscoroutine(made) else made
        settings = Settings(server=config)
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            app = create_app(mind, settings, KEY)
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
            port = bound.getsockname()[1]
            write_run_file(paths.run, RunFile(pid=os.getpid(), host="127.0.0.1", port=port))
            task = asyncio.create_task(server.serve(sockets=[bound]))
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            served.append(Served(mind, settings, port, asyncio.get_running_loop()))
            stop.append(lambda: setattr(server, "should_exit", True))
            ready.set()
            await task
        if hasattr(mind, "close"):
            await mind.close()

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failure.append(error)
        finally:
            ready.set()

    runner = threading.Thread(target=thread)
    runner.start()
    ready.wait(60)
    try:
        if failure:
            raise failure[0]
        yield served[0]
    finally:
        for end in stop:
            end()
        runner.join(30)
        paths.run.unlink(missing_ok=True)
    if failure:
        raise failure[0]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    home = Paths(tmp_path / "home")
    home.home.mkdir()
    home.version.write_text("1\n")
    home.api_key.write_text(f"{KEY}\n")
    home.api_key.chmod(0o600)
    return home


@pytest.fixture
def serve(paths: Paths) -> Iterator[Callable[..., Served]]:
    """Start a server over a ``FakeSelf``; settings of section ``server`` by name."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **config: stack.enter_context(serving(lambda: FakeSelf(paths), paths, ServerConfig(**config)))


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture
def serve_mind() -> Callable[..., Any]:
    """``serving`` itself, for a real mind."""
    return serving
