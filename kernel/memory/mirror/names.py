"""File names for the mirror: readable, and safe on every file system that a home may lie on or be copied to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from kernel.types import Note

STEM_BYTES = 120
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?(?![\d-])")
_FORBIDDEN = frozenset('<>:"/\\|?*#^[]')
"""What Windows forbids, and what ends a link in editors that link notes by name."""
_JOINERS = "\u200c\u200d"
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|\Z)", re.IGNORECASE)
_WORD_END = 24
"""Bytes that may be given up so that a cut falls between words."""


def safe_name(text: str, limit: int = STEM_BYTES) -> str:
    """The text as a file name without suffix, at most ``limit`` bytes; empty where nothing of it can stay."""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    words = "".join(_allowed(c) for c in composed).split()
    name = _cut(unicodedata.normalize("NFC", " ".join(words)).strip(" ." + _JOINERS), limit)
    return f"_{name}" if _DEVICES.match(name) else name


def wanted_stem(note: Note) -> str:
    """Where a note belongs, from the mirror's folder on and without suffix: ``notes/2024/2024-07-06 A walk``.

    A conversation is a note in which the source says who speaks. A title that begins with its day is not dated twice.
    """
    room = "conversations" if any(segment.speaker for segment in note.segments) else "notes"
    dated = _DAY.match(note.happened_at or "")
    day = dated[0] if dated else ""
    title = note.title.strip()
    stem = safe_name(title if title.startswith(day) else f"{day} {title}") or day or "untitled"
    return f"{room}/{day[:4] or 'undated'}/{stem}"


def names_for(stem: str, note_id: str) -> Iterator[str]:
    """Files for ``stem``, best first: where one is taken, the next is marked by the end of the note's id."""
    yield f"{stem}.md"
    folder, _, name = stem.rpartition("/")
    hashed = hashlib.sha256(note_id.encode()).hexdigest()
    for mark in (safe_name(note_id[-6:]), safe_name(note_id, 40), hashed[:12], hashed):
        if mark:
            yield f"{folder}/{_cut(name, STEM_BYTES - len(mark.encode()) - 1)} {mark}.md"


def same_file(file: str) -> str:
    """Equal for names that some file system takes for one: those that differ in case or composition only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", file).casefold())


def _allowed(c: str) -> str:
    if c in _FORBIDDEN or c.isspace():
        return " "
    return "" if unicodedata.category(c)[0] == "C" and c not in _JOINERS else c


def _cut(name: str, limit: int) -> str:
    """At most ``limit`` bytes of UTF-8: between words if one is near, never between a letter and its marks."""
    data = name.encode()
    if len(data) <= limit:
        return name
    cut = len(data[:limit].decode(errors="ignore"))
    whole = cut
    while whole and (unicodedata.category(name[whole])[0] == "M" or {name[whole], name[whole - 1]} & set(_JOINERS)):
        whole -= 1
    short = name[: whole or cut]
    head, _, tail = short.rpartition(" ")
    if head and name[len(short)] != " " and len(tail.encode()) <= _WORD_END:
        short = head
    return short.rstrip(" ." + _JOINERS)
