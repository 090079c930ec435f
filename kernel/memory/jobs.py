"""The worker's ``read``: files -> memories, cut into chunks and sentences. Readers import the heavy libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from kernel.abc import Document
from kernel.errors import ReadError
from kernel.events import AnyEvent, Progressed
from kernel.memory.chunks import to_memory
from kernel.memory.language import language_of
from kernel.memory.readers import read_file
from kernel.memory.structs import FilesRead, FileToRead, ReadFiles, content_hash, note_id_for, source_of_part
from kernel.types import Memory, Note, Skipped


def read(payload: ReadFiles, emit: Callable[[AnyEvent], None]) -> FilesRead:
    """Read every file; one that cannot be read is reported and never stops the rest."""
    memories: list[Memory] = []
    paths: list[str] = []
    skipped: list[Skipped] = []
    for done, file in enumerate(payload.files, 1):
        try:
            found = [memory for memory in read_memories(file, payload) if memory.sentences]
        except ReadError as error:
            skipped.append(Skipped(source=file.path, code=error.code, message=str(error)))
        else:
            memories += found
            paths += [file.path] * len(found)
            if not found:
                message = f"{Path(file.path).name} holds no words. Write something into it, or leave it out."
                skipped.append(Skipped(source=file.path, code="empty", message=message))
        emit(Progressed(stage="read", done=done, total=len(payload.files)))
    return FilesRead(memories=tuple(memories), paths=tuple(paths), skipped=tuple(skipped))


def read_memories(file: FileToRead, payload: ReadFiles) -> list[Memory]:
    """All notes of one file. Raises ``ReadError``."""
    data, documents = read_file(Path(file.path), payload.reading, payload.limits)
    hashed = content_hash(data)
    return [
        to_memory(_note(file, document, hashed, payload), payload.limits.chunk_characters) for document in documents
    ]


def _note(file: FileToRead, document: Document, file_hash: str, payload: ReadFiles) -> Note:
    source = file.source or file.path
    content = file_hash
    if document.part:
        source = source_of_part(source, document.part)
        content = content_hash(msgspec.json.encode(document, order="deterministic"))
    return Note(
        id=note_id_for(source, content),
        origin=file.origin or document.origin,
        kind=document.kind,
        title=document.title,
        text=document.text,
        happened_at=document.happened_at,
        happened_from=document.happened_from,
        learned_at=payload.learned_at,
        source=source,
        content_hash=content,
        language=language_of(document.text),
        tags=document.tags,
        pages=document.pages,
        file_hash=file_hash if document.part else "",
        segments=document.segments,
        links=document.links,
        details=document.details,
    )
