"""The worker's ``read``: files -> memories, cut into chunks and sentences. Readers import the heavy libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kernel.errors import ReadError
from kernel.events import AnyEvent
from kernel.memory.chunks import to_memory
from kernel.memory.language import language_of
from kernel.memory.readers import read_bytes_and_document
from kernel.memory.structs import FilesRead, FileToRead, ReadFiles, content_hash
from kernel.types import Memory, Note, Skipped


def read(payload: ReadFiles, emit: Callable[[AnyEvent], None]) -> FilesRead:
    """Read every file; one that cannot be read is reported and never stops the rest."""
    memories: list[Memory] = []
    skipped: list[Skipped] = []
    for file in payload.files:
        try:
            memory = read_one(file, payload)
        except ReadError as error:
            skipped.append(Skipped(source=file.path, code=error.code, message=str(error)))
            continue
        if memory.sentences:
            memories.append(memory)
        else:
            message = f"{Path(file.path).name} holds no words. Write something into it, or leave it out."
            skipped.append(Skipped(source=file.path, code="empty", message=message))
    return FilesRead(memories=tuple(memories), skipped=tuple(skipped))


def read_one(file: FileToRead, payload: ReadFiles) -> Memory:
    """Raises ``ReadError``."""
    data, document = read_bytes_and_document(Path(file.path), payload.mine, payload.limits)
    note = Note(
        id=file.note_id,
        origin=document.origin,
        kind=document.kind,
        title=document.title,
        text=document.text,
        happened_at=document.happened_at,
        happened_from=document.happened_from,
        learned_at=payload.learned_at,
        source=file.source or file.path,
        content_hash=content_hash(data),
        language=language_of(document.text),
        tags=document.tags,
        revision=file.revision,
        pages=document.pages,
    )
    return to_memory(note, payload.limits.chunk_characters)
