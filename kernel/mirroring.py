"""Keeping ``mirror/`` as the memory is: a moment after every change, off the event loop, never in the way of an add."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kernel.l1_identity.mirror import write_identity
from kernel.memory.mirror import Mirror
from kernel.memory.mirror.edits import edited
from kernel.types import Added, Note

if TYPE_CHECKING:
    from kernel.mind import Mind

log = logging.getLogger(__name__)
AFTER = 1.0
"""Seconds without another change before the mirror is written."""


class Mirroring:
    """One per open mind."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._mirror = Mirror(mind.paths.mirror)
        self._turn = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Write what has changed, soon; returns at once."""
        if self._later is not None:
            self._later.cancel()
        self._later = asyncio.create_task(self._soon())

    async def sync(self) -> None:
        """Write what has changed now. A full disk or a closed folder is logged: the memory itself is safe."""
        async with self._turn:
            notes = await self._mind.store.notes(limit=-1)
            identity = await self._mind.store.identity()
            try:
                await asyncio.to_thread(self._mirror.sync, notes)
                await asyncio.to_thread(write_identity, self._mirror, identity, notes)
            except OSError as error:
                log.warning("the mirror could not be written: %s", error.strerror)

    async def remove(self, note_ids: Sequence[str]) -> int:
        """Take notes out at once; what the identity says without them is written too."""
        async with self._turn:
            notes, identity = await self._mind.store.notes(limit=-1), await self._mind.store.identity()
            gone = await asyncio.to_thread(self._mirror.remove, note_ids)
            await asyncio.to_thread(write_identity, self._mirror, identity, notes)
            return gone

    async def read_back(self) -> Added:
        """What was edited by hand becomes the next revision of its note."""
        async with self._turn:
            found = await asyncio.to_thread(edited, self._mind.paths.mirror)
        updated: list[str] = []
        for edit in found:
            note = await self._mind.store.note(edit.note_id)
            changed: Note = msgspec.structs.replace(note, text=edit.text, title=edit.title)
            updated += (await self._mind.ingest.edit(changed)).updated
        if updated:
            await self.sync()
        return Added(batch="", updated=tuple(updated))

    async def file_of(self, note_id: str) -> str | None:
        return (await asyncio.to_thread(self._mirror.files)).get(note_id)

    async def close(self) -> None:
        if self._later is not None and not self._later.done():
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)
            await self.sync()

    async def _soon(self) -> None:
        await asyncio.sleep(AFTER)
        await asyncio.shield(self.sync())
