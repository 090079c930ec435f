"""Marks what no longer holds: run after new notes have been understood."""

from __future__ import annotations

import asyncio

from kernel.l0_insight.superseding import find_superseded
from kernel.memory.store import Store


async def mark_superseded(store: Store, analyst: str) -> int:
    """Find anew which sentences later ones superseded and keep that in the place of what was kept; how many."""
    memories = await store.read_memories()
    found = await asyncio.to_thread(find_superseded, memories, await store.statements(analyst))
    await store.set_superseded([(one.old_sentence_id, one.new_sentence_id, one.since) for one in found])
    return len(found)
