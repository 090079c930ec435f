"""Reading the mirror back: which files a person has edited, and which are gone. Nothing is changed by looking."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import NamedTuple

from kernel.errors import ReadError
from kernel.memory.mirror.files import Entry, Index, Page, files_in, hash_of_body, read_index, read_page

log = logging.getLogger(__name__)
_ID = re.compile(r"n_[0-9a-f]{12}")
"""Ids that Oneself gives: a person's own page may have an ``id`` too."""


class Edited(NamedTuple):
    """A note that reads otherwise in its file than it was written there."""

    note_id: str
    text: str
    title: str


def edited(folder: Path) -> list[Edited]:
    """Notes whose file holds other words or another title than was written, by id. An emptied file is no edit."""
    index = read_index(folder) or Index()
    moved = strays(folder, index)
    found = []
    for note_id, entry in sorted(index.notes.items()):
        path = next((path for path in (folder / entry.file, *moved.get(note_id, ())) if path.is_file()), None)
        page = page_of(path) if path else None
        if page is not None and page.note_id in ("", note_id) and is_edit(page, entry):
            found.append(Edited(note_id, page.body, entry.title if page.title is None else page.title))
    return found


def removed(folder: Path) -> list[str]:
    """Ids of notes whose file was removed by hand. A file that was renamed or moved within the mirror is not."""
    index = read_index(folder) or Index()
    moved = strays(folder, index)
    return sorted(i for i, entry in index.notes.items() if i not in moved and not (folder / entry.file).is_file())


def strays(folder: Path, index: Index) -> dict[str, list[Path]]:
    """Files that the index does not know, by the note that they say they hold: renamed, moved or copied by hand."""
    known = {entry.file for entry in index.notes.values()}
    found: dict[str, list[Path]] = {}
    for name, file in files_in(folder):
        if not name.endswith(".md") or name in known:
            continue
        if (page := page_of(Path(file.path))) and _ID.fullmatch(page.note_id):
            found.setdefault(page.note_id, []).append(Path(file.path))
    return {note_id: sorted(paths) for note_id, paths in found.items()}


def page_of(path: Path) -> Page | None:
    """The file as it reads now; ``None`` where it cannot be read as text."""
    try:
        return read_page(path)
    except (OSError, ReadError) as error:
        log.warning("a mirrored file cannot be read (%s)", type(error).__name__)
        return None


def is_edit(page: Page, entry: Entry, text: str | None = None, title: str | None = None) -> bool:
    """Whether a person changed what was written, and not just into ``text`` or ``title``, which the note has by now."""
    if not page.body.strip():
        return False
    words = hash_of_body(page.body)
    if words != entry.body and (text is None or words != hash_of_body(text)):
        return True
    return page.title is not None and page.title not in (entry.title, title)
