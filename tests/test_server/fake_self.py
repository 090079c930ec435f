"""``FakeSelf``: a self that keeps everything in memory. What is said to it decides how it behaves: it is for the edge of
HTTP (faults, leaving clients, wire bytes); the real mind is in ``test_mind.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from kernel.abc import ModelInfo, OnEvent, Self
from kernel.config import Paths
from kernel.errors import Busy, ContextOverflow, EngineDied, NotFound, TooFew, WrongUse
from kernel.events import AnyEvent, Progressed, RunFinished, RunStarted, StageFinished, StageStarted
from kernel.exam.report import ExamReport
from kernel.exam.structs import Figures, Row, Verdict
from kernel.types import (
    Answer,
    AnswerDelta,
    Baked,
    BakedType,
    CallDelta,
    Choice,
    Citation,
    Question,
    Run,
    Scored,
    SelfVersion,
    Span,
    TokenScore,
    ToolCall,
    Usage,
)
from server.settings import Settings
from tests.test_server.fake_identity import FakeIdentity
from tests.test_server.fake_memories import NOW, FakeMemories

FACT = "I live in Oslo."
ARGUMENTS = '{"city": "Oslo"}'
INFO = ModelInfo(
    sha256="s", name="fake", chat_template="", bos_token="", eos_token="", context_tokens=1000, embedding_length=4,
    vocabulary=1000,
)  # fmt: skip


_REPORT = ExamReport(
    created=NOW,
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


def score(text: str, alternatives: int) -> TokenScore:
    """A token that was likely, and beside it half a character that was not possible."""
    half = Scored(token=8, data="é".encode()[:1], logprob=float("-inf"))
    first = Scored(token=7, data=text.encode(), logprob=-0.25)
    return TokenScore(token=7, data=first.data, logprob=-0.25, top=(first, half)[:alternatives])


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
        run = Run(id=f"t_{len(self.runs) + 1}", started=NOW)
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
            self.runs[run_id], outcome=outcome, why=why, finished=NOW, version="0001", report=REPORT
        )


class FakeSelf(FakeMemories, FakeIdentity, Self):
    """Answers with one fact; with tools it calls the first (told "twice": two times). Words in a question ask for faults:
    slow, overflow, busy, die, boom, none."""

    info = INFO

    def __init__(self, paths: Paths) -> None:
        FakeMemories.__init__(self, paths)
        FakeIdentity.__init__(self)
        self.config = Settings()
        self.trainings = FakeTrainings()
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
            if not question.plain:
                for part in self._free(question):
                    yield part
                return
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

    def _free(self, question: Question) -> list[AnswerDelta | Answer]:
        """All choices say the same; their pieces come in turn."""
        said = question.messages[-1].content
        choices = range(question.n)
        parts: list[AnswerDelta | Answer] = []
        scores = () if question.logprobs is None else (score("I live ", question.logprobs), score("in Oslo.", 0))
        calls: tuple[ToolCall, ...] = ()
        if question.tools and question.tool_choice != "none":
            name = question.tool_named or question.tools[0].name
            ids = [f"call_{i:024x}" for i in range(2 if "twice" in said else 1)]
            calls, scores = tuple(ToolCall(id=id, name=name, arguments=ARGUMENTS) for id in ids), ()
            for i, call in enumerate(calls):
                parts += [AnswerDelta(choice=n, call=CallDelta(index=i, id=call.id, name=name)) for n in choices]
                for piece in (ARGUMENTS[:8], ARGUMENTS[8:]):
                    parts += [AnswerDelta(choice=n, call=CallDelta(index=i, arguments=piece)) for n in choices]
        else:
            for i, piece in enumerate(("I live ", "in Oslo.")):
                parts += [AnswerDelta(choice=n, text=piece, scores=scores[i : i + 1]) for n in choices]
        reason = "tool_calls" if calls else "stop"
        parts += [AnswerDelta(choice=n, finish=reason) for n in choices]
        text = "" if calls else FACT
        one = Choice(text=text, calls=calls, scores=scores, finish_reason=reason)
        answer = msgspec.structs.replace(self._answer(question), text=text, source="model", finish_reason=reason)
        if calls:
            answer = msgspec.structs.replace(answer, citations=(), marks=())
        return [*parts, msgspec.structs.replace(answer, choices=(one,) * question.n)]

    async def served_models(self) -> list[str]:
        return ["self", "self-weights", "base", "self:0001"]

    def selves(self) -> list[SelfVersion]:
        return [self._version("0000"), self._version("0001")]

    def _version(self, version: str) -> SelfVersion:
        return SelfVersion(
            version=version, state="live" if version == self.live else "retired", base="b", template="t", created=NOW,
            adapter="adapter.gguf", exam={"owner": 0.8} if version == "0001" else {}, why="",
        )  # fmt: skip

    async def promote(self, version: str, *, force: bool = False) -> SelfVersion:
        if version not in ("0000", "0001"):
            raise NotFound(f"there is no self {version}")
        self.live = version
        return self._version(version)

    async def rollback(self) -> SelfVersion:
        return await self.promote("0000")

    async def bake(self, version: str, kind: BakedType = "Q8_0", *, on_event: OnEvent | None = None) -> SelfVersion:
        if version not in ("0000", "0001"):
            raise NotFound(f"there is no self {version}")
        if version == "0000":
            raise WrongUse("self 0000 has no adapter: it answers by quoting", code="no_adapter")
        if on_event:
            on_event(StageStarted(stage="bake", total=1))
        baked = Baked(type=kind, sha256="s", bytes=1, base_sha256="b", adapter_sha256="a", seconds=1.0)
        return msgspec.structs.replace(self._version(version), baked=baked)

    async def examine(self, *, on_event: OnEvent | None = None) -> dict[str, object]:
        if not self.notes:
            raise TooFew("there is nothing to ask about")
        if on_event:
            on_event(StageStarted(stage="exam", total=1))
        await self.release_exam.wait()
        return REPORT

    async def status(self) -> FakeStatus:
        return FakeStatus(ready=self.ready, live=self.live)
