"""The command line's door where no server runs: the mind itself, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kernel.abc import OnEvent
from kernel.errors import NotFound
from kernel.mind import Mind
from kernel.types import AnswerDelta, Identity, Question
from server.door import Ask
from server.schemas.answers import AnswerOut, answer_out
from server.schemas.chat import check_date
from server.schemas.memories import (
    AddedOut,
    MemoryOut,
    NotePage,
    SearchResults,
    added_out,
    memory_out,
    note_out,
    search_results,
)
from server.schemas.selves import RunOut, SelfOut, run_out, self_out


class LocalDoor:
    """See ``server.door.Door``."""

    where = "this process"

    def __init__(self, mind: Mind) -> None:
        self._mind = mind

    async def ask(self, question: Ask) -> AnswerOut:
        return answer_out(await self._mind.ask(self._question(question)))

    async def ask_stream(self, question: Ask) -> AsyncIterator[str | AnswerOut]:
        async for item in self._mind.ask_stream(self._question(question)):
            yield item.text if isinstance(item, AnswerDelta) else answer_out(item)

    async def remember_text(self, text: str, *, title: str, mine: bool) -> AddedOut:
        return added_out(await self._mind.remember(text, title=title, origin="owner" if mine else "other"))

    async def remember_paths(self, paths: Sequence[Path], *, mine: bool, on_event: OnEvent) -> AddedOut:
        absolute = [path.absolute() for path in paths]
        return added_out(await self._mind.remember_files(absolute, mine=mine, on_event=on_event))

    async def list_memories(self, *, offset: int, limit: int, query: str | None) -> NotePage:
        notes, total = await self._mind.list_notes(offset=offset, limit=limit, query=query)
        return NotePage(memories=tuple(map(note_out, notes)), total=total, offset=offset, limit=limit)

    async def memory(self, note_id: str) -> MemoryOut:
        return memory_out(await self._mind.memory(note_id), await self._mind.insight(note_id))

    async def forget(self, note_id: str) -> int:
        forgotten = await self._mind.forget([note_id])
        if not forgotten:
            raise NotFound(f"There is no memory {note_id}; 'oneself memories list' shows their ids.")
        return forgotten

    async def forget_batch(self, batch: str) -> int:
        forgotten = await self._mind.forget_batch(batch)
        if not forgotten:
            raise NotFound(f"There is no addition {batch} to undo, or nothing of it is left.")
        return forgotten

    async def search(self, query: str, *, limit: int, as_of: str | None) -> SearchResults:
        if as_of is not None:
            check_date(as_of, "--as-of")
        return search_results(await self._mind.search(query, limit=limit, as_of=as_of))

    async def identity(self) -> Identity:
        found = await self._mind.identity()
        if found is None:
            raise NotFound("There is no identity yet: add notes, then run 'oneself train'.", code="no_identity")
        return found

    async def selves(self) -> tuple[SelfOut, ...]:
        return tuple(map(self_out, self._mind.selves()))

    async def promote(self, version: str, *, force: bool) -> SelfOut:
        return self_out(await self._mind.promote(version, force=force))

    async def rollback(self) -> SelfOut:
        return self_out(await self._mind.rollback())

    async def plan(self) -> dict[str, Any]:
        return await self._mind.trainings.plan()

    async def train(self, *, force: bool, on_event: OnEvent) -> RunOut:
        trainings = self._mind.trainings
        run = await trainings.start(force=force)
        async for event in trainings.events(run):
            on_event(event)
        return run_out(await trainings.wait(run))

    async def exam(self, *, on_event: OnEvent) -> dict[str, Any]:
        return await self._mind.examine(on_event=on_event)

    async def status(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(await self._mind.status())
        return found

    def _question(self, question: Ask) -> Question:
        if question.as_of is not None:
            check_date(question.as_of, "--as-of")
        return Question(
            messages=question.messages,
            model=question.model,
            memory=question.memory,
            as_of=question.as_of,
            max_tokens=question.max_tokens or self._mind.config.answer.max_tokens,
            temperature=question.temperature,
            seed=question.seed,
        )
