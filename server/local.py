"""The command line's door where no server runs: the mind itself, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from kernel.abc import OnEvent
from kernel.l1_identity.graph.graphml import graphml
from kernel.mind import Mind
from kernel.types import AnswerDelta, BakedType, Identity, Question
from server.door import Ask
from server.schemas.answers import AnswerOut, answer_out
from server.schemas.dates import moment
from server.schemas.identity import (
    CorrectionRequest,
    DiffOut,
    IdentityOut,
    MarkList,
    VersionList,
    diff_out,
    from_out,
    identity_out,
    version_out,
)
from server.schemas.memories import (
    HistoryOut,
    MemoryCardOut,
    MemoryOut,
    NotePage,
    NotesAsked,
    SearchAsked,
    SearchResults,
    State,
    TodoList,
    card_out,
    history_out,
    memory_out,
    page_out,
    search_results,
)
from server.schemas.receipts import ReceiptList, ReceiptOut, receipt_out
from server.schemas.remember import AddedOut, EditRequest, added_out
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

    async def remember_paths(self, paths: Sequence[Path], *, mine: bool, again: bool, on_event: OnEvent) -> AddedOut:
        absolute = [path.absolute() for path in paths]
        return added_out(await self._mind.remember_files(absolute, mine=mine, again=again, on_event=on_event))

    async def remember_links(self, urls: Sequence[str], *, mine: bool, on_event: OnEvent) -> AddedOut:
        return added_out(await self._mind.remember_links(urls, mine=mine, on_event=on_event))

    async def read_back(self) -> AddedOut:
        return added_out(await self._mind.read_back())

    async def list_memories(self, asked: NotesAsked) -> NotePage:
        notes, total = await self._mind.list_notes(**asked.checked().given())
        return page_out(notes, total, asked)

    async def todos(self, *, state: State, limit: int) -> TodoList:
        return TodoList(tuple(await self._mind.todos(state=state, limit=limit)))

    async def memory(self, note_id: str) -> MemoryOut:
        return memory_out(await self._mind.memory(note_id), await self._mind.insight(note_id))

    async def card(self, note_id: str) -> MemoryCardOut:
        return card_out(await self._mind.card(note_id), await self._mind.insight(note_id))

    async def history(self, note_id: str) -> HistoryOut:
        return history_out(note_id, await self._mind.history(note_id))

    async def edit(self, note_id: str, wanted: EditRequest) -> MemoryOut:
        await self._mind.edit(note_id, **wanted.changes(self._mind.config.memory.max_text_mb))
        return await self.memory(note_id)

    async def forget(self, note_ids: Sequence[str]) -> ReceiptOut:
        return receipt_out(await self._mind.forget(note_ids))

    async def forget_batch(self, batch: str) -> ReceiptOut:
        return receipt_out(await self._mind.forget_batch(batch))

    async def receipts(self, *, limit: int) -> ReceiptList:
        return ReceiptList(tuple(map(receipt_out, await self._mind.receipts(limit))))

    async def receipt(self, receipt_id: str) -> ReceiptOut:
        return receipt_out(await self._mind.receipt(receipt_id))

    async def search(self, query: str, asked: SearchAsked) -> SearchResults:
        return search_results(await self._mind.search(query, **asked.checked().given()))

    async def identity(self) -> Identity:
        return from_out(await self.identity_whole(None))

    async def identity_whole(self, version: int | None) -> IdentityOut:
        mind = self._mind
        found = await (mind.identity() if version is None else mind.identity_version(version))
        return identity_out(found, await mind.marks())

    async def identity_versions(self, *, limit: int) -> VersionList:
        return VersionList(tuple(map(version_out, await self._mind.identity_versions(limit))))

    async def identity_diff(self, before: int | None, after: int | None) -> DiffOut:
        return diff_out(await self._mind.identity_diff(before, after))

    async def revert_identity(self, version: int) -> IdentityOut:
        return identity_out(await self._mind.revert_identity(version), await self._mind.marks())

    async def mark_sentence(self, sentence: str, kind: Literal["pin", "strike"]) -> IdentityOut:
        decide = self._mind.pin if kind == "pin" else self._mind.strike
        return identity_out(await decide(sentence), await self._mind.marks())

    async def unmark_sentence(self, sentence: str) -> MarkList:
        await self._mind.unmark(sentence)
        return MarkList(tuple(await self._mind.marks()))

    async def correct(self, wanted: CorrectionRequest) -> IdentityOut:
        return identity_out(await self._mind.correct(**wanted.asked()), await self._mind.marks())

    async def graph_export(self) -> str:
        return graphml(await self._mind.graph())

    async def selves(self) -> tuple[SelfOut, ...]:
        return tuple(map(self_out, self._mind.selves()))

    async def promote(self, version: str, *, force: bool) -> SelfOut:
        return self_out(await self._mind.promote(version, force=force))

    async def rollback(self) -> SelfOut:
        return self_out(await self._mind.rollback())

    async def bake(self, version: str, *, kind: BakedType, on_event: OnEvent) -> SelfOut:
        return self_out(await self._mind.bake(version, kind, on_event=on_event))

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
        return Question(
            messages=question.messages,
            model=question.model,
            memory=question.memory,
            as_of=None if question.as_of is None else moment(question.as_of, "--as-of"),
            max_tokens=question.max_tokens or self._mind.config.answer.max_tokens,
            temperature=question.temperature,
            seed=question.seed,
        )
