"""What goes to the worker's ``read`` job and what comes back. Light: the parent imports this, not the readers."""

from __future__ import annotations

import hashlib
import re

from kernel.abc import Reading
from kernel.config import MemoryConfig
from kernel.types import Frozen, Memory, Origin, Skipped


class FileToRead(Frozen, frozen=True, kw_only=True):
    """One file, which becomes one note or several."""

    path: str
    source: str = ""
    """Where it came from, where that is not ``path``: ``upload:notes.md``, a URL."""
    origin: Origin | None = None
    """Whose words, where the caller knows better than the format: ``web`` for a fetched page."""


class ReadFiles(Frozen, frozen=True, kw_only=True):
    """Payload of ``read``."""

    files: tuple[FileToRead, ...]
    limits: MemoryConfig
    learned_at: str
    reading: Reading = Reading()


class FilesRead(Frozen, frozen=True, kw_only=True):
    """Result of ``read``: every file has memories or is among the skipped."""

    memories: tuple[Memory, ...]
    """Each as if it were new: whether it is a revision of a known note is for the store's owner to say."""
    paths: tuple[str, ...]
    """For each memory the file it came from."""
    skipped: tuple[Skipped, ...]


_FILE = re.compile(r"(.*?\.\w{1,8})#", re.DOTALL)


def source_of_part(file: str, part: str) -> str:
    """``Note.source`` of one of several notes in a file."""
    return f"{file}#{part}"


def file_and_part(source: str) -> tuple[str, str]:
    """The other way. A folder's name may hold a ``#`` (``C# notes``): the file ends at the first suffix before one."""
    match = _FILE.match(source)
    return (match[1], source[match.end() :]) if match else (source, "")


def content_hash(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def note_id_for(source: str, hash_of_content: str) -> str:
    """The id of a new note: from its content and source, so that an interrupted ``add`` goes on as itself."""
    return "n_" + hashlib.sha256(f"{source}\0{hash_of_content}".encode()).hexdigest()[:12]
