"""What lies in the mirror: a note as a Markdown file with front matter, and the index of what was written."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from kernel.files import write_whole
from kernel.memory.readers.text import decode
from kernel.types import Note

ROOMS = ("notes", "conversations")
INDEX = ".index.json"
_FENCE = "---\n"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?\Z")
_FIELD = re.compile(r"^(id|title|revision):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was written for one note; the hashes are of what was written, not of what lies there now."""

    file: str
    """From the mirror's folder on, with forward slashes."""
    stem: str
    """Where the note asked to be; it keeps ``file`` for as long as it asks for the same."""
    title: str
    content_hash: str
    front: str
    body: str


class Index(msgspec.Struct, kw_only=True):
    """``.index.json``: note id -> file, and the pages of the identity."""

    notes: dict[str, Entry] = {}
    pages: dict[str, str] = {}
    """File -> hash of its text."""
    made_of: list[str] = []
    """Ids of all notes that the pages were made of."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A mirrored file as it is read back."""

    note_id: str
    """Empty where the front matter is gone."""
    title: str | None
    revision: int
    body: str


def read_index(folder: Path) -> Index | None:
    """What was written; ``None`` where that is lost (or nothing was): files say themselves which note they hold."""
    try:
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=Index)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    files = [*(entry.file for entry in index.notes.values()), *index.pages]
    return index if all(map(_is_within, files)) else None


def write_index(folder: Path, index: Index) -> None:
    write_whole(folder / INDEX, msgspec.json.encode(index), mode=0o600)


def front_matter(note: Note) -> str:
    """YAML between two fences, and the empty line below it."""
    tags = ", ".join(map(_quoted, note.tags))
    fields = {
        "id": note.id if note.id.replace("_", "").isalnum() and note.id.isascii() else _quoted(note.id),
        "title": _quoted(note.title),
        "date": _time(note.happened_at),
        "origin": note.origin,
        "kind": _quoted(note.kind),
        "source": _quoted(note.source),
        "tags": f"[{tags}]",
        "revision": str(note.revision),
        "learned_at": _time(note.learned_at),
        "language": note.language,
    }
    return _FENCE + "".join(f"{key}: {value}\n" for key, value in fields.items() if value) + _FENCE + "\n"


def parse_page(text: str) -> Page:
    """The other way round, whatever an editor did to line ends, mark or front matter."""
    text = _one_line_end(text.removeprefix("\ufeff"))
    if text.startswith(_FENCE) and (end := f"{text}\n".find(f"\n{_FENCE}")) > 0:
        fields = {found[1]: _scalar(found[2]) for found in _FIELD.finditer(text[:end])}
        if fields.get("id"):
            revision = fields.get("revision", "")
            return Page(
                note_id=fields["id"],
                title=fields.get("title"),
                revision=int(revision) if revision.isdecimal() else 0,
                body=text[end + len(_FENCE) + 1 :].removeprefix("\n"),
            )
    return Page(note_id="", title=None, revision=0, body=text)


def read_page(path: Path) -> Page:
    """Raises ``ReadError`` where the file is no text any more."""
    data = path.read_bytes()
    try:
        return parse_page(data.decode())
    except UnicodeDecodeError:
        return parse_page(decode(data, path.name))


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hash_of_body(text: str) -> str:
    """The same for texts that differ only in line ends and in empty lines at either end: editors change those."""
    return hash_of(_one_line_end(text).strip("\n"))


def files_in(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file in the rooms for notes, as the index names it; links are not followed."""
    waiting = [room for room in ROOMS if (folder / room).is_dir()]
    while waiting:
        inner = waiting.pop()
        with os.scandir(folder / inner) as found:
            for entry in found:
                name = f"{inner}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(name)
                else:
                    yield unicodedata.normalize("NFC", name), entry


def _is_within(file: str) -> bool:
    parts = PurePosixPath(file).parts
    return len(parts) > 1 and parts[0] in (*ROOMS, "identity") and ".." not in parts and "\\" not in file


def _quoted(text: str) -> str:
    """A double-quoted scalar of YAML: on one line, whatever the text holds."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else _escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def _time(value: str | None) -> str:
    return value if value and _ISO.match(value) else _quoted(value) if value else ""


def _scalar(value: str) -> str:
    """One value of the front matter, as written here or by hand (``title: Jam: a warning``)."""
    if not value.startswith(('"', "'")):
        return value
    if value[0] == value[-1] == '"' and len(value) > 1 and not {'"', "\\"} & set(value[1:-1]):
        return value[1:-1]
    import yaml

    try:
        return str(yaml.safe_load(value))
    except yaml.YAMLError:
        return value.strip("\"'")


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
