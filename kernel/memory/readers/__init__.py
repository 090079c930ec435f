"""One reader per format, by suffix. ``read_file`` is the one way from a path to a ``Document``."""

from __future__ import annotations

from pathlib import Path

from kernel.abc import Document, Reader
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.readers.markdown import MarkdownReader
from kernel.memory.readers.pdf import PdfReader
from kernel.memory.readers.text import TextReader, mtime_day

READERS: tuple[Reader, ...] = (TextReader(), MarkdownReader(), PdfReader())
BY_SUFFIX: dict[str, Reader] = {suffix: reader for reader in READERS for suffix in reader.suffixes}

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
    (b"ID3", "an MP3 recording"),
)
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_MB = 1024 * 1024


def readable() -> str:
    """The suffixes that are read today, for messages."""
    return ", ".join(sorted(BY_SUFFIX))


def check_supported(path: Path) -> Reader:
    """The reader for a path. Raises ``ReadError`` with code ``unsupported``."""
    reader = BY_SUFFIX.get(path.suffix.lower())
    if reader is None:
        what = f"files of type {path.suffix}" if path.suffix else "files without a suffix"
        raise ReadError(f"{path.name}: {what} cannot be read yet. Read today: {readable()}.", code="unsupported")
    return reader


def _check_size(path: Path, reader: Reader, size: int, limits: MemoryConfig) -> None:
    limit, setting = limits.max_file_mb, "memory.max_file_mb"
    if reader.kind != "pdf" and limits.max_text_mb < limit:
        limit, setting = limits.max_text_mb, "memory.max_text_mb"
    if size > limit * _MB:
        raise ReadError(
            f"{path.name} has {size / _MB:.1f} MB; the limit is {limit} MB. Split it, or raise {setting}.",
            code="too_large",
        )


def _check_content(name: str, reader: Reader, data: bytes) -> None:
    """What is inside must be what the name says."""
    if not data.strip():
        raise ReadError(f"{name} is empty. Write something into it, or leave it out.", code="empty")
    found = next((what for mark, what in _SIGNATURES if data.startswith(mark)), None)
    if reader.kind == "pdf":
        if found != "a PDF" and b"%PDF-" not in data[:1024]:
            raise ReadError(
                f"{name} is not a PDF{f' but {found}' if found else ', or only a piece of one'} ({len(data)} bytes). "
                "Get a whole copy, or rename it to what it is.",
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


def read_bytes(path: Path, reader: Reader, limits: MemoryConfig) -> bytes:
    """The file's bytes, checked for size and content. Raises ``ReadError``."""
    try:
        size = path.stat().st_size
        _check_size(path, reader, size, limits)
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"{path.name} cannot be opened ({error.strerror}). Check that it exists and its permissions."
        ) from error
    _check_content(path.name, reader, data)
    return data


def read_bytes_and_document(path: Path, mine: bool, limits: MemoryConfig) -> tuple[bytes, Document]:
    """``read_file``, and the very bytes that were read."""
    reader = check_supported(path)
    data = read_bytes(path, reader, limits)
    document = reader.read(data, name=path.name, mine=mine)
    if document.happened_at is None:
        document = mtime_day(document, path.stat().st_mtime)
    return data, document


def read_file(path: Path, mine: bool, limits: MemoryConfig) -> Document:
    """One file as a ``Document``, dated by its name or modification time where its content names no date.

    Raises ``ReadError``: codes ``unsupported``, ``empty``, ``too_large``, ``mislabelled``, ``encrypted``, ``damaged``,
    ``no_text``, ``unreadable``.
    """
    return read_bytes_and_document(path, mine, limits)[1]


__all__ = ["BY_SUFFIX", "READERS", "check_supported", "read_bytes", "read_bytes_and_document", "read_file", "readable"]
