"""One reader per format. ``read_file`` is the one way from a path to documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from kernel.abc import Document, Reader, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.readers.archive import ArchiveReader
from kernel.memory.readers.audio import AudioReader
from kernel.memory.readers.calendar import CalendarReader
from kernel.memory.readers.chatgpt import ChatGPTReader
from kernel.memory.readers.claude import ClaudeReader
from kernel.memory.readers.html import HtmlReader
from kernel.memory.readers.image import ImageReader
from kernel.memory.readers.kakaotalk import KakaoTalkReader
from kernel.memory.readers.mail import MailboxReader, MailReader
from kernel.memory.readers.markdown import MarkdownReader
from kernel.memory.readers.mem0 import Mem0Reader
from kernel.memory.readers.office import OfficeReader
from kernel.memory.readers.pdf import PdfReader
from kernel.memory.readers.telegram import TelegramReader
from kernel.memory.readers.text import TextReader, mtime_day
from kernel.memory.readers.whatsapp import WhatsAppReader

READERS: tuple[Reader, ...] = (
    MarkdownReader(),
    PdfReader(),
    HtmlReader(),
    OfficeReader(),
    KakaoTalkReader(),
    WhatsAppReader(),
    TextReader(),
    ClaudeReader(),
    ChatGPTReader(),
    TelegramReader(),
    Mem0Reader(),
    ArchiveReader(),
    MailReader(),
    MailboxReader(),
    CalendarReader(),
    ImageReader(),
    AudioReader(),
)
"""Of two that take the same suffix, the first that recognises a file gets it."""
SUFFIXES: frozenset[str] = frozenset(suffix for reader in READERS for suffix in reader.suffixes)

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"PK\x03\x04", "a ZIP archive or Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"GGUF", "a model file (GGUF)"),
    (b"\x7fELF", "a program"),
    (b"OggS", "an Ogg recording"),
    (b"RIFF", "a WAV recording or WebP picture"),
    (b"fLaC", "a FLAC recording"),
    (b"ID3", "an MP3 recording"),
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MB = 1024 * 1024


def readable() -> str:
    """The suffixes that are read, for messages."""
    return ", ".join(sorted(SUFFIXES))


def check_supported(path: Path) -> None:
    """Raises ``ReadError`` with code ``unsupported`` unless some reader takes files of that name."""
    if path.suffix.lower() not in SUFFIXES:
        what = f"files of type {path.suffix}" if path.suffix else "files without a suffix"
        raise ReadError(f"{path.name}: {what} cannot be read yet. Read today: {readable()}.", code="unsupported")


def _candidates(path: Path) -> list[Reader]:
    check_supported(path)
    return [reader for reader in READERS if path.suffix.lower() in reader.suffixes]


def _check_size(path: Path, readers: Sequence[Reader], size: int, limits: MemoryConfig) -> None:
    limit, setting = limits.max_file_mb, "memory.max_file_mb"
    if not any(reader.large for reader in readers) and limits.max_text_mb < limit:
        limit, setting = limits.max_text_mb, "memory.max_text_mb"
    if size > limit * _MB:
        raise ReadError(
            f"{path.name} has {size / _MB:.1f} MB; the limit is {limit} MB. Split it, or raise {setting}.",
            code="too_large",
        )


def _check_content(name: str, readers: Sequence[Reader], data: bytes) -> None:
    """What is inside must be what the name says."""
    if not data.strip():
        raise ReadError(f"{name} is empty. Write something into it, or leave it out.", code="empty")
    signatures = tuple(mark for reader in readers for mark in reader.signatures)
    found = next((what for mark, what in _SIGNATURES if data.startswith(mark)), None)
    if signatures:
        if not any(mark in data[:1024] for mark in signatures):
            what = f"but {found}" if found else "or only a piece of one"
            raise ReadError(
                f"{name} is not what its name says, {what} ({len(data)} bytes). Get a whole copy, or rename it to "
                "what it is.",
                code="mislabelled",
            )
        return
    wide = data.startswith(_WIDE)
    if found and (found == "a PDF" or b"\x00" in data[:4096]):
        raise ReadError(f"{name} is {found}, whatever its name says. Rename it to what it is.", code="mislabelled")
    if b"\x00" in data and not wide and not _looks_like_utf16(data):
        raise ReadError(
            f"{name} holds binary data, not text. Rename it to what it is, or leave it out.", code="mislabelled"
        )


def _looks_like_utf16(data: bytes) -> bool:
    """UTF-16 without a mark: nearly every second byte of Latin text is zero, and always on the same side."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    few, many = sorted((even, odd))
    return few == 0 and many > len(sample) * 0.35


def read_file(path: Path, reading: Reading, limits: MemoryConfig) -> tuple[bytes, tuple[Document, ...]]:
    """A file's bytes, and the documents in it, dated by its modification time where nothing else dates them.

    Raises ``ReadError``: codes ``unsupported``, ``empty``, ``too_large``, ``mislabelled``, ``encrypted``, ``damaged``,
    ``no_text``, ``unreadable``, and what a reader adds.
    """
    readers = _candidates(path)
    try:
        stat = path.stat()
        _check_size(path, readers, stat.st_size, limits)
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"{path.name} cannot be opened ({error.strerror}). Check that it exists and its permissions."
        ) from error
    _check_content(path.name, readers, data)
    reader = next((one for one in readers if one.recognises(data, path.name)), None)
    if reader is None:
        known = ", ".join(one.kind for one in readers)
        raise ReadError(
            f"{path.name} is of none of the kinds of {path.suffix} that are read ({known}). Save its text as "
            "Markdown, or leave it out.",
            code="unsupported",
        )
    _check_size(path, [reader], len(data), limits)
    documents = reader.read(data, name=path.name, reading=reading)
    return data, tuple(
        mtime_day(document, stat.st_mtime)
        if document.happened_at is None or _to_come(document, stat.st_mtime)
        else document
        for document in documents
    )


def _to_come(document: Document, mtime: float) -> bool:
    """A day in the text that lies after the file was last written is what it is about, not when it was written."""
    written = dt.datetime.fromtimestamp(mtime, dt.UTC).date().isoformat()
    return document.happened_from == "text" and (document.happened_at or "")[:10] > written


__all__ = ["READERS", "SUFFIXES", "check_supported", "read_file", "readable"]
