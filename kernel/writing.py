"""Insights written by a model, one note at a time, while nobody is answered: see ``kernel.l0_insight.written``.

Off unless ``analyst.kind`` asks for it. With ``analyst.url`` the sentences of notes go to that server, and only there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kernel.abc import Engine, Finished, Generate, ModelInfo, Piece, Prompt, Vectors
from kernel.answer.prompt import ChatTemplate
from kernel.errors import NotFound, OneselfError
from kernel.l0_insight.structs import ANALYST
from kernel.l0_insight.written.analyst import WrittenAnalyst
from kernel.types import DEFAULT_EMBEDDER, Note

if TYPE_CHECKING:
    from kernel.mind import Mind

log = logging.getLogger(__name__)
LOOK = 0.5
"""Seconds between two looks at whether the engine is free."""


class Writing:
    """One per open mind. ``changed`` after the rules have been over new notes; ``close`` before the engine ends."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._teacher: Engine | None = None
        self._analyst: WrittenAnalyst | None = None
        self._task: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Go on with the notes that the model has not read; returns at once."""
        if self._mind.config.analyst.kind == "written" and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._write())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._let_go()

    async def write(self) -> int:
        """Every note that the model has not read as it is now; returns how many it read."""
        analyst, store = await self._opened(), self._mind.store
        done = 0
        for note_id in await store.without_insight(analyst.name):
            try:
                memory = await store.memory(note_id)
            except NotFound:  # forgotten meanwhile
                continue
            rules = await store.insight(note_id, ANALYST)
            if rules is None or rules.content_hash != memory.note.content_hash or not self._may_go(memory.note):
                continue
            await store.put_insights([await analyst.understand(memory, rules)])
            done += 1
        return done

    async def _write(self) -> None:
        try:
            if await self.write():
                self._mind.mirroring.changed()
        except OneselfError as error:
            log.warning("notes are not written about yet, and will be at the next chance: %s", error.code)
            await self._let_go()

    def _may_go(self, note: Note) -> bool:
        """Whether a note may be sent to another server: those with a tag of ``analyst.keep_home`` may not."""
        config = self._mind.config.analyst
        kept = {tag.lower() for tag in config.keep_home}
        return not config.url or kept.isdisjoint(tag.lower() for tag in note.tags)

    async def _opened(self) -> WrittenAnalyst:
        if self._analyst is None:
            config, mind = self._mind.config.analyst, self._mind
            engine, info = mind.engine, mind.info
            if config.url:
                from kernel.engine.remote import RemoteEngine  # HTTP, which a home that generates itself need not load

                there = msgspec.structs.replace(
                    mind.config.engine, url=config.url, model=config.model, key_file=config.key_file
                )
                self._teacher = engine = RemoteEngine(mind.paths, there, local=_Lent(mind.engine, mind.info))
                info = await engine.start()
            template = ChatTemplate(info.chat_template, bos_token=info.bos_token, eos_token=info.eos_token)
            self._analyst = WrittenAnalyst(
                engine,
                info,
                template.render,
                owner=mind.config.owner.known_as,
                window_tokens=config.window_tokens,
                pause=self._free,
            )
        return self._analyst

    async def _let_go(self) -> None:
        self._analyst = None
        if self._teacher is not None:
            teacher, self._teacher = self._teacher, None
            await teacher.close()

    async def _free(self) -> None:
        """Until nobody is being answered here; another server sees to that itself."""
        if self._teacher is not None:
            return
        while await self._busy():  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(LOOK)

    async def _busy(self) -> bool:
        stats = await self._mind.engine.stats()
        return stats.get("running", 0) + stats.get("queued", 0) > 0


class _Lent(Engine):
    """The mind's own engine for one that counts tokens with it: started already, and not its to end."""

    def __init__(self, engine: Engine, info: ModelInfo) -> None:
        self._engine, self._info = engine, info

    @property
    def up(self) -> bool:
        return self._engine.up

    async def start(self) -> ModelInfo:
        return self._info

    async def close(self) -> None:
        return None

    def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        return self._engine.generate(request)

    async def embed(self, texts: Sequence[Prompt], *, model: str = DEFAULT_EMBEDDER) -> Vectors:
        return await self._engine.embed(texts, model=model)

    async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
        return await self._engine.tokenize(text, special=special, model=model)

    async def detokenize(self, tokens: Sequence[int]) -> str:
        return await self._engine.detokenize(tokens)

    async def load_adapter(self, version: str, path: Path) -> None:
        await self._engine.load_adapter(version, path)

    async def unload_adapter(self, version: str) -> None:
        await self._engine.unload_adapter(version)

    async def stats(self) -> dict[str, float]:
        return await self._engine.stats()
