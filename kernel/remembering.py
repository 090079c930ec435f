"""What a mind can be told and asked of its notes: keep, change, list, forget. Part of ``Mind``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kernel.abc import OnEvent
from kernel.config import Paths
from kernel.forgetting import Forgetting
from kernel.memory.ingest import Ingest
from kernel.memory.store import Store
from kernel.mirroring import Mirroring
from kernel.selves.reach import Reach
from kernel.types import Added, Memory, MemoryCard, Note, Origin, Receipt, TextToRemember, Todo


class Remembering:
    """Over the parts that ``Mind`` opens."""

    paths: Paths
    store: Store
    ingest: Ingest
    mirroring: Mirroring
    forgetting: Forgetting

    def think(self) -> None:
        """Go over new notes in the background; returns at once."""
        raise NotImplementedError

    async def remember(
        self,
        text: str,
        *,
        title: str = "",
        origin: Origin = "owner",
        source: str = "text:",
        happened_at: str | None = None,
        tags: tuple[str, ...] = (),
    ) -> Added:
        item = TextToRemember(
            text=text, title=title, origin=origin, source=source, happened_at=happened_at, tags=tuple(tags)
        )
        return await self.remember_many([item])

    async def remember_many(self, items: Sequence[TextToRemember], on_event: OnEvent | None = None) -> Added:
        added = await self.ingest.add_texts(items, on_event)
        self.think()
        return added

    async def remember_files(
        self,
        paths: Sequence[Path],
        *,
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
        again: bool = False,
    ) -> Added:
        added = await self.ingest.add_files(paths, mine=mine, on_event=on_event, sources=sources, again=again)
        self.think()
        return added

    async def remember_links(
        self, urls: Sequence[str], *, mine: bool = False, on_event: OnEvent | None = None
    ) -> Added:
        """Keep what lies at these addresses; what cannot be fetched is in ``skipped``."""
        added = await self.ingest.add_links(urls, mine=mine, on_event=on_event)
        self.think()
        return added

    async def edit(
        self,
        note_id: str,
        *,
        text: str | None = None,
        title: str | None = None,
        tags: Sequence[str] | None = None,
        happened_at: str | None = None,
        origin: Origin | None = None,
    ) -> Note:
        """Change a note; what it was stays in its history. Raises ``NotFound``, ``WrongUse``."""
        note = await self.store.note(note_id)
        changes: dict[str, object] = {
            "text": text, "title": title, "tags": None if tags is None else tuple(tags), "origin": origin,
        }  # fmt: skip
        if happened_at is not None:
            changes |= {"happened_at": happened_at, "happened_from": "given"}
        changed = msgspec.structs.replace(note, **{name: value for name, value in changes.items() if value is not None})
        if changed == note:
            return note
        await self.ingest.edit(changed)
        self.think()
        return await self.store.note(note_id)

    async def history(self, note_id: str) -> list[Note]:
        await self.store.note(note_id)
        return await self.store.history(note_id)

    async def read_back(self) -> Added:
        added = await self.mirroring.read_back()
        self.think()
        return added

    async def forget(self, note_ids: Sequence[str]) -> Receipt:
        return await self.forgetting.forget(note_ids)

    async def forget_batch(self, batch: str) -> Receipt:
        return await self.forgetting.forget_batch(batch)

    async def receipts(self, limit: int = 50) -> list[Receipt]:
        return await self.store.receipts(limit)

    async def receipt(self, receipt_id: str) -> Receipt:
        return await self.store.receipt(receipt_id)

    async def card(self, note_id: str) -> MemoryCard:
        """Everything that a note has reached."""
        memory, insight = await self.store.memory(note_id), await self.store.insight(note_id)
        identity = await self.store.identity()
        reach = Reach(self.paths, [note_id], [memory.note.text])
        samples = await asyncio.to_thread(reach.samples)
        said = (
            [*identity.biography.first_person, *(one for shade in identity.shades for one in shade.first_person)]
            if identity
            else []
        )
        return MemoryCard(
            memory=memory,
            history=tuple(await self.store.history(note_id)),
            statements=insight.statements if insight else (),
            identity=tuple(dict.fromkeys(one.text for one in said if any(c.note_id == note_id for c in one.citations))),
            samples=tuple(samples),
            selves=tuple(sorted({sample.version for sample in samples})),
            uses=await self.store.uses(note_id),
            mirror=await self.mirroring.file_of(note_id),
        )

    async def list_notes(
        self,
        *,
        offset: int = 0,
        limit: int = 50,
        query: str | None = None,
        origin: Origin | None = None,
        kind: str | None = None,
        tag: str | None = None,
        since: str | None = None,
        until: str | None = None,
        todo: str | None = None,
    ) -> tuple[list[Note], int]:
        """A page of notes, newest first, and how many there are; ``query``: words that the title must hold."""
        return await self.store.find_notes(
            offset=offset,
            limit=limit,
            query=query,
            origin=origin,
            kind=kind,
            tag=tag,
            since=since,
            until=until,
            todo=todo,
        )

    async def todos(self, *, state: str = "open", limit: int = 200) -> list[Todo]:
        """Tasks, the newest note's first."""
        return await self.store.todos(state, limit)

    async def note(self, note_id: str) -> Note:
        return (await self.memory(note_id)).note

    async def memory(self, note_id: str) -> Memory:
        return await self.store.memory(note_id)
