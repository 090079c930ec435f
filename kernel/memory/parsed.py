"""Sentences of the store, taken apart once and kept while they are not changed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from kernel.memory.index import VectorIndex
from kernel.memory.signals import Parsed
from kernel.memory.words import content_terms
from kernel.types import MemoryKind

_KEPT = 50_000
_TITLE_IS_BEGINNING = (
    "instr(substr(n.text, 1, 400), rtrim(n.title, '…')) = 1"
    " AND substr(n.text, length(rtrim(n.title, '…')) + 1, 1) != char(10)"
)
"""A text without a heading is named by how it begins: such a title says nothing of the other sentences."""
_KEY = re.compile(r"\W*([^\s:][^:\n.!?]{0,44}):\s")
_SQL = (
    "SELECT s.row, s.serial, s.context, s.origin, s.kind, s.todo, w.terms,"
    f" CASE WHEN {_TITLE_IS_BEGINNING} THEN '' ELSE w.title END, n.happened_at,"
    " substr(n.text, s.start + 1, s.end - s.start),"
    " (SELECT group_concat(day, ' ') FROM days d WHERE d.row = s.row),"
    " (SELECT group_concat(name, char(10)) FROM names m WHERE m.row = s.row)"
    " FROM sentences s JOIN notes n ON n.id = s.note_id JOIN words w ON w.rowid = s.row WHERE s.row IN ({marks})"
)


class ParsedSentences:
    """By their places in ``index``. Not thread-safe."""

    def __init__(self, connection: sqlite3.Connection, index: VectorIndex) -> None:
        self._connection, self._index = connection, index
        self._known: dict[int, tuple[int, Parsed]] = {}
        self._as_of = -1

    def get(self, places: Sequence[int]) -> list[Parsed]:
        """From what is kept, the rest from the database in one question."""
        rows = self._index.rows[list(places)].tolist() if places else []
        self._drop_changed(rows)
        absent = [row for row in rows if row not in self._known]
        if absent:
            if len(self._known) > _KEPT:
                self._known.clear()
                absent = rows
            sql = _SQL.format(marks=",".join("?" * len(absent)))
            for row, serial, *values in self._connection.execute(sql, absent):
                self._known[row] = serial, _parse(row, *values)
        return [self._known[row][1] for row in rows]

    def _drop_changed(self, rows: Sequence[int]) -> None:
        """Nothing is asked while the store stands as it stood at the last search."""
        if self._as_of == self._index.serial:
            return
        sql = "SELECT row, serial FROM sentences WHERE serial > ?"
        for row, serial in self._connection.execute(sql, (self._as_of,)):
            if row in self._known and self._known[row][0] != serial:
                del self._known[row]
        self._as_of = self._index.serial


def _parse(
    row: int,
    context: str,
    origin: str,
    kind: MemoryKind,
    todo: str,
    terms: str,
    title: str,
    happened: str | None,
    text: str,
    days: str | None,
    names: str | None,
) -> Parsed:
    """``terms`` and ``title`` as the word index holds them; no title where it is only how the text begins."""
    held = frozenset(terms.split())
    heading, separator, said = context.partition(": ")
    return Parsed(
        row=row,
        terms=held,
        title_terms=frozenset(title.split()),
        said=said if separator and len(heading.split()) > 2 else context,
        days=tuple((days or "").split()),
        names=frozenset((names or "").splitlines()),
        kind=kind,
        todo=todo,
        happened_at=happened or "",
        is_question=text.rstrip("\"'”’)* ").endswith("?"),
        others_words=origin != "owner",
        length=len(held),
        key_terms=frozenset(content_terms(key[1])) if (key := _KEY.match(text)) else frozenset(),
        heading_only=text.lstrip().startswith("#")
        or (len(text) < 40 and text == context and not re.search(r"[.!?:]", text)),
    )
