"""What a fetched file is and what it is called: from its content type, its address, its first bytes. Pure."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from kernel.memory.readers.html import codec_for

_OFFICE = "application/vnd.openxmlformats-officedocument."
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "application/mbox": ".mbox",
    "application/json": ".json",
    "application/zip": ".zip",
    "application/epub+zip": ".epub",
    _OFFICE + "wordprocessingml.document": ".docx",
    _OFFICE + "presentationml.presentation": ".pptx",
    _OFFICE + "spreadsheetml.sheet": ".xlsx",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "image/bmp": ".bmp",
    "image/heic": ".heic",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/webm": ".webm",
}
_KNOWN = frozenset(_SUFFIXES.values()) | {".htm", ".text", ".markdown", ".jpeg"}
_TEXTS = frozenset({".md", ".markdown", ".csv", ".ics", ".eml", ".mbox", ".json", ".txt", ".text"})
"""What servers send as plain text."""
_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_MARKS = ((b"%PDF-", ".pdf"), (b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"ID3", ".mp3"), (b"OggS", ".ogg"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_LONGEST = 80


def suffix_for(content_type: str, path: str, data: bytes) -> str | None:
    """The suffix for a body, ``None`` where nothing tells a type that is known."""
    named = PurePosixPath(unquote(path)).suffix.lower()
    if content_type in _UNSAID:
        if named in _KNOWN:
            return named
        if _PAGE.match(data[:4096]):
            return ".html"
        return next((suffix for mark, suffix in _MARKS if data.startswith(mark)), None)
    if content_type == "text/plain" and named in _TEXTS:
        return named
    return _SUFFIXES.get(content_type)


def file_name(path: str, host: str, suffix: str, number: int = 1) -> str:
    """A name that a person would give it: the last part of its address, else its host. ``number`` tells it from
    others of that name."""
    last = PurePosixPath(unquote(path).replace("\\", "/")).name
    stem = last[: -len(PurePosixPath(last).suffix)] if PurePosixPath(last).suffix.lower() in _KNOWN else last
    stem = re.sub(r"[^\w.-]+", "-", stem).strip("-._")
    if not stem:
        stem = re.sub(r"[^\w.-]+", "-", host).strip("-._") or "page"
    while len(stem.encode()) > _LONGEST:
        stem = stem[:-1]
    return f"{stem}-{number}{suffix}" if number > 1 else f"{stem}{suffix}"


def saved_bytes(data: bytes, content_type: str, suffix: str) -> bytes:
    """The bytes as they are kept. Only a text whose encoding the server alone knows is written as UTF-8 instead."""
    declared = _CHARSET.search(content_type)
    if suffix not in _TEXTS | {".html"} or not declared or data.startswith(codecs.BOM_UTF8):
        return data
    codec = codec_for(declared[1])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return codecs.BOM_UTF8 + data.decode(codec).encode("utf-8") if codec else data
        except UnicodeError:
            return data
    return data
