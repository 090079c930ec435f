"""L0 -> L1 -> L2 -> exam -> promotion, as ordered stages that are resumed by their input hash.

A stage whose result is there for the same input is not run again: that is resume, incremental work and reproducibility in
one rule. ``Trainings`` keeps the runs: one at a time, with events that can be read from the start at any time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kernel.abc import OnEvent
from kernel.answer.bands import to_plain
from kernel.errors import NotFound, OneselfError, TooFew, WrongUse
from kernel.events import AnyEvent, RunFinished, RunStarted, SelfPromoted, StageFinished, StageStarted
from kernel.exam.exam import ExamReport, run_exam
from kernel.exam.structs import ExamQuestion, Verdict
from kernel.files import file_sha256, write_whole
from kernel.l0_insight.structs import ANALYST
from kernel.l1_identity.graph.ontology import load_ontology
from kernel.l1_identity.graph.structs import GraphPayload, graph_hash
from kernel.l1_identity.structs import IdentityPayload
from kernel.l2_training.skill import ADAPTER as SKILL
from kernel.l2_training.structs import Prepared, PrepareTask, Trained, TrainTask
from kernel.memory import graph_rows
from kernel.memory.store import Store
from kernel.selves.shelf import ADAPTER_FILE, FIRST, now
from kernel.types import Graph, Identity, Run, SelfVersion

if TYPE_CHECKING:
    from kernel.mind import Mind

log = logging.getLogger(__name__)
STARTED_FROM = "started-from.json"
"""In a version's folder from its first stage on: the input hash. The manifest comes last."""
PREPARED, TRAINED, EXAM, REPORT = "prepared.json", "trained.json", "exam.jsonl", "report.json"
RECIPE_VERSION = 1
"""Raised when the same notes and settings would be trained differently."""


class Pipeline:
    """The stages, over an open mind. Holds nothing between runs: everything is in the home."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind

    async def plan(self) -> dict[str, Any]:
        """What a run would do and cost; changes nothing."""
        mind = self._mind
        counts = await mind.store.counts()
        input_hash = await self.input_hash()
        unchanged = self._same(input_hash)
        return {
            "notes": counts.notes,
            "sentences": counts.sentences,
            "to_understand": counts.insights_pending,
            "unchanged": unchanged is not None,
            "input_hash": input_hash,
            "start_from": "skill" if self._skill_fits() else "the base",
            "training": msgspec.to_builtins(mind.config.training),
            "minutes": {"data": 0.5, "training": mind.config.training.minutes, "exam": 3.0},
        }

    async def run(self, *, force: bool, on_event: OnEvent) -> tuple[str, str, str | None, dict[str, Any]]:
        """All stages; returns outcome, why, version and report. Raises ``TooFew`` for an empty memory."""
        mind = self._mind
        if (await mind.store.counts()).notes == 0:
            raise TooFew("there is nothing to learn from yet. Add notes with 'oneself add FOLDER'.")
        await self._stage("analyse", on_event, mind.understand(on_event))
        input_hash = await self.input_hash()
        same = self._same(input_hash)
        if same is not None and not force:
            return (
                "unchanged",
                f"nothing has changed since self {same.version} ({same.state}: {same.why})",
                same.version,
                same.exam,
            )
        identity = await self._stage("identity", on_event, self.make_identity(input_hash))
        version = self._folder_for(input_hash)
        folder = mind.paths.self_folder(version)
        prepared = await self._kept(
            folder / PREPARED, Prepared, on_event, "data", lambda: self._prepare(version, identity, on_event)
        )
        trained = await self._kept(folder / TRAINED, Trained, on_event, "train", lambda: self._train(version, on_event))
        candidate = SelfVersion(
            version=version,
            state="candidate",
            base=mind.info.sha256,
            template=trained.template_sha256,
            created=now(),
            adapter=ADAPTER_FILE,
            parent=FIRST if self._skill_fits() else None,
            dataset=prepared.dataset_sha256,
            input_hash=input_hash,
            recipe={
                "training": msgspec.to_builtins(mind.config.training),
                "prepared": msgspec.to_builtins(prepared),
                "trained": msgspec.to_builtins(trained),
            },
        )
        mind.shelf.write(candidate)
        report = await self._stage("exam", on_event, self._examine(candidate, on_event))
        return await self._settle(candidate, report, force, on_event)

    async def examine(self, *, on_event: OnEvent | None = None) -> dict[str, Any]:
        """The exam of the live self, on the questions of its own version (or fresh ones for self 0000)."""
        mind = self._mind
        live = mind.shelf.get(mind.shelf.live)
        folder = mind.paths.self_folder(live.version)
        if not (folder / EXAM).exists():
            await mind.understand(on_event)
            identity = await self.make_identity(await self.input_hash())
            await self._prepare(live.version, identity, on_event or _ignore)
        report = await self._sit(live.version, folder / EXAM, on_event or _ignore, candidate=None)
        return report.plain()

    async def make_identity(self, input_hash: str) -> Identity:
        """The identity for what is known now, and the graph beside it; each as it is stored where nothing has changed."""
        latest = await self._mind.store.identity()
        if latest is not None and latest.input_hash == input_hash:
            await self._mind.refresh_identity()
        else:
            latest = await self._new_identity(input_hash, latest)
        await self._make_graph()
        return latest

    async def _new_identity(self, input_hash: str, previous: Identity | None) -> Identity:
        mind = self._mind
        memories, marks = await mind.store.memories(), await mind.marks()
        vectors = await mind.store.vectors_of([memory.note.id for memory in memories])
        payload = IdentityPayload(
            owner=mind.config.owner.name,
            input_hash=input_hash,
            created=now(),
            today=datetime.now().astimezone().date().isoformat(),
            memories=tuple(memories),
            insights=tuple(await mind.store.insights(ANALYST)),
            vectors={note_id: rows.mean(axis=0).astype("<f4").tobytes() for note_id, rows in vectors.items()},
            previous=previous,
            marks=tuple(marks),
        )
        return await mind.keep_identity(await mind.worker.run("identity", payload, Identity))

    async def _make_graph(self) -> None:
        """By what it is made of itself: the ontology may change, or an earlier try have failed, where the identity stays."""
        mind, owner = self._mind, self._mind.config.owner.name
        ontology = await asyncio.to_thread(load_ontology, mind.paths.home)
        insights = tuple(await mind.store.insights(ANALYST))
        if await mind.store.query(graph_rows.made_from) == graph_hash(insights, owner, ontology):
            return
        payload = GraphPayload(
            owner=owner,
            memories=tuple(await mind.store.memories()),
            insights=insights,
            ontology=ontology,
            previous=await mind.store.query(graph_rows.graph),
        )
        graph = await mind.worker.run("graph", payload, Graph)
        await mind.store.transact(lambda connection: graph_rows.put_graph(connection, graph))

    async def input_hash(self) -> str:
        """Of everything that the result rests on: ``known_hash``; and an earlier identity that was brought back, while the
        rest is as it was then."""
        known, latest = await self.known_hash(), await self._mind.store.identity()
        if latest is not None and latest.reverted_to is not None:
            brought = brought_back(known, latest.reverted_to)
            return brought if latest.input_hash == brought else known
        return known

    async def known_hash(self) -> str:
        """Of notes, the owner's marks, owner, analyst, base, skill, settings."""
        mind = self._mind
        notes = await mind.store.notes(limit=-1)
        parts = [
            str(RECIPE_VERSION),
            ANALYST,
            mind.info.sha256,
            file_sha256(SKILL / "recipe.json") if (SKILL / "recipe.json").exists() else "",
            mind.config.owner.name,
            msgspec.json.encode(mind.config.training).decode(),
            *sorted(f"{note.id}:{note.content_hash}:{note.origin}" for note in notes),
            *sorted(f"{mark.kind}:{mark.id}" for mark in await mind.marks()),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    # --- stages -------------------------------------------------------------------------------------------------------

    async def _prepare(self, version: str, identity: Identity, on_event: OnEvent) -> Prepared:
        mind = self._mind
        task = PrepareTask(
            home=str(mind.paths.home),
            version=version,
            owner=mind.config.owner.name,
            identity=identity,
            training=mind.config.training,
            questions=mind.config.exam.questions,
            seed=mind.config.exam.seed,
        )
        return await mind.worker.run("prepare", task, Prepared, on_event=on_event)

    async def _train(self, version: str, on_event: OnEvent) -> Trained:
        mind = self._mind
        task = TrainTask(
            home=str(mind.paths.home),
            version=version,
            start_from=str(SKILL) if self._skill_fits() else None,
            base_sha256=mind.info.sha256,
            template=mind.info.chat_template,
            eos_token=mind.info.eos_token,
            training=mind.config.training,
        )
        return await mind.worker.run("train", task, Trained, on_event=on_event)

    async def _examine(self, candidate: SelfVersion, on_event: OnEvent) -> ExamReport:
        folder = self._mind.paths.self_folder(candidate.version)
        return await self._sit(candidate.version, folder / EXAM, on_event, candidate=candidate.version)

    async def _sit(self, version: str, file: Path, on_event: OnEvent, *, candidate: str | None) -> ExamReport:
        mind = self._mind
        live = mind.shelf.live
        wanted = {FIRST, live, version}
        questions = [msgspec.json.decode(line, type=ExamQuestion) for line in file.read_bytes().splitlines() if line]
        for one in sorted(wanted):
            await mind.load_self(one)
        try:
            report = await run_exam(mind.answerer, questions, candidate=candidate, live=live, on_event=on_event)
        finally:
            for one in sorted(wanted - {live}):
                await mind.unload_self(one)
        write_whole(
            file.with_name(REPORT), msgspec.json.format(msgspec.json.encode(report.plain(texts=True)), indent=2)
        )
        await report.plot(mind.worker, file.with_name("report.svg"))
        return report

    async def _settle(
        self, candidate: SelfVersion, report: ExamReport, force: bool, on_event: OnEvent
    ) -> tuple[str, str, str | None, dict[str, Any]]:
        """Promote or refuse by the gate; the bands found in the exam go with the self."""
        mind = self._mind
        verdict = report.verdict or Verdict(promote=False, why="the exam gave no verdict")
        recipe = candidate.recipe | {"bands": to_plain(report.bands)}
        promote = verdict.promote or force
        why = verdict.why if verdict.promote else f"{verdict.why}{' (promoted by force)' if force else ''}"
        state = "candidate" if promote else "refused"
        mind.shelf.write(msgspec.structs.replace(candidate, state=state, recipe=recipe, exam=report.plain(), why=why))
        if not promote:
            return "refused", why, candidate.version, report.plain()
        previous = mind.shelf.live
        started = time.monotonic()
        on_event(StageStarted(stage="promote"))
        await mind.promote(candidate.version, force=True, why=why)
        on_event(StageFinished(stage="promote", seconds=time.monotonic() - started))
        on_event(SelfPromoted(version=candidate.version, previous=previous))
        return "promoted", why, candidate.version, report.plain()

    # --- what makes them resumable ------------------------------------------------------------------------------------

    def _same(self, input_hash: str) -> SelfVersion | None:
        """A finished version made from just this."""
        found = [
            one for one in self._mind.shelf.versions() if one.input_hash == input_hash and one.state != "candidate"
        ]
        return found[-1] if found else None

    def _folder_for(self, input_hash: str) -> str:
        """The version that an interrupted run with this input had begun, or a new one."""
        mind = self._mind
        for folder in sorted(mind.paths.selves.glob("[0-9]*"), reverse=True):
            mark = folder / STARTED_FROM
            if mark.exists() and msgspec.json.decode(mark.read_bytes()) == input_hash:
                return folder.name
        version = mind.shelf.next_version()
        folder = mind.paths.self_folder(version)
        folder.mkdir(parents=True)
        write_whole(folder / STARTED_FROM, msgspec.json.encode(input_hash))
        return version

    async def _kept(self, file: Path, kind: type[Any], on_event: OnEvent, stage: str, make: Callable[[], Any]) -> Any:
        """The result of a stage, from its file where an earlier run had finished it."""
        if file.exists():
            on_event(StageStarted(stage=stage))
            on_event(StageFinished(stage=stage, seconds=0.0, reused=True))
            return msgspec.json.decode(file.read_bytes(), type=kind)
        result = await self._stage(stage, on_event, make())
        write_whole(file, msgspec.json.encode(result))
        return result

    async def _stage(self, stage: str, on_event: OnEvent, work: Any) -> Any:
        started = time.monotonic()
        on_event(StageStarted(stage=stage))
        result = await work
        on_event(StageFinished(stage=stage, seconds=time.monotonic() - started))
        return result

    def _skill_fits(self) -> bool:
        first = self._mind.shelf.get(FIRST)
        return first.adapter is not None and (SKILL / "recipe.json").exists()


def brought_back(known: str, version: int) -> str:
    """The ``input_hash`` of an identity that says again what ``version`` said, with ``known`` the hash of all the rest."""
    return hashlib.sha256(f"{known}\nidentity {version}".encode()).hexdigest()


_CANCELLED = "cancelled; the next run goes on from the last finished stage"


class Trainings:
    """The training runs of a home: at most one under way; each kept with its events."""

    def __init__(self, store: Store, pipeline: Pipeline, after: Callable[[], Awaitable[None]]) -> None:
        """``after``: called when a run has come to its end, not when it was stopped or failed."""
        self._store, self.pipeline, self._after = store, pipeline, after
        self._runs: dict[str, Run] = {}
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._why = _CANCELLED
        self.running: str | None = None

    async def recover(self) -> None:
        """Runs that ended with their process are marked so; the next ``start`` goes on where they stood."""
        for run in reversed(await self._store.runs(limit=50)):
            if run.outcome == "running":
                why = "interrupted: the process ended. Start it again and it goes on from the last finished stage."
                run = msgspec.structs.replace(run, outcome="failed", why=why, finished=now())
                await self._store.put_run(run)
            self._runs[run.id] = run

    async def plan(self) -> dict[str, Any]:
        return await self.pipeline.plan()

    async def start(self, *, force: bool = False) -> str:
        """Begin a run; returns its id. Raises ``WrongUse`` (code ``training_running``) while one is under way."""
        if self.running is not None:
            raise WrongUse(f"training {self.running} is under way; wait for it or cancel it", code="training_running")
        run = Run(id=f"t_{uuid.uuid4().hex[:12]}", started=now(), plan=await self.plan())
        self.running, self._runs[run.id] = run.id, run
        await self._store.put_run(run)
        self._task = asyncio.create_task(self._run(run.id, force))
        return run.id

    def list(self) -> list[Run]:
        """Latest first."""
        return sorted(self._runs.values(), key=lambda run: (run.started, run.id), reverse=True)

    def get(self, run_id: str) -> Run:
        try:
            return self._runs[run_id]
        except KeyError:
            raise NotFound(f"there is no training run {run_id}") from None

    async def events(self, run_id: str) -> AsyncIterator[AnyEvent]:
        """From the first, past ones at once, then as they come, until the run has ended."""
        at = 0
        while True:
            run = self.get(run_id)
            for event in run.events[at:]:
                yield msgspec.convert(event, AnyEvent)
            at = len(run.events)
            if run.outcome != "running" and at == len(self.get(run_id).events):
                return
            async with self._changed:
                await self._changed.wait_for(partial(self._moved, run_id, at))

    async def wait(self, run_id: str) -> Run:
        async with self._changed:
            await self._changed.wait_for(lambda: self.get(run_id).outcome != "running")
        return self.get(run_id)

    async def cancel(self, run_id: str, why: str = _CANCELLED) -> None:
        """Stop it; what its finished stages made is kept for the next run. A run that has ended is left as it is."""
        if self.get(run_id).outcome == "running" and self._task is not None:
            self._why = why
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close(self) -> None:
        if self.running is not None:
            await self.cancel(self.running)

    def _moved(self, run_id: str, at: int) -> bool:
        run = self.get(run_id)
        return len(run.events) > at or run.outcome != "running"

    async def _run(self, run_id: str, force: bool) -> None:
        outcome, why, version = "failed", "", None
        report: dict[str, Any] = {}
        pending: set[asyncio.Task[None]] = set()

        def on_event(event: AnyEvent) -> None:
            self._append(run_id, event)
            task = asyncio.create_task(self._tell())
            pending.add(task)
            task.add_done_callback(pending.discard)

        on_event(RunStarted(run=run_id, plan=self.get(run_id).plan))
        try:
            outcome, why, version, report = await self.pipeline.run(force=force, on_event=on_event)
        except asyncio.CancelledError:
            outcome, why = "cancelled", self._why
        except OneselfError as error:
            outcome, why = "failed", str(error)
        except BaseException:
            outcome, why = "failed", "a fault in Oneself itself; the server's log has the traceback"
            raise
        finally:
            self._append(run_id, RunFinished(run=run_id, outcome=outcome, why=why, version=version))
            run = msgspec.structs.replace(
                self.get(run_id), outcome=outcome, why=why, version=version, report=report, finished=now()
            )
            self._runs[run_id], self.running = run, None
            await self._store.put_run(run)
            if outcome in ("promoted", "refused", "unchanged"):
                await self._after()
            await self._tell()

    def _append(self, run_id: str, event: AnyEvent) -> None:
        run = self._runs[run_id]
        self._runs[run_id] = msgspec.structs.replace(run, events=(*run.events, msgspec.to_builtins(event)))

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _ignore(event: AnyEvent) -> None:
    """For callers that do not want to know."""
