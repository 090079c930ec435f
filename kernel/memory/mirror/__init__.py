"""``Mirror``: every note as a Markdown file that any editor opens, kept equal to the store.

The store is what counts; the mirror is written from it and can be made again at any time. What a person edits there is
never overwritten before it was read back (``edits``). What is forgotten is gone from it at once: the file, its
copies under other names, its line in the index, and the pages of the identity that were made of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from kernel.files import write_whole
from kernel.memory.mirror.edits import is_edit, page_of, strays
from kernel.memory.mirror.files import (
    INDEX,
    Entry,
    Index,
    files_in,
    front_matter,
    hash_of,
    hash_of_body,
    read_index,
    write_index,
)
from kernel.memory.mirror.names import names_for, same_file, wanted_stem
from kernel.types import Frozen, Note

README = """\
# Your memory, as files

Oneself writes here what it knows, so that you can read it with any editor:

- `notes/` and `conversations/`: every note, by the year in which it happened
- `identity/`: who your notes say you are, with the words that it stands on; always written anew, edits there are lost

These files are copies. What Oneself answers from is its memory, `memory.db`.

**To change a note**, edit its text or its line `title:`, save, and say `oneself mirror --read-back`; or change
one note with `oneself memories edit ID --file FILE`. Until then your edit stays as it is and is not overwritten.

**To forget a note**, say `oneself memories forget ID` (the id is in the file's first lines). It is gone from here at
once. Removing a file here forgets nothing: the file comes back. A file that you rename stays under your name for it.

Do not give this folder to `oneself add`: everything in it is remembered already.
"""

_LEFT_BESIDE = ("{}.part", "{}~", "{}.bak", "{}.orig", "{}.tmp", ".{}.swp", ".{}.swo", "#{}#")
"""Where editors keep what a file said before, and ``write_whole`` what it did not finish."""


class Synced(Frozen, frozen=True, kw_only=True):
    """What one writing did."""

    written: int = 0
    removed: int = 0
    kept: tuple[str, ...] = ()
    """Ids of notes that have changed, but whose file holds an edit that was not read back: it stays as it is."""


class Mirror:
    """One per home, used by the home's one writer. Everything here blocks: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- notes

    def write_notes(self, notes: Sequence[Note]) -> Synced:
        """Write these notes where they are new, changed or missing; the others stay as they are."""
        index = self._index()
        there = {entry.file for note in notes if (entry := index.notes.get(note.id)) and self._is_there(entry.file)}
        return self._write(index, notes, there)

    def sync(self, notes: Sequence[Note]) -> Synced:
        """Make the folder equal to ``notes``, all that the store has. Idempotent; without an index it finds its files
        by their ids."""
        index = self._index()
        moved = strays(self.folder, index)
        known = {note.id for note in notes}
        gone = {*index.notes, *moved, *index.made_of} - known
        removed = self._remove(index, gone, moved)
        adopted = self._adopt(index, {note.id: note for note in notes}, moved)
        there = {name for name, file in files_in(self.folder) if file.stat().st_size}
        synced = self._write(index, notes, there, dirty=removed > 0 or adopted)
        return msgspec.structs.replace(synced, removed=removed)

    def remove(self, note_ids: Iterable[str]) -> int:
        """Leave nothing of these notes; returns how many files of theirs are gone.

        With one of them go all pages of the identity that was made of it: write the identity anew after this.
        """
        if not self.folder.is_dir():
            return 0
        index = self._index()
        removed = self._remove(index, set(note_ids), strays(self.folder, index))
        if removed:
            write_index(self.folder, index)
        return removed

    def files(self) -> dict[str, str]:
        """Note id -> its file, from the mirror's folder on."""
        return {note_id: entry.file for note_id, entry in (read_index(self.folder) or Index()).notes.items()}

    # --- pages of the identity

    def write_pages(self, pages: Mapping[str, str], made_of: Collection[str]) -> int:
        """Make ``identity/`` hold these pages (file from there on -> text); returns how many were written.

        ``made_of``: ids of the notes whose words may stand in them.
        """
        index = self._index()
        wanted = {f"identity/{name}": text for name, text in pages.items()}
        for file in index.pages.keys() - wanted.keys():
            self._unlink(file)
        written = 0
        for file, text in wanted.items():
            if index.pages.get(file) != hash_of(text) or not self._is_there(file):
                self._write_file(file, text)
                written += 1
        before = index.pages, index.made_of
        index.pages = {file: hash_of(text) for file, text in wanted.items()}
        index.made_of = sorted(made_of)
        if before != (index.pages, index.made_of):
            self._make_folder(self.folder)
            write_index(self.folder, index)
        return written

    # --- within

    def _index(self) -> Index:
        """What was written. Where that is lost nobody can tell what the pages of the identity are made of: they go."""
        index = read_index(self.folder)
        if index is None:
            for page in (self.folder / "identity").rglob("*.md"):
                page.unlink()
        return index or Index()

    def _write(self, index: Index, notes: Sequence[Note], there: Collection[str], *, dirty: bool = False) -> Synced:
        taken = {same_file(entry.file) for entry in index.notes.values()}
        written, kept = 0, []
        for note in sorted(notes, key=lambda note: (note.learned_at, note.id)):  # the elder keeps the plain name
            front, before = front_matter(note), index.notes.get(note.id)
            if before and before.file in there:
                if (before.front, before.content_hash) == (hash_of(front), note.content_hash):
                    continue
                if self._holds_edit(before, note):
                    kept.append(note.id)
                    continue
            stem = wanted_stem(note)
            file = self._place(stem, note.id, before, taken)
            self._write_file(file, front + note.text)
            index.notes[note.id] = Entry(
                file=file,
                stem=stem,
                title=note.title,
                content_hash=note.content_hash,
                front=hash_of(front),
                body=hash_of_body(note.text),
            )
            written += 1
        if not self._is_there("README.md") or (self.folder / "README.md").read_text("utf-8") != README:
            self._write_file("README.md", README)
        if dirty or written or not self._is_there(INDEX):
            write_index(self.folder, index)
        return Synced(written=written, kept=tuple(kept))

    def _place(self, stem: str, note_id: str, before: Entry | None, taken: set[str]) -> str:
        """The note's file: the one that it has for as long as it asks for the same name, else a free one."""
        if before and before.stem == stem:
            return before.file
        if before:  # first, as some file systems take both names for one
            taken.discard(same_file(before.file))
            self._unlink(before.file)
        file = next(file for file in names_for(stem, note_id) if self._is_free(file, note_id, taken))
        taken.add(same_file(file))
        return file

    def _is_free(self, file: str, note_id: str, taken: Collection[str]) -> bool:
        """No other note's, nor a file that a person put there."""
        path = self.folder / file
        if same_file(file) in taken:
            return False
        return not path.exists() or ((page := page_of(path)) is not None and page.note_id == note_id)

    def _holds_edit(self, entry: Entry, note: Note) -> bool:
        page = page_of(self.folder / entry.file)
        return page is None or page.note_id not in ("", note.id) or is_edit(page, entry, note.text, note.title)

    def _adopt(self, index: Index, notes: Mapping[str, Note], moved: Mapping[str, Sequence[Path]]) -> bool:
        """Know files again that were renamed or moved by hand, or whose index is lost; whether there were any."""
        before = dict(index.notes)
        for note_id in moved.keys() & notes.keys():
            note, paths, entry = notes[note_id], moved[note_id], index.notes.get(note_id)
            page = page_of(paths[0])
            file = paths[0].relative_to(self.folder).as_posix()
            if entry and not self._is_there(entry.file):
                index.notes[note_id] = msgspec.structs.replace(entry, file=file)
            elif entry is None and page is not None:
                old = page.revision < note.revision  # of the words before, nobody can tell what was edited
                index.notes[note_id] = Entry(
                    file=file,
                    stem=wanted_stem(note) if same_file(file).startswith(same_file(wanted_stem(note))) else "",
                    title=page.title or note.title if old else note.title,
                    content_hash="",
                    front="",
                    body=hash_of_body(page.body if old else note.text),
                )
        return index.notes != before

    def _remove(self, index: Index, note_ids: Collection[str], moved: Mapping[str, Sequence[Path]]) -> int:
        files = []
        for note_id in note_ids:
            entry = index.notes.pop(note_id, None)
            files += [entry.file] if entry else []
            files += [path.relative_to(self.folder).as_posix() for path in moved.get(note_id, ())]
        if not set(index.made_of).isdisjoint(note_ids):
            files += index.pages
            index.pages, index.made_of = {}, []
        for file in files:
            self._unlink(file)
        for part in self.folder.rglob("*.part"):  # of writes that were interrupted
            if part.stem.endswith((".md", INDEX)):
                part.unlink(missing_ok=True)
        return len(files)

    def _unlink(self, file: str) -> None:
        """Remove a file, what an editor or an interrupted write left beside it, and a folder left empty."""
        path = self.folder / file
        for pattern in ("{}", *_LEFT_BESIDE):
            with suppress(FileNotFoundError, NotADirectoryError):
                path.with_name(pattern.format(path.name)).unlink()
        with suppress(OSError):
            path.parent.rmdir()

    def _write_file(self, file: str, text: str) -> None:
        path = self.folder / file
        self._make_folder(path.parent)
        write_whole(path, text, mode=0o600)

    def _make_folder(self, folder: Path) -> None:
        if folder != self.folder and not folder.is_dir():
            self._make_folder(folder.parent)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=folder == self.folder)

    def _is_there(self, file: str) -> bool:
        try:
            return (self.folder / file).stat().st_size > 0
        except OSError:
            return False
