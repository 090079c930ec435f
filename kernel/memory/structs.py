"""What goes to the worker's ``read`` job and what comes back. Light: the parent imports this, not the readers."""

from __future__ import annotations

import hashlib

from kernel.config import MemoryConfig
from kernel.types import Frozen, Memory, Skipped


class FileToRead(Frozen, frozen=True, kw_only=True):
    """One file and the note that it will be."""

    path: str
    note_id: str
    revision: int
    source: str = ""
    """Where it came from, where that is not ``path``: ``upload:notes.md``."""


class ReadFiles(Frozen, frozen=True, kw_only=True):
    """Payload of ``read``."""

    files: tuple[FileToRead, ...]
    mine: bool
    limits: MemoryConfig
    learned_at: str


class FilesRead(Frozen, frozen=True, kw_only=True):
    """Result of ``read``: every file is in exactly one of the two."""

    memories: tuple[Memory, ...]
    skipped: tuple[Skipped, ...]


def content_hash(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def note_id_for(source: str, hash_of_content: str) -> str:
    """The id of a new note: from its content and source, so that an interrupted ``add`` goes on as itself."""
    return "n_" + hashlib.sha256(f"{source}\0{hash_of_content}".encode()).hexdigest()[:12]
