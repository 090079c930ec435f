"""Notes as the memory room makes them, without a database."""

from __future__ import annotations

import hashlib

from kernel.memory.chunks import to_memory
from kernel.memory.language import language_of
from kernel.types import Memory, Note, Origin


def remembered(
    text: str, *, title: str = "", day: str = "2025-06-25", origin: Origin = "owner", tags: tuple[str, ...] = ()
) -> Memory:
    """The same words give the same note."""
    content = hashlib.sha256(f"{day}\0{title}\0{text}".encode()).hexdigest()
    note = Note(
        id=f"n_{content[:12]}",
        origin=origin,
        kind="markdown",
        title=title,
        text=text,
        happened_at=day,
        happened_from="front_matter",
        learned_at="2025-09-01T00:00:00+00:00",
        source="text:",
        content_hash=content,
        language=language_of(text),
        tags=tags,
    )
    return to_memory(note, 1200)
