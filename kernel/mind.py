"""A home, opened: memory, engine, worker and selves under one lock. The ``Self`` that everything else talks to.

Opening takes the home's lock and starts the engine child; closing ends the children. What must be thought about after a
note was saved (insight, pronouns) is done in the background, in the worker, a moment later.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, aclosing, suppress

import msgspec

from kernel.abc import Engine, ModelInfo, OnEvent, Worker
from kernel.answer.answerer import Answerer, Context
from kernel.answer.bands import from_plain
from kernel.answer.prompt import ChatTemplate
from kernel.answer.quote import needs_passage, with_passage
from kernel.baking import Baking
from kernel.config import KernelConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.errors import Busy, EngineError, JobFailed, ModelError, NoAdapters, NotFound
from kernel.forgetting import RETRAIN, Forgetting
from kernel.home import check_version, hold
from kernel.knowing import Knowing
from kernel.l0_insight.structs import ANALYST, Understood
from kernel.lending import Lending
from kernel.memory.asked import text_to_embed
from kernel.memory.ingest import Ingest
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.memory.transcribing import Recording
from kernel.memory.whisper import whisper_folder
from kernel.mirroring import Mirroring
from kernel.pipeline import Pipeline, Trainings
from kernel.remembering import Remembering
from kernel.selves.shelf import Shelf
from kernel.superseding import mark_superseded
from kernel.types import (
    Answer,
    AnswerDelta,
    BakedType,
    Biography,
    Frozen,
    Hit,
    Identity,
    Insight,
    MemoryCounts,
    Origin,
    Question,
    SelfVersion,
    Transcript,
)
from kernel.worker import ProcessWorker
from kernel.writing import Writing

log = logging.getLogger(__name__)
UNDERSTAND_BATCH = 16
"""Notes to one worker job: files that are to be read meanwhile wait for no more than these."""
RECORDINGS = 8
"""That may wait to be transcribed, or be under way: one at a time is."""
MARKING_SHARE = 0.05
"""Of the time, at most, that goes into finding out anew what has been superseded."""


class Status(Frozen, frozen=True, kw_only=True):
    """What runs, what is learned, what waits."""

    ready: bool
    owner: str
    live: str
    models: tuple[str, ...]
    memory: MemoryCounts
    embedder: str
    """Whose vectors search serves."""
    embedder_next: str
    """The configured one, where its vectors are still being made; else empty."""
    training: str | None
    """Id of the run under way."""
    retraining_due: bool
    """Whether a self is to be trained without what was forgotten."""
    disk: dict[str, int]
    """Bytes by folder of the home."""
    engine: dict[str, float]
    children: dict[str, int]
    """Process ids."""


class Mind(Remembering, Knowing, Lending):
    """See ``kernel.abc.Self``; made by ``Mind.open``, ended by ``close``."""

    def __init__(
        self, paths: Paths, config: KernelConfig, store: Store, engine: Engine, worker: Worker, held: ExitStack
    ) -> None:
        self.paths, self.config, self.store, self.engine, self.worker = paths, config, store, engine, worker
        self.shelf = Shelf(paths)
        self.searcher = Searcher(paths.database, owner=config.owner.known_as)
        self.ingest = Ingest(store, engine, worker, config, home=paths.home)
        self.info: ModelInfo
        self.answerer: Answerer
        self._held = held
        self._understanding: asyncio.Task[None] | None = None
        self._unmarked, self._mark_at = False, 0.0
        self._marking: asyncio.TimerHandle | None = None
        self._recordings = 0
        self._turn = asyncio.Lock()
        self._loading = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._without_weights = False
        self.mirroring = Mirroring(self)
        self.writing = Writing(self)
        self.forgetting = Forgetting(self)
        self.baking = Baking(self)
        self.trainings = Trainings(store, Pipeline(self), self.forgetting.trained)

    @classmethod
    async def open(
        cls, paths: Paths, config: KernelConfig, *, engine: Engine | None = None, worker: Worker | None = None
    ) -> Mind:
        """Raises ``HomeHeld`` where another process has the home, ``HomeError``/``ModelError`` where it cannot be used."""
        check_version(paths)
        with ExitStack() as stack:
            stack.enter_context(hold(paths))
            engine = engine or engine_of(paths, config)
            store = await Store.open(paths.database, embedding_model=config.memory.embedder)
            mind = cls(paths, config, store, engine, worker or ProcessWorker(paths.logs), stack)
            try:
                mind.info = await engine.start()
                await mind._set_up()
            except BaseException:
                await mind._end_parts()
                raise
            mind._held = stack.pop_all()
        return mind

    async def close(self) -> None:
        """End the children and give the home back. What was not finished goes on at the next start."""
        await self.trainings.close()
        await self.baking.stop()
        if self._marking is not None:
            self._marking.cancel()
        if self._understanding is not None:
            self._understanding.cancel()
            await asyncio.gather(self._understanding, return_exceptions=True)
        await self.forgetting.close()
        await self.mirroring.close()
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self.writing.close()
        await self._end_parts()
        self._held.close()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def ask(self, question: Question) -> Answer:
        answer = await self.answerer.ask(question)
        await self._used(answer)
        return answer

    async def ask_stream(self, question: Question) -> AsyncGenerator[AnswerDelta | Answer, None]:
        async with aclosing(self.answerer.stream(question)) as parts:
            async for part in parts:
                if isinstance(part, Answer):
                    await self._used(part)
                yield part

    async def _used(self, answer: Answer) -> None:
        if answer.citations:
            await self.store.used([citation.note_id for citation in answer.citations])

    async def search(
        self,
        query: str,
        *,
        limit: int = 10,
        as_of: str | None = None,
        previous: Sequence[str] = (),
        neighbours: bool = False,
        origin: Origin | None = None,
        kind: str | None = None,
    ) -> list[Hit]:
        put = await asyncio.to_thread(self.searcher.addressed, query)
        vectors = None
        try:
            texts = [text_to_embed(query, tuple(previous)), *([put] if put else [])]
            vectors = await self.engine.embed(texts, model=self.store.embedding_model)
        except (EngineError, ModelError):
            log.warning("searching without vectors: the embedding model does not answer")
        hits = await asyncio.to_thread(
            self.searcher.search,
            query,
            None if vectors is None else vectors[0],
            addressed=None if vectors is None or put is None else vectors[1],
            limit=limit if origin is None and kind is None else max(60, 6 * limit),
            as_of=as_of,
            previous=tuple(previous),
            today=_today(as_of),
            neighbours=neighbours,
        )
        hits = [hit for hit in hits if origin in (None, hit.origin) and kind in (None, hit.kind)][:limit]
        leaning = {hit.note_id for hit in hits if needs_passage(hit)}
        memories = {note_id: await self.store.memory(note_id) for note_id in leaning}
        return [with_passage(hit, memories[hit.note_id]) if needs_passage(hit) else hit for hit in hits]

    async def served_models(self) -> list[str]:
        return self.answerer.served()

    # --- recordings ---------------------------------------------------------------------------------------------------

    async def transcribe(self, recording: Recording, on_event: OnEvent | None = None) -> Transcript:
        """What is said in it, by the configured Whisper model; nothing is kept. Each segment is told as it is heard.

        Raises ``ModelError`` while the model is not installed, ``JobFailed`` (code ``unreadable``) for what is no
        recording, and ``Busy``.
        """
        model = await asyncio.to_thread(whisper_folder, str(self.paths.models), self.config.memory.whisper)
        if self._recordings >= RECORDINGS:
            raise Busy(f"{RECORDINGS} recordings are waiting already; try again in a moment", retry_after=10)
        self._recordings += 1
        try:
            wanted = msgspec.structs.replace(recording, model=str(model))
            return await self.worker.run("transcribe", wanted, Transcript, on_event=on_event)
        finally:
            self._recordings -= 1

    # --- understanding ------------------------------------------------------------------------------------------------

    def think(self) -> None:
        """Go over new notes in the background; returns at once."""
        self.mirroring.changed()
        if self._understanding is None or self._understanding.done():
            self._understanding = asyncio.create_task(self._think())

    async def understand(self, on_event: OnEvent | None = None) -> int:
        """Insight and resolved pronouns for every note that has none; returns how many notes were gone over."""
        done = 0
        async with self._turn:
            await self._fill_vectors()
            while batch := await self.store.unresolved(limit=UNDERSTAND_BATCH):
                found = await self.worker.run("understand", batch, list[Understood], on_event=on_event)
                await self.store.put_insights([one.insight for one in found])
                by_id = {memory.note.id: memory for memory in batch}
                for one in found:
                    await self.store.set_contexts(by_id[one.note_id], one.contexts)
                done += len(batch)
            await self.ingest.fill_vectors()
            self._unmarked = self._unmarked or done > 0
            await self._mark()
            if done:
                self.mirroring.changed()
        self.writing.changed()
        return done

    async def _mark(self) -> None:
        """Find out what has been superseded, which looks at all notes; soon after the last time: a little later."""
        loop = asyncio.get_running_loop()
        if not self._unmarked:
            return
        if loop.time() < self._mark_at:
            if self._marking is None or self._marking.cancelled() or self._marking.when() < loop.time():
                self._marking = loop.call_at(self._mark_at + 0.1, self.think)
            return
        began = loop.time()
        await mark_superseded(self.store, ANALYST)
        self._unmarked = False
        self._mark_at = loop.time() + (loop.time() - began) / MARKING_SHARE

    async def _fill_vectors(self) -> None:
        """With the model that serves, then with the configured one, which serves from there on."""
        serving = self.store.embedding_model
        if serving != self.config.memory.embedder and not self.paths.embedding_model(serving).exists():
            await self.store.serve_model(self.config.memory.embedder)
        await self.ingest.fill_vectors()
        if await self.ingest.change_model():
            log.info("the embedding model is %s now", self.store.embedding_model)

    async def insight(self, note_id: str) -> Insight | None:
        """By the configured analyst; by the rules where that has not read it yet."""
        return await self.store.insight(note_id, None if self.config.analyst.kind == "written" else ANALYST)

    async def identity(self) -> Identity | None:
        return await self.store.identity()

    # --- selves -------------------------------------------------------------------------------------------------------

    def selves(self) -> list[SelfVersion]:
        return self.shelf.versions()

    async def promote(self, version: str, *, force: bool = False, why: str = "by hand") -> SelfVersion:
        """Serve ``version`` from the next request on. A refused or unexamined one needs ``force``."""
        chosen = self.shelf.get(version)
        if chosen.state == "refused" and not force:
            raise NotFound(
                f"self {version} was refused ({chosen.why}). Promote it all the same with --force.", code="refused"
            )
        self.shelf.check_servable(version)
        await self.load_self(version)
        promoted = self.shelf.promote(version, why)
        await self._serve(promoted.version)
        return promoted

    async def serve_clean(self) -> None:
        """Serve the newest self that never held what was forgotten."""
        clean = self.shelf.newest_clean()
        await self.load_self(clean)
        self.shelf.promote(clean, "the newest that never held what was forgotten")
        await self._serve(clean)

    async def rollback(self) -> SelfVersion:
        back = self.shelf.roll_back()
        await self._serve(back.version)
        return back

    async def bake(self, version: str, kind: BakedType = "Q8_0", *, on_event: OnEvent | None = None) -> SelfVersion:
        """Make one file of base and adapter and serve it in their place. See ``kernel.baking``."""
        return await self.baking.bake(version, kind, on_event=on_event)

    async def load_self(self, version: str) -> None:
        """Have the version in the engine, beside what is there: its baked file, or its adapter."""
        async with self._loading:
            if version in self.answerer.context.adapters:
                return
            file = await asyncio.to_thread(self.shelf.served_file, version)
            if file is None:
                return
            try:
                await self.engine.load_adapter(version, file)
            except NoAdapters as error:  # it answers by quoting then
                if not self._without_weights:
                    log.warning("%s", error)
                self._without_weights = True
                return
            self.answerer.context.adapters |= {version}

    async def unload_self(self, version: str) -> None:
        """Nobody is answered by it any more unless it is live; when the last answer under way has ended, the engine lets
        go of it."""
        context = self.answerer.context
        if version in context.adapters and version != context.live:
            context.adapters -= {version}
            leaving = asyncio.create_task(self._let_go(version))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _let_go(self, version: str) -> None:
        await self.answerer.context.in_use.ended(version)
        async with self._loading:
            if version not in self.answerer.context.adapters:  # else it was wanted again meanwhile
                with suppress(EngineError):  # it is down, and comes back without it
                    await self.engine.unload_adapter(version)

    async def refresh_identity(self) -> None:
        """Answer "who are you?" from the newest identity."""
        identity = await self.store.identity()
        context, budget = self.answerer.context, self.config.answer.persona_tokens
        context.biography = identity.biography if identity else Biography()
        context.told = tuple(one.text for one in await self.persona_sentences(budget)) if budget else ()

    async def examine(self, *, on_event: OnEvent | None = None) -> dict[str, object]:
        """Sit the exam now, with the live self; changes nothing."""
        return await self.trainings.pipeline.examine(on_event=on_event)

    @property
    def ready(self) -> bool:
        """Whether an answer can be given at once: false while the engine is being started again."""
        return self.engine.up

    async def status(self) -> Status:
        sizes = await asyncio.to_thread(_disk, self.paths)
        children = dict(self.worker.pids) if isinstance(self.worker, ProcessWorker) else {}
        if (engine := getattr(self.engine, "pid", None)) is not None:
            children["engine"] = engine
        wanted = self.config.memory.embedder
        return Status(
            ready=self.ready,
            owner=self.config.owner.name,
            live=self.answerer.context.live,
            models=tuple(self.answerer.served()),
            memory=await self.store.counts(),
            embedder=self.store.embedding_model,
            embedder_next="" if wanted == self.store.embedding_model else wanted,
            training=self.trainings.running,
            retraining_due=await self.store.last_run(RETRAIN) is not None,
            disk=sizes,
            engine=await self.engine.stats(),
            children=children,
        )

    # --- parts --------------------------------------------------------------------------------------------------------

    async def _set_up(self) -> None:
        self.answerer = Answerer(
            self.engine,
            self._search_for_answers,
            Context(
                owner=self.config.owner.name,
                template=ChatTemplate(
                    self.info.chat_template, bos_token=self.info.bos_token, eos_token=self.info.eos_token
                ),
                evidence=self.config.answer.evidence,
            ),
        )
        await self.refresh_identity()
        self.baking.recover()
        await self._serve(self.shelf.live)
        await self.trainings.recover()
        await self.forgetting.recover()
        counts = await self.store.counts()
        if counts.unresolved or counts.vectors_pending or self.store.embedding_model != self.config.memory.embedder:
            self.think()
        self.writing.changed()

    async def _search_for_answers(
        self, query: str, limit: int, as_of: str | None, previous: tuple[str, ...]
    ) -> list[Hit]:
        """As the answerer asks: by position."""
        return await self.search(query, limit=limit, as_of=as_of, previous=previous)

    async def _serve(self, version: str) -> None:
        """Swap: the new adapter is loaded, new requests go to it, the old one's requests end on the old."""
        await self.load_self(version)
        context = self.answerer.context
        before, context.live = context.live, version
        context.bands = from_plain(self.shelf.get(version).recipe.get("bands"))
        if before != version:
            await self.unload_self(before)

    async def _think(self) -> None:
        try:
            await self.understand()
        except (JobFailed, EngineError, ModelError) as error:
            log.warning("notes are not gone over yet, and will be at the next chance: %s", error.code)

    async def _end_parts(self) -> None:
        await self.engine.close()
        if isinstance(self.worker, ProcessWorker):
            await self.worker.close()
        self.searcher.close()
        await self.store.close()


def engine_of(paths: Paths, config: KernelConfig) -> Engine:
    """The engine that the settings ask for: a child of this process, or another server."""
    if config.engine.url:
        from kernel.engine.remote import RemoteEngine  # HTTP, which a home that generates itself need not load

        return RemoteEngine(paths, config.engine)
    return LocalEngine(
        paths, config.engine, on_restart=lambda why: log.warning("the engine %s and was started again", why)
    )


def _today(as_of: str | None) -> dt.date:
    """What "last week" is counted from: the day the question is put at, by the owner's clock."""
    if as_of is not None and len(as_of) >= 10:
        return dt.date.fromisoformat(as_of[:10])
    return dt.datetime.now().astimezone().date()


def _disk(paths: Paths) -> dict[str, int]:
    sizes = {"database": sum(f.stat().st_size for f in paths.home.glob(paths.database.name + "*"))}
    for folder in (paths.files, paths.models, paths.selves, paths.logs):
        sizes[folder.name] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return sizes
